from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.date_utils import add


class Penalty(NamedTuple):
    """What is owed for an early end: `amount` without taxes, `owed_by` us or customer.

    `clause` is the one of the contract that it rests on.
    """

    amount: float
    owed_by: str
    clause: models.BaseModel
    taxes: models.BaseModel


class CrmContract(models.Model):
    """Contract penalty for an early end, under a clause of the contract."""

    _inherit = "crm.contract"

    def _get_remaining_value(self, day, last=None):
        """Return what an end on a day takes away of the term, without taxes (float).

        :param last: last day that counts, by default that of the term
        """
        self.ensure_one()
        last = last or self.date_end
        recurring = 0.0
        if last and last > day:
            first = add(day, days=1)
            lines = self.line_ids.filtered("is_recurring")
            recurring = sum(line._get_value_between(first, last) for line in lines)
        dropped = sum(self.installment_ids._filter_dropped(day).mapped("amount"))
        one_off = self.line_ids.filtered(lambda line: not line.is_recurring)
        untaxed = sum(one_off.mapped("price_subtotal"))
        share = untaxed / self.amount_one_off if self.amount_one_off else 0.0
        return self.currency_id.round(recurring + dropped * share)

    def _charge_penalty(self, penalty, day):
        """Draft the invoice of a penalty, or the credit note if it is owed by us.

        The ledger holds what the customer owes; of a penalty that we owe it has no row.

        :param penalty: `Penalty`, or None
        :param day: last day of the contract
        :return: account.move record
        """
        self.ensure_one()
        if not penalty:
            return self.env["account.move"]
        self._check_penalty(penalty)
        if penalty.owed_by == "us":
            vals = dict(
                self._prepare_invoice_vals("out_refund"),
                invoice_line_ids=[
                    Command.create(self._prepare_penalty_line_vals(penalty, day))
                ],
            )
            # sudo: who ends a contract need not be an accountant; it stays a draft
            return self.env["account.move"].sudo().create(vals).sudo(False)
        # sudo: rows of penalties are made by the ledger alone; the caller checked
        row = (
            self.env["crm.contract.installment"]
            .sudo()
            .create(self._prepare_penalty_row_vals(penalty, day))
        )
        return row.sudo(False)._create_invoices(fields.Date.context_today(self))

    def _check_penalty(self, penalty):
        clause = penalty.clause
        if self.currency_id.compare_amounts(penalty.amount, 0) <= 0:
            raise UserError(self.env._("Say how much the contract penalty is."))
        if clause.contract_id != self or clause.part != "breach":
            raise UserError(
                self.env._(
                    "Choose the clause on breach liability of this contract that the "
                    "penalty rests on."
                )
            )
        if penalty.owed_by not in ("us", "customer"):
            raise UserError(self.env._("Say who owes the contract penalty."))

    def _prepare_penalty_row_vals(self, penalty, day):
        taxed = penalty.taxes.compute_all(penalty.amount, self.currency_id)
        return {
            "contract_id": self.id,
            "trigger": "penalty",
            "amount_type": "fixed",
            "amount_fixed": taxed["total_included"],
            "amount_untaxed": taxed["total_excluded"],
            "price_unit": penalty.amount,
            "quantity": 1,
            "date": fields.Date.context_today(self),
            "penalty_clause_id": penalty.clause.id,
            "penalty_tax_ids": [Command.set(penalty.taxes.ids)],
            "name": self._get_penalty_name(penalty.clause, day),
        }

    def _prepare_penalty_line_vals(self, penalty, day):
        return {
            "name": self._get_penalty_name(penalty.clause, day),
            "quantity": 1,
            "price_unit": penalty.amount,
            "tax_ids": [Command.set(penalty.taxes.ids)],
        }

    def _get_penalty_name(self, clause, day):
        """Return what the penalty is for, in the language of the contract."""
        contract = self.with_context(lang=self._get_print_lang())
        [last_day] = self.env["crm.contract.print"]._format_days(contract, day)
        return contract.env._(
            "Contract penalty for the end on %(day)s, clause “%(clause)s”",
            day=last_day,
            clause=clause.name,
        )

    def _get_penalty_rows(self):
        # sudo: the ledger knows all of its rows
        rows = self.sudo().installment_ids
        return rows.filtered(
            lambda row: row.trigger == "penalty" and not row.is_cancelled
        )


class CrmContractBilling(models.AbstractModel):
    _inherit = "crm.contract.billing"

    @api.model
    def _get_triggers_on_request(self):
        return (*super()._get_triggers_on_request(), "penalty")


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
    penalty_clause_id = fields.Many2one(
        "crm.contract.clause",
        string="Clause of the penalty",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    penalty_tax_ids = fields.Many2many(
        "account.tax",
        "crm_contract_installment_penalty_tax_rel",
        string="Taxes of the penalty",
        readonly=True,
        copy=False,
    )

    # However often an end is settled, the penalty is owed once.
    _penalty_uniq = models.UniqueIndex(
        "(contract_id) WHERE trigger = 'penalty' AND is_cancelled IS NOT TRUE",
        "The penalty of this contract was charged already.",
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"penalty_clause_id", "penalty_tax_ids"}

    def _prepare_ledger_line_vals(self):
        if self.trigger != "penalty":
            return super()._prepare_ledger_line_vals()
        return {
            "installment_id": self.id,
            "name": self.name,
            "quantity": 1,
            "price_unit": self.price_unit,
            # sudo: taxes, whoever invoices
            "tax_ids": [Command.set(self.sudo().penalty_tax_ids.ids)],
        }
