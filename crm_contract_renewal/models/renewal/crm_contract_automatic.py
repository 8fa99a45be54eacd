from odoo import api, fields, models
from odoo.fields import Domain

from ..deadline.crm_contract_rung_fired import ACTIVITY

AUTOMATIC = ("automatic", "unless_refused")


class CrmContract(models.Model):
    """Renewal by itself: on the deadline, without a signature."""

    _inherit = "crm.contract"

    is_automatic_renewal = fields.Boolean(
        readonly=True,
        copy=False,
        help="Made by the daily job; it needs nobody who signs.",
        owned=True,
    )

    def _unfreeze(self):
        """Leave renewals that go back to draft to a person: they may be changed there."""
        super()._unfreeze()
        # sudo: owned by code
        self.sudo().filtered("is_automatic_renewal").is_automatic_renewal = False


class CrmContractRenewalAutomatic(models.AbstractModel):
    """What the daily job does of contracts that renew by themselves."""

    _name = "crm.contract.renewal.automatic"
    _description = "Automatic renewal"

    @api.model
    def _get_due_domain(self):
        """Return the domain of contracts that renew by themselves now.

        After their end as well: they wait for it, see `crm.contract.grace`.
        """
        due = Domain(
            [
                ("state", "in", ("running", "suspended")),
                ("renewal_mode", "in", AUTOMATIC),
                ("termination_id", "=", False),
                ("renewal_decision", "in", (False, "renew")),
            ]
        )
        due &= self.env["res.company"]._on_days(
            lambda today: Domain("date_notice", "<", today)
        )
        return due & ~Domain("renewal_ids", "any", [("state", "!=", "cancelled")])

    @api.model
    def _renew(self, contract):
        """Renew one contract on its deadline, and tell the person in charge of it.

        :raise UserError: if the renewal can't be submitted
        """
        uplifts = {contract: self.env["crm.contract.uplift"]._get_agreed(contract)}
        successor = contract._renew(uplifts, automatic=True)
        contract._decide_renewal("renew", self.env._("Renewed automatically."))
        successor.action_submit()
        contract._tell_person_in_charge(
            self.env._("Renewed automatically"), successor._get_html_link(), ACTIVITY
        )

    @api.model
    def _get_signature_domain(self):
        return Domain(
            [
                ("kind", "=", "renewal"),
                ("is_automatic_renewal", "=", True),
                ("state", "=", "to_sign"),
            ]
        )

    @api.model
    def _sign(self, renewal):
        """Let an approved renewal be in force: both sides agreed to it beforehand.

        Where approvals are in use, other prices need one, or somebody who signs.
        """
        if renewal.uplift_note and renewal._get_unreviewed():
            self._leave_signature(renewal)
            return
        origin = renewal.origin_id
        renewal._action_sign(
            renewal.company_id._get_today(),
            origin.signed_by_customer,
            origin.signed_by_company,
            renewal.content_hash,
        )

    @api.model
    def _leave_signature(self, renewal):
        """Let a person sign the renewal, and tell its salesperson."""
        # sudo: owned by code
        renewal.sudo().is_automatic_renewal = False
        renewal._tell_person_in_charge(
            self.env._("Automatic renewal waits to be signed"),
            self.env._(
                "Its prices were adjusted, and no approval policy asked anybody. Check "
                "it and register the signatures."
            ),
            ACTIVITY,
        )


class CrmContractAuthority(models.Model):
    _inherit = "crm.contract.authority"

    @api.model
    def _filter_guarded(self, contracts):
        """Leave out what follows by itself from what was signed: nobody signs it."""
        guarded = super()._filter_guarded(contracts)
        return guarded.filtered(lambda contract: not contract.is_automatic_renewal)
