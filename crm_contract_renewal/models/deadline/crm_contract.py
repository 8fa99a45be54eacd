from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.crm_contract.models.contract.crm_contract_type import TERM_UNITS
from odoo.addons.crm_contract.tools.period import shift

from .crm_contract_type import RENEWAL_MODES

IN_FORCE = ("signed", "running", "suspended")
# A calendar without working days must not be searched for ever.
_LONGEST_HOLIDAY = 60


class CrmContract(models.Model):
    """Deadlines: until when it has to be decided what follows the term."""

    _inherit = "crm.contract"

    renewal_mode = fields.Selection(
        RENEWAL_MODES,
        string="Renewal",
        compute="_compute_renewal_mode",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: somebody decides.",
    )
    renewal_duration = fields.Integer(
        string="Term of a renewal",
        compute="_compute_renewal_duration",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: as long as this one.",
    )
    renewal_unit = fields.Selection(
        TERM_UNITS,
        string="Unit of the renewal's term",
        compute="_compute_renewal_unit",
        store=True,
        readonly=False,
        precompute=True,
    )
    date_review = fields.Date(
        string="Review on",
        compute="_compute_date_review",
        store=True,
        readonly=False,
        tracking=True,
        help="Day of the year on which an open-ended contract is looked at.",
    )
    date_deadline = fields.Date(
        string="Renewal deadline",
        compute="_compute_date_deadline",
        store=True,
        index="btree_not_null",
        help="Notice deadline, or review of an open-ended contract.",
    )

    @api.depends("type_id")
    def _compute_renewal_mode(self):
        for contract in self:
            mode = contract.type_id.renewal_mode
            contract.renewal_mode = mode or contract.renewal_mode

    @api.depends("type_id")
    def _compute_renewal_duration(self):
        for contract in self:
            number = contract.type_id.renewal_duration
            contract.renewal_duration = number or contract.renewal_duration

    @api.depends("type_id")
    def _compute_renewal_unit(self):
        for contract in self:
            contract.renewal_unit = (
                contract.type_id.renewal_unit or contract.renewal_unit
            )

    @api.depends("type_id.notice_day_rule", "company_id")
    def _compute_date_notice(self):
        super()._compute_date_notice()
        for contract in self.filtered("date_notice"):
            contract.date_notice = contract._move_to_working_day(contract.date_notice)

    @api.depends("is_open_ended", "date_start")
    def _compute_date_review(self):
        for contract in self:
            if not contract.is_open_ended or not contract.date_start:
                contract.date_review = False
            elif not contract.date_review:
                contract.date_review = shift(contract.date_start, 1, "year")

    @api.depends("date_notice", "date_review")
    def _compute_date_deadline(self):
        for contract in self:
            contract.date_deadline = contract.date_notice or contract.date_review

    @api.constrains("renewal_mode", "is_open_ended")
    def _check_evergreen(self):
        for contract in self:
            automatic = contract.renewal_mode in ("automatic", "unless_refused")
            if contract.renewal_mode == "evergreen" and not contract.is_open_ended:
                raise ValidationError(
                    self.env._(
                        "%s is evergreen: it has to be open-ended, or renew otherwise.",
                        contract.display_name,
                    )
                )
            if automatic and contract.is_open_ended:
                raise ValidationError(
                    self.env._(
                        "%s is open-ended: there is nothing to renew automatically.",
                        contract.display_name,
                    )
                )

    @api.model
    def _get_content_fields(self):
        return (
            *super()._get_content_fields(),
            "renewal_mode",
            "renewal_duration",
            "renewal_unit",
            "uplift_note",
        )

    def _get_content_value(self, name):
        # Empty as on contracts that are older than the add-on.
        if name == "renewal_duration" and not self.renewal_duration:
            return None
        return super()._get_content_value(name)

    @api.model
    def _get_deadline_domain(self):
        """Return the domain of contracts whose deadline still asks for a decision."""
        return Domain(
            [
                ("state", "in", IN_FORCE),
                ("kind", "!=", "amendment"),
                ("date_deadline", "!=", False),
                ("renewal_decision", "=", False),
            ]
        )

    def _move_to_working_day(self, day):
        """Return the day, or the working day before or after it, as the type says."""
        self.ensure_one()
        rule = self.type_id.notice_day_rule
        calendar = self.company_id.resource_calendar_id
        if rule not in ("previous", "next") or not calendar:
            return day
        weekdays = {int(row.dayofweek) for row in calendar.attendance_ids}
        step = timedelta(days=-1 if rule == "previous" else 1)
        leaves = calendar.global_leave_ids
        for distance in range(_LONGEST_HOLIDAY):
            moved = day + step * distance
            is_off = any(
                row.date_from.date() <= moved <= row.date_to.date() for row in leaves
            )
            if moved.weekday() in weekdays and not is_off:
                return moved
        return day
