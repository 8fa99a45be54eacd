from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import float_compare

from odoo.addons.crm_contract.tools.records import one

from ..models.amendment.crm_contract_amendment import REQUESTERS

SUBJECTS = [("price", "Price"), ("quantity", "Quantity")]
BALANCES = [
    ("spread", "All open installments share the difference"),
    ("last", "The last open installment takes it"),
    ("new", "A new installment takes it"),
]


class CrmContractChangePrice(models.TransientModel):
    """Draft the amendment that changes prices or quantities from a day on.

    The payment plan follows, so that the draft can be submitted as it is.
    """

    _name = "crm.contract.change.price"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Change prices or quantities"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    subject = fields.Selection(SUBJECTS, required=True, default="price")
    date_effective = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    percentage = fields.Float(
        string="All lines by (%)",
        digits=(16, 4),
        help="Negative: less. The lines below can be changed one by one after it.",
    )
    requested_by = fields.Selection(REQUESTERS, string="Requested by", default="us")
    reason = fields.Text(required=True)
    line_ids = fields.One2many(
        "crm.contract.change.price.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    balance = fields.Selection(
        BALANCES, string="Payment plan", required=True, default="spread"
    )
    date_new = fields.Date(string="New installment on")
    has_plan = fields.Boolean(compute="_compute_hints")
    refusal = fields.Text(compute="_compute_hints")
    billed_beyond = fields.Text(compute="_compute_hints")

    @api.depends("contract_id", "date_effective")
    def _compute_hints(self):
        drafting = self.env["crm.contract.amendment"]
        for wizard in self:
            contract = wizard.contract_id
            wizard.refusal = contract and drafting._get_refusal(contract)
            wizard.billed_beyond = wizard.date_effective and (
                drafting._describe_billed_beyond(contract, wizard.date_effective)
            )
            version = contract._get_present_version() if contract else contract
            wizard.has_plan = bool(version.installment_ids._filter_plan())

    @api.depends("contract_id", "date_effective", "subject")
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard.contract_id and wizard._get_lines()
            wizard.line_ids = [
                Command.clear(),
                *(Command.create({"key": line.content_key}) for line in lines),
            ]

    def _get_lines(self):
        """Return the lines that hold on the day: those of what was signed last."""
        version = self.contract_id._get_present_version()
        lines = version.line_ids._filter_content()
        return lines.filtered(lambda line: not line.display_type)

    def action_draft(self):
        """Draft the amendment and open it, ready to be submitted.

        :raise UserError: if nothing changes, or the plan can't take the difference
        """
        one(self)
        changed = self.line_ids.filtered("is_changed")
        self._check_changes(changed)
        amendment = self.contract_id._amend(
            self.date_effective, self.reason, self.requested_by
        )
        rows = amendment._get_rows_by_key("line_ids")
        amounts = {row: row.amount for row in self._get_open_rows(amendment)}
        for line in changed:
            line._apply(rows[line.key])
        self._balance_plan(amendment, amounts)
        return amendment._get_records_action()

    def _check_changes(self, changed):
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why it changes: the reason is printed."))
        if not changed:
            raise UserError(
                self.env._("Nothing changes: enter a percentage, or new values.")
            )
        for line in changed:
            if line.new_quantity <= 0 or line.new_price < 0:
                raise UserError(
                    self.env._(
                        "“%s”: the quantity must be more than zero and the price not "
                        "negative. To remove a line, amend the contract.",
                        line.name,
                    )
                )

    def _get_open_rows(self, amendment):
        """Return the installments of a draft that the contract has not billed."""
        # sudo: what the contract billed
        billed = amendment.origin_id.sudo().installment_ids._get_billed_by_key()
        return amendment.installment_ids._filter_plan().filtered(
            lambda row: row.content_key not in billed
        )

    def _balance_plan(self, amendment, amounts):
        """Let the plan of the draft add up to its one-off value.

        :param amounts: `{open installment: amount before the change}`
        :raise UserError: if the open installments can't take the difference
        """
        plan = amendment.installment_ids._filter_plan()
        if not plan or not self._changes_plan(amendment, amounts):
            return
        if self.balance == "spread":
            # Shares of the value have followed it; the rest is shared out.
            amendment.action_spread_difference()
            return
        # The others stay as they are, whatever share of the value they were.
        for row, amount in amounts.items():
            row._fix_amount(amount)
        if self.balance == "new":
            self._add_installment(amendment, amendment.plan_difference)
        else:
            self._change_last(amendment, amounts, amendment.plan_difference)

    def _changes_plan(self, amendment, amounts):
        return bool(amendment.plan_difference) or any(
            amendment.currency_id.compare_amounts(row.amount, amount)
            for row, amount in amounts.items()
        )

    def _add_installment(self, amendment, difference):
        if difference < 0:
            raise UserError(
                self.env._(
                    "The plan has to be less by %s: let open installments take it.",
                    amendment.currency_id.format(-difference),
                )
            )
        printed = amendment.with_context(lang=amendment._get_print_lang())
        amendment.installment_ids = [
            Command.create(
                {
                    "name": printed.env._("Difference from the change of fees"),
                    "trigger": "date",
                    "date": self.date_new or self.date_effective,
                    "amount_type": "fixed",
                    "amount_fixed": difference,
                    "sequence": max(amendment.installment_ids.mapped("sequence")) + 1,
                }
            )
        ]

    def _change_last(self, amendment, amounts, difference):
        """Let the last open installments be more, or less; those of nothing go."""
        currency = amendment.currency_id
        rows = sorted(amounts, key=lambda row: (row.sequence, row.id), reverse=True)
        for row in rows:
            amount = max(0.0, amounts[row] + difference)
            difference = currency.round(difference - (amount - amounts[row]))
            amounts[row] = amount
        if not currency.is_zero(difference):
            raise UserError(
                self.env._(
                    "No open installment can take the difference of %s: add a new one, "
                    "or credit an invoice first.",
                    currency.format(difference),
                )
            )
        for row, amount in amounts.items():
            if currency.is_zero(amount):
                row.unlink()
            else:
                row._fix_amount(amount)


