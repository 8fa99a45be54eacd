from odoo import api, models


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        mails = super().create(vals_list)
        mails._note_contract_files()
        return mails

    def _note_contract_files(self):
        """Record that files of contracts are mailed: once per contract and batch."""
        # sudo: what is attached, whoever lets it be mailed
        sent = self.sudo().filtered(
            lambda mail: (
                mail.attachment_ids and (mail.model or "").startswith("crm.contract")
            )
        )
        for model, mails in sent.grouped("model").items():
            if model in self.env:
                records = self.env[model].browse(mails.mapped("res_id")).exists()
                self.env["crm.contract.access"]._note(records, "mailed", minutes=1)
