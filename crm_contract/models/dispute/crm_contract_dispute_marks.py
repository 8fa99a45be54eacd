from odoo import fields, models


class CrmContractDispute(models.Model):
    """Marks of what is disputed: rows, and the invoices that bill them."""

    _inherit = "crm.contract.dispute"

    def _take_invoices(self):
        """Let the rows that named invoices bill of the contract be disputed; in sudo."""
        for row in self.filtered("is_open"):
            rows = row.invoice_ids.installment_ids
            missing = (
                rows.filtered(lambda one, d=row: one.contract_id == d.contract_id)
                - row.installment_ids
            )
            if missing:
                row.installment_ids |= missing
        # Invoices without a ledger have no rows to be marked by.
        self.invoice_ids._mark_no_followup()

    def _holds(self):
        """Return whether the rows are still disputed: until what was agreed is posted."""
        return self.is_open or (
            self.pay == "credit"
            and any(move.state == "draft" for move in self.settlement_move_ids)
        )

    def _follow_documents(self):
        """Let what was agreed be drafted again once its documents are cancelled."""
        for row in self.filtered("pay"):
            if not row._get_drafted_moves():
                row.settlement_row_ids.filtered(lambda one: not one.is_cancelled).write(
                    {"is_cancelled": True}
                )
                row.write({"pay": False, "amount_settled": 0.0})


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _mark_disputed(self):
        """Let rows say whether they are disputed, and their invoices; in sudo."""
        rows = self.exists()
        disputed = rows.filtered(
            lambda row: any(one._holds() for one in row.dispute_ids)
        )
        for mark, some in ((True, disputed), (False, rows - disputed)):
            some.filtered(lambda row, m=mark: row.is_disputed != m).write(
                {"is_disputed": mark}
            )
        (rows._get_billing_moves() | rows.dispute_ids.invoice_ids)._mark_no_followup()


class AccountMove(models.Model):
    _inherit = "account.move"

    settled_dispute_id = fields.Many2one(
        "crm.contract.dispute",
        string="Settlement of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        owned=True,
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user,account.group_account_invoice",
    )
    contract_held = fields.Boolean(
        readonly=True,
        copy=False,
        owned=True,
        help="It is left out of follow-ups because it is disputed.",
    )

    def _mark_no_followup(self):
        """Leave invoices that are disputed as a whole out of follow-ups; in sudo.

        What somebody left out by himself stays so.
        """
        for move in self.filtered(lambda one: one.state == "posted"):
            rows = move.installment_ids
            whole = move.is_disputed and all(rows.mapped("is_disputed"))
            if whole and not move.contract_held and not move.no_followup:
                move.write({"contract_held": True})
                move.no_followup = True
            elif not whole and move.contract_held:
                move.write({"contract_held": False})
                move.no_followup = False

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._follow_disputes()
        return posted

    def button_cancel(self):
        result = super().button_cancel()
        self._follow_disputes()
        return result

    def button_draft(self):
        result = super().button_draft()
        self._follow_disputes()
        return result

    def unlink(self):
        # sudo: disputes of documents that somebody may delete
        disputes = self.sudo().settled_dispute_id
        result = super().unlink()
        disputes._follow_documents()
        disputes.installment_ids._mark_disputed()
        return result

    def _follow_disputes(self):
        """Let disputes know what became of the documents that they drafted."""
        # sudo: marks of the ledger, whoever posts
        moves = self.sudo()
        rows = moves.settled_dispute_id.installment_ids
        # Of lines that the ledger made, which posting has read: most know of no dispute.
        disputed = moves.line_ids.installment_id.filtered("is_disputed")
        (rows | disputed)._mark_disputed()
        moves.settled_dispute_id._follow_documents()