class CrmContractChangePriceLine(models.TransientModel):
    """A line of the contract, as it is on the day and as it is to be."""

    _name = "crm.contract.change.price.line"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Line whose price or quantity changes"
    _order = "id"

    wizard_id = fields.Many2one(
        "crm.contract.change.price", required=True, ondelete="cascade"
    )
    key = fields.Char(required=True, help="Key of the line in the content.")
    line_id = fields.Many2one("crm.contract.line", compute="_compute_line_id")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    name = fields.Char(compute="_compute_old", string="Service")
    quantity = fields.Float(digits="Product Unit", compute="_compute_old")
    price_unit = fields.Float(
        string="Unit price", compute="_compute_old", min_display_digits="Product Price"
    )
    new_quantity = fields.Float(
        digits="Product Unit",
        compute="_compute_new_quantity",
        store=True,
        readonly=False,
    )
    new_price = fields.Float(
        string="New unit price",
        min_display_digits="Product Price",
        compute="_compute_new_price",
        store=True,
        readonly=False,
    )
    is_changed = fields.Boolean(compute="_compute_is_changed")

    @api.depends("key", "wizard_id.contract_id")
    def _compute_line_id(self):
        for wizard, rows in self.grouped("wizard_id").items():
            contract = wizard.contract_id
            version = contract._get_present_version() if contract else contract
            lines = {line.content_key: line for line in version.line_ids}
            for row in rows:
                row.line_id = lines.get(row.key, False)

    @api.depends("line_id", "wizard_id.date_effective")
    def _compute_old(self):
        for row in self:
            day = row.wizard_id.date_effective or fields.Date.context_today(row)
            terms = row.line_id._get_terms_on(day) if row.line_id else (0.0, 0.0)
            row.quantity, row.price_unit = terms
            row.name = (row.line_id.name or "").partition("\n")[0]

    @api.depends("quantity", "wizard_id.percentage", "wizard_id.subject")
    def _compute_new_quantity(self):
        for row in self:
            row.new_quantity = row.quantity * row._get_factor("quantity")

    @api.depends("price_unit", "wizard_id.percentage", "wizard_id.subject")
    def _compute_new_price(self):
        for row in self:
            price = row.price_unit * row._get_factor("price")
            row.new_price = row.currency_id.round(price) if row.currency_id else price

    @api.depends("line_id", "quantity", "price_unit", "new_quantity", "new_price")
    def _compute_is_changed(self):
        for row in self:
            row.is_changed = bool(row.line_id) and (
                row._differs("quantity", "new_quantity")
                or row._differs("price_unit", "new_price")
            )

    def _differs(self, old, new):
        return bool(float_compare(self[old], self[new], precision_digits=6))

    def _get_factor(self, subject):
        """Return by what the percentage for all lines multiplies a value (float)."""
        wizard = self.wizard_id
        return 1 + wizard.percentage / 100 if wizard.subject == subject else 1.0

    def _apply(self, line):
        """Let a line of the draft have the new values from its day on.

        Steps that came before are over. Later ones follow a percentage for all lines;
        otherwise they stay as they were agreed.
        """
        self.ensure_one()
        day = self.wizard_id.date_effective
        line.step_ids.filtered(lambda step: step.date_from <= day).unlink()
        for step in line.step_ids:
            step.write(
                {
                    "price_unit": step.price_unit * self._get_factor("price"),
                    "quantity": step.quantity * self._get_factor("quantity"),
                }
            )
        line.write({"quantity": self.new_quantity, "price_unit": self.new_price})
