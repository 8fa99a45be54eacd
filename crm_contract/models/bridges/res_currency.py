from odoo import models


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _has_rate_of(self, company):
        """Return whether amounts can be converted to the currency of a company."""
        self.ensure_one()
        if self == company.currency_id:
            return True
        companies = (company.root_id, self.env["res.company"])
        return any(rate.company_id in companies for rate in self.rate_ids)

    def _get_reason_no_rate(self, company):
        """Return why amounts can't be booked in the currency of a company (str)."""
        # sudo: rates, whoever invoices
        if self.sudo()._has_rate_of(company):
            return ""
        return self.env._(
            "the currency %(currency)s has no exchange rate. Enter one under Accounting "
            "→ Configuration → Currencies.",
            currency=self.name,
        )
