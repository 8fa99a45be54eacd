from odoo import api, fields, models
from odoo.exceptions import ValidationError

ADJUSTMENTS = [("percent", "By percent"), ("index", "By an index")]
# What is agreed of each kind; `adjustment` itself comes first.
PERCENT_FIELDS = ("adjustment_percent",)
INDEX_FIELDS = (
    "adjustment_index_id",
    "adjustment_months",
    "adjustment_use_cap",
    "adjustment_cap",
    "adjustment_use_floor",
    "adjustment_floor",
)
ADJUSTMENT_FIELDS = (
    "adjustment",
    *PERCENT_FIELDS,
    *INDEX_FIELDS,
    "adjustment_rounding",
)
# They come together, from where a record takes them, and can be changed there.
TAKEN = {
    "compute": "_compute_adjustment",
    "store": True,
    "readonly": False,
    "precompute": True,
}


class CrmContractAdjustmentMixin(models.AbstractModel):
    """How prices change when a contract is renewed: of a type, and of a contract."""

    _name = "crm.contract.adjustment.mixin"
    _description = "Price adjustment of renewals"

    adjustment = fields.Selection(
        ADJUSTMENTS,
        string="Prices on renewal",
        help="What is agreed on for each renewal. Empty: prices stay, or are negotiated.",
        **TAKEN,
    )
    adjustment_percent = fields.Float(string="Rise (%)", digits=(16, 4), **TAKEN)
    adjustment_index_id = fields.Many2one(
        "crm.contract.index", string="Index of prices", ondelete="restrict", **TAKEN
    )
    adjustment_months = fields.Integer(
        string="Months before the term",
        help="The month whose index counts lies so many months before a term begins: as "
        "many as it takes until its value is published.",
        **TAKEN,
    )
    adjustment_use_cap = fields.Boolean(string="Capped", **TAKEN)
    adjustment_cap = fields.Float(
        string="Prices rise at most (%)", digits=(16, 4), **TAKEN
    )
    adjustment_use_floor = fields.Boolean(string="With a floor", **TAKEN)
    adjustment_floor = fields.Float(
        string="Prices rise at least (%)", digits=(16, 4), **TAKEN
    )
    adjustment_rounding = fields.Float(
        string="Prices are multiples of", digits=(16, 4), **TAKEN
    )

    def _compute_adjustment(self):
        """Take what is agreed from another record; by default there is none."""
        for record in self:
            record._take_adjustment(record)

    def _take_adjustment(self, source):
        """Take what is agreed from a record, unless only this one agrees on something.

        :param source: record of a model with this mixin, may be empty
        """
        self.ensure_one()
        is_own = self.adjustment and not source.adjustment
        for name in ADJUSTMENT_FIELDS:
            own = is_own and self[name]
            self[name] = own or source[name]

    @api.constrains(*ADJUSTMENT_FIELDS)
    def _check_adjustment(self):
        for record in self.filtered("adjustment"):
            problem = record._get_adjustment_problem()
            if problem:
                raise ValidationError(problem)

    def _get_adjustment_problem(self):
        """Return what is wrong with the adjustment (str, empty for nothing)."""
        self.ensure_one()
        if self.adjustment_rounding <= 0:
            return self.env._("The rounding must be above zero.")
        if self.adjustment == "percent":
            is_sold_off = self.adjustment_percent <= -100
            return (
                self.env._("Prices can't fall by all of them.") if is_sold_off else ""
            )
        if not self.adjustment_index_id:
            return self.env._("Choose the index that prices follow.")
        if self.adjustment_months < 0:
            return self.env._("The months before the term must not be negative.")
        is_limited = self.adjustment_use_cap and self.adjustment_use_floor
        if is_limited and self.adjustment_floor > self.adjustment_cap:
            return self.env._("The least rise must not be above the most.")
        return ""

    def _get_adjustment_names(self):
        """Return the names of the fields that say something here (tuple)."""
        self.ensure_one()
        if not self.adjustment:
            return ()
        if self.adjustment == "percent":
            return ("adjustment", *PERCENT_FIELDS, "adjustment_rounding")
        idle = set()
        if not self.adjustment_use_cap:
            idle.add("adjustment_cap")
        if not self.adjustment_use_floor:
            idle.add("adjustment_floor")
        names = ("adjustment", *INDEX_FIELDS, "adjustment_rounding")
        return tuple(name for name in names if name not in idle)

    def _get_adjustment_text(self):
        """Return what is agreed in words, in the language of the context (str)."""
        self.ensure_one()
        if not self.adjustment:
            return ""
        if self.adjustment == "percent":
            percent = f"{self.adjustment_percent:g}"
            parts = [self.env._("With each renewal, prices rise by %s %%.", percent)]
        else:
            parts = self._get_index_sentences()
        step = f"{self.adjustment_rounding:g}"
        parts.append(self.env._("New prices are rounded to multiples of %s.", step))
        return " ".join(parts)

    def _get_index_sentences(self):
        index, months = self.adjustment_index_id.name, self.adjustment_months
        if months:
            sentence = self.env._(
                "With each renewal, prices change as the index “%(index)s” did from one "
                "term to the next; its value for the month that lies %(months)s before "
                "a term begins counts.",
                index=index,
                months=self.env["crm.contract.print"]._get_period_text(months, "month"),
            )
        else:
            sentence = self.env._(
                "With each renewal, prices change as the index “%s” did from one term to "
                "the next; its value for the month in which a term begins counts.",
                index,
            )
        parts = [sentence]
        if self.adjustment_use_cap:
            cap = f"{self.adjustment_cap:g}"
            parts.append(self.env._("Prices rise by %s %% at most.", cap))
        if self.adjustment_use_floor:
            floor = f"{self.adjustment_floor:g}"
            parts.append(self.env._("Prices rise by %s %% at least.", floor))
        return parts
