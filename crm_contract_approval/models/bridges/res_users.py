from odoo import api, models
from odoo.exceptions import UserError

# Who may open contracts at all, and hence be asked about them.
_GROUPS = (
    "crm_contract.crm_contract_group_reader",
    "crm_contract.crm_contract_group_user",
    "crm_contract_approval.crm_contract_approval_group_approver",
)


class ResUsers(models.Model):
    _inherit = "res.users"

    def _get_stand_ins(self):
        delegation = self.env["crm.contract.approval.delegation"]
        return super()._get_stand_ins() | delegation._get_deputies(self)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        """Refuse to delete who is asked: fewer would have to agree without him."""
        # sudo: whoever deletes a user need not see what he was to decide
        tasks = self.env["crm.contract.approval.task"].sudo()
        asked = tasks.search(
            [
                ("state", "in", ("waiting", "pending")),
                ("approver_ids", "in", self.ids),
            ],
            limit=1,
        )
        if asked:
            raise UserError(
                self.env._(
                    "%(users)s: asked to approve contracts (%(contract)s). Archive them "
                    "instead of deleting them.",
                    users=", ".join(self.mapped("name")),
                    contract=asked.contract_id.display_name,
                )
            )

    def _filter_approvers(self, contract):
        """Return the users who could decide on a contract at all."""
        # sudo: groups and companies of other users
        return self.filtered(
            lambda user: (
                user.active
                and not user.share
                and contract.company_id in user.sudo().company_ids
                and any(user.sudo().has_group(group) for group in _GROUPS)
            )
        )
