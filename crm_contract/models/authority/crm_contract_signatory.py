from odoo import api, models


class CrmContractSignatory(models.Model):
    """Our signatories act as long as the register lets them."""

    _inherit = "crm.contract.signatory"

    def _get_person(self):
        """Return the contact who signs (sudo), empty for a mere name."""
        self.ensure_one()
        # sudo: who the signatory is, whoever asks
        row = self.sudo()
        return row.user_id.partner_id or row.partner_id

    def _get_person_refusal(self):
        return super()._get_person_refusal() or self.env[
            "crm.contract.authority"
        ]._get_refusal_of(self)

    def _write_signature(self, *args):
        super()._write_signature(*args)
        authorities = self.env["crm.contract.authority"]
        contract = self.contract_id
        if self.side == "company" and authorities._filter_guarded(contract):
            own = authorities._get_rows(contract)._filter_person(self._get_person())
            own._choose(contract, contract.company_id._get_today())._attach(contract)


class CrmContractSignatureCheck(models.AbstractModel):
    _inherit = "crm.contract.signature.check"

    @api.model
    def _get_person_problems(self, signatory, taken):
        refusal = self.env["crm.contract.authority"]._get_refusal_of(signatory)
        problems = super()._get_person_problems(signatory, taken)
        return [*problems, *filter(None, (refusal,))]
