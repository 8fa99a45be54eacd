from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.records import one


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.contract.owned.mixin"]

    contract_id = fields.Many2one(
        "crm.contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    installment_ids = fields.One2many(
        "crm.contract.installment", "invoice_id", string="Installments"
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"contract_id"}

    def button_draft(self):
        self._check_installments_not_billed_again()
        result = super().button_draft()
        # sudo: the links are owned by the ledger
        self.sudo().invoice_line_ids.credited_installment_id._update_invoice()
        # XML-RPC has no word for nothing.
        return True if result is None else result

    def _reverse_moves(self, default_values_list=None, cancel=False):
        reverse_moves = super()._reverse_moves(default_values_list, cancel)
        for move in reverse_moves.filtered("reversed_entry_id.contract_id"):
            # sudo: the links are owned by the ledger
            move.sudo()._link_reversal(move.sudo().reversed_entry_id)
        return reverse_moves

    def _get_open_share(self):
        """Return which part of the invoice is not paid, from 0 to 1 (1 for a draft).

        It is a part of what credit notes left of the invoice.
        """
        self.ensure_one()
        residual, total = self.amount_residual, self.amount_total
        if self.state != "posted" or not total:
            return float(self.payment_state != "paid")
        if 0 < residual < total:
            posted = self.reversal_move_ids.filtered(lambda m: m.state == "posted")
            total -= sum(posted.mapped("amount_total"))
        return min(residual / total, 1.0) if total > 0 else 1.0

    def _check_installments_not_billed_again(self):
        """An invoice may not come back to life once its installments are billed.

        It would if it was cancelled and is reset to draft, or if it was credited and
        the credit note is reset to draft.
        """
        # sudo: links of the ledger, whoever may reset an invoice
        moves = self.sudo()
        orphans = moves.browse().union(*(move._find_billed_again() for move in moves))
        if orphans:
            raise UserError(
                self.env._(
                    "The installments of %(invoices)s were invoiced again meanwhile; "
                    "it can't come back.",
                    invoices=", ".join(orphans.mapped("display_name")),
                )
            )

    def _post_billed(self):
        """Post invoices of the billing run.

        Their message tells where they come from, so that no field is tracked; their
        date is set, so that Odoo need not look for lines that the posting changes.
        """
        self.with_context(tracking_disable=True, skip_invoice_sync=True)._post(
            soft=False
        )

    def _send_later(self):
        """Have Odoo's own job send the invoices, as its batch sending does."""
        self.sending_data = {
            "author_user_id": self.env.user.id,
            "author_partner_id": self.env.user.partner_id.id,
        }
        self.env.ref("account.ir_cron_account_move_send")._trigger()

    def action_view_contract(self):
        """Open the contract of the invoice."""
        one(self)
        return self.contract_id._get_records_action()


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "crm.contract.owned.mixin"]

    installment_id = fields.Many2one(
        "crm.contract.installment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Row of the billing ledger that the line invoices.",
    )
    credited_installment_id = fields.Many2one(
        "crm.contract.installment",
        string="Credited installment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Row of the billing ledger that the line takes back.",
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {
            "installment_id",
            "credited_installment_id",
        }
