from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..deadline.crm_contract import IN_FORCE
from .crm_contract_termination import MANAGER

REOPENABLE = ("completed", "expired", "terminated")


class CrmContract(models.Model):
    """What settles an end, and how the end is taken back."""

    _inherit = "crm.contract"

    settlement_move_ids = fields.Many2many(
        "account.move",
        "crm_contract_settlement_move_rel",
        string="Settlement",
        readonly=True,
        copy=False,
        groups="account.group_account_invoice,account.group_account_readonly,"
        "sales_team.group_sale_salesman",
        help="Credit notes and penalty that the end of the contract led to.",
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"settlement_move_ids"}

    def _action_end(self, reason, date, settle=False):
        moves = super()._action_end(reason, date, settle=settle)
        self._note_settlement(moves)
        return moves

    def _note_settlement(self, moves):
        """Remember what settles the end of the contracts."""
        # sudo: owned by code; invoices that who ends a contract may not see
        for contract, mine in moves.sudo().grouped("contract_id").items():
            contract.settlement_move_ids |= mine

    def _get_links(self, moves):
        """Return links to invoices, for the chatter (Markup)."""
        # sudo: numbers of invoices that the author may not open
        links = [move._get_html_link() for move in moves.sudo()]
        return Markup(", ").join(links) or "–"

    def _reopen(self, reason):
        """Let an ended contract run again, or take a termination to come back.

        The ledger goes on where it ended; a penalty is not owed any more.

        :raise AccessError: unless the user is a contract manager
        :raise UserError: if something stands against it
        """
        self.ensure_one()
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._(
                    "Only contract managers may take back the end of a contract."
                )
            )
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the end is taken back."))
        self._lock_rows()
        refusal = self._get_reopen_refusal()
        if refusal:
            raise UserError(refusal)
        day = self.date_termination
        self._forget_termination()
        if self.state == "ended":
            self._action_reopen()
            title = self.env._("Reopened:")
        else:
            self.env["crm.contract.ledger"]._reopen(self, day)
            title = self.env._("The termination was taken back:")
        self.message_post(body=Markup("%s %s") % (title, reason))

    def _forget_termination(self):
        """Let the contract be as if nobody had terminated it."""
        # sudo: owned by code, after the checks
        contract = self.sudo()
        contract._get_penalty_rows().is_cancelled = True
        contract.write(
            {
                "date_termination": False,
                "terminated_by": False,
                "date_notice_given": False,
                "termination_reason": False,
                "settlement_move_ids": False,
            }
        )
        if contract.renewal_decision == "expire":
            contract.write(contract._prepare_no_decision_vals())

    def _get_reopen_refusal(self):
        """Return why the end can't be taken back (str, empty if it can)."""
        self.ensure_one()
        if self.state in IN_FORCE and self.date_termination:
            return self._get_settlement_problem()
        if self.state != "ended":
            return self.env._("%s has not ended.", self.display_name)
        if self._is_amendment() or self.end_reason not in REOPENABLE:
            return self.env._(
                "%s can't be reopened: another contract took its place, or took it in.",
                self.display_name,
            )
        if self.date_end and self.date_end < fields.Date.context_today(self):
            return self.env._(
                "The term of %(contract)s was over on %(day)s. Copy it to a new "
                "contract: only contracts in force can be renewed.",
                contract=self.display_name,
                day=format_date(self.env, self.date_end),
            )
        return self._get_settlement_problem()

    def _get_settlement_problem(self):
        """Return what of the settlement has to be undone first (str, may be empty)."""
        # sudo: states of invoices that the manager may not open
        moves = self.sudo().settlement_move_ids
        penalty = self._get_penalty_rows().filtered(lambda row: not row._is_open())
        moves |= penalty.invoice_id
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
