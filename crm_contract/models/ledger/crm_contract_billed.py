from odoo import api, fields, models

from ...tools.records import one


class CrmContract(models.Model):
    """What of a contract is planned, billed, paid and overdue."""

    _inherit = "crm.contract"

    installment_ids = fields.One2many(
        "crm.contract.installment", "contract_id", string="Payment plan"
    )
    plan_ids = fields.One2many(
        "crm.contract.installment",
        string="Rows of the plan",
        compute="_compute_installments",
    )
    open_period_ids = fields.One2many(
        "crm.contract.installment",
        string="Open periods",
        compute="_compute_installments",
    )
    installment_count = fields.Integer(compute="_compute_installments")
    installment_due_count = fields.Integer(
        string="Due installments", compute="_compute_installments"
    )
    date_next_billing = fields.Date(
        compute="_compute_billed", store=True, string="Next billing", index=True
    )
    amount_invoiced = fields.Monetary(
        compute="_compute_billed", store=True, string="Invoiced"
    )
    amount_paid = fields.Monetary(compute="_compute_billed", store=True, string="Paid")
    amount_remaining = fields.Monetary(
        compute="_compute_billed", store=True, string="To invoice"
    )
    amount_overdue = fields.Monetary(
        compute="_compute_billed", store=True, string="Overdue"
    )
    percent_invoiced = fields.Float(compute="_compute_percent", string="Invoiced (%)")
    percent_paid = fields.Float(compute="_compute_percent", string="Paid (%)")
    invoice_ids = fields.One2many(
        "account.move",
        "contract_id",
        string="Invoices",
        groups="account.group_account_invoice,account.group_account_readonly,"
        "sales_team.group_sale_salesman",
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count")
    payment_count = fields.Integer(string="Payments", compute="_compute_invoice_count")

    @api.depends("installment_ids.trigger", "installment_ids.state")
    def _compute_installments(self):
        for contract in self:
            rows = contract.installment_ids
            contract.installment_count = len(rows)
            contract.installment_due_count = len(
                rows.filtered(lambda row: row.state == "due")
            )
            # What is in the ledger: a draft that is being edited has a list of its own.
            plan = rows._origin._filter_plan()
            contract.plan_ids = plan
            contract.open_period_ids = (rows._origin - plan).filtered(
                lambda row: row.state in ("planned", "due", "invoiced")
            )

    @api.depends(
        "installment_ids.amount",
        "installment_ids.state",
        "installment_ids.date_due",
        "installment_ids.amount_invoiced",
        "installment_ids.amount_paid",
        "installment_ids.is_overdue",
    )
    def _compute_billed(self):
        sums = self.env["crm.contract.installment"]._get_billed_sums(self)
        for contract in self:
            contract.update(sums[contract])

    @api.depends("amount_total", "amount_invoiced", "amount_paid")
    def _compute_percent(self):
        for contract in self:
            total = contract.amount_total
            contract.percent_invoiced = total and contract.amount_invoiced / total
            contract.percent_paid = total and contract.amount_paid / total

    def _compute_invoice_count(self):
        for contract in self:
            # sudo: the numbers alone; opening what they count asks for access to it
            invoices = contract._origin.sudo().invoice_ids
            contract.invoice_count = len(invoices)
            contract.payment_count = len(invoices._get_payments())

    def action_create_invoice(self):
        """Invoice the due installments of the contract; return an action on them."""
        return self.action_bill()._view_created()

    def action_view_invoices(self):
        """Open the invoices and credit notes of the contract."""
        one(self)
        return self.env["sale.order"].action_view_invoice(self.invoice_ids)

    def action_view_payments(self):
        """Open the payments that are matched with invoices of the contract."""
        one(self)
        self.env["account.payment"].check_access("read")
        payments = self.invoice_ids._get_payments()
        return payments._get_records_action(name=self.env._("Payments"))


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    @api.model
    def _get_billed_sums(self, contracts):
        """Return the billed figures of each contract: `{contract: {field: value}}`.

        They are summed by the database, so that the cost of billing a row does not
        grow with the rows that a contract has already.
        """
        names = ("amount_invoiced", "amount_paid", "amount_remaining", "amount_overdue")
        sums = {
            contract: dict.fromkeys(names, 0.0) | {"date_next_billing": False}
            for contract in contracts
        }
        stored = contracts.filtered("id")
        for contract in contracts - stored:
            sums[contract] |= contract.installment_ids._get_open_sums()
        groups = self._read_group(
            [("contract_id", "in", stored.ids), ("state", "!=", "cancelled")],
            ["contract_id", "state", "is_overdue"],
            [
                "amount_invoiced:sum",
                "amount_paid:sum",
                "amount:sum",
                "amount_open:sum",
                "date_due:min",
            ],
        )
        for contract, state, overdue, invoiced, paid, amount, opened, due in groups:
            if not contract.performs:
                continue
            figures = sums[contract]
            figures["amount_invoiced"] += invoiced
            figures["amount_paid"] += paid
            if overdue:
                figures["amount_overdue"] += opened
            if state in ("planned", "due"):
                figures["amount_remaining"] += amount
                dates = filter(None, (figures["date_next_billing"], due))
                figures["date_next_billing"] = min(dates, default=False)
        return sums

    def _get_open_sums(self):
        """Return the figures of rows that are being edited, of which none is billed."""
        rows = self.filtered(lambda row: row.state != "cancelled")
        dates = [row.date_due for row in rows if row.date_due]
        return {
            "amount_remaining": sum(rows.mapped("amount")),
            "date_next_billing": min(dates, default=False),
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    def _view_created(self):
        """Return an action on invoices that were just made; True without the right."""
        if not self.has_access("read"):
            return True
        return self.env["sale.order"].action_view_invoice(self)

    def _get_payments(self):
        """Return the payments that are matched with posted ones of the invoices."""
        posted = self.filtered(lambda move: move.state == "posted")
        return posted.reconciled_payment_ids
