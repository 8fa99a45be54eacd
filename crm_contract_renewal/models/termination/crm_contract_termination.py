from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.crm_contract.models.contract.crm_contract_lifecycle import (
    ENDED_ACTIVITY,
)

from ..deadline.crm_contract import IN_FORCE

MANAGER = "crm_contract.crm_contract_group_manager"
TERMINATORS = [
    ("us", "Us"),
    ("customer", "The customer"),
    ("mutual", "Both, by mutual agreement"),
]
STATES = [
    ("announced", "Announced"),
    ("effective", "In effect"),
    ("taken_back", "Taken back"),
]
# Who may see invoices, as in the base add-on.
ACCOUNTING = (
    "account.group_account_invoice,account.group_account_readonly,"
    "sales_team.group_sale_salesman"
)


class CrmContractTermination(models.Model):
    """An end of a contract that somebody decided on, and what it led to.

    By notice or by agreement, at once or to a day to come; or as all is done. Records
    are made by code alone, and never change but for what is charged or taken back. One
    that is taken back stays on record: a contract may be terminated again.
    """

    _name = "crm.contract.termination"
    _description = "End of a contract"
    _order = "id desc"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    state = fields.Selection(STATES, compute="_compute_state", store=True)
    end_reason = fields.Selection(
        [("completed", "Completed"), ("terminated", "Terminated")],
        string="Kind",
        required=True,
    )
    date = fields.Date(string="Last day")
    terminated_by = fields.Selection(TERMINATORS, string="Terminated by")
    date_notice_given = fields.Date(
        string="Notice given on", help="Day on which the notice was received or given."
    )
    reason = fields.Text()
    user_id = fields.Many2one("res.users", string="Recorded by")
    date_recorded = fields.Date(string="Recorded on")
    settlement_move_ids = fields.Many2many(
        "account.move",
        "crm_contract_termination_move_rel",
        string="Settlement",
        groups=ACCOUNTING,
        help="Credit notes and penalty that the end of the contract led to.",
    )

    @api.depends("date_taken_back", "contract_id.state")
    def _compute_state(self):
        for termination in self:
            if termination.date_taken_back:
                termination.state = "taken_back"
            elif termination.contract_id.state in IN_FORCE:
                termination.state = "announced"
            else:
                termination.state = "effective"

    @api.depends("date", "end_reason", "terminated_by")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Tell last day and by whom, or that it is completed."""
        labels = {
            name: dict(self._fields[name]._description_selection(self.env))
            for name in ("end_reason", "terminated_by")
        }
        for termination in self:
            name = "terminated_by" if termination.terminated_by else "end_reason"
            label = labels[name].get(termination[name], "")
            day = format_date(self.env, termination.date)
            termination.display_name = f"{day} ({label})" if day else label

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("The end of a contract is recorded by its dialog.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if not set(vals) <= self._get_later_fields():
            raise UserError(self.env._("The end of a contract can't be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The end of a contract can't be deleted."))

    @api.model
    def _get_later_fields(self):
        """Return the names of the fields that are known later only (frozenset)."""
        return frozenset({"settlement_move_ids"})

    @api.model
    def _get_due_domain(self):
        """Return the domain of contracts whose termination takes effect now."""
        return Domain("state", "in", IN_FORCE) & self.env["res.company"]._on_days(
            lambda today: Domain("date_termination", "<", today)
        )

    @api.model
    def _terminate(self, contract, day, by, notice, reason, settle=None, penalty=None):
        """End a contract by notice or by agreement.

        If the day lies ahead, the contract runs until then, its ledger goes no
        further, and the daily job ends it.

        :param by: key of `TERMINATORS`
        :param notice: day on which notice was received or given; may be empty for a
            mutual agreement
        :param settle: whether what was paid in advance is credited; None for what the
            contract says
        :param penalty: values of the fields of the penalty, or None
        :return: the record
        :raise UserError: if the notice does not allow it, except for managers
        """
        contract.ensure_one()
        contract.check_access("write")
        contract._lock_rows()
        self._check_can_terminate(contract, day, by, notice)
        if settle is None:
            settle = contract.refund_advance
        vals = {
            "end_reason": "terminated",
            "date": day,
            "terminated_by": by,
            "date_notice_given": notice,
            "reason": reason,
            **(penalty or {}),
        }
        if day > contract.company_id._get_today():
            termination = self._announce(contract, vals, settle)
        else:
            moves = contract._action_end("terminated", day, settle=settle)
            termination = self._record(contract, vals, moves)
        if penalty:
            termination._charge_penalty()
        termination._tell()
        return termination

    @api.model
    def _announce(self, contract, vals, settle):
        """Let the ledger, the reminders and the renewal stop for a day to come."""
        contract._decide_renewal("expire", vals["reason"])
        termination = self._record(contract, vals)
        if settle:
            settlement = self.env["crm.contract.settlement"]
            termination._note_settlement(settlement._settle(contract, vals["date"]))
        self.env["crm.contract.ledger"]._rebuild(contract, vals["date"])
        return termination

    @api.model
    def _complete(self, contract, day, reason, settle=False):
        """End a contract as completed.

        :return: the record
        :raise UserError: if that is an early end, except for managers
        """
        contract.ensure_one()
        self._check_can_complete(contract, day)
        moves = contract._action_end("completed", day, settle=settle)
        vals = {"end_reason": "completed", "date": day, "reason": reason}
        return self._record(contract, vals, moves)

    @api.model
    def _record(self, contract, vals, moves=()):
        """Keep an end on record, and let its contract lead to it; the caller checked.

        :param moves: account.move records that settle it
        """
        # sudo: owned by code
        termination = self.sudo().create(
            {
                "contract_id": contract.id,
                "user_id": self.env.uid,
                "date_recorded": contract.company_id._get_today(),
                **vals,
            }
        )
        contract.sudo().termination_id = termination
        termination._note_settlement(moves)
        return termination.sudo(self.env.su)

    def _note_settlement(self, moves):
        """Remember what settles the end."""
        if moves:
            # sudo: owned by code; invoices that who ends a contract may not see
            self.sudo().settlement_move_ids |= moves.sudo()

    def _take_effect(self):
        """End the contract on the day after its last one, and tell its owner."""
        self.ensure_one()
        contract = self.contract_id
        contract._action_end("terminated", self.date)
        contract._tell_person_in_charge(
            self.env._("Contract terminated"),
            self.env._("Check open amounts and what is to be handed back."),
            ENDED_ACTIVITY,
        )

    def _tell(self):
        """Write into the chatter who terminated the contract, and what settles it."""
        self.ensure_one()
        labels = dict(self._fields["terminated_by"]._description_selection(self.env))
        # sudo: numbers of invoices that the author may not open
        links = [move._get_html_link() for move in self.sudo().settlement_move_ids]
        body = self.env._(
            "Terminated to %(day)s. Terminated by: %(who)s. Notice: %(notice)s. "
            "Settlement: %(moves)s",
            day=format_date(self.env, self.date),
            who=labels[self.terminated_by],
            notice=format_date(self.env, self.date_notice_given) or "–",
            moves=Markup(", ").join(links) or "–",
        )
        self.contract_id.message_post(body=body)
