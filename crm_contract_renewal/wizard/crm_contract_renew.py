from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from odoo.addons.crm_contract.tools.records import one

# More contracts than that are renewed in the background, and not all shown before.
AT_ONCE = 40


class CrmContractRenew(models.TransientModel):
    """Renew contracts: one or many, with what becomes of their prices before."""

    _name = "crm.contract.renew"
    _inherit = ["crm.contract.dialog.mixin", "crm.contract.renew.mixin"]
    _description = "Renew contracts"

    contract_ids = fields.Many2many("crm.contract", string="Contracts")
    line_ids = fields.One2many(
        "crm.contract.renew.line",
        "wizard_id",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
    )
    is_background = fields.Boolean(compute="_compute_is_background")
    number = fields.Integer(string="Contracts chosen", compute="_compute_is_background")
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

    @api.depends("contract_ids")
    def _compute_is_background(self):
        for wizard in self:
            wizard.number = len(wizard.contract_ids)
            wizard.is_background = wizard.number > AT_ONCE

    @api.depends_context("uid")
    def _compute_can_quote(self):
        self.can_quote = self.env["sale.order"].has_access("create")

    @api.depends(
        "contract_ids", "uplift", "percent", "amount", "index_id", "date_base",
        "date_index", "months_before", "use_cap", "cap", "use_floor", "floor", "rounding",
        "make_quotation",
    )  # fmt: skip
    def _compute_line_ids(self):
        # What a context proposes is for the dialog, not for its lines.
        env = self.env(context=clean_context(self.env.context))
        for wizard in self.with_env(env):
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create(wizard._prepare_line_vals(contract))
                for contract in wizard.contract_ids._origin[:AT_ONCE]
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
        version = contract._get_present_version().sudo()
        share = sum(
            (uplift.apply(line.price_unit) / line.price_unit - 1)
            * (
                line._get_recurring_value()[0]
                if line.is_recurring
                else line.price_subtotal
            )
            for line in self.env["crm.contract.next.term"]._get_carried_lines(version)
            if line.price_unit
        )
        return {**vals, "change": share, "text": text}

    def action_renew(self):
        """Make the renewals of all contracts that can be renewed; open them.

        Of many contracts, the renewals are made in the background: open how far it is.
        """
        one(self)
        if not self.contract_ids:
            raise UserError(self.env._("Choose the contracts to renew."))
        if self.is_background:
            self.contract_ids.check_access("write")
            runs = self.env["crm.contract.renewal.run"]
            return runs._start(self, self.contract_ids)._get_records_action()
        problems = [line.problem for line in self.line_ids if line.problem]
        possible = self.line_ids.filtered(lambda line: not line.problem).contract_id
        if not possible:
            raise UserError("\n".join(problems))
        successors = self._make_renewals(possible)
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
