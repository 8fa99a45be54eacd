from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, formatLang


class CrmContractEnd(models.TransientModel):
    _name = "crm.contract.end"
    _description = "End a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Selection(
        [("completed", "Completed"), ("terminated", "Terminated")],
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
        default=True,
        help="Draft invoices of later days are cancelled and billed anew; for posted "
        "ones, credit notes are drafted.",
    )
    effects = fields.Html(compute="_compute_effects", string="What it does")
    has_advance = fields.Boolean(compute="_compute_effects")

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

    @api.constrains("date", "contract_id", "reason")
    def _check_date(self):
        for wizard in self:
            today = wizard.contract_id.company_id._get_today()
            if wizard.date > today and not wizard._can_end_later():
                raise ValidationError(
                    self.env._("A contract is ended today or on an earlier day.")
                )
            signed = wizard.contract_id.date_signed
            if signed and wizard.date < signed:
                raise ValidationError(
                    self.env._("A contract can't end before it was signed.")
                )

    def _can_end_later(self):
        """Return whether the end may lie in the future; extended by satellites."""
        return False

    def action_end(self):
        """End the contract for the reason given."""
        self.ensure_one()
        if self.reason == "terminated" and not (self.note or "").strip():
            raise UserError(self.env._("Say why the contract is terminated."))
        moves = self._end_contract()
        if self.note:
            self.contract_id.message_post(body=self.note)
        if moves and moves.has_access("read"):
            return self.env["sale.order"].action_view_invoice(moves)
        return {"type": "ir.actions.act_window_close"}

    def _end_contract(self):
        """End the contract; return what settles it (account.move)."""
        return self.contract_id._action_end(self.reason, self.date, settle=self.settle)
