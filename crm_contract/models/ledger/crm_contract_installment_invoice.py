from datetime import date

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...tools.records import one
from ..contract.crm_contract_content_mixin import CONTENT_ORDER
from .crm_contract_installment import BILLABLE_STATES


class CrmContractInstallment(models.Model):
    """Invoicing of the ledger's rows."""

    _inherit = "crm.contract.installment"

    def action_create_invoice(self):
        """Invoice the rows, one draft invoice per contract; return an action on them.

        :raise UserError: if a row can't be invoiced now, with the reason
        """
        return self._create_invoices()._view_created()

    def action_view_invoice(self):
        """Open the invoice of the row."""
        one(self)
        return self.env["sale.order"].action_view_invoice(self.invoice_id)

    def _create_invoices(self, date=None):
        """Create and link the draft invoices of the rows.

        The rows stay locked until the transaction ends: two users who invoice the same
        row wait for each other, and the second one is told that it is invoiced.

        :param date: date of the invoices; left to their posting without it
        :return: account.move records, one for each contract and due date
        :raise UserError: if a row can't be invoiced, with the reason
        """
        self._check_access_to_invoice()
        self._lock_rows()
        rows = self._derive_billed_again()
        rows._check_can_invoice()
        return rows._create_checked_invoices(date)

    def _derive_billed_again(self):
        """Let rows that an invoice gave up be what is charged for their days now.

        :return: the rows that are left
        :raise UserError: if nothing is charged for their days any more
        """
        names = self.mapped("name")
        again = self.filtered(
            lambda row: row.trigger == "period" and row.was_billed and not row.is_billed
        )
        for contract, rows in again.grouped("contract_id").items():
            self.env["crm.contract.ledger"]._derive_again(contract, rows)
        left = self.exists()
        if self and not left:
            raise UserError(
                self.env._(
                    "Nothing is charged any more for %s: the contract was changed since "
                    "it was invoiced.",
                    ", ".join(names),
                )
            )
        return left

    def _create_checked_invoices(self, date):
        """Create the invoices of rows that are locked and checked."""
        # sudo: who may invoice a contract need not be an accountant; checked before.
        # The messages and trackings of a creation are replaced by a single message.
        moves = (
            self.env["account.move"]
            .sudo()
            .with_context(tracking_disable=True, mail_create_nosubscribe=True)
        )
        batch = self._group_for_invoices()
        invoices = moves.create([rows._prepare_invoice_vals(date) for rows in batch])
        notes = {}
        for rows, invoice in zip(batch, invoices, strict=True):
            link = rows.contract_id._get_html_link()
            notes[invoice.id] = rows._get_invoice_note(
                self.env._("Invoiced from the contract %s:", link)
            )
        invoices._message_log_batch(notes)
        return invoices.with_env(self.env)

    def _group_for_invoices(self):
        """Return the rows of each invoice, by contract and due date (list).

        What a customer gets back joins the next invoice of the contract, or the one
        before; without one that is as much, it becomes a credit note.
        """
        batch = []
        for rows in self.sorted("sequence").grouped("contract_id").values():
            first, waiting = len(batch), rows.browse()
            by_date = rows.grouped("date_due")
            for day in sorted(by_date, key=lambda day: day or date.max):
                group = waiting | by_date[day]
                if group._get_sign() < 0:
                    waiting = group
                else:
                    batch.append(group.sorted("sequence"))
                    waiting = rows.browse()
            if waiting and len(batch) > first and (batch[-1] | waiting)._get_sign() > 0:
                batch[-1] = (batch[-1] | waiting).sorted("sequence")
            elif waiting:
                batch.append(waiting.sorted("sequence"))
        return batch

    def _get_sign(self):
        """Return -1 if rows of one contract come to a credit note, 1 otherwise."""
        amount = sum(self.mapped("amount_rest"))
        return -1 if self.currency_id.compare_amounts(amount, 0) < 0 else 1

    def _get_invoice_note(self, title):
        """Return the chatter entry of the invoice of the rows (Markup)."""
        return Markup("%s<br/>%s") % (
            title,
            Markup("<br/>").join(self.mapped("name")),
        )

    def _check_access_to_invoice(self):
        self.check_access("read")
        self.contract_id._check_access_to_invoice()

    def _check_can_invoice(self):
        if not self:
            raise UserError(self.env._("No installment is due for invoicing."))
        reasons = [
            f"{row.display_name}: {reason}"
            for row in self
            if (reason := row._get_reason_not_billable())
        ]
        if reasons:
            raise UserError("\n".join(reasons))

    def _get_reason_not_billable(self):
        """Return why the row can't be invoiced (str), empty if it can."""
        self.ensure_one()
        if self.state in ("invoiced", "paid"):
            return self.env._("it is invoiced already.")
        if self.state == "cancelled":
            return self.env._("it is cancelled.")
        if self.state == "free":
            return self.env._("it is free: nothing is to be invoiced.")
        if self.state == "waived":
            return self.env._("it was decided not to invoice it.")
        if not self.contract_id.performs:
            return self.env._(
                "it is billed by the contract that the amendment changes."
            )
        if self.contract_id.state not in BILLABLE_STATES:
            return self.env._("the contract is not signed.")
        if not self.date_due:
            return self.env._("the milestone on which it falls due is not done.")
        if self.is_beyond_end:
            return self.env._(
                "the contract ended on %s; the daily job cuts the period.",
                format_date(self.env, self.contract_id._get_early_end()),
            )
        return self.currency_id._get_reason_no_rate(self.company_id)

    def _prepare_invoice_vals(self, date=None):
        """Return create values of one invoice for rows of one contract.

        Of rows that come to less than nothing, they are those of a credit note.
        """
        contract, sign = self.contract_id, self._get_sign()
        plan_rows = self._filter_plan()
        lines = []
        for row in self - plan_rows:
            vals = row._prepare_rest_line_vals()
            lines.append({**vals, "price_unit": sign * vals["price_unit"]})
        base_lines = plan_rows and contract.line_ids._prepare_base_lines()
        for row in plan_rows:
            if len(self) > 1:
                lines.append({"display_type": "line_section", "name": row.name})
            lines += row._prepare_invoice_line_vals(base_lines, sign)
        return dict(
            contract._prepare_invoice_vals("out_refund" if sign < 0 else "out_invoice"),
            invoice_date=date,
            invoice_line_ids=[Command.create(vals) for vals in lines],
        )

    def _prepare_invoice_line_vals(self, base_lines, sign=1):
        """Share what is to be invoiced of the row out over the contract's lines.

        The tax engine's down payment does the sharing: its lines add up to exactly the
        amount of the row, taxes included.
        """
        self.ensure_one()
        contract = self.contract_id
        amount = sign * self.amount_rest
        shares = self.env["account.tax"]._prepare_down_payment_lines(
            base_lines,
            contract.company_id,
            "fixed",
            amount,
            computation_key=f"crm_contract_installment,{self.id}",
            grouping_function=lambda base_line: {
                "_contract_line": base_line["_contract_line"]
            },
        )
        self._absorb_rounding(shares, amount)
        fraction = sign * amount / contract.amount_one_off
        return [self._prepare_share_vals(share, fraction) for share in shares]

    def _absorb_rounding(self, shares, amount):
        """Let the largest share take the cent that the tax engine loses at times.

        It does so where lines whose prices include taxes are rounded globally.
        """
        totals = [
            _get_untaxed(share)
            + sum(
                tax["tax_amount_currency"] for tax in share["tax_details"]["taxes_data"]
            )
            for share in shares
        ]
        rest = self.currency_id.round(amount - sum(totals))
        if rest:
            largest = shares[totals.index(max(totals))]
            largest["tax_details"]["delta_total_excluded_currency"] += rest
            if largest["manual_total_excluded_currency"] is not None:
                largest["manual_total_excluded_currency"] += rest
                largest["manual_total_excluded"] += rest / largest["rate"]

    def _prepare_share_vals(self, share, fraction):
        line = share["_contract_line"]
        invoiced = self._get_invoiced_quantity(line)
        quantity = invoiced or 1.0
        price_unit = self._get_share_price(share) / quantity
        extra_tax_data = self.env["account.tax"]._export_base_line_extra_tax_data(
            dict(share, quantity=quantity, price_unit=price_unit)
        )
        return {
            "installment_id": self.id,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "name": self._get_invoice_line_name(line, fraction),
            "quantity": quantity,
            "price_unit": price_unit,
            "tax_ids": [Command.set(share["tax_ids"].ids)],
            "analytic_distribution": line.analytic_distribution,
            "extra_tax_data": extra_tax_data,
            "sale_line_ids": [Command.set(line.sale_line_id.ids if invoiced else [])],
        }

    @api.model
    def _get_share_price(self, share):
        """Return the price of a share that the tax engine made, for a quantity of 1."""
        # The engine's correction of a rounding is kept on lines with taxes alone.
        return share["price_unit"] if share["tax_ids"] else _get_untaxed(share)

    def _get_invoiced_quantity(self, line):
        """Return the row's part of the quantity of a contract line.

        The order that the line came from counts invoiced quantities: the parts of all
        rows, rounded as they are, add up to the whole. A part of a row counts none.
        """
        if self.currency_id.compare_amounts(self.amount, self.amount_rest):
            return 0.0
        plan = self.contract_id.installment_ids._filter_plan()
        rows = plan.sorted(CONTENT_ORDER)
        before = sum(rows[: rows.ids.index(self.id)].mapped("amount"))
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        done, with_row = (
            round(line.quantity * amount / self.contract_id.amount_one_off, digits)
            for amount in (before, before + self.amount)
        )
        return round(with_row - done, digits)

    def _get_invoice_line_name(self, line, fraction):
        if fraction == 1:
            return line.name
        return f"{line.name}\n{self.name} ({100 * fraction:.4g} %)"


def _get_untaxed(share):
    """Return the untaxed amount of a base line with its corrections of rounding."""
    details = share["tax_details"]
    return details["total_excluded_currency"] + details["delta_total_excluded_currency"]
