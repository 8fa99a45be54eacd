from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..deadline.crm_contract_ladder import ACTIVITY

AUTOMATIC = ("automatic", "unless_refused")
FAILED = "crm_contract_renewal.mail_activity_type_failed"


class CrmContract(models.Model):
    """Renewal by itself: on the deadline, without a signature."""

    _inherit = "crm.contract"

    is_automatic_renewal = fields.Boolean(
        readonly=True,
        copy=False,
        help="Made by the daily job; it needs nobody who signs.",
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"is_automatic_renewal"}

    @api.model
    def _get_automatic_domain(self):
        """Return the domain of contracts that renew by themselves now."""
        return Domain(
            [
                ("state", "in", ("running", "suspended")),
                ("renewal_mode", "in", AUTOMATIC),
                ("date_notice", "<", "today"),
                ("date_end", ">=", "today"),
                ("renewal_decision", "in", (False, "renew")),
            ]
        ) & ~Domain("renewal_ids", "any", [("state", "!=", "cancelled")])

    @api.model
    def _cron_renew(self):
        """End what is terminated, amend, renew what renews by itself, take over.

        Looks at dates and states only, so that days of downtime are caught up, and a
        second run finds nothing left to do.
        """
        termination = self.env["crm.contract.termination"]
        renewal = self.env["crm.contract.renewal"]
        jobs = (
            (termination._get_due_domain(), "_advance_expire"),
            (self._get_incorporation_domain(), "_advance_incorporate"),
            (self._get_automatic_domain(), "_renew_automatically"),
            (self._get_automatic_signature_domain(), "_sign_automatically"),
            (renewal._get_take_over_domain(), "_take_over"),
        )
        cron = self.env["ir.cron"]
        for later, (domain, step) in zip(reversed(range(len(jobs))), jobs, strict=True):
            records = self.search(domain, order="id")
            # Each step makes work for those after it: who stops in between comes back.
            cron._commit_progress(remaining=len(records) + later)
            for record in records:
                if not self._advance(record, domain, step):
                    return

    def _renew_automatically(self):
        """Renew one contract on its deadline, and tell its salesperson.

        What keeps it from being submitted is told too, once, and tried again each day.
        """
        try:
            with self.env.cr.savepoint():
                uplifts = {self: self.env["crm.contract.uplift"]._get_agreed(self)}
                successor = self._renew(uplifts, automatic=True)
                self._decide_renewal("renew", self.env._("Renewed automatically."))
                successor.action_submit()
        except UserError as error:
            if not self.activity_search([FAILED]):
                summary = self.env._("Automatic renewal failed")
                self._tell_owner(FAILED, summary, str(error))
            return
        self.activity_unlink([FAILED])
        summary = self.env._("Renewed automatically")
        self._tell_owner(ACTIVITY, summary, successor._get_html_link())

    def _tell_owner(self, activity_type, summary, note):
        if self.user_id:
            self.activity_schedule(
                activity_type, user_id=self.user_id.id, summary=summary, note=note
            )

    def _unfreeze(self):
        """Leave renewals that go back to draft to a person: they may be changed there."""
        super()._unfreeze()
        # sudo: owned by code
        self.sudo().filtered("is_automatic_renewal").is_automatic_renewal = False

    @api.model
    def _get_automatic_signature_domain(self):
        return Domain(
            [
                ("kind", "=", "renewal"),
                ("is_automatic_renewal", "=", True),
                ("state", "=", "to_sign"),
            ]
        )

    def _sign_automatically(self):
        """Let an approved renewal be in force: both sides agreed to it beforehand.

        Where approvals are in use, other prices need one, or somebody who signs.
        """
        if self.uplift_note and self._get_unreviewed():
            self._leave_signature()
            return
        origin = self.origin_id
        self._action_sign(
            fields.Date.context_today(self),
            origin.signed_by_customer,
            origin.signed_by_company,
            self.content_hash,
        )

    def _leave_signature(self):
        """Let a person sign the renewal, and tell its salesperson."""
        # sudo: owned by code
        self.sudo().is_automatic_renewal = False
        self._tell_owner(
            ACTIVITY,
            self.env._("Automatic renewal waits to be signed"),
            self.env._(
                "Its prices were adjusted, and no approval policy asked anybody. Check "
                "it and register the signatures."
            ),
        )
