from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.crm_contract.tools.records import one

from ..models.price.crm_contract_uplift import UPLIFTS, UpliftTerms


class CrmContractRenew(models.TransientModel):
    """Renew contracts: one or many, with what becomes of their prices before."""

    _name = "crm.contract.renew"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Renew contracts"

    contract_ids = fields.Many2many("crm.contract", string="Contracts")
    line_ids = fields.One2many(
        "crm.contract.renew.line",
        "wizard_id",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
    )
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
    make_opportunity = fields.Boolean(
        string="Opportunity", help="With the value of the renewal as expected revenue."
    )
    make_quotation = fields.Boolean(
        string="Quotation",
        help="A draft order with the lines of the renewal. The renewal bills them, "
        "whether the order is confirmed or not.",
    )
    can_quote = fields.Boolean(compute="_compute_can_quote")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        chosen = context.get("active_model") == "crm.contract"
        if chosen and "contract_ids" in fields and not values.get("contract_ids"):
            values["contract_ids"] = [(6, 0, context.get("active_ids") or [])]
        if "uplift" in fields and "default_uplift" not in context:
            wizard = self.new({"contract_ids": values.get("contract_ids")})
            proposed = self.env["crm.contract.uplift"]._prepare_agreed_defaults(
                wizard.contract_ids._origin
            )
            values |= {name: proposed[name] for name in proposed if name in fields}
        return values

    @api.constrains("rounding")
    def _check_rounding(self):
        for wizard in self:
            if wizard.rounding <= 0:
                raise ValidationError(self.env._("The rounding must be above zero."))

    @api.depends_context("uid")
    def _compute_can_quote(self):
        self.can_quote = self.env["sale.order"].has_access("create")

    @api.depends(
        "contract_ids", "uplift", "percent", "amount", "index_id", "date_base",
        "date_index", "months_before", "use_cap", "cap", "use_floor", "floor", "rounding",
        "make_quotation",
    )  # fmt: skip
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create(wizard._prepare_line_vals(contract))
                for contract in wizard.contract_ids._origin
            ]

    def _prepare_line_vals(self, contract):
        """Return what the preview shows of a contract."""
        vals = {"contract_id": contract.id, "problem": self._get_refusal(contract)}
        if vals["problem"]:
            return vals
        start, number, unit = self.env["crm.contract.renewal"]._get_term(contract)
        vals |= {"date_start": start, "amount_old": contract.amount_untaxed}
        try:
            uplift, text = self._get_uplift(contract)
        except UserError as error:
            return {**vals, "problem": str(error)}
        # sudo: the lines that are renewed, see `_renew`
        lines = contract._get_present_version().sudo().line_ids._filter_content()
        priced = lines.filtered(lambda line: not line.display_type)
        share = sum(
            (uplift.apply(line.price_unit) / line.price_unit - 1)
            * (
                line._get_recurring_value()[0]
                if line.is_recurring
                else line.price_subtotal
            )
            for line in priced
            if line.price_unit
        )
        return {**vals, "change": share, "text": text}

    def _get_refusal(self, contract):
        """Return why the dialog can't renew a contract (str, empty if it can)."""
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

    def action_renew(self):
        """Make the renewals of all contracts that can be renewed; open them."""
        one(self)
        if not self.contract_ids:
            raise UserError(self.env._("Choose the contracts to renew."))
        problems = [line.problem for line in self.line_ids if line.problem]
        possible = self.line_ids.filtered(lambda line: not line.problem).contract_id
        if not possible:
            raise UserError("\n".join(problems))
        successors = possible.action_renew(
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
        return successors._get_records_action(name=self.env._("Renewals"))


class CrmContractRenewLine(models.TransientModel):
    _name = "crm.contract.renew.line"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Contract to renew"

    wizard_id = fields.Many2one("crm.contract.renew", required=True, ondelete="cascade")
    contract_id = fields.Many2one("crm.contract", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    date_start = fields.Date(string="Begins")
    amount_old = fields.Monetary(string="Value so far")
    change = fields.Monetary(
        string="Rises by", help="For a term as long as the one before, without taxes."
    )
    text = fields.Char(string="How")
    problem = fields.Char()
