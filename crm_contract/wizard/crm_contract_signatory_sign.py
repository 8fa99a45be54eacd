from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request as http_request

from ..models.signature.crm_contract_signature_flow import CompletionError
from ..tools.records import one


class CrmContractSignatorySign(models.TransientModel):
    """Our signatory signs or declines in the backend: the user himself, nobody else."""

    _name = "crm.contract.signatory.sign"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Sign for us"

    signatory_id = fields.Many2one(
        "crm.contract.signatory", required=True, readonly=True, ondelete="cascade"
    )
    contract_id = fields.Many2one(related="signatory_id.contract_id")
    text_id = fields.Many2one(related="signatory_id.request_id.text_id")
    # What the dialog was opened with: a signature names this, see `_sign`.
    content_hash = fields.Char(
        compute="_compute_shown", store=True, readonly=False, precompute=True
    )
    text_sha256 = fields.Char(
        compute="_compute_shown", store=True, readonly=False, precompute=True
    )
    consent_hash = fields.Char(
        compute="_compute_shown", store=True, readonly=False, precompute=True
    )
    consent_text = fields.Text(string="Consent", compute="_compute_consent_text")
    has_agreed = fields.Boolean(string="I agree")
    name = fields.Char(
        string="Your name",
        compute="_compute_shown",
        store=True,
        readonly=False,
        precompute=True,
    )
    signature = fields.Binary(string="Your signature", attachment=True)
    reason = fields.Text(string="Why you do not sign")

    @api.depends("signatory_id")
    def _compute_shown(self):
        for wizard in self:
            signatory = wizard._get_signatory()
            wizard.content_hash = signatory.request_id.content_hash
            wizard.text_sha256 = signatory.request_id.text_sha256
            wizard.consent_hash = signatory and signatory._get_consent_hash()
            wizard.name = signatory.name

    @api.depends("signatory_id")
    def _compute_consent_text(self):
        for wizard in self:
            signatory = wizard._get_signatory()
            wizard.consent_text = signatory and signatory._get_consent_text()

    def action_sign(self):
        """Sign as the user who is logged in.

        Where the contract can't be signed with it, which is for somebody else to mend,
        nothing is signed and a notification of type `danger` says why.
        """
        one(self)
        if not self.has_agreed:
            raise UserError(self.env._("Tick that you agree."))
        close = {"type": "ir.actions.act_window_close"}
        try:
            self._get_signatory()._sign(
                self.name,
                self.with_context(bin_size=False).signature,
                self.content_hash,
                self.text_sha256,
                self.consent_hash,
                None,
                self._get_facts(),
            )
        except CompletionError as error:
            # Not raised: what whoever asked is told has to be kept.
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "danger",
                    "title": self.env._("Nothing was signed"),
                    "message": str(error),
                    "sticky": True,
                    "next": close,
                },
            }
        return close

    def action_decline(self):
        """Refuse to sign as the user who is logged in, which ends the request."""
        one(self)
        self._get_signatory()._decline(self.reason, self._get_facts())
        return {"type": "ir.actions.act_window_close"}

    def action_view_text(self):
        """Open the text that is signed."""
        one(self)
        return self.text_id._get_records_action(target="new")

    def _get_signatory(self):
        """Return the signatory, for code (sudo), who has to be the user himself.

        :raise AccessError: for anybody else, whatever his rights
        """
        # sudo: nobody has rights to sign; who it is was told by the log-in
        signatory = self.signatory_id.sudo()
        if signatory and signatory.user_id != self.env.user:
            raise AccessError(
                self.env._("Only %s signs here, after logging in.", signatory.name)
            )
        return signatory

    @api.model
    def _get_facts(self):
        """Return what the server sees of the user, as the doors take it (dict)."""
        seen = http_request.httprequest if http_request else None
        return {
            "ip": seen.remote_addr if seen else "",
            "user_agent": seen.user_agent.string if seen else "",
            "by": "backend",
        }


class CrmContractSignatory(models.Model):
    _inherit = "crm.contract.signatory"

    def _open_dialog(self):
        """Return the action of the dialog in which the user signs (dict)."""
        if not self:
            raise UserError(self.env._("It is not your turn to sign here."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sign"),
            "res_model": "crm.contract.signatory.sign",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_signatory_id": self.id},
        }
