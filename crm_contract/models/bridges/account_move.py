from odoo import fields, models

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
        owned=True,
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
        owned=True,
    )
    credited_installment_id = fields.Many2one(
        "crm.contract.installment",
        string="Credited installment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Row of the billing ledger that the line takes back.",
        owned=True,
    )
