from odoo import fields, models
from odoo.tools.misc import babel_locale_parse

from ..tools.amount_in_words import chinese_capital_amount


class CrmContract(models.Model):
    """Print: names, words and files of the printed contract."""

    _inherit = "crm.contract"

    amount_in_words = fields.Char(compute="_compute_amount_in_words")

    def _compute_amount_in_words(self):
        for contract in self:
            contract.amount_in_words = contract._get_amount_in_words(
                contract.amount_total
            )

    def _get_amount_in_words(self, amount):
        """Return an amount of the contract's currency in words, in its language.

        Chinese contracts use the financial capitals of the payment settlement rules,
        other languages the words of the currency.
        """
        self.ensure_one()
        lang = self.lang_id.code or self.env.lang or "en_US"
        currency = self.currency_id.with_context(lang=lang)
        if lang.startswith("zh") and amount >= 0:
            names = babel_locale_parse(lang).currencies
            name = "人民币" if currency.name == "CNY" else names.get(currency.name)
            return chinese_capital_amount(amount, name or currency.name)
        return currency.amount_to_text(amount)

    def _get_print_name(self):
        """Return the file name of the printed contract, without its suffix."""
        self.ensure_one()
        return self.display_name.replace("/", "-")

    def _is_print_frozen(self):
        """Return whether the frozen text is what is printed."""
        self.ensure_one()
        return self.state not in ("draft", "review", "cancelled")

    def _get_frozen_attachment(self):
        """Return the attachment of the frozen text, empty while it may change."""
        self.ensure_one()
        attachments = self.env["ir.attachment"]
        document = self._is_print_frozen() and self._get_text_document()
        if not document:
            return attachments
        # sudo: files of fields are hidden from a plain search; the reader of the
        # contract may read its documents
        return attachments.sudo().search(
            [
                ("res_model", "=", document._name),
                ("res_field", "=", "file"),
                ("res_id", "=", document.id),
            ]
        )

    def _render_text(self):
        """Render the frozen text without watermark (bytes of a PDF)."""
        self.ensure_one()
        return self.env["ir.actions.report"]._render_qweb_pdf(
            "crm_contract.action_report_contract",
            self.ids,
            data={"is_final": True},
        )[0]

    def action_send(self):
        """Open the composer with the mail template that attaches the contract."""
        self.ensure_one()
        template = self.env.ref("crm_contract.mail_template_contract")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send contract"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_template_id": template.id,
                "default_composition_mode": "comment",
                "default_email_layout_xmlid": "mail.mail_notification_layout",
                "force_email": True,
            },
        }
