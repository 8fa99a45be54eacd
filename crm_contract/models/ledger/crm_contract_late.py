from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import formatLang
from odoo.tools.date_utils import add

from ...tools.late_interest import Claim, LateTerms, capped, late_interest
from ..contract.crm_contract_type import LATE_UNITS

LATE_FIELDS = ("late_rate", "late_rate_unit", "late_grace_days", "late_cap")


class CrmContract(models.Model):
    """Late payment: interest on overdue invoices, charged by rows of their own."""

    _inherit = "crm.contract"

    late_rate = fields.Float(
        string="Overdue interest (%)",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 4),
        help="Percent of the open amount, e.g. 0.05 a day; 0 for none.",
    )
    late_rate_unit = fields.Selection(
        LATE_UNITS,
        string="Interest per",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    late_grace_days = fields.Integer(
        string="Grace days",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        help="What is paid within these days bears no interest.",
    )
    late_cap = fields.Float(
        string="Cap (%)",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 2),
        help="Most that is charged, in percent of the invoice; 0 for no limit.",
    )
    amount_interest = fields.Monetary(
        string="Overdue interest",
        compute="_compute_amount_interest",
        help="Interest on overdue invoices up to today that is not invoiced yet.",
    )

    _late_positive = models.Constraint(
        "CHECK (late_rate >= 0 AND late_grace_days >= 0 AND late_cap >= 0)",
        "Interest, grace days and cap must not be negative.",
    )

    @api.depends("type_id")
    def _compute_late_defaults(self):
        for contract in self:
            for name in LATE_FIELDS:
                contract[name] = contract.type_id[name] or contract[name]
            contract.late_rate_unit = contract.late_rate_unit or "day"

    def _compute_amount_interest(self):
        today = fields.Date.context_today(self)
        for contract in self:
            contract.amount_interest = sum(
                vals["amount_fixed"] for vals in contract._prepare_interest_vals(today)
            )

    @api.model
    def _get_content_fields(self):
        return (*super()._get_content_fields(), *LATE_FIELDS)

    def action_charge_interest(self):
        """Open the dialog that invoices overdue interest."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Overdue interest"),
            "res_model": "crm.contract.interest",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_contract_id": self.id},
        }

    def _charge_interest(self, until):
        """Invoice the interest up to a day that was not charged yet.

        :return: account.move records (drafts)
        :raise UserError: if there is none
        """
        self.ensure_one()
        self._check_access_to_invoice()
        # Two who charge at once: the second one waits, and finds nothing left; the
        # unique index of the rows stands behind it.
        self._lock_rows()
        vals_list = self._prepare_interest_vals(until)
        if not vals_list:
            raise UserError(self.env._("There is no overdue interest to invoice."))
        # sudo: rows of interest are made by the ledger alone; checked above
        rows = self.env["crm.contract.installment"].sudo().create(vals_list)
        return rows.sudo(False)._create_invoices(fields.Date.context_today(self))

    def _prepare_interest_vals(self, until):
        """Return create values of the interest rows of overdue invoices."""
        self.ensure_one()
        if not self.late_rate:
            return []
        # sudo: payments of invoices that the reader of a contract may not open
        invoices = self.sudo().invoice_ids.filtered(lambda move: move._bears_interest())
        vals_list = [invoice._prepare_interest_row_vals(until) for invoice in invoices]
        return [vals for vals in vals_list if vals]

    def _get_late_terms(self):
        """Return what is agreed on late payment (`tools.late_interest.LateTerms`)."""
        self.ensure_one()
        return LateTerms(
            self.late_rate, self.late_rate_unit, self.late_grace_days, self.late_cap
        )

    def _get_interest_taxes(self):
        """Return the taxes on interest: those of its product, if there is one."""
        self.ensure_one()
        # sudo: a setting of the company
        product = self.company_id.sudo().contract_interest_product_id
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        return self.fiscal_position_id.map_tax(taxes)

    def _get_late_text(self):
        """Return what is agreed on late payment as a sentence, empty if nothing is."""
        self.ensure_one()
        if not self.late_rate:
            return ""
        rate = formatLang(self.env, self.late_rate, digits=4).rstrip("0").rstrip(".,")
        texts = [
            self.env._("Overdue amounts bear interest of %s %% per day.", rate)
            if self.late_rate_unit == "day"
            else self.env._("Overdue amounts bear interest of %s %% per year.", rate)
        ]
        if self.late_grace_days:
            texts.append(
                self.env._(
                    "What is paid within %s days after the due date bears none.",
                    self.late_grace_days,
                )
            )
        if self.late_cap:
            texts.append(
                self.env._(
                    "It is limited to %g %% of the invoiced amount.", self.late_cap
                )
            )
        return " ".join(texts)


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _prepare_interest_line_vals(self):
        """Return create values of the invoice line of an interest row."""
        self.ensure_one()
        # sudo: a setting of the company
        product = self.company_id.sudo().contract_interest_product_id
        return {
            "installment_id": self.id,
            "product_id": product.id,
            "name": self._get_interest_line_name(),
            "quantity": 1,
            "price_unit": self.price_unit,
            "tax_ids": [Command.set(self.contract_id._get_interest_taxes().ids)],
        }

    def _get_interest_line_name(self):
        contract = self.contract_id
        row = self.with_context(lang=contract._get_print_lang())
        # sudo: number of the invoice that is overdue
        invoice = row.sudo().source_invoice_id
        start, end = contract._format_days(self.period_start, self.period_end)
        return "\n".join(
            (
                row.env._(
                    "Overdue interest on %(invoice)s, %(start)s to %(end)s",
                    invoice=invoice.name,
                    start=start,
                    end=end,
                ),
                row.contract_id._get_late_text(),
            )
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    interest_row_ids = fields.One2many(
        "crm.contract.installment", "source_invoice_id", string="Charged interest"
    )
    amount_interest = fields.Monetary(
        string="Overdue interest",
        compute="_compute_amount_interest",
        help="Interest up to today that is not invoiced yet.",
    )

    def _compute_amount_interest(self):
        today = fields.Date.context_today(self)
        for move in self:
            # sudo: the contract of an invoice that an accountant may open
            invoice = move.sudo()
            late = invoice.contract_id.late_rate and invoice._bears_interest()
            vals = late and invoice._prepare_interest_row_vals(today)
            move.amount_interest = vals["amount_fixed"] if vals else 0.0

    def _bears_interest(self):
        """Return whether it is an invoice in force, undisputed, and not of interest."""
        self.ensure_one()
        # Of an invoice that bills its row no more, the lines still tell.
        rows = self.installment_ids or self.invoice_line_ids.installment_id
        return (
            self.move_type == "out_invoice"
            and self.state == "posted"
            and self.payment_state not in ("blocked", "reversed")
            and "interest" not in rows.mapped("trigger")
        )

    def _prepare_interest_row_vals(self, until):
        """Return create values of the row of interest not charged yet, or None.

        Each installment of the payment terms is a claim of its own.
        """
        self.ensure_one()
        contract, claims = self.contract_id, self._get_claims()
        last = max(self.interest_row_ids.mapped("period_end"), default=None)
        since = last and add(last, days=1)
        amount = self._get_interest(claims, last, until)
        if not amount:
            return None
        taxed = contract._get_interest_taxes().compute_all(amount, self.currency_id)
        return {
            "contract_id": contract.id,
            "trigger": "interest",
            "amount_type": "fixed",
            "amount_fixed": taxed["total_included"],
            "amount_untaxed": amount,
            "price_unit": amount,
            "quantity": 1,
            "date": until,
            "source_invoice_id": self.id,
            "period_start": since or min(add(claim.due, days=1) for claim in claims),
            "period_end": until,
            "name": self.env._("Overdue interest on %s", self.name),
        }

    def _get_interest(self, claims, last, until):
        """Return the interest, without taxes, of the days not charged yet (float).

        :param last: last day that was charged, None if there is none
        """
        terms = self.contract_id._get_late_terms()
        since = last and add(last, days=1)
        interest = sum(
            late_interest(
                terms, claim, since if _was_charged(claim, terms, last) else None, until
            )
            for claim in claims
        )
        return interest and capped(
            interest,
            terms,
            self.amount_total,
            sum(self.interest_row_ids.mapped("amount_untaxed")),
            self.currency_id.rounding,
        )

    def _get_claims(self):
        """Return what the customer owed when, and paid when, as claims."""
        self.ensure_one()
        lines = self.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and line.date_maturity
        )
        return [
            Claim(
                line.date_maturity,
                line.amount_currency,
                [
                    (partial.max_date, partial.debit_amount_currency)
                    for partial in line.matched_credit_ids
                ],
            )
            for line in lines
        ]


def _was_charged(claim, terms, last):
    """Return whether a charge up to a day counted the claim, or it still had grace."""
    return bool(last) and last > add(claim.due, days=terms.grace_days)
