from markupsafe import Markup

from odoo import api, models


class CrmContractApprovalTask(models.Model):
    """The inbox of whoever submitted: what became of it, and what is to do."""

    _inherit = "crm.contract.approval.task"

    @api.model
    def _remind_owner(self, contracts, summary, note=""):
        """Put an activity into the inbox of whoever submitted the contracts."""
        activity_type = self.env.ref("crm_contract_approval.mail_activity_type_owner")
        text = Markup("<br/>").join((note or "").split("\n"))
        # sudo: approvers have no right to write on the contract
        vals = {
            "activity_type_id": activity_type.id,
            "summary": summary,
            "note": text,
        }
        self.env["mail.activity"].sudo()._schedule_quietly(
            [
                (
                    contract,
                    {
                        **vals,
                        "user_id": owner.id,
                        "date_deadline": contract.company_id._get_today(),
                    },
                )
                for contract in contracts
                if (owner := self._get_submission_owner(contract))
            ]
        )

    @api.model
    def _get_submission_owner(self, contract):
        """Return who is told what became of a submission, of those who are there."""
        submitter = contract.submitted_by_id
        if submitter and contract._is_readable_by(submitter):
            return submitter
        return contract._get_person_in_charge()

    @api.model
    def _close_owner_activities(self, contracts):
        contracts.activity_unlink(["crm_contract_approval.mail_activity_type_owner"])
