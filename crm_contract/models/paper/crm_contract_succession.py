from odoo import api, models
from odoo.fields import Domain


class CrmContractSuccession(models.AbstractModel):
    """Who leaves keeps no seal, and has nothing lent to ask back."""

    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        stamps = self.env["crm.contract.stamp"].search([("keeper_id", "in", users.ids)])
        loans = self.env["crm.contract.archive.loan"].search(
            [("user_id", "in", users.ids), ("date_back", "=", False)]
        )
        return [
            *super()._get_duties(users),
            *self._list(stamps, "keeper_id", self.env._("Company seal")),
            *self._list(loans, "user_id", self.env._("Loan from the archive")),
        ]

    @api.model
    def _find_successor(self, duty, leaving, successor):
        """A seal goes to who is named, a deputy, or a manager of its company.

        Its keeper need not read contracts.
        """
        stamp = self._get_left_stamp(duty.record, leaving)
        if not stamp:
            return super()._find_successor(duty, leaving, successor)
        managers = self.env["crm.contract"]._get_contract_managers(stamp.company_id)
        candidates = (successor or leaving.browse()) | stamp.deputy_ids | managers
        return candidates.filtered(
            lambda user: (
                user.active
                and not user.share
                and user not in leaving
                and stamp.company_id in user.company_ids
            )
        )[:1]

    @api.model
    def _get_left_stamp(self, record, leaving):
        """Return the seal that somebody who leaves keeps, of a duty: its own, or to
        decide on an application for it. Empty for what is no duty of a keeper.
        """
        stamps = self.env["crm.contract.stamp"]
        if record._name == "crm.contract.stamp":
            return record
        if (
            record._name != "mail.activity"
            or record.res_model != "crm.contract.sealing"
            or record.user_id not in leaving
        ):
            return stamps
        row = self.env["crm.contract.sealing"].browse(record.res_id).exists()
        # Asked before the seal itself changes hands.
        return row.stamp_id.filtered(lambda stamp: stamp.keeper_id in leaving)

    @api.model
    def _get_activity_domain(self):
        return super()._get_activity_domain() | Domain(
            "res_model", "=", "crm.contract.sealing"
        )
