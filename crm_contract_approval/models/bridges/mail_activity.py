from odoo import api, models
from odoo.exceptions import UserError

# What of an activity says who is asked, about what, and until when.
_GUARDED = frozenset(
    {
        "active",
        "activity_type_id",
        "automated",
        "date_deadline",
        "res_id",
        "res_model_id",
        "summary",
        "user_id",
    }
)


class MailActivity(models.Model):
    """The inbox of an approver: he closes it himself, or the approval does."""

    _inherit = "mail.activity"

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        activities._check_inbox_of_approver()
        return activities

    def write(self, vals):
        guarded = not _GUARDED.isdisjoint(vals)
        if guarded:
            self._check_inbox_of_approver()
        result = super().write(vals)
        if guarded:
            self._check_inbox_of_approver()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_approver(self):
        self._check_inbox_of_approver()

    def _check_inbox_of_approver(self):
        """Raise UserError if it is what somebody else is asked to decide."""
        if self.env.su:
            return
        asked = self.env.ref("crm_contract_approval.mail_activity_type_approval")
        foreign = self.filtered(
            lambda row: (
                row.activity_type_id == asked
                and row.res_model == "crm.contract"
                and row.user_id != self.env.user
            )
        )
        if foreign:
            raise UserError(
                self.env._(
                    "Only %s, or a decision, closes or changes what was asked of them.",
                    ", ".join(foreign.user_id.mapped("name")) or self.env._("nobody"),
                )
            )
