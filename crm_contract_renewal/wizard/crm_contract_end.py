from odoo import api, fields, models

from ..models.termination.crm_contract_termination import MANAGER, TERMINATORS


class CrmContractEnd(models.TransientModel):
    """Termination: who gave notice when, and what end it allows."""

    _inherit = "crm.contract.end"

    date = fields.Date(compute="_compute_date", store=True, readonly=False)
    terminated_by = fields.Selection(TERMINATORS, string="Terminated by")
    date_notice_given = fields.Date(
        string="Notice given on",
        help="Day on which the other side received the notice, or we did.",
    )
    date_earliest = fields.Date(
        string="Earliest end",
        compute="_compute_date_earliest",
        help="First day on which this notice can end the contract.",
    )
    notice_problem = fields.Text(compute="_compute_notice_problem")
    is_ahead = fields.Boolean(compute="_compute_is_ahead")
    is_manager = fields.Boolean(compute="_compute_is_manager")

    @api.depends("contract_id", "reason", "terminated_by", "date_notice_given")
    def _compute_date_earliest(self):
        model = self.env["crm.contract.termination"]
        for wizard in self:
            notice = wizard._is_by_notice() and wizard.date_notice_given
            wizard.date_earliest = notice and model._get_earliest_end(
                wizard.contract_id, notice
            )

    @api.depends("date_earliest")
    def _compute_date(self):
        for wizard in self:
            last = wizard.contract_id.date_end
            earliest = wizard.date_earliest
            proposed = min(filter(None, (earliest, last))) if earliest else False
            today = wizard.contract_id.company_id._get_today()
            wizard.date = proposed or wizard.date or today

    @api.depends("date", "date_earliest", "terminated_by", "date_notice_given")
    def _compute_notice_problem(self):
        model = self.env["crm.contract.termination"]
        for wizard in self:
            wizard.notice_problem = (
                wizard.date_earliest
                and wizard.date
                and model._get_notice_problem(
                    wizard.contract_id,
                    wizard.date,
                    wizard.terminated_by,
                    wizard.date_notice_given,
                )
            )

    @api.depends("date", "reason")
    def _compute_is_ahead(self):
        interface = self.env["crm.contract.interface"]
        for wizard in self:
            today = wizard.contract_id.company_id._get_today()
            later = bool(wizard.date) and wizard.date > today
            wizard.is_ahead = later and interface._can_end_later(wizard.reason)

    def _compute_is_manager(self):
        self.is_manager = self.env.user.has_group(MANAGER)

    def _is_by_notice(self):
        return self.reason == "terminated" and self.terminated_by in ("us", "customer")

    def _prepare_details(self):
        details = super()._prepare_details()
        if self.reason != "terminated":
            return details
        return {
            **details,
            "terminated_by": self.terminated_by,
            "date_notice_given": self.date_notice_given,
            "penalty": self._prepare_penalty(),
        }
