from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ..models.interface.crm_contract_interface import END_REASONS
from ..tools.records import one


class CrmContractEnd(models.TransientModel):
    _name = "crm.contract.end"
    _inherit = "crm.contract.dialog.mixin"
    _description = "End a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Selection(
        END_REASONS,
        required=True,
        default="completed",
    )
    date = fields.Date(
        string="Ended on",
        required=True,
        default=lambda self: self.env.company._get_today(),
    )
    note = fields.Text(string="Why")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    amount_plan_open = fields.Monetary(compute="_compute_effects")
    settle = fields.Boolean(
        string="Settle what was billed in advance",
        compute="_compute_settle",
        store=True,
        readonly=False,
        precompute=True,
        help="As the contract says. Draft invoices of later days are cancelled and billed anew; for posted "
        "ones, credit notes are drafted.",
    )
    effects = fields.Html(compute="_compute_effects", string="What it does")
    has_advance = fields.Boolean(compute="_compute_effects")

    @api.depends("contract_id")
    def _compute_settle(self):
        for wizard in self:
            wizard.settle = wizard.contract_id.refund_advance

    @api.depends("contract_id", "date", "reason", "settle")
    def _compute_effects(self):
        for wizard in self:
            day = wizard.date or wizard.contract_id.company_id._get_today()
            rows = wizard._get_plan_rows(day)
            wizard.amount_plan_open = sum(rows.mapped("amount"))
            settlement = self.env["crm.contract.settlement"]
            effects = settlement._get_effects(wizard.contract_id, day)
            wizard.has_advance = any(
                effect.kind in ("redo", "credit") for effect in effects
            )
            texts = wizard._describe_effects(effects)
            wizard.effects = texts and Markup("<ul>%s</ul>") % Markup().join(
                Markup("<li>%s</li>") % text for text in texts
            )

    def _get_plan_rows(self, day):
        """Return the rows of the plan that are cancelled, or else stay to be billed."""
        if self.reason == "terminated":
            return self.contract_id.installment_ids._filter_dropped(day)
        plan = self.contract_id.installment_ids._filter_plan()
        return plan.filtered(lambda row: row._is_open())

    def _describe_effects(self, effects):
        """Return what happens to the rows as texts; rows that just stop share one."""
        stops = [effect for effect in effects if effect.kind == "stop"]
        texts = [
            self._describe_effect(effect) for effect in effects if effect not in stops
        ]
        if stops:
            texts.append(
                self.env._(
                    "Not billed: %(number)s periods from %(start)s on, %(amount)s.",
                    number=len(stops),
                    start=format_date(self.env, stops[0].row.period_start),
                    amount=formatLang(
                        self.env,
                        sum(effect.change for effect in stops),
                        currency_obj=self.currency_id,
                    ),
                )
            )
        return texts

    def _describe_effect(self, effect):
        """Return what happens to a row as text."""
        values = {
            "row": effect.row.name,
            "amount": formatLang(
                self.env, effect.amount, currency_obj=self.currency_id
            ),
            "change": formatLang(
                self.env, effect.change, currency_obj=self.currency_id
            ),
            # sudo: the number of the invoice
            "invoice": effect.row.sudo().invoice_id.display_name,
        }
        if effect.kind == "shorten":
            return self.env._("%(row)s is billed in part: %(amount)s.", **values)
        if not self.settle or not effect.change:
            return self.env._("%(row)s stays billed by %(invoice)s.", **values)
        if effect.kind == "redo":
            return self.env._(
                "%(invoice)s is cancelled; %(row)s is billed anew: %(amount)s.",
                **values,
            )
        return self.env._(
            "A credit note of %(change)s on %(invoice)s is drafted for %(row)s.",
            **values,
        )

    def action_end(self):
        """End the contract for the reason given."""
        one(self)
        result = self.contract_id.action_end(
            reason=self.reason,
            date=self.date,
            note=self.note,
            settle=self.settle,
            **self._prepare_details(),
        )
        moves = self.env["account.move"].browse(result["move_ids"])
        if moves and moves.has_access("read"):
            return self.env["sale.order"].action_view_invoice(moves)
        return {"type": "ir.actions.act_window_close"}

    def _prepare_details(self):
        """Return other arguments of `crm.contract.action_end`; see satellites (dict)."""
        return {}
