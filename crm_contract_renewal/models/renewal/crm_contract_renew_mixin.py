from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..price.crm_contract_uplift import UPLIFTS, UpliftTerms


class CrmContractRenewMixin(models.AbstractModel):
    """How contracts are renewed: what becomes of prices and clauses, what sales gets.

    Of the dialog, and of a run that works in the background.
    """

    _name = "crm.contract.renew.mixin"
    _description = "How contracts are renewed"

    uplift = fields.Selection(
        UPLIFTS,
        string="Prices",
        required=True,
        default="none",
    )
    percent = fields.Float()
    amount = fields.Float(string="Amount per unit", digits="Product Price")
    index_id = fields.Many2one("crm.contract.index")
    date_base = fields.Date(
        string="Base month", help="Month that the present prices stand on."
    )
    date_index = fields.Date(
        string="Month now", default=lambda self: self.env.company._get_today()
    )
    months_before = fields.Integer(
        string="Months before the terms",
        help="Where no month is given, it lies so many months before a term begins.",
    )
    use_cap = fields.Boolean(string="Cap")
    cap = fields.Float(string="At most (%)")
    use_floor = fields.Boolean(string="Floor")
    floor = fields.Float(string="At least (%)")
    rounding = fields.Float(
        default=0.01, digits=(16, 4), help="New prices are multiples of this."
    )
    refresh_clauses = fields.Boolean(
        string="Present library clauses",
        help="Clauses that follow the library take its present version; deviating ones "
        "stay as they are.",
    )
    make_opportunity = fields.Boolean(
        string="Opportunity", help="With the value of the renewal as expected revenue."
    )
    make_quotation = fields.Boolean(
        string="Quotation",
        help="A draft order with the lines of the renewal. The renewal bills them, "
        "whether the order is confirmed or not.",
    )

    @api.constrains("rounding")
    def _check_rounding(self):
        for record in self:
            if record.rounding <= 0:
                raise ValidationError(self.env._("The rounding must be above zero."))

    @api.model
    def _get_settings(self):
        """Return the names of the fields that say how to renew (list)."""
        return list(self.env["crm.contract.renew.mixin"]._fields.keys() - _MAGIC)

    def _get_refusal(self, contract):
        """Return why a contract can't be renewed like this (str, empty if it can)."""
        refusal = self.env["crm.contract.renewal"]._get_refusal(contract)
        if not refusal and self.make_quotation:
            return self.env["crm.contract.offer"]._get_quotation_refusal(contract)
        return refusal

    def _get_uplift(self, contract):
        """Return (Uplift, how it was computed) for a contract.

        :raise UserError: if a value of the index is missing
        """
        terms = UpliftTerms(
            self.uplift,
            percent=self.percent,
            amount=self.amount,
            index=self.index_id,
            date_base=self.date_base,
            date_index=self.date_index,
            months_before=self.months_before,
            cap=self.cap if self.use_cap else None,
            floor=self.floor if self.use_floor else None,
            rounding=self.rounding,
        )
        return self.env["crm.contract.uplift"]._get_by(contract, terms)

    def _make_renewals(self, contracts):
        """Renew contracts that can be renewed; return the drafts, in their order."""
        return contracts.action_renew(
            uplift=self.uplift,
            percent=self.percent,
            amount=self.amount,
            index_id=self.index_id.id,
            date_base=self.date_base,
            date_index=self.date_index,
            months_before=self.months_before,
            cap=self.cap if self.use_cap else None,
            floor=self.floor if self.use_floor else None,
            rounding=self.rounding,
            refresh_clauses=self.refresh_clauses,
            make_opportunity=self.make_opportunity,
            make_quotation=self.make_quotation,
        )


_MAGIC = frozenset(
    {"id", "display_name", "create_uid", "create_date", "write_uid", "write_date"}
)
