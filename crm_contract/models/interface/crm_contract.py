from odoo import models


class CrmContract(models.Model):
    """What dialogs and programs do to a contract: plain arguments, see API.md."""

    _inherit = "crm.contract"

    def action_sign(
        self,
        content_hash=None,
        date=None,
        signed_by_customer=None,
        signed_by_company=None,
        signed_copy=None,
        filename=None,
    ):
        """Record the signatures of both sides.

        :param content_hash: what was signed, as the contract's `content_hash` says
        :param date: day of the last signature, "2026-12-31"; today if not given
        :param signed_by_customer: who signed for the customer; its signatory if not given
        :param signed_by_company: who signed for us; our signatory if not given
        :param signed_copy: the signed paper, in base64
        :param filename: its name
        :return: the contract
        :raise UserError: in one sentence, if it can't be signed like this
        """
        self.env["crm.contract.interface"]._sign(
            self,
            content_hash,
            date,
            (signed_by_customer, signed_by_company),
            signed_copy,
            filename,
        )
        return self

    def action_bill(self, date_until=None, date=None):
        """Draft the invoices of what is due.

        :param date_until: last day on which rows fall due; what is due now if not given
        :param date: date of the invoices; left to their posting if not given
        :return: the invoices, one for each contract and due date
        :raise UserError: if nothing is due, or a row can't be invoiced
        """
        return self.env["crm.contract.interface"]._bill(self, date_until, date)

    def action_end(self, reason=None, date=None, note=None, settle=None, **details):
        """End the contract.

        :param reason: "completed" or "terminated"
        :param date: its last day; today if not given
        :param note: why; needed for a termination
        :param settle: cancel or credit what is billed beyond the day; what the contract
            says if not given
        :param details: what other add-ons ask for
        :return: id of the contract, its state, and ids of the invoices and credit notes
            that settle the end (dict)
        :raise UserError: in one sentence, if it can't be ended like this
        """
        moves = self.env["crm.contract.interface"]._end(
            self, reason, date, note, settle, details
        )
        return {
            "contract_id": self.id,
            "state": self.state,
            "move_ids": moves.ids,
        }
