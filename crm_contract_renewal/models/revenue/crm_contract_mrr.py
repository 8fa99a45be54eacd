from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.crm_contract.models.ledger.crm_contract_ledger import COMPLETE

from ...tools.movement import Level

_DAY = timedelta(days=1)
# What of the lines decides how much recurs on a day.
_LINE_DATES = (
    "line_ids.is_recurring",
    "line_ids.date_start",
    "line_ids.date_end",
    "line_ids.valid_from",
    "line_ids.valid_until",
    "line_ids.step_ids.date_from",
)
_LINE_VALUES = (
    *_LINE_DATES,
    "line_ids.price_subtotal",
    "line_ids.recurrence_interval",
    "line_ids.recurrence_unit",
    "line_ids.step_ids.quantity",
    "line_ids.step_ids.price_unit",
)


class CrmContract(models.Model):
    """Recurring revenue on any day, and what of it was logged (see `_log_mrr`)."""

    _inherit = "crm.contract"

    amount_arr_start = fields.Monetary(
        string="ARR at the start",
        compute="_compute_amount_arr_term",
        store=True,
        currency_field="company_currency_id",
        help="On the first day of the term, in the company's currency.",
    )
    amount_arr_end = fields.Monetary(
        string="ARR at the end",
        compute="_compute_amount_arr_term",
        store=True,
        currency_field="company_currency_id",
        help="On the last day of the term, in the company's currency.",
    )
    amount_mrr_logged = fields.Monetary(
        string="MRR logged last",
        readonly=True,
        copy=False,
        currency_field="company_currency_id",
    )
    amount_arr_logged = fields.Monetary(
        string="ARR logged last",
        readonly=True,
        copy=False,
        currency_field="company_currency_id",
    )
    date_mrr_logged = fields.Date(
        string="MRR logged until",
        readonly=True,
        copy=False,
        help="Day up to which the movements of the MRR are in the log.",
    )
    date_mrr_change = fields.Date(
        string="MRR changes on",
        compute="_compute_date_mrr_change",
        store=True,
        # The daily job looks for what is due, among many contracts with nothing due.
        index="btree_not_null",
        help="Next day on which the MRR may change, by dates alone.",
    )
    mrr_movement_ids = fields.One2many(
        "crm.contract.mrr.movement",
        "contract_id",
        string="MRR movements",
        readonly=True,
        copy=False,
    )

    @api.depends(
        "date_signed",
        "date_start",
        "date_end",
        "date_ended",
        "currency_rate",
        *_LINE_VALUES,
    )
    def _compute_amount_arr_term(self):
        # Of drafts nobody asks, and their lines change often.
        signed = self.filtered("date_signed")
        (self - signed).update({"amount_arr_start": 0.0, "amount_arr_end": 0.0})
        for contract in signed:
            start, end = contract.date_start, contract.date_ended or contract.date_end
            contract.amount_arr_start = start and contract._get_level_on(start).arr
            contract.amount_arr_end = end and contract._get_level_on(end).arr

    @api.depends(
        "kind",
        "state",
        "date_start",
        "date_end",
        "date_ended",
        "date_mrr_logged",
        *_LINE_DATES,
    )
    def _compute_date_mrr_change(self):
        for contract in self:
            if not contract._has_open_mrr_log():
                contract.date_mrr_change = False
            elif not contract.date_mrr_logged or contract.state == "ended":
                contract.date_mrr_change = contract.date_start
            else:
                contract.date_mrr_change = min(
                    contract._get_mrr_days(contract.date_end or COMPLETE),
                    default=False,
                )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {
            "amount_mrr_logged",
            "amount_arr_logged",
            "date_mrr_logged",
            "mrr_movement_ids",
        }

    def _has_open_mrr_log(self):
        """Return whether the MRR of the contract may still move."""
        self.ensure_one()
        is_over = self.state == "ended" and self.date_ended
        return (
            self.kind != "amendment"
            and bool(self.date_start)
            and (is_over or self.state in ("running", "suspended"))
            and self.date_mrr_logged != COMPLETE
        )

    def _get_mrr_days(self, until):
        """Return the days after the last logged one on which the MRR may change."""
        self.ensure_one()
        lines = self.line_ids.filtered("is_recurring")
        firsts = ("date_start", "valid_from")
        lasts = ("date_end", "valid_until")
        days = {
            self.date_start,
            *lines.step_ids.mapped("date_from"),
            *(day for name in firsts for day in lines.mapped(name)),
            *(day + _DAY for name in lasts for day in lines.mapped(name) if day),
        }
        if self.date_ended:
            days.add(self.date_ended + _DAY)
        logged = self.date_mrr_logged or self.date_start - _DAY
        return sorted(day for day in days if day and logged < day <= until)

    def _get_mrr_level(self, day):
        """Return what recurs on a day: nothing before the start and after the end."""
        is_over = self.date_ended and day > self.date_ended
        return Level() if day < self.date_start or is_over else self._get_level_on(day)

    def _get_level_on(self, day):
        """Return the `Level` of the recurring lines in the company's currency."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line._recurs_on(day))
        month = sum(line._get_monthly_value_on(day) for line in lines)
        month /= self.currency_rate or 1.0
        currency = self.company_currency_id
        return Level(currency.round(month), currency.round(12 * month))
