from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.records import one


class CrmContractInstallment(models.Model):
    """What is decided on where the books differ from the ledger: bill the rest, waive."""

    _inherit = "crm.contract.installment"

    amount_waived = fields.Monetary(
        string="Waived",
        readonly=True,
        copy=False,
        help="What was decided not to invoice; negative: what was invoiced beyond the "
        "row and stays.",
        owned=True,
    )
    waived_by_id = fields.Many2one(
        "res.users", string="Waived by", readonly=True, copy=False, owned=True
    )
    date_waived = fields.Date(string="Waived on", readonly=True, copy=False, owned=True)
    waived_reason = fields.Text(string="Why", readonly=True, copy=False, owned=True)

    def action_bill_rest(self):
        """Draft invoices, or credit notes, for what the books lack; open them.

        :raise UserError: if the books of a row don't differ from it
        """
        invoices = self._bill_rest()
        if not invoices.has_access("read"):
            return True
        return self.env["sale.order"].action_view_invoice(invoices)

    def action_decide_difference(self):
        """Open the dialog that bills the rest of the rows, or waives it."""
        wizard = self.env["crm.contract.difference"].create(
            {
                "installment_ids": [fields.Command.set(self.ids)],
                "decision": "bill" if all(self.mapped("is_billed")) else "waive",
            }
        )
        return dict(
            wizard._get_records_action(name=self.env._("Ledger and books")),
            target="new",
        )

    def action_undo_waive(self):
        """Let amounts that were waived be billed after all."""
        self._check_can_waive()
        self._lock_rows()
        for row in self.filtered("amount_waived"):
            row._log_decision(
                self.env._("Not waived any more: %(row)s, %(amount)s."),
                row.amount_waived,
            )
        # sudo: owned by the ledger, after the check
        self.sudo().write(
            {
                "amount_waived": 0.0,
                "waived_by_id": False,
                "date_waived": False,
                "waived_reason": False,
            }
        )
        self._derive_trued_up()
        return True

    def _bill_rest(self, date=None):
        """Draft invoices or credit notes for what the books lack of billed rows.

        :return: account.move records, one for each contract and due date
        :raise UserError: if a row does not differ from its books, or can't be invoiced
        """
        self._check_access_to_invoice()
        self._lock_rows()
        for row in self:
            reason = row._get_reason_no_rest() or row.currency_id._get_reason_no_rate(
                row.company_id
            )
            if reason:
                raise UserError(
                    self.env._(
                        "%(row)s: %(reason)s", row=row.display_name, reason=reason
                    )
                )
        return self._create_checked_invoices(date)

    def _get_reason_no_rest(self):
        if not self.is_billed or self.currency_id.is_zero(self.amount_rest):
            return self.env._("its invoices are what the row says.")
        return ""

    def _waive(self, reason):
        """Decide that what is not invoiced of the rows never will be.

        Of a row that was invoiced beyond its amount, that it stays so.

        :raise AccessError: unless the user is an accountant or a contract manager
        :raise UserError: without a reason, or if there is nothing to decide on
        """
        self._check_can_waive()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the amount is waived."))
        self._lock_rows()
        for row in self:
            if row.currency_id.is_zero(row.amount_rest) or (
                row.state in ("cancelled", "paid", "free") and not row.has_difference
            ):
                raise UserError(
                    self.env._("%s: there is nothing to waive.", row.display_name)
                )
        for row in self:
            amount = row.amount_rest
            # sudo: owned by the ledger, after the checks
            row.sudo().write(
                {
                    "amount_waived": row.amount_waived + amount,
                    "waived_by_id": self.env.uid,
                    "date_waived": row.company_id._get_today(),
                    "waived_reason": reason.strip(),
                }
            )
            row._log_decision(
                self.env._("Waived: %(row)s, %(amount)s. %(reason)s"), amount, reason
            )

    def _check_can_waive(self):
        self.check_access("read")
        user = self.env.user
        if not user.has_group("account.group_account_invoice") and not (
            user.has_group("crm_contract.crm_contract_group_manager")
            and self.contract_id.has_access("write")
        ):
            raise AccessError(
                self.env._("Only accountants and contract managers may waive amounts.")
            )

    def _log_decision(self, text, amount, reason=""):
        """Tell on the contract what was decided on a row, and by whom."""
        # sudo: an accountant only reads contracts; the author of the message is he
        self.contract_id.sudo().message_post(
            body=text
            % {
                "row": self.name,
                "amount": self.currency_id.format(amount),
                "reason": reason,
            },
            author_id=self.env.user.partner_id.id,
        )


