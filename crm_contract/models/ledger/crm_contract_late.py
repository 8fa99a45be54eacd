from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import formatLang
from odoo.tools.date_utils import add

from ...tools.late_interest import Claim, LateTerms, capped, late_interest
from ..contract.crm_contract_late_terms_mixin import LATE_FIELDS, LATE_UNITS


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
        content=True,
    )
    late_rate_unit = fields.Selection(
        LATE_UNITS,
        string="Interest per",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        content=True,
    )
    late_grace_days = fields.Integer(
        string="Grace days",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        help="What is paid within these days bears no interest.",
        content=True,
    )
    late_cap = fields.Float(
        string="Cap (%)",
        compute="_compute_late_defaults",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 2),
        help="Most that is charged, in percent of the invoice; 0 for no limit.",
        content=True,
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

    @api.depends("type_id", "template_id")
    def _compute_late_defaults(self):
        for contract in self:
            template = contract.template_id
            source = template if template.late_rate else contract.type_id
            own_unit = contract.late_rate and contract.late_rate_unit
            for name in LATE_FIELDS:
                contract[name] = source[name] or contract[name]
            # A rate of its own stays what it is: by the day, or by the year.
            if own_unit and not source.late_rate:
                contract.late_rate_unit = own_unit
            contract.late_rate_unit = contract.late_rate_unit or "day"

    def _compute_amount_interest(self):
        late = self.env["crm.contract.late.interest"]
        for contract in self:
            rows = late._prepare_rows(contract, contract.company_id._get_today())
            contract.amount_interest = sum(vals["amount_fixed"] for vals in rows)


