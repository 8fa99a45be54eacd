from odoo import models


class CrmContractSignatureRequest(models.Model):
    """Who signs for us is proposed from the register, with the letter of authority."""

    _inherit = "crm.contract.signature.request"

    def _get_our_signatories(self):
        users = super()._get_our_signatories()
        authorities = self.env["crm.contract.authority"]
        if not authorities._filter_guarded(self.contract_id):
            return users
        able = authorities._propose(self.contract_id)
        # Who is named and may not sign any more is told when the request is sent.
        return self.contract_id.company_signatory_id or users & able or able[:1]

    def _prepare_signatories(self, former):
        rows = super()._prepare_signatories(former)
        register = None
        for vals in rows:
            user = self.env["res.users"].browse(vals.get("user_id"))
            if vals["side"] == "company" and user and not vals.get("letter"):
                if register is None:
                    register = self._get_register_of_today()
                vals |= register._filter_person(user)[:1]._prepare_letter()
        return rows

    def _get_register_of_today(self):
        """Return the authorities that cover the contract today, letters first (sudo)."""
        contract = self.contract_id
        today = contract.company_id._get_today()
        rows = self.env["crm.contract.authority"]._get_rows(contract)
        rows = rows.filtered(lambda row: not row._get_reason(contract, today))
        return rows.sorted(lambda row: not row.letter_sha256)


class CrmContractAuthority(models.Model):
    _inherit = "crm.contract.authority"

    def _prepare_letter(self):
        """Return what a signatory takes over of an authority, {} without a letter."""
        if not self.letter_sha256:
            return {}
        return {
            "letter": self.with_context(bin_size=False).letter,
            "letter_name": self.letter_name,
            "letter_until": self.date_until,
            "capacity": "authorised",
        }
