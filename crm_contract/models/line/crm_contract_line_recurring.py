from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, formatLang
from odoo.tools.date_utils import add

from ...tools.bounds import MOST_PERIODS
from ...tools.charges import Span, Terms, charges
from ...tools.recurrence import Recurrence, count_periods, monthly_value, step_at
from ..contract.crm_contract_type import BILLED_IN, TERM_UNITS

RHYTHM = ("recurrence_interval", "recurrence_unit", "billed_in")


class CrmContractLine(models.Model):
    """Recurring lines: their periods, steps and values."""

    _inherit = "crm.contract.line"

    recurrence_interval = fields.Integer(
        string="Every",
        default=1,
        help="Number of units that a period lasts.",
        content=True,
    )
    recurrence_unit = fields.Selection(
        TERM_UNITS, string="Unit of the period", default="month", content=True
    )
    billed_in = fields.Selection(
        BILLED_IN,
        string="Billed",
        default="advance",
        help="In advance: on the first day of a period. In arrears: on the day after "
        "its last one.",
        content=True,
    )
    date_start = fields.Date(
        string="Billed from",
        help="First day of the first period and anchor of all others. Empty: the start "
        "of the contract.",
        content=True,
    )
    date_end = fields.Date(
        string="Billed to",
        help="Last day that is billed. Empty: the end of the contract.",
        content=True,
    )
    date_anchor = fields.Date(
        string="Anchor",
        help="Day from which periods are counted where it differs from the first day, "
        "such as the first of a month. The first period is then a part of one.",
        content=True,
    )
    prorate = fields.Boolean(
        string="By the day",
        default=True,
        help="A period that is not billed whole is billed by its days; otherwise in "
        "full.",
        content=True,
    )
    free_periods = fields.Integer(
        string="Free periods",
        help="Number of first periods that are not billed (trial).",
        content=True,
    )
    billed_until = fields.Date(
        string="Billed until",
        help="Last day that was billed before the contract was taken over.",
        content=True,
    )
    valid_from = fields.Date(
        string="Valid from",
        readonly=True,
        copy=False,
        help="First day of the line in the version that an amendment gave it.",
        owned=True,
    )
    valid_until = fields.Date(
        string="Valid until",
        readonly=True,
        copy=False,
        help="Last day before an amendment replaced or removed the line, which is "
        "kept for what it billed until then.",
        owned=True,
    )
    chain = fields.Integer(
        compute="_compute_chain",
        store=True,
        index=True,
        help="The same number for a line and what amendments made of it: no day of a "
        "chain is billed twice.",
    )
    step_ids = fields.One2many("crm.contract.line.step", "line_id", string="Steps")
    installment_ids = fields.One2many(
        "crm.contract.installment", "line_id", string="Periods"
    )
    amount_mrr = fields.Monetary(
        string="Monthly recurring revenue",
        compute="_compute_amount_mrr",
        help="Untaxed value of a month, at today's step.",
    )

    _interval_positive = models.Constraint(
        "CHECK (NOT is_recurring OR recurrence_interval > 0)",
        "A recurring line needs a period of at least one unit.",
    )
    _recurring_complete = models.Constraint(
        "CHECK (NOT is_recurring"
        " OR (recurrence_unit IS NOT NULL AND billed_in IS NOT NULL))",
        "A recurring line needs a unit of its period, and whether it is billed in "
        "advance or in arrears.",
    )
    _dates_order = models.Constraint(
        "CHECK (date_end >= date_start)",
        "The last day that a line bills must not be before its first.",
    )
    _free_periods_positive = models.Constraint(
        "CHECK (free_periods >= 0)", "The free periods must not be negative."
    )
    _recurring_priced = models.Constraint(
        "CHECK (NOT is_recurring OR display_type IS NULL)",
        "Sections and notes don't recur.",
    )

    @api.depends("contract_id")
    def _compute_chain(self):
        for line in self:
            # An amendment creates lines with the number of those that they follow.
            line.chain = line.chain or line._origin.id

    @api.depends(
        "is_recurring",
        "price_unit",
        "quantity",
        "discount",
        "recurrence_interval",
        "recurrence_unit",
        "date_end",
        "valid_from",
        "valid_until",
        "step_ids.date_from",
        "step_ids.quantity",
        "step_ids.price_unit",
    )
    def _compute_amount_mrr(self):
        for line in self:
            line.amount_mrr = line._get_monthly_value()

    def _get_monthly_value(self):
        """Return the untaxed value of a month at today's step, not rounded.

        Of a contract that is still to begin, it is that of its first day.
        """
        self.ensure_one()
        today = self.contract_id.company_id._get_today()
        day = max(today, self.contract_id.date_start or today)
        return self._get_monthly_value_on(day) if self._recurs_on(day) else 0.0

    def _recurs_on(self, day):
        """Return whether the line recurs on a day, by its own dates."""
        self.ensure_one()
        first = self.date_start or self.contract_id.date_start
        return (
            self.is_recurring
            and self.recurrence_interval > 0
            and all(first <= day for first in (first, self.valid_from) if first)
            and all(day <= last for last in (self.date_end, self.valid_until) if last)
        )

    def _get_monthly_value_on(self, day):
        """Return the untaxed value of a month, at the step of a day, not rounded."""
        untaxed, _total = self._get_period_amounts(*self._get_terms_on(day))
        return monthly_value(untaxed, self.recurrence_interval, self.recurrence_unit)

    @api.constrains(
        "date_start", "date_end", "is_recurring", "contract_id", *RHYTHM[:2]
    )
    def _check_line_term(self):
        for line in self.filtered("is_recurring"):
            contract = line.contract_id
            last = line.date_end or contract.date_end
            first = line.date_start or contract.date_start
            if first and last and first > last:
                raise ValidationError(
                    self.env._(
                        "The line “%s” would be billed from a day after its last one.",
                        line.name.partition("\n")[0],
                    )
                )
            line._check_period_count()

    def _check_period_count(self):
        """Raise ValidationError if a line would be billed more often than is sane."""
        for line in self:
            recurrence = line._get_recurrence(agreed=True)
            end = recurrence and recurrence.end
            number = count_periods(recurrence, end) if end else 0
            if number <= MOST_PERIODS:
                continue
            raise ValidationError(
                self.env._(
                    "The line “%(line)s” would be billed %(number)s times; at most "
                    "%(most)s are possible. Let it end earlier, or make its periods "
                    "longer.",
                    line=line.name.partition("\n")[0],
                    number=number,
                    most=MOST_PERIODS,
                )
            )

    @api.model
    def _get_content_children(self):
        return (*super()._get_content_children(), "step_ids")

    @api.model
    def _describe_content_row(self, values):
        if values.get("display_type"):
            return super()._describe_content_row(values)
        price = _describe_price(self.env, values)
        if values.get("is_recurring"):
            line = self.new({name: values.get(name) for name in RHYTHM})
            price = f"{price}, {line._get_recurrence_text()}"
        first = f"{super()._describe_content_row(values)}: {price}"
        details = (values.get(name) for name in ("scope", "service_standard"))
        return "\n".join(filter(None, (first, *details)))

    def _filter_content(self):
        # A line that an amendment replaced or removed is history, not content.
        content = self.filtered(lambda line: not line.valid_until)
        # What is read of them is read for all contracts at hand.
        return content.with_prefetch(self._prefetch_ids)

    def _filter_locked(self):
        # By its former terms, what they billed is judged and billed again.
        return self

    def _get_recurrence(self, first=None, last=None, agreed=False):
        """Return when the line recurs (`tools.recurrence.Recurrence`), or None.

        It ends with the line, the contract or its early end, whichever comes first.

        :param first: days before it are left out, as if the line was amended on it
        :param last: days after it are left out
        :param agreed: as it was agreed, whatever the early end of the contract
        """
        self.ensure_one()
        contract = self.contract_id
        start = self.date_start or contract.date_start
        if not start or not self.is_recurring or self.recurrence_interval < 1:
            return None
        early = not agreed and contract._get_early_end()
        end = contract.date_end
        if not agreed and end:
            end = self.env["crm.contract.ledger"]._get_last_day(contract)
        ends = (self.date_end, self.valid_until, end, last, early)
        end = min(filter(None, ends), default=None)
        cut = max(filter(None, (self.valid_from, first)), default=None)
        if end and end < max(start, cut or start):
            return None
        return Recurrence(
            start,
            self.recurrence_interval,
            self.recurrence_unit,
            end,
            self.date_anchor or None,
            cut,
        )

    def _get_terms_on(self, day):
        """Return (quantity, price per unit and full period) valid on a day."""
        self.ensure_one()
        steps = [
            (step.date_from, (step.quantity, step.price_unit)) for step in self.step_ids
        ]
        return step_at(steps, day) or (self.quantity, self.price_unit)

    def _get_billable_periods(self, until, since=None, recurrence=None):
        """Return what of the line is to be billed.

        :param until: periods that begin later are left out
        :param since: periods that end earlier are left out
        :param recurrence: by default that of `_get_recurrence`
        :return: list of (period, days billed, quantity, price per unit)
        """
        self.ensure_one()
        return [
            (charge.period, charge.days, charge.quantity, charge.price)
            for charge in self._get_charges(until, since, recurrence)
        ]

    def _get_charges(self, until, since=None, recurrence=None, pauses=None):
        """Return what is to be charged for the line (list of `tools.charges.Charge`).

        Their source is the line.

        :param until: periods that begin later are left out
        :param since: periods that end earlier are left out
        :param recurrence: by default that of `_get_recurrence`
        :param pauses: by default those of `_get_pauses`
        """
        self.ensure_one()
        recurrence = recurrence or self._get_recurrence()
        if not recurrence:
            return []
        if pauses is None:
            pauses = self._get_pauses()
        span = Span(None, None, self._get_terms(recurrence), self)
        return list(charges([span], until, since, pauses))

    def _get_terms(self, recurrence):
        """Return how the line is billed (`tools.charges.Terms`)."""
        self.ensure_one()
        return Terms(
            recurrence,
            self.quantity,
            self.price_unit,
            [
                (step.date_from, (step.quantity, step.price_unit))
                for step in self.step_ids
            ],
            self.prorate,
            self.free_periods,
            self.billed_until or None,
        )

    def _get_pauses(self, contract=None):
        """Return the spans that are not billed, as (first day, last day or None).

        :param contract: the one that is suspended; by default the contract of the line
        """
        contract = contract or self.contract_id
        pauses = []
        if not contract.type_id.bill_suspended:
            pauses = [
                (pause.date_start, pause.date_end or None)
                for pause in contract.suspension_ids
            ]
        if self.billed_until:
            pauses.append((fields.Date.to_date("1900-01-01"), self.billed_until))
        return pauses

    def _get_period_amounts(self, quantity, price_unit, days=1, full_days=1):
        """Return (untaxed, total) of a period, in the contract's currency.

        The price of a period that is not billed whole is its part by the days.
        """
        return self._get_amounts(
            quantity=quantity, price_unit=price_unit * days / full_days
        )

    def _get_recurring_value(self, first=None, last=None):
        """Return (untaxed, total) of all periods of the term.

        Without an end it is the value of the first twelve months, of its last version
        alone.

        :param first: value from this day on
        :param last: value up to this day
        """
        self.ensure_one()
        recurrence = self._get_recurrence(first, last, agreed=True)
        has_end = self.contract_id.date_end or self.date_end
        if not recurrence or (not has_end and (last or self.valid_until)):
            return 0.0, 0.0
        begin = recurrence.cut or recurrence.start
        until = recurrence.end or add(begin, months=12, days=-1)
        if count_periods(recurrence, until) > MOST_PERIODS:
            # It can't be saved, see `_check_line_term`.
            return 0.0, 0.0
        counts = {}
        for period, days, quantity, price_unit in self._get_billable_periods(
            until, recurrence=recurrence
        ):
            key = (quantity, price_unit, days, period.full_days)
            if days == period.full_days:
                key = (quantity, price_unit, 1, 1)
            counts[key] = counts.get(key, 0) + 1
        amounts = [
            (count, *self._get_period_amounts(*key)) for key, count in counts.items()
        ]
        return (
            sum(count * untaxed for count, untaxed, _total in amounts),
            sum(count * total for count, _untaxed, total in amounts),
        )