class CrmContractLateInterest(models.AbstractModel):
    """Interest on overdue invoices: what is agreed, owed and charged."""

    _name = "crm.contract.late.interest"
    _description = "Interest on overdue invoices"

    @api.model
    def _charge(self, contract, until):
        """Invoice the interest up to a day that was not charged yet.

        :return: account.move records (drafts)
        :raise UserError: if there is none
        """
        contract._check_access_to_invoice()
        # Two who charge at once: the second one waits, and finds nothing left; the
        # unique index of the rows stands behind it.
        contract._lock_rows()
        vals_list = self._prepare_rows(contract, until)
        if not vals_list:
            raise UserError(self.env._("There is no overdue interest to invoice."))
        # sudo: rows of interest are made by the ledger alone; checked above
        rows = self.env["crm.contract.installment"].sudo().create(vals_list)
        return rows.sudo(False)._create_invoices(contract.company_id._get_today())

    @api.model
    def _prepare_rows(self, contract, until):
        """Return create values of the interest rows of overdue invoices."""
        if not contract.late_rate:
            return []
        # sudo: payments of invoices that the reader of a contract may not open
        return list(self._get_rows(contract.sudo().invoice_ids, until).values())

    @api.model
    def _get_rows(self, invoices, until):
        """Return create values of rows of interest not charged yet: `{invoice: vals}`.

        Each installment of the payment terms is a claim of its own.
        """
        # sudo: payments and contracts that the reader of an invoice may not open
        invoices = invoices.sudo().filtered("contract_id.late_rate")
        charged = invoices.contract_id.installment_ids.filtered("source_invoice_id")
        # No interest on interest. Of an invoice that bills its row no more, the lines
        # still tell that it is one.
        lines = self.env["account.move.line"].sudo()
        if charged:
            lines = lines.search([("installment_id", "in", charged.ids)])
        invoices -= lines.move_id
        invoices = invoices.filtered(lambda move: move._bears_interest())
        rows_of = charged.grouped("source_invoice_id")
        rows = {
            invoice: self._prepare_row_vals(
                invoice, claims, rows_of.get(invoice, charged.browse()), until
            )
            for invoice, claims in invoices._get_claims(until).items()
        }
        return {invoice: vals for invoice, vals in rows.items() if vals}

    @api.model
    def _prepare_row_vals(self, invoice, claims, charged, until):
        """Return create values of the row of interest on an invoice, or None.

        :param charged: the rows of interest that it has already
        """
        contract = invoice.contract_id
        last = max(charged.mapped("period_end"), default=None)
        since = last and add(last, days=1)
        amount = self._get_interest(invoice, claims, charged, until)
        if not amount:
            return None
        taxed = self._get_taxes(contract).compute_all(amount, invoice.currency_id)
        return {
            "contract_id": contract.id,
            "trigger": "interest",
            "amount_type": "fixed",
            "amount_fixed": taxed["total_included"],
            "amount_untaxed": amount,
            "price_unit": amount,
            "quantity": 1,
            "date": until,
            "source_invoice_id": invoice.id,
            "period_start": since or min(add(claim.due, days=1) for claim in claims),
            "period_end": until,
            "name": self.env._("Overdue interest on %s", invoice.name),
        }

    @api.model
    def _get_interest(self, invoice, claims, charged, until):
        """Return the interest, without taxes, of the days not charged yet (float)."""
        terms = self._get_terms(invoice.contract_id)
        last = max(charged.mapped("period_end"), default=None)
        since = last and add(last, days=1)
        interest = sum(
            self._get_claim_interest(
                invoice,
                terms,
                claim,
                since if _was_charged(claim, terms, last) else None,
                until,
            )
            for claim in claims
        )
        return interest and capped(
            interest,
            terms,
            invoice.amount_total,
            sum(charged.mapped("amount_untaxed")),
            invoice.currency_id.rounding,
        )

    @api.model
    def _get_claim_interest(self, invoice, terms, claim, since, until):
        """Return the interest of a claim, not rounded (Decimal).

        Extended by what knows of days that bear none. Arguments as those of
        `tools.late_interest.late_interest`.
        """
        return late_interest(terms, claim, since, until)

    @api.model
    def _get_terms(self, contract):
        """Return what is agreed on late payment (`tools.late_interest.LateTerms`)."""
        return LateTerms(
            contract.late_rate,
            contract.late_rate_unit,
            contract.late_grace_days,
            contract.late_cap,
        )

    @api.model
    def _get_taxes(self, contract):
        """Return the taxes on interest: those of its product, if there is one."""
        # sudo: a setting of the company
        product = contract.company_id.sudo().contract_interest_product_id
        taxes = product.taxes_id._filter_taxes_by_company(contract.company_id)
        return contract.fiscal_position_id.map_tax(taxes)

    @api.model
    def _get_text(self, contract):
        """Return what is agreed on late payment as a sentence, empty if nothing is."""
        if not contract.late_rate:
            return ""
        rate = formatLang(self.env, contract.late_rate, digits=4)
        rate = rate.rstrip("0").rstrip(".,")
        texts = [
            self.env._("Overdue amounts bear interest of %s %% per day.", rate)
            if contract.late_rate_unit == "day"
            else self.env._("Overdue amounts bear interest of %s %% per year.", rate)
        ]
        if contract.late_grace_days:
            texts.append(
                self.env._(
                    "What is paid within %s days after the due date bears none.",
                    contract.late_grace_days,
                )
            )
        if contract.late_cap:
            texts.append(
                self.env._(
                    "It is limited to %g %% of the invoiced amount.", contract.late_cap
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
        taxes = self.env["crm.contract.late.interest"]._get_taxes(self.contract_id)
        return {
            "installment_id": self.id,
            "product_id": product.id,
            "name": self._get_interest_line_name(),
            "quantity": 1,
            "price_unit": self.price_unit,
            "tax_ids": [Command.set(taxes.ids)],
        }

    def _get_interest_line_name(self):
        contract = self.contract_id
        row = self.with_context(lang=contract._get_print_lang())
        # sudo: number of the invoice that is overdue
        invoice = row.sudo().source_invoice_id
        printer = self.env["crm.contract.print"]
        start, end = printer._format_days(contract, self.period_start, self.period_end)
        return "\n".join(
            (
                row.env._(
                    "Overdue interest on %(invoice)s, %(start)s to %(end)s",
                    invoice=invoice.name,
                    start=start,
                    end=end,
                ),
                row.env["crm.contract.late.interest"]._get_text(contract),
            )
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    amount_interest = fields.Monetary(
        string="Overdue interest",
        compute="_compute_amount_interest",
        help="Interest up to today that is not invoiced yet.",
    )

    def _compute_amount_interest(self):
        late = self.env["crm.contract.late.interest"]
        rows = {}
        for company, moves in self.grouped("company_id").items():
            rows.update(late._get_rows(moves, company._get_today()))
        for move in self:
            vals = rows.get(move._origin)
            move.amount_interest = vals["amount_fixed"] if vals else 0.0

    def _bears_interest(self):
        """Return whether it is an invoice in force, and undisputed."""
        self.ensure_one()
        return (
            self.move_type == "out_invoice"
            and self.state == "posted"
            and self.payment_state not in ("blocked", "reversed")
        )

    def _get_claims(self, until):
        """Return what the customers owed when, and paid when.

        :return: `{invoice: claims}` of what was due before the day, if anything was
        """
        lines = self.env["account.move.line"].search_fetch(
            [
                ("move_id", "in", self.ids),
                ("account_type", "=", "asset_receivable"),
                ("date_maturity", "<", until),
            ],
            ["move_id", "date_maturity", "amount_currency"],
            order="id",
        )
        claims = {}
        for line in lines:
            payments = [
                (partial.max_date, partial.debit_amount_currency)
                for partial in line.matched_credit_ids
            ]
            claim = Claim(line.date_maturity, line.amount_currency, payments)
            claims.setdefault(line.move_id, []).append(claim)
        return claims


def _was_charged(claim, terms, last):
    """Return whether a charge up to a day counted the claim, or it still had grace."""
    return bool(last) and last > add(claim.due, days=terms.grace_days)
