from odoo import fields, models
from odoo.exceptions import AccessError


class CrmContract(models.Model):
    """Who may invoice a contract, and billing it again after a problem."""

    _inherit = "crm.contract"

    def _has_field_access(self, field, operation):
        # How invoices leave the company is not for each salesperson to say.
        if (
            field.name == "billing_mode"
            and operation == "write"
            and not self.env.su
            and not self.env.user.has_group("crm_contract.crm_contract_group_manager")
        ):
            return False
        return super()._has_field_access(field, operation)

    def action_bill_again(self):
        """Invoice what is due of contracts that the billing run set aside.

        What can't be invoiced still is set aside again, with the new reason.

        :return: action on the invoices, or a notification that says how it went
        :raise AccessError: unless the user may invoice the contracts
        """
        self._check_access_to_invoice()
        self._lock_rows()
        today = fields.Date.context_today(self)
        domain = self._get_bill_domain(today)
        invoices, failed = self._bill_chunk(domain, today)
        if failed:
            return _notify("danger", "\n".join(failed.mapped("billing_error")))
        if not invoices:
            return _notify("info", self.env._("Nothing is due any more."))
        if not invoices.has_access("read"):
            return _notify("success", self.env._("The contract is invoiced."))
        return self.env["sale.order"].action_view_invoice(invoices)

    def _check_access_to_invoice(self):
        accountant = self.env.user.has_group("account.group_account_invoice")
        if not self.has_access("read" if accountant else "write"):
            raise AccessError(
                self.env._(
                    "Only accountants and those who manage a contract may invoice it."
                )
            )


def _notify(kind, message):
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": kind,
            "message": message,
            "sticky": kind == "danger",
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        },
    }
