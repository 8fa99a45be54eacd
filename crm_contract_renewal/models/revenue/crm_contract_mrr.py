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
    """Recurring revenue of the term, and how far it is in the log."""

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
    date_mrr_logged = fields.Date(
        string="MRR logged until",
        readonly=True,
        copy=False,
        help="Day up to which the movements of the MRR are in the log.",
        owned=True,
    )
    date_mrr_change = fields.Date(
        string="MRR changes on",
        compute="_compute_date_mrr_change",
        store=True,
        # The daily job looks for what is due, among many contracts with nothing due.
        index="btree_not_null",
        help="Next day on which the MRR may change, by dates alone.",
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
            lines = contract.line_ids
            contract.amount_arr_start = start and lines._get_level_on(start).arr
            contract.amount_arr_end = end and lines._get_level_on(end).arr

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
        log = self.env["crm.contract.mrr.movement"]
        for contract in self:
            if not log._is_open(contract):
                contract.date_mrr_change = False
            elif not contract.date_mrr_logged or contract.state == "ended":
                contract.date_mrr_change = contract.date_start
            else:
                days = log._get_days(contract, contract.date_end or COMPLETE)
                contract.date_mrr_change = min(days, default=False)


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _get_level_on(self, day):
        """Return the `Level` of the lines on a day, in the company's currency.

        The lines are those of one contract.
        """
        contract = self.contract_id
        if not contract:
            return Level()
        lines = self.filtered(lambda line: line._recurs_on(day))
        month = sum(line._get_monthly_value_on(day) for line in lines)
        month /= contract.currency_rate or 1.0
        currency = contract.company_currency_id
        return Level(currency.round(month), currency.round(12 * month))

    def _get_days_of_change(self):
        """Return the days on which the lines may change what recurs (set of dates)."""
        lines = self.filtered("is_recurring")
        firsts = ("date_start", "valid_from")
        lasts = ("date_end", "valid_until")
        return {
            *filter(None, lines.step_ids.mapped("date_from")),
            *(day for name in firsts for day in lines.mapped(name) if day),
            *(day + _DAY for name in lasts for day in lines.mapped(name) if day),
        }
