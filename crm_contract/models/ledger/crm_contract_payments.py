from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class CrmContract(models.Model):
    """What an accountant does from a contract: payments, billing again."""

    _inherit = "crm.contract"

    payment_count = fields.Integer(string="Payments", compute="_compute_payment_count")
    progress_invoiced = fields.Float(
        string="Invoiced of 100", compute="_compute_progress"
    )
    progress_paid = fields.Float(string="Paid of 100", compute="_compute_progress")

    def _compute_payment_count(self):
        # sudo: the number alone; opening the payments asks for access to them
        groups = self.sudo()._get_payments()
        for contract in self:
            contract.payment_count = len(groups.get(contract._origin.id, ()))

    @api.depends("percent_invoiced", "percent_paid")
    def _compute_progress(self):
        for contract in self:
            contract.progress_invoiced = 100 * contract.percent_invoiced
            contract.progress_paid = 100 * contract.percent_paid

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

    @api.model
    def default_get(self, fields):
        # Nobody asks for rights where somebody keeps a default for himself, and code
        # that creates contracts for him takes it as well.
        mode = self._fields["billing_mode"]
        if not self.sudo(False)._has_field_access(mode, "write"):
            fields = [name for name in fields if name != mode.name]
        return super().default_get(fields)

    def action_view_payments(self):
        """Open the payments that are matched with invoices of the contract."""
        self.ensure_one()
        payments = self._get_payments().get(self.id, self.env["account.payment"])
        return payments._get_records_action(name=self.env._("Payments"))

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
            return self._notify("danger", "\n".join(failed.mapped("billing_error")))
        if not invoices:
            return self._notify("info", self.env._("Nothing is due any more."))
        if not invoices.has_access("read"):
            return self._notify("success", self.env._("The contract is invoiced."))
        return self.env["sale.order"].action_view_invoice(invoices)

    def _check_access_to_invoice(self):
        accountant = self.env.user.has_group("account.group_account_invoice")
        if not self.has_access("read" if accountant else "write"):
            raise AccessError(
                self.env._(
                    "Only accountants and those who manage a contract may invoice it."
                )
            )

    def _get_payments(self):
        """Return payments matched with the invoices: `{contract id: payments}`."""
        groups = self.env["account.move"]._read_group(
            Domain("contract_id", "in", self.ids) & Domain("state", "=", "posted"),
            ["contract_id"],
            ["id:recordset"],
        )
        return {contract.id: moves.reconciled_payment_ids for contract, moves in groups}

    @api.model
    def _notify(self, kind, message):
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
