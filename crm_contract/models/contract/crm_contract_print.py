from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import babel_locale_parse

from ...tools.amount_in_words import chinese_capital_amount
from ...tools.numbering import chinese_article
from ...tools.records import one
from .crm_contract_content_mixin import CONTENT_ORDER

# Open periods that the summary sheet lists one by one.
LISTED_PERIODS = 12


class CrmContract(models.Model):
    """Print: names, words and files of the printed contract."""

    _inherit = "crm.contract"

    amount_in_words = fields.Char(compute="_compute_amount_in_words")

    @api.depends("amount_total", "currency_id", "lang_id")
    def _compute_amount_in_words(self):
        printer = self.env["crm.contract.print"]
        for contract in self:
            contract.amount_in_words = printer._get_amount_in_words(
                contract, contract.amount_total
            )

    def _get_print_lang(self):
        """Return the code of the language to print in (str)."""
        self.ensure_one()
        # Of the active ones, which are in memory.
        lang = self.env["res.lang"]._get_data(id=self.lang_id.id)
        return lang.code or self.env.lang or "en_US"

    def _get_print_name(self):
        """Return the file name of the printed contract, without its suffix."""
        self.ensure_one()
        return self.display_name.replace("/", "-")

    def _get_text_document(self):
        """Return the printed text of the version at hand."""
        texts = self.document_ids.filtered(
            lambda row: row.kind == "text" and row.version_id == self.version_id
        )
        return texts.sorted("id")[-1:]

    def _render_text(self):
        """Render the frozen text without watermark (bytes of a PDF)."""
        self.ensure_one()
        # sudo: see `crm.contract.print._get_watermark`
        return (
            self.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf(
                "crm_contract.action_report_contract",
                self.ids,
                data={"is_final": True},
            )[0]
        )

    def action_send(self):
        """Open the composer with the mail template that attaches the contract."""
        one(self)
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


class CrmContractPrint(models.AbstractModel):
    """What the printed contract says, as texts and in its order.

    Dates and amounts are in the language of the contract, texts in that of the context.
    """

    _name = "crm.contract.print"
    _description = "Printed contract"

    @api.model
    def _get_template(self, contract):
        """Return the name of the template of what is signed; extended by satellites."""
        return "crm_contract.report_contract_document"

    @api.model
    def _get_heading_number(self, contract, number):
        """Return what stands before the heading of a section: “3. ”, or “第三条 ”."""
        if contract._get_print_lang().startswith("zh"):
            return f"{chinese_article(number)}\u3000"
        return f"{number}. "

    @api.model
    def _get_amount_in_words(self, contract, amount):
        """Return an amount of the contract's currency in words, in its language.

        Chinese contracts use the financial capitals of the payment settlement rules,
        other languages the words of the currency.
        """
        lang = contract._get_print_lang()
        currency = contract.currency_id.with_context(lang=lang)
        if lang.startswith("zh") and amount >= 0:
            names = babel_locale_parse(lang).currencies
            name = "人民币" if currency.name == "CNY" else names.get(currency.name)
            return chinese_capital_amount(amount, name or currency.name)
        return currency.amount_to_text(amount)

    @api.model
    def _get_watermark(self, contract, is_final=False):
        """Return the text across all pages of a contract that can't be signed (str).

        :param is_final: whether the text is rendered to be frozen; a client can claim
            so in the URL of a report, hence it counts in the server's own rendering only
        """
        if contract.state == "cancelled":
            return self.env._("Cancelled")
        if contract.state in ("draft", "review") and not (is_final and self.env.su):
            return self.env._("Draft – not approved")
        return ""

    @api.model
    def _get_period_text(self, number, unit):
        """Return a period like “30 days” in the language of the context.

        :param unit: key of `TERM_UNITS`
        """
        if number == 1:
            return {
                "day": self.env._("1 day"),
                "week": self.env._("1 week"),
                "month": self.env._("1 month"),
                "quarter": self.env._("1 quarter"),
                "half_year": self.env._("half a year"),
                "year": self.env._("1 year"),
            }[unit]
        return {
            "day": self.env._("%s days", number),
            "week": self.env._("%s weeks", number),
            "month": self.env._("%s months", number),
            "quarter": self.env._("%s quarters", number),
            "half_year": self.env._("%s half-years", number),
            "year": self.env._("%s years", number),
        }[unit]

    @api.model
    def _format_days(self, contract, *days):
        """Return dates in the language of the contract (list of str)."""
        lang = contract._get_print_lang()
        return [format_date(self.env, day, lang_code=lang) for day in days]

    @api.model
    def _get_plan(self, contract):
        """Return the rows of the payment plan, in their order."""
        return contract.installment_ids._filter_plan().sorted(CONTENT_ORDER)

    @api.model
    def _get_ledger_excerpt(self, contract):
        """Return the ledger as the summary sheet shows it, which has to fit on a page.

        :return: `{"paid": paid periods, "rows": rows to list, "later": open periods
            beyond the first ones}`
        """
        periods = contract.installment_ids.filtered(lambda row: row.trigger == "period")
        paid = periods.filtered(lambda row: row.state == "paid")
        later = (periods - paid).sorted("date_due")[LISTED_PERIODS:]
        return {
            "paid": paid,
            "rows": contract.installment_ids - paid - later,
            "later": later,
        }

    @api.model
    def _get_clause_groups(self, contract):
        """Return the clauses to print: list of (category, clauses), in print order."""
        contract.ensure_one()
        return list(contract.clause_ids.sorted().grouped("category_id").items())

    @api.model
    def _get_clause_sections(self, contract):
        """Return the sections of the printed contract that hold clauses.

        The agreed way of dispute resolution stands in the section of its clauses, or
        in one of its own after the clauses on breach.

        :return: list of (category, clauses, whether the way is stated here); the
            category is empty for a section of its own
        """
        sections, stated = [], not contract.dispute_method
        empty = self.env["crm.contract.clause.category"], contract.clause_ids.browse()
        for category, clauses in self._get_clause_groups(contract):
            if not stated and category.part == "other":
                sections.append((*empty, True))
                stated = True
            states = not stated and category.part == "dispute"
            sections.append((category, clauses, states))
            stated = stated or states
        if not stated:
            sections.append((*empty, True))
        return sections
