from odoo import models
from odoo.fields import Command

# Fields of invoice lines that other add-ons have, and where their values are.
DAYS_FIELDS = {
    "deferred_start_date": "period_start",
    "deferred_end_date": "period_end",
    "start_date": "period_start",
    "end_date": "period_end",
}


class CrmContractInstallment(models.Model):
    """Invoice lines of the rows that the ledger made: periods, interest."""

    _inherit = "crm.contract.installment"

    def _prepare_rest_line_vals(self):
        """Return create values of the line for what is to be invoiced of the row.

        It is the whole row, or what other invoices and decisions left of it.
        """
        self.ensure_one()
        vals = self._prepare_ledger_line_vals()
        if not self.currency_id.compare_amounts(self.amount, self.amount_rest):
            return vals
        taxes = self.env["account.tax"].browse(vals["tax_ids"][0][2])
        included = any(tax.price_include for tax in taxes.flatten_taxes_hierarchy())
        untaxed = self.amount_untaxed * self.amount_rest / self.amount
        for name in ("amount_currency", "balance", "discount", "sale_line_ids"):
            vals.pop(name, None)
        return {
            **vals,
            "quantity": 1,
            "price_unit": self.amount_rest
            if included
            else self.currency_id.round(untaxed),
        }

    def _prepare_ledger_line_vals(self):
        """Return create values of the invoice line of a row that the ledger made.

        Extended by satellites that let the ledger make other rows.
        """
        self.ensure_one()
        if self.trigger == "interest":
            return self._prepare_interest_line_vals()
        if self.trigger == "true_up":
            return self._prepare_true_up_line_vals()
        return self._prepare_period_line_vals()

    def _prepare_damages_line_vals(self, taxes=()):
        """Return create values of the invoice line of a penalty, or of damages.

        Damages are no supply: they bear no tax where none is agreed.

        :param taxes: ids of the taxes that are agreed
        """
        return {
            "installment_id": self.id,
            "name": self.name,
            "quantity": 1,
            "price_unit": self.price_unit,
            "tax_ids": [Command.set(taxes)],
        }

    def _prepare_period_line_vals(self):
        line = self.line_id
        vals = {
            "installment_id": self.id,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "name": self._get_period_line_name(),
            "quantity": self.quantity,
            "price_unit": self.price_unit * self.days_billed / self.days_full,
            "discount": line.discount,
            "tax_ids": [Command.set(line.tax_ids.ids)],
            "analytic_distribution": line.analytic_distribution,
            # Odoo would find the same amount, and write it line by line. Where it
            # finds another one, because it rounds globally, it writes that.
            "amount_currency": -self.amount_untaxed,
        }
        if self.currency_id == self.company_id.currency_id:
            vals["balance"] = -self.amount_untaxed
        if line.sale_line_id:
            vals["sale_line_ids"] = [Command.set(line.sale_line_id.ids)]
        return {**vals, **self._prepare_days_vals()}

    def _prepare_days_vals(self):
        """Return the days of the row for those who spread the revenue over them.

        Odoo Enterprise and the OCA have fields for it.
        """
        names = self.env["account.move.line"]._fields
        return {
            name: self[source]
            for name, source in DAYS_FIELDS.items()
            if name in names and self.period_start
        }

    def _get_period_line_name(self):
        """Return the description of a period, in the language of the contract."""
        contract = self.contract_id
        row = self.with_context(lang=contract._get_print_lang())
        printer = self.env["crm.contract.print"]
        start, end = printer._format_days(contract, self.period_start, self.period_end)
        parts = [
            self.line_id.name,
            row.env._("Period: %(start)s to %(end)s", start=start, end=end),
        ]
        if self.days_billed != self.days_full:
            parts.append(
                row.env._(
                    "By the day: %(days)s of %(full)s days",
                    days=self.days_billed,
                    full=self.days_full,
                )
            )
        return "\n".join(parts)
