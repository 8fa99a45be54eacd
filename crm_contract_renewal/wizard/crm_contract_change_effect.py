from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.date_utils import add

from odoo.addons.crm_contract.tools.charges import less_billed

EFFECTS = (
    "effect_one_off_untaxed",
    "effect_one_off",
    "effect_period_untaxed",
    "effect_period",
    "effect_rest_untaxed",
    "effect_rest",
)


class CrmContractChangePrice(models.TransientModel):
    """What the customer will see of a change: once, each period, and over the term."""

    _inherit = "crm.contract.change.price"

    effect_one_off_untaxed = fields.Monetary(
        string="One-off fees, untaxed", compute="_compute_effects"
    )
    effect_one_off = fields.Monetary(
        string="One-off fees, with taxes",
        compute="_compute_effects",
        help="The payment plan changes by it.",
    )
    effect_period_untaxed = fields.Monetary(
        string="Each period, untaxed", compute="_compute_effects"
    )
    effect_period = fields.Monetary(
        string="Each period, with taxes", compute="_compute_effects"
    )
    effect_rest_untaxed = fields.Monetary(
        string="Recurring fees, untaxed", compute="_compute_effects"
    )
    effect_rest = fields.Monetary(
        string="Recurring fees, with taxes", compute="_compute_effects"
    )
    period_text = fields.Char(
        compute="_compute_effects",
        help="What a period is; empty if the lines that change have several.",
    )
    rest_text = fields.Char(compute="_compute_rest_text")
    has_recurring = fields.Boolean(compute="_compute_effects")

    @api.depends(*(f"line_ids.{name}" for name in (*EFFECTS, "period_text")))
    def _compute_effects(self):
        for wizard in self:
            for name in EFFECTS:
                wizard[name] = sum(wizard.line_ids.mapped(name))
            changed = wizard.line_ids.filtered("period_text")
            texts = set(changed.mapped("period_text"))
            wizard.period_text = texts.pop() if len(texts) == 1 else ""
            wizard.has_recurring = bool(changed)

    @api.depends("contract_id", "date_effective")
    @api.depends_context("lang")
    def _compute_rest_text(self):
        for wizard in self:
            wizard.rest_text = wizard._get_rest_text()

    def _get_rest_text(self):
        """Return which days the effect on recurring fees is that of (str)."""
        day = self.date_effective
        if not self.contract_id or not day:
            return ""
        first = format_date(self.env, day)
        end = self.contract_id._get_present_version().date_end
        if not end:
            return self.env._("Of twelve months from %s, as no end is agreed", first)
        last = format_date(self.env, end)
        text = self.env._(
            "From %(first)s to the end on %(last)s", first=first, last=last
        )
        if self.billed_beyond and not self._settles_billed_days():
            text = self.env._("%s, less what is billed already", text)
        return text

    def _settles_billed_days(self):
        """Return whether the amendment will bring billed days to its terms, see `_amend`."""
        return self.contract_id.type_id.billed_days == "settle"


class CrmContractChangePriceLine(models.TransientModel):
    _inherit = "crm.contract.change.price.line"

    effect_one_off_untaxed = fields.Monetary(
        string="Once, untaxed", compute="_compute_effects"
    )
    effect_one_off = fields.Monetary(string="Once", compute="_compute_effects")
    effect_period_untaxed = fields.Monetary(
        string="Each period, untaxed", compute="_compute_effects"
    )
    effect_period = fields.Monetary(string="Each period", compute="_compute_effects")
    period_text = fields.Char(string="Period", compute="_compute_effects")
    effect_rest_untaxed = fields.Monetary(
        string="Over the term, untaxed", compute="_compute_effects"
    )
    effect_rest = fields.Monetary(string="Over the term", compute="_compute_effects")

    @api.depends(
        "quantity", "price_unit", "new_quantity", "new_price", "is_changed",
        "wizard_id.date_effective", "wizard_id.percentage", "wizard_id.subject",
    )  # fmt: skip
    def _compute_effects(self):
        for row in self:
            row.update(dict.fromkeys((*EFFECTS, "period_text"), False))
            if not row.is_changed:
                continue
            untaxed, total = row._get_change()
            if not row.line_id.is_recurring:
                row.effect_one_off_untaxed, row.effect_one_off = untaxed, total
                continue
            row.effect_period_untaxed, row.effect_period = untaxed, total
            row.period_text = row.line_id._get_per_period_text()
            row.effect_rest_untaxed, row.effect_rest = row._get_change_of_term()

    def _get_change(self):
        """Return (untaxed, total) by which a period, or the one-off fee, changes."""
        old, new = (self.quantity, self.price_unit), (self.new_quantity, self.new_price)
        return self._get_difference(old, new, (1, 1))

    def _get_difference(self, old, new, share):
        """Return (untaxed, total) by which a part of a period changes.

        :param old: (quantity, price); `new` as well
        :param share: (days, days of the full period)
        """
        before, after = (
            self.line_id._get_period_amounts(*terms, *share) for terms in (old, new)
        )
        return tuple(b - a for a, b in zip(before, after, strict=True))

    def _get_change_of_term(self):
        """Return (untaxed, total) by which what is still to be billed changes.

        It is that of the rest of the term; without an end, of twelve months.
        """
        known, untaxed, total = {}, 0.0, 0.0
        for charge in self._get_charges():
            full = charge.period.full_days
            key = (
                (charge.quantity, charge.price),
                self._get_new_terms(charge.period.start),
                (charge.days, full) if charge.days != full else (1, 1),
            )
            if key not in known:
                known[key] = self._get_difference(*key)
            untaxed, total = untaxed + known[key][0], total + known[key][1]
        return untaxed, total

    def _get_charges(self):
        """Return what is charged from the day on, by the old terms (`tools.charges`)."""
        line, day = self.line_id, self.wizard_id.date_effective
        recurrence = day and line._get_recurrence(first=day, agreed=True)
        if not recurrence:
            return []
        begin = max(day, recurrence.start)
        until = recurrence.end or add(begin, months=12, days=-1)
        # One that goes on is over one day, which nobody knows.
        pauses = [pause for pause in line._get_pauses(self._get_contract()) if pause[1]]
        due = line._get_charges(until, None, recurrence, pauses)
        if not line.prorate:
            # What is charged as a whole goes on until its period is over.
            due = [charge for charge in due if charge.period.full_start >= begin]
        return less_billed(due, self._get_billed(), pauses)

    def _get_billed(self):
        """Return the days that stay as they were billed (list of `tools.charges.Billed`)."""
        if self.wizard_id._settles_billed_days():
            return []
        contract = self._get_contract()
        lines = self.env["crm.contract.line.version"]._get_lines_by_key(contract)
        mine = lines.get(self.key, contract.line_ids.browse())
        return [row.days for row in mine._get_billed_of_chain() if row.days]

    def _get_contract(self):
        # sudo: what the ledger billed, for whoever may amend the contract
        return self.wizard_id.contract_id.sudo()

    def _get_new_terms(self, day):
        """Return the (quantity, price) that are to hold on a day, see `_apply`."""
        later = [
            step
            for step in self.line_id.step_ids.sorted("date_from")
            if self.wizard_id.date_effective < step.date_from <= day
        ]
        if not later:
            return self.new_quantity, self.new_price
        step = later[-1]
        return (
            step.quantity * self._get_factor("quantity"),
            step.price_unit * self._get_factor("price"),
        )
