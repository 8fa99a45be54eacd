from odoo import models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Keep the payment where the framework contract does not allow the order.

        Raised any further, the refusal would undo the processing of the payment, and
        again on each retry of the job.
        """
        confirmed = self.env["sale.order"]
        for transaction in self:
            try:
                with self.env.cr.savepoint():
                    confirmed |= super(
                        PaymentTransaction, transaction
                    )._check_amount_and_confirm_order()
            except UserError as error:
                # sudo: the customer who pays may not know of the contract
                orders = transaction.sudo().sale_order_ids.filtered("contract_id")
                if not orders:
                    raise
                orders._report_not_confirmed(str(error))
        return confirmed
