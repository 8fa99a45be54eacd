from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.date_utils import add

from .crm_contract_termination import ACCOUNTING


class CrmContractTermination(models.Model):
    """Contract penalty for an early end, under a clause of the contract."""

    _inherit = "crm.contract.termination"

    amount_penalty = fields.Monetary(string="Penalty", help="Without taxes.")
    penalty_owed_by = fields.Selection(
        [("customer", "The customer"), ("us", "Us")], string="Owed by"
    )
    penalty_clause_id = fields.Many2one(
        "crm.contract.clause",
        string="Under the clause",
        index="btree_not_null",
        ondelete="set null",
    )
    penalty_tax_ids = fields.Many2many(
        "account.tax",
        "crm_contract_termination_penalty_tax_rel",
        string="Taxes of the penalty",
    )
    penalty_row_ids = fields.One2many(
        "crm.contract.installment", "termination_id", string="In the ledger"
    )
    penalty_refund_id = fields.Many2one(
        "account.move",
        string="Credit note of the penalty",
        groups=ACCOUNTING,
        help="Of a penalty that we owe: the ledger holds what the customer owes.",
    )

    @api.model
    def _get_later_fields(self):
        return super()._get_later_fields() | {"penalty_refund_id"}

    @api.model
    def _get_remaining_value(self, contract, day, last=None):
        """Return what an end on a day takes away of the term, without taxes (float).

        :param last: last day that counts, by default that of the term
        """
        contract.ensure_one()
        last = last or contract.date_end
        recurring = 0.0
        if last and last > day:
            first = add(day, days=1)
            lines = contract.line_ids.filtered("is_recurring")
            recurring = sum(line._get_value_between(first, last) for line in lines)
        dropped = sum(contract.installment_ids._filter_dropped(day).mapped("amount"))
        one_off = contract.line_ids.filtered(lambda line: not line.is_recurring)
        untaxed = sum(one_off.mapped("price_subtotal"))
        total = contract.amount_one_off
        share = untaxed / total if total else 0.0
        return contract.currency_id.round(recurring + dropped * share)

    def _charge_penalty(self):
        """Draft the invoice of the penalty, or the credit note if it is owed by us."""
        self.ensure_one()
        self._check_penalty()
        if self.penalty_owed_by == "us":
            vals = self._prepare_penalty_refund_vals()
            # sudo: who ends a contract need not be an accountant; it stays a draft
            move = self.env["account.move"].sudo().create(vals)
            self.sudo().penalty_refund_id = move
        else:
            rows = self.env["crm.contract.installment"]
            # sudo: rows of penalties are made by the ledger alone; the caller checked
            row = rows.sudo().create(self._prepare_penalty_row_vals())
            today = self.contract_id.company_id._get_today()
            move = row.sudo(self.env.su)._create_invoices(today)
        self._note_settlement(move)

    def _check_penalty(self):
        clause = self.penalty_clause_id
        if self.currency_id.compare_amounts(self.amount_penalty, 0) <= 0:
            raise UserError(self.env._("Say how much the contract penalty is."))
        if clause.contract_id != self.contract_id or clause.part != "breach":
            raise UserError(
                self.env._(
                    "Choose the clause on breach liability of this contract that the "
                    "penalty rests on."
                )
            )
        if not self.penalty_owed_by:
            raise UserError(self.env._("Say who owes the contract penalty."))
        company = self.contract_id.company_id
        if reason := self.currency_id._get_reason_no_rate(company):
            raise UserError(
                self.env._("The contract penalty can't be booked: %s", reason)
            )

    def _prepare_penalty_row_vals(self):
        """Return create values of the row of the ledger for what the customer owes."""
        taxes = self.penalty_tax_ids
        taxed = taxes.compute_all(self.amount_penalty, self.currency_id)
        return {
            "contract_id": self.contract_id.id,
            "termination_id": self.id,
            "trigger": "penalty",
            "amount_type": "fixed",
            "amount_fixed": taxed["total_included"],
            "amount_untaxed": taxed["total_excluded"],
            "price_unit": self.amount_penalty,
            "quantity": 1,
            "date": self.contract_id.company_id._get_today(),
            "name": self._get_penalty_name(),
        }

    def _prepare_penalty_refund_vals(self):
        """Return create values of the credit note for what we owe."""
        return dict(
            self.contract_id._prepare_invoice_vals("out_refund"),
            invoice_line_ids=[
                Command.create(
                    {
                        "name": self._get_penalty_name(),
                        "quantity": 1,
                        "price_unit": self.amount_penalty,
                        "tax_ids": [Command.set(self.penalty_tax_ids.ids)],
                    }
                )
            ],
        )

    def _get_penalty_name(self):
        """Return what the penalty is for, in the language of the contract."""
        contract = self.contract_id
        contract = contract.with_context(lang=contract._get_print_lang())
        [last_day] = self.env["crm.contract.print"]._format_days(contract, self.date)
        return contract.env._(
            "Contract penalty for the end on %(day)s, clause “%(clause)s”",
            day=last_day,
            clause=self.penalty_clause_id.name,
        )


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _get_value_between(self, first, last):
        """Return what was agreed for the days from first to last, without taxes."""
        self.ensure_one()
        recurrence = self._get_recurrence(first, last, agreed=True)
        if not recurrence:
            return 0.0
        return sum(
            self._get_period_amounts(quantity, price_unit, days, period.full_days)[0]
            for period, days, quantity, price_unit in self._get_billable_periods(
                last, recurrence=recurrence
            )
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    trigger = fields.Selection(
        selection_add=[("penalty", "Contract penalty")],
        ondelete={"penalty": "cascade"},
    )
    termination_id = fields.Many2one(
        "crm.contract.termination",
        string="Penalty for",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        owned=True,
    )

    # However often an end is settled, the penalty is owed once.
    _penalty_uniq = models.UniqueIndex(
        "(contract_id) WHERE trigger = 'penalty' AND is_cancelled IS NOT TRUE",
        "The penalty of this contract was charged already.",
    )

    def _prepare_ledger_line_vals(self):
        if self.trigger != "penalty":
            return super()._prepare_ledger_line_vals()
        # sudo: taxes, whoever invoices
        taxes = self.sudo().termination_id.penalty_tax_ids
        return self._prepare_damages_line_vals(taxes.ids)
