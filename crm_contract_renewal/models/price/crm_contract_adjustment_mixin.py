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


class CrmContractAdjustmentMixin(models.AbstractModel):
    """How prices change when a contract is renewed: of a type, and of a contract."""

    _name = "crm.contract.adjustment.mixin"
    _description = "Price adjustment of renewals"

    adjustment = fields.Selection(
        ADJUSTMENTS,
        string="Prices on renewal",
        help="What is agreed on for each renewal. Empty: prices stay, or are negotiated.",
    )
    adjustment_percent = fields.Float(string="Rise (%)", digits=(16, 4))
    adjustment_index_id = fields.Many2one(
        "crm.contract.index", string="Index of prices", ondelete="restrict"
    )
    adjustment_months = fields.Integer(
        string="Months before the term",
        help="The month whose index counts lies so many months before a term begins: as "
        "many as it takes until its value is published.",
    )
    adjustment_use_cap = fields.Boolean(string="Capped")
    adjustment_cap = fields.Float(string="Prices rise at most (%)", digits=(16, 4))
    adjustment_use_floor = fields.Boolean(string="With a floor")
    adjustment_floor = fields.Float(string="Prices rise at least (%)", digits=(16, 4))
    adjustment_rounding = fields.Float(string="Prices are multiples of", digits=(16, 4))

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