class CrmContractLineStep(models.Model):
    """Quantity and price of a recurring line from a date on."""

    _name = "crm.contract.line.step"
    _description = "Step of a recurring line"
    _inherit = ["crm.contract.content.mixin"]
    _order = "date_from, id"
    _content_parent = "contract_id"

    line_id = fields.Many2one(
        "crm.contract.line", required=True, index=True, ondelete="cascade"
    )
    contract_id = fields.Many2one(
        related="line_id.contract_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="line_id.currency_id")
    sequence = fields.Integer(default=10, content=True)
    date_from = fields.Date(
        string="From",
        required=True,
        help="Valid for the periods that begin on or after this day.",
        content=True,
    )
    quantity = fields.Float(
        default=1.0, digits="Product Unit", required=True, content=True
    )
    price_unit = fields.Float(
        string="Unit price",
        required=True,
        min_display_digits="Product Price",
        content=True,
    )

    _date_uniq = models.UniqueIndex(
        "(line_id, date_from)", "A line has one step a day at most."
    )
    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "The quantity of a step must be more than zero."
    )

    @api.depends("date_from", "line_id.name")
    def _compute_display_name(self):
        for step in self:
            name = (step.line_id.name or "").partition("\n")[0]
            step.display_name = f"{name} {step.date_from or ''}"

    @api.model
    def _describe_content_row(self, values):
        day = format_date(self.env, values["date_from"])
        return f"{day}: {_describe_price(self.env, values)}"

    def write(self, vals):
        if "line_id" in vals and any(s.line_id.id != vals["line_id"] for s in self):
            raise ValidationError(self.env._("A step stays with its line."))
        return super().write(vals)


def _describe_price(env, values):
    """Return quantity and price of canonical values as text (str)."""
    quantity, price = values.get("quantity") or 0, values.get("price_unit") or 0
    return f"{quantity:g} × {formatLang(env, price)}"
