from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.records import one


class CrmContractLinkInvoice(models.TransientModel):
    """Let an invoice that was made by hand stand for open rows of the ledger."""

    _name = "crm.contract.link.invoice"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Link an invoice to the ledger"

    installment_ids = fields.Many2many(
        "crm.contract.installment", string="Rows", required=True, readonly=True
    )
    contract_id = fields.Many2one("crm.contract", compute="_compute_contract_id")
    company_id = fields.Many2one(related="contract_id.company_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    commercial_partner_id = fields.Many2one(related="contract_id.commercial_partner_id")
    invoice_id = fields.Many2one(
        "account.move",
        domain="[('move_type', '=', 'out_invoice'), ('state', '!=', 'cancel'),"
        " ('company_id', '=', company_id), ('currency_id', '=', currency_id),"
        " ('commercial_partner_id', '=', commercial_partner_id),"
        " ('contract_id', 'in', (False, contract_id)),"
        " ('payment_state', '!=', 'reversed'),"
        " ('invoice_line_ids.installment_id', '=', False)]",
    )
    amount_rows = fields.Monetary(
        string="Total of the rows", compute="_compute_amounts"
    )
    amount_invoice = fields.Monetary(
        string="Total of the invoice", compute="_compute_amounts"
    )
    amount_difference = fields.Monetary(
        string="Difference",
        compute="_compute_amounts",
        help="What the invoice bills more (or, negative, less) than the rows.",
    )

    @api.depends("installment_ids")
    def _compute_contract_id(self):
        for wizard in self:
            wizard.contract_id = wizard.installment_ids.contract_id[:1]

    @api.depends("installment_ids", "invoice_id")
    def _compute_amounts(self):
        for wizard in self:
            wizard.amount_rows = sum(wizard.installment_ids.mapped("amount_rest"))
            # sudo: links of lines, whatever contract they are of
            lines = wizard.invoice_id.sudo()._get_loose_lines()
            wizard.amount_invoice = sum(lines.mapped("price_total"))
            wizard.amount_difference = (
                wizard.amount_invoice - wizard.amount_rows if wizard.invoice_id else 0
            )

    def action_link(self):
        """Link the invoice to the rows.

        :raise AccessError: unless the user is an accountant who may open both
        :raise UserError: if a row is not open or the invoice does not fit, with reasons
        """
        one(self)
        rows, invoice = self.installment_ids, self.invoice_id
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Only accountants may link an invoice."))
        rows.check_access("read")
        invoice.check_access("write")
        rows._lock_rows()
        # Two users may not link the same invoice to rows of two contracts.
        invoice.lock_for_update(allow_referencing=True)
        rows._check_can_link()
        if reasons := list(self._find_reasons()):
            raise UserError("\n".join(reasons))
        self._link()
        return {"type": "ir.actions.act_window_close"}

    def _find_reasons(self):
        """Yield why the invoice can't stand for the rows (str)."""
        # sudo: links of the invoice, to contracts of other companies as well
        invoice = self.invoice_id.sudo()
        contract = self.contract_id
        if len(self.installment_ids.contract_id) > 1:
            yield self.env._("The rows belong to several contracts. Choose one.")
        if not invoice:
            yield self.env._("Choose an invoice.")
            return
        if invoice.move_type != "out_invoice":
            yield self.env._("It is not a customer invoice.")
        if invoice.state == "cancel":
            yield self.env._("The invoice is cancelled.")
        if invoice.payment_state == "reversed":
            yield self.env._("The invoice was credited in full.")
        if invoice.company_id != contract.company_id:
            yield self.env._("The invoice belongs to another company.")
        if invoice.commercial_partner_id != contract.commercial_partner_id:
            yield self.env._("The invoice belongs to another customer.")
        if invoice.currency_id != contract.currency_id:
            yield self.env._("The invoice is in another currency.")
        if invoice.contract_id - contract:
            yield self.env._(
                "The invoice belongs to the contract %s.",
                invoice.contract_id.display_name,
            )
        if not invoice._get_loose_lines():
            yield self.env._("The invoice stands for other rows already.")

    def _link(self):
        # sudo: the links are owned by the ledger; rights and reasons are checked
        rows, invoice = self.installment_ids.sudo(), self.invoice_id.sudo()
        invoice.contract_id = self.contract_id
        lines = invoice._get_loose_lines()
        if pairs := _pair_by_amount(lines, rows):
            for line, row in pairs:
                line.installment_id = row
        else:
            lines._share_out(
                {row: row.amount_rest for row in rows}, sum(rows.mapped("amount_rest"))
            )
        link = self.contract_id._get_html_link()
        note = self.installment_ids._get_invoice_note(
            self.env._("Linked to the contract %s:", link)
        )
        invoice.with_env(self.env)._message_log(body=note)


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def action_link_invoice(self):
        """Open the dialog that links an invoice made by hand to the rows.

        :raise UserError: if the rows can't be invoiced, or are of several contracts
        """
        self._check_can_link()
        if len(self.contract_id) > 1:
            raise UserError(
                self.env._("The rows belong to several contracts. Choose one.")
            )
        wizard = self.env["crm.contract.link.invoice"].create(
            {"installment_ids": [fields.Command.set(self.ids)]}
        )
        return dict(
            wizard._get_records_action(name=self.env._("Link an invoice")),
            target="new",
        )

    def _check_can_link(self):
        """Rows that invoices bill in part can be linked as well."""
        if any(row._get_reason_no_rest() for row in self) or not self:
            self._check_can_invoice()


def _pair_by_amount(lines, rows):
    """Return (line, row) for all lines if it is clear which row each one bills."""
    if len(rows) == 1:
        return [(line, rows) for line in lines]
    if len(lines) != len(rows):
        return []
    pairs, left = [], rows
    for line in lines:
        row = left.filtered(
            lambda row, line=line: (
                not row.currency_id.compare_amounts(row.amount_rest, line.price_total)
            )
        )[:1]
        if not row:
            return []
        pairs.append((line, row))
        left -= row
    return pairs
