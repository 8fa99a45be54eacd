from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..deadline.crm_contract import IN_FORCE
from .crm_contract_termination import MANAGER

REOPENABLE = ("completed", "expired", "terminated")


class CrmContractTermination(models.Model):
    """How an end is taken back, and what has to be undone first."""

    _inherit = "crm.contract.termination"

    date_taken_back = fields.Date(string="Taken back on")
    taken_back_by_id = fields.Many2one("res.users", string="Taken back by")
    taken_back_reason = fields.Text(string="Why it was taken back")

    @api.model
    def _get_later_fields(self):
        return super()._get_later_fields() | {
            "date_taken_back",
            "taken_back_by_id",
            "taken_back_reason",
        }

    @api.model
    def _reopen(self, contract, reason):
        """Let an ended contract run again, or take a termination to come back.

        The ledger goes on where it ended; a penalty is not owed any more.

        :raise AccessError: unless the user is a contract manager
        :raise UserError: if something stands against it
        """
        contract.ensure_one()
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._(
                    "Only contract managers may take back the end of a contract."
                )
            )
        contract.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the end is taken back."))
        contract._lock_rows()
        refusal = self._get_reopen_refusal(contract)
        if refusal:
            raise UserError(refusal)
        day = contract.date_termination
        contract.termination_id._take_back(reason)
        if contract.renewal_decision == "expire":
            contract.renewal_decision_id._take_back()
        if contract.state == "ended":
            contract._action_reopen()
            title = self.env._("Reopened:")
        else:
            self.env["crm.contract.ledger"]._reopen(contract, day)
            title = self.env._("The termination was taken back:")
        contract.message_post(body=Markup("%s %s") % (title, reason))

    def _take_back(self, reason):
        """Let the contracts be as if nobody had ended them; it stays on record."""
        # sudo: owned by code, after the checks
        terminations = self.sudo()
        terminations.write(
            {
                "date_taken_back": self.contract_id.company_id._get_today(),
                "taken_back_by_id": self.env.uid,
                "taken_back_reason": reason,
            }
        )
        terminations.penalty_row_ids.is_cancelled = True
        terminations.contract_id.termination_id = False

    @api.model
    def _get_reopen_refusal(self, contract):
        """Return why the end can't be taken back (str, empty if it can)."""
        contract.ensure_one()
        termination = contract.termination_id
        if contract.state in IN_FORCE and termination:
            return termination._get_settlement_problem()
        name = contract.display_name
        if contract.state != "ended":
            return self.env._("%s has not ended.", name)
        if contract._is_amendment() or contract.end_reason not in REOPENABLE:
            return self.env._(
                "%s can't be reopened: another contract took its place, or took it in.",
                name,
            )
        end = self.env["crm.contract.reinstatement"]._get_end(contract)
        if end and end < contract.company_id._get_today():
            return self.env._(
                "The term of %(contract)s was over on %(day)s. Copy it to a new "
                "contract: only contracts in force can be renewed.",
                contract=name,
                day=format_date(self.env, end),
            )
        return termination._get_settlement_problem()

    def _get_settlement_problem(self):
        """Return what of the settlement has to be undone first (str, may be empty)."""
        # sudo: states of invoices that the manager may not open
        termination = self.sudo()
        moves = termination.settlement_move_ids
        billed = termination.penalty_row_ids.filtered(lambda row: not row._is_open())
        moves |= billed.invoice_id
        drafts = moves.filtered(lambda move: move.state == "draft")
        if drafts:
            return self.env._(
                "The end was settled by drafts: %s. Post or cancel credit notes for fees, "
                "cancel a penalty; then try again.",
                ", ".join(drafts.mapped("display_name")),
            )
        # Credit notes on periods that were paid in advance have an invoice that they
        # take back: their periods are billed again.
        posted = moves.filtered(
            lambda move: (
                move.state == "posted"
                and not move.reversed_entry_id
                and not move._is_reversed_in_full()
            )
        )
        if posted:
            return self.env._(
                "The contract penalty is posted: %s. Reverse it first.",
                ", ".join(posted.mapped("display_name")),
            )
        return ""


class AccountMove(models.Model):
    _inherit = "account.move"

    def _is_reversed_in_full(self):
        """Return whether posted reversals take the whole amount back.

        Of a credit note, Odoo's payment state does not tell it.
        """
        self.ensure_one()
        posted = self.reversal_move_ids.filtered(lambda move: move.state == "posted")
        rest = self.amount_total - sum(posted.mapped("amount_total"))
        return (
            self.payment_state == "reversed"
            or self.currency_id.compare_amounts(rest, 0) <= 0
        )