class CrmContract(models.Model):
    _inherit = "crm.contract"

    ledger_notice = fields.Html(
        compute="_compute_ledger_notice",
        sanitize=False,
        help="Where the books differ from the ledger, and nobody has decided yet.",
    )

    @api.depends("installment_ids.has_difference")
    def _compute_ledger_notice(self):
        rows = self.env["crm.contract.installment"]
        found = rows.search(
            [("contract_id", "in", self.ids), ("has_difference", "=", True)]
        ).grouped("contract_id")
        for contract in self:
            texts = found.get(contract._origin, rows).mapped("difference")
            contract.ledger_notice = Markup("<br/>").join(texts) or False

    def action_view_differences(self):
        """Open the rows whose invoices are not what they say."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_installment_action"
        )
        domain = [("contract_id", "=", self.id), ("has_difference", "=", True)]
        return dict(action, domain=domain, context={})


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_bill_credited_again(self):
        """Let what the posted credit notes took back be billed again."""
        self._set_credit_decision("again")
        return True

    def action_keep_credited(self):
        """Let what the posted credit notes took back stay credited."""
        self._set_credit_decision("keep")
        return True

    def _set_credit_decision(self, decision):
        """Change what becomes of rows that posted credit notes took back.

        :raise AccessError: unless the user is an accountant who may change them
        :raise UserError: if a note credits no row, or what it credits is billed again
        """
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(
                self.env._("Only accountants decide on what a credit note takes back.")
            )
        self.check_access("write")
        field = self._fields["contract_credit"]
        label = dict(field._description_selection(self.env))[decision]
        for note in self:
            # sudo: parts of rows of contracts that the accountant may not open
            parts = note.sudo()._get_parts()
            if note.move_type != "out_refund" or not parts.credited:
                raise UserError(note.sudo()._describe_no_row())
            if decision == "keep" and note.state == "posted":
                note.sudo()._check_not_billed_since(parts)
            # sudo: owned by the ledger, after the checks
            note.sudo().contract_credit = decision
            note.sudo()._log_credit_decision(label)
            rows = self.env["crm.contract.installment"].browse(parts.credited)
            rows.sudo()._derive_trued_up()

    def _describe_no_row(self):
        """Return that there is nothing to decide on, and what to do (str)."""
        text = self.env._("%s takes back no row of a ledger.", self.display_name)
        if self.move_type != "out_refund" or not self.contract_loose:
            return text
        advice = self.env._(
            "Nothing is billed again for these lines, whatever is decided: %s. If it is "
            "to be, reset the credit note to draft and lower the lines of the invoice "
            "that it was made from instead.",
            self.contract_loose,
        )
        return f"{text} {advice}"

    def _check_not_billed_since(self, parts):
        rows = self.env["crm.contract.installment"].browse(parts.credited)
        billed = rows.filtered(
            lambda row: row._is_billed_twice(parts.credited[row.id], self)
        )
        if billed:
            raise UserError(
                self.env._(
                    "It was invoiced again meanwhile: %s.",
                    ", ".join(billed.mapped("display_name")),
                )
            )

    def _log_credit_decision(self, label):
        names = "; ".join(
            self.env["crm.contract.installment"]
            .browse(self._get_parts().credited)
            .mapped("name")
        )
        text = self.env._("%(label)s: %(rows)s", label=label, rows=names)
        if self.contract_loose:
            loose = self.env._(
                "Not for lines of no row, of which nothing is billed again: %s",
                self.contract_loose,
            )
            text = f"{text}. {loose}"
        author = self.env.user.partner_id.id
        self.message_post(body=text, author_id=author)
        self.contract_id.message_post(
            body=self.env._(
                "%(invoice)s – %(text)s", invoice=self.display_name, text=text
            ),
            author_id=author,
        )
