from odoo import fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

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

    def _has_field_access(self, field, operation):
        # The ledger links an invoice to its contract; no client does.
        if field.name == "contract_id" and operation == "write" and not self.env.su:
            return False
        return super()._has_field_access(field, operation)

    def button_draft(self):
        self._check_installments_not_billed_again()
        return super().button_draft()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        reverse_moves = super()._reverse_moves(default_values_list, cancel)
        for move in reverse_moves.filtered("reversed_entry_id.contract_id"):
            # sudo: the link is owned by the ledger
            move.sudo().contract_id = move.reversed_entry_id.contract_id
        return reverse_moves

    def _check_installments_not_billed_again(self):
        """An invoice may not come back to life once its installments are billed.

        It would if it was cancelled and is reset to draft, or if it was credited in
        full and the credit note is reset to draft.
        """
        revived = self.filtered(lambda move: move.state == "cancel")
        revived |= self.reversed_entry_id.filtered(
            lambda move: move.payment_state == "reversed"
        )
        orphans = revived.filtered(
            lambda move: (
                move.contract_id
                and move.move_type == "out_invoice"
                and not move.installment_ids
            )
        )
        if orphans:
            raise UserError(
                self.env._(
                    "The installments of %(invoices)s were invoiced again meanwhile; "
                    "it can't come back.",
                    invoices=", ".join(orphans.mapped("display_name")),
                )
            )

    def action_view_contract(self):
        """Open the contract of the invoice."""
        self.ensure_one()
        return self.contract_id._get_records_action()
