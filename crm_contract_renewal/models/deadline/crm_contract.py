from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.crm_contract.models.contract.crm_contract_type import TERM_UNITS
from odoo.addons.crm_contract.tools.period import shift

from ..price.crm_contract_adjustment_mixin import ADJUSTMENT_FIELDS
from .crm_contract_type import RENEWAL_MODES

IN_FORCE = ("signed", "running", "suspended")


class CrmContract(models.Model):
    """Deadlines: until when it has to be decided what follows the term."""

    _inherit = "crm.contract"

    renewal_mode = fields.Selection(
        RENEWAL_MODES,
        string="Renewal",
        compute="_compute_renewal_terms",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: somebody decides.",
        content=True,
    )
    renewal_duration = fields.Integer(
        string="Term of a renewal",
        compute="_compute_renewal_terms",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: as long as this one.",
        content=True,
    )
    renewal_unit = fields.Selection(
        TERM_UNITS,
        string="Unit of the renewal's term",
        compute="_compute_renewal_terms",
        store=True,
        readonly=False,
        precompute=True,
        content=True,
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

    # Lists of deadlines pass by those of contracts that ended long ago.
    _deadline_open_idx = models.Index(
        "(date_deadline) INCLUDE (company_id, kind, renewal_decision, active)"
        " WHERE state IN ('signed', 'running', 'suspended')"
    )

    @api.depends("type_id")
    def _compute_renewal_terms(self):
        for contract in self:
            source = contract.type_id
            contract.renewal_mode = source.renewal_mode or contract.renewal_mode
            # A number and its unit come from the same record.
            if source.renewal_duration or not contract.renewal_duration:
                contract.renewal_duration = source.renewal_duration
                contract.renewal_unit = source.renewal_unit or contract.renewal_unit

    @api.depends("type_id.notice_day_rule", "company_id")
    def _compute_date_notice(self):
        super()._compute_date_notice()
        for contract in self.filtered("date_notice"):
            contract.date_notice = contract.type_id._move_to_working_day(
                contract.date_notice, contract.company_id
            )

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
        return (*super()._get_content_fields(), *ADJUSTMENT_FIELDS)

    def _get_content_value(self, name):
        # Empty as on contracts that are older than the add-on.
        if name == "renewal_duration" and not self.renewal_duration:
            return None
        if name in ADJUSTMENT_FIELDS and name not in self._get_adjustment_names():
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
