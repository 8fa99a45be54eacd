from odoo import api, models
from odoo.exceptions import UserError, ValidationError

END_REASONS = [("completed", "Completed"), ("terminated", "Terminated")]


class CrmContractInterface(models.AbstractModel):
    """What programs and dialogs do to contracts: arguments read, the same checks.

    Programs come through the public methods of `crm.contract`, and so do the dialogs.
    """

    _name = "crm.contract.interface"
    _inherit = "crm.contract.arguments"
    _description = "Public interface of contracts"

    @api.model
    def _sign(self, contract, content_hash, date, names, signed_copy, filename):
        """Sign a contract, see `crm.contract.action_sign`.

        :param names: who signed for the customer and for us, None for the signatories
        """
        self._read_one(contract).check_access("write")
        people = (contract.customer_signatory_id, contract.company_signatory_id)
        customer_name, company_name = (
            # sudo: names that the contract shows, of people whom not everybody may read
            self._read_text(name, person.sudo().name if value is None else value)
            for name, value, person in zip(
                ("signed_by_customer", "signed_by_company"), names, people, strict=True
            )
        )
        content = self._read_file("signed_copy", signed_copy)
        name = self._read_text("filename", filename) or self.env._("Signed copy")
        # In another state, that is what is told.
        needed = contract.state == "to_sign"
        contract._action_sign(
            self._read_signed_on(contract, date),
            customer_name,
            company_name,
            self._read_text("content_hash", content_hash, required=needed),
            (name, content) if content else None,
        )

    @api.model
    def _read_signed_on(self, contract, value):
        """Return the day of a signature, today by default."""
        today = contract.company_id._get_today()
        day = self._read_date("date", value, today)
        if day > today:
            raise ValidationError(self.env._("A signature can't lie in the future."))
        return day

    @api.model
    def _bill(self, contracts, date_until, date):
        """Invoice what is due of contracts, see `crm.contract.action_bill`."""
        contracts = self._read_some(contracts)
        contracts._check_access_to_invoice()
        rows = contracts.installment_ids
        if date_until is None or date_until is False:
            due = rows.filtered(lambda row: row.state == "due")
        else:
            until = self._read_date("date_until", date_until)
            due = rows.filtered(
                lambda row: (
                    row.state in ("planned", "due")
                    and row.date_due
                    and row.date_due <= until
                )
            )
        return due._create_invoices(self._read_date("date", date, False))

    @api.model
    def _end(self, contract, reason, date, note, settle, details):
        """End a contract, see `crm.contract.action_end`.

        :param details: other arguments by name, which satellites read
        :return: what settles the end (account.move), see the user's rights on it before
            it is shown
        """
        self._read_one(contract).check_access("write")
        reason = self._read_choice("reason", reason, END_REASONS)
        note = self._read_text("note", note)
        if reason == "terminated" and not note:
            raise UserError(self.env._("Say why the contract is terminated."))
        today = contract.company_id._get_today()
        day = self._read_date("date", date, today)
        if day > today and not self._can_end_later(reason):
            raise ValidationError(
                self.env._("A contract is ended today or on an earlier day.")
            )
        if contract.date_signed and day < contract.date_signed:
            raise ValidationError(
                self.env._("A contract can't end before it was signed.")
            )
        unknown = sorted(set(details) - set(self._get_end_details()))
        if unknown:
            raise UserError(
                self.env._("There is no argument %s.", ", ".join(map(str, unknown)))
            )
        if settle is None:
            settle = contract.refund_advance
        settle = self._read_flag("settle", settle)
        moves = self._do_end(contract, reason, day, note, settle, details)
        if note:
            contract.message_post(body=note)
        return moves

    @api.model
    def _can_end_later(self, reason):
        """Return whether an end may lie in the future; extended by satellites."""
        return False

    @api.model
    def _get_end_details(self):
        """Return the names of other arguments of an end; extended by satellites."""
        return ()

    @api.model
    def _do_end(self, contract, reason, day, note, settle, details):
        """End a contract with what was read; return what settles it (account.move).

        :param details: what `_get_end_details` names, as it came
        """
        return contract._action_end(reason, day, settle=settle)
