from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmContractIndex(models.Model):
    """A series that prices follow, such as a consumer price index."""

    _name = "crm.contract.index"
    _description = "Price index"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    source = fields.Char(help="Who publishes the series, and under which number.")
    value_ids = fields.One2many("crm.contract.index.value", "index_id", string="Values")
    date_last = fields.Date(string="Last value of", compute="_compute_date_last")

    @api.depends("value_ids.date")
    def _compute_date_last(self):
        for index in self:
            index.date_last = max(index.value_ids.mapped("date"), default=False)

    def _get_value(self, day):
        """Return the value of the month of a day (float).

        :raise UserError: if the series has none for that month
        """
        self.ensure_one()
        month = day.replace(day=1)
        values = self.value_ids.filtered(lambda row: row.date.replace(day=1) == month)
        if not values:
            raise UserError(
                self.env._(
                    "%(index)s has no value for %(month)s. Enter or import it, or choose "
                    "another month.",
                    index=self.name,
                    month=f"{month:%Y-%m}",
                )
            )
        return values[-1].value


class CrmContractIndexValue(models.Model):
    _name = "crm.contract.index.value"
    _description = "Value of a price index"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "index_id, date"
    _rec_name = "date"

    index_id = fields.Many2one(
        "crm.contract.index", required=True, index=True, ondelete="cascade"
    )
    date = fields.Date(required=True, help="Any day of the month of the value.")
    value = fields.Float(required=True, digits=(16, 4), aggregator=None)

    _month_uniq = models.UniqueIndex(
        "(index_id, date_trunc('month', date::timestamp))",
        "The index has a value for this month already.",
    )
    _value_positive = models.Constraint(
        "CHECK (value > 0)", "The value of an index must be above zero."
    )
