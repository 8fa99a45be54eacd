from datetime import date

from odoo import api, fields, models

from odoo.addons.crm_contract.tools.in_force import in_force

from .crm_contract_incorporation_service import FAILED


class CrmContractReinstatement(models.AbstractModel):
    """What was signed and waited for its day when its contract ended.

    It is set aside with the end, and holds again when that is taken back: whatever was
    signed since then does not exist, as only contracts in force are amended.
    """

    _name = "crm.contract.reinstatement"
    _description = "Amendments that wait while a contract is ended"

    @api.model
    def _set_aside(self, amendments):
        """Let amendments that never took effect be no part of what was agreed."""
        amendments.version_id._withdraw()
        # sudo: what somebody was to do for them is over
        amendments = amendments.sudo()
        amendments.activity_unlink([FAILED])
        amendments.task_ids._get_open_activities().unlink()

    @api.model
    def _get_set_aside(self, contracts):
        """Return the amendments that were signed and did not take effect (sudo)."""
        # sudo: amendments that the user may not see, and that may be archived since
        contracts = contracts.sudo().with_context(active_test=False)
        return contracts.amendment_ids.filtered(
            lambda row: row.state == "superseded" and row.version_id.date_withdrawn
        )

    @api.model
    def _reinstate(self, contracts):
        """Let them hold again: from their day on, at once if it has passed.

        One that can't take effect is told its owner, as if the day had just come.
        """
        amendments = self._get_set_aside(contracts)
        amendments.version_id._reinstate()
        amendments._transition("reinstate", active=True)
        amendments.task_ids._launch()
        service = self.env["crm.contract.incorporation"]
        due = amendments.filtered_domain(service._get_due_domain())
        for amendment in due.sorted(lambda row: (row.date_effective, row.id)):
            service._try(amendment)
        service._await(amendments)
        for contract in amendments.origin_id:
            self.env["crm.contract.linked"]._follow(contract)

    @api.model
    def _get_end(self, contract):
        """Return the last day of the term by all that holds once it is reopened.

        :return: False if it is open-ended
        """
        today = contract.company_id._get_today()
        due = self._get_set_aside(contract).filtered(
            lambda row: row.date_effective <= today
        )
        if not due:
            return contract.date_end
        begun = self.env["crm.contract.incorporation"]._get_incorporated(contract)
        versions = contract.sudo() | begun | due
        agreed = versions.version_id._get_agreed()
        return fields.Date.to_date(in_force(agreed, date.max)["fields"].get("date_end"))
