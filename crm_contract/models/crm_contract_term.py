from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.period import notice_deadline, term_end
from .crm_contract_type import TERM_UNITS


class CrmContract(models.Model):
    """Term: start, end or open end, notice."""

    _inherit = "crm.contract"

    date_start = fields.Date(
        string="Start date",
        default=fields.Date.context_today,
        tracking=True,
        index=True,
    )
    duration = fields.Integer(
        compute="_compute_term_defaults", store=True, readonly=False, precompute=True
    )
    duration_unit = fields.Selection(
        TERM_UNITS,
        string="Unit of the duration",
        compute="_compute_term_defaults",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    is_open_ended = fields.Boolean(
        string="Open-ended", help="The contract runs until one side gives notice."
    )
    date_end = fields.Date(
        string="End date",
        compute="_compute_date_end",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        index=True,
        help="Last day of the term.",
    )
    notice_period = fields.Integer(
        string="Notice period",
        compute="_compute_term_defaults",
        store=True,
        readonly=False,
        precompute=True,
    )
    notice_unit = fields.Selection(
        TERM_UNITS,
        string="Unit of the notice period",
        compute="_compute_term_defaults",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    date_notice = fields.Date(
        string="Notice deadline",
        compute="_compute_date_notice",
        store=True,
        help="Last day on which notice can be given before the term ends.",
    )
    is_ending_soon = fields.Boolean(
        string="Ends within 90 days",
        compute="_compute_is_ending_soon",
        search="_search_is_ending_soon",
    )

    _dates_order = models.Constraint(
        "CHECK (date_end >= date_start)",
        "The end date of a contract must not be before its start date.",
    )
    _periods_positive = models.Constraint(
        "CHECK (duration >= 0 AND notice_period >= 0)",
        "Durations and notice periods must not be negative.",
    )

    @api.depends("type_id", "template_id")
    def _compute_term_defaults(self):
        names = ("duration", "duration_unit", "notice_period", "notice_unit")
        for contract in self:
            template, contract_type = contract.template_id, contract.type_id
            duration = template if template.duration else contract_type
            notice = template if template.notice_period else contract_type
            for name in names:
                source = duration if name.startswith("duration") else notice
                contract[name] = source[name] or contract[name]
            contract.duration_unit = contract.duration_unit or "month"
            contract.notice_unit = contract.notice_unit or "month"

    @api.depends("date_start", "duration", "duration_unit", "is_open_ended")
    def _compute_date_end(self):
        for contract in self:
            if contract.is_open_ended:
                contract.date_end = False
            elif contract.date_start and contract.duration > 0:
                contract.date_end = term_end(
                    contract.date_start, contract.duration, contract.duration_unit
                )
            else:
                contract.date_end = contract.date_end

    @api.depends("date_end", "notice_period", "notice_unit")
    def _compute_date_notice(self):
        for contract in self:
            contract.date_notice = contract.date_end and notice_deadline(
                contract.date_end, contract.notice_period, contract.notice_unit
            )

    @api.depends("date_end", "state")
    def _compute_is_ending_soon(self):
        ending = self.filtered_domain(self._get_ending_soon_domain())
        for contract in self:
            contract.is_ending_soon = contract in ending

    def _search_is_ending_soon(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._get_ending_soon_domain()
        return domain if True in value else ~domain

    @api.constrains("date_start", "date_end", "notice_period", "notice_unit")
    def _check_notice(self):
        for contract in self:
            if (
                contract.date_notice
                and contract.date_start
                and contract.date_notice < contract.date_start
            ):
                raise ValidationError(
                    self.env._(
                        "The notice period of %(contract)s is longer than its term.",
                        contract=contract.display_name,
                    )
                )

    @api.model
    def _get_ending_soon_domain(self):
        return Domain("state", "in", ("signed", "running", "suspended")) & Domain(
            [("date_end", ">=", "today"), ("date_end", "<=", "today +90d")]
        )
