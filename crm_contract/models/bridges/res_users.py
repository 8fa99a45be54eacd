from odoo import api, models


class ResUsers(models.Model):
    """Somebody leaves: what he was responsible for goes to somebody who is there."""

    _inherit = "res.users"

    def _get_stand_ins(self):
        """Return who stands in for the users today (users).

        Extended by satellites that know who is absent.
        """
        return self.browse()

    def action_archive(self):
        """Archive the users; ask who takes over what they were responsible for.

        It has gone to the next person in charge by then, so that nothing waits for
        somebody who left; the dialog gives it to somebody else.

        :return: action of the dialog, or False where nothing is to be taken over
        """
        leaving = self.filtered("active")
        self.check_access("write")
        # Before their activities are deleted.
        duties = self.env["crm.contract.succession"]._hand_over(leaving)
        result = super().action_archive()
        if not duties or self.env.su:
            return result or False
        return self.env["crm.contract.take.charge"]._open(leaving, duties)

    def write(self, vals):
        if "active" in vals and not vals["active"]:
            self.check_access("write")
            leaving = self.filtered("active")
            self.env["crm.contract.succession"]._hand_over(leaving)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_hand_over(self):
        self.env["crm.contract.succession"]._hand_over(self)
