from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.crm_contract.tools.period import term_end

from ...tools.notice import earliest_end
from ..deadline.crm_contract import IN_FORCE
from ..renewal.crm_contract_automatic import AUTOMATIC

TERMINATORS = [
    ("us", "Us"),
    ("customer", "The customer"),
    ("mutual", "Both, by mutual agreement"),
]
MANAGER = "crm_contract.crm_contract_group_manager"


class CrmContract(models.Model):
    """Termination: by notice or by agreement, at once or to a day to come."""

    _inherit = "crm.contract"

    date_termination = fields.Date(
        string="Terminated to",
        readonly=True,
        copy=False,
        tracking=True,
        index="btree_not_null",
        help="Day to come on which the contract ends by notice or by agreement. It "
        "runs, and is billed, until then.",
    )
    terminated_by = fields.Selection(
        TERMINATORS, string="Terminated by", readonly=True, copy=False
    )
    date_notice_given = fields.Date(
        string="Notice of termination",
        readonly=True,
        copy=False,
        help="Day on which the notice was received or given.",
    )
    termination_reason = fields.Text(
        string="Reason of the termination", readonly=True, copy=False
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {
            "date_termination",
            "terminated_by",
            "date_notice_given",
            "termination_reason",
        }

    @api.model
    def _get_terminate_due_domain(self):
        """Return the domain of contracts whose termination takes effect now."""
        return Domain("state", "in", IN_FORCE) & Domain(
            "date_termination", "<", "today"
        )

    def _get_early_end(self):
        return super()._get_early_end() or self.date_termination

    def _get_earliest_end(self, notice):
        """Return the last day at the earliest that notice of a day allows (date)."""
        self.ensure_one()
        following = None
        if self.date_end and self.renewal_mode in AUTOMATIC:
            start, number, unit = self._get_renewal_term()
            following = number and term_end(start, number, unit)
        return earliest_end(
            notice,
            self.notice_period,
            self.notice_unit,
            self.date_end or None,
            self.date_notice or None,
            following or None,
        )

    def _get_notice_problem(self, day, by, notice):
        """Return why the notice does not allow the end (str, empty if it does)."""
        self.ensure_one()
        if by not in ("us", "customer") or not notice:
            return ""
        earliest = self._get_earliest_end(notice)
        dates = {
            "notice": format_date(self.env, notice),
            "deadline": format_date(self.env, self.date_notice),
            "earliest": format_date(self.env, earliest),
        }
        problems = []
        if self.date_notice and notice > self.date_notice:
            problems.append(
                self.env._(
                    "Notice of %(notice)s is late for this term: the deadline was "
                    "%(deadline)s.",
                    **dates,
                )
            )
        if day < earliest:
            problems.append(
                self.env._(
                    "By this notice, the contract ends on %(earliest)s at the earliest.",
                    **dates,
                )
            )
        return " ".join(problems)

    def _terminate(self, day, by, notice, reason, settle=False, penalty=None):
        """End the contract by notice or by agreement.

        If the day lies ahead, the contract runs until then, its ledger goes no
        further, and the daily job ends it.

        :param by: key of `TERMINATORS`
        :param notice: day on which notice was received or given; may be empty for a
            mutual agreement
        :param penalty: `Penalty`, or None
        :return: account.move records, the drafts that settle it
        :raise UserError: if the notice does not allow it, except for managers
        """
        self.ensure_one()
        self.check_access("write")
        self._lock_rows()
        self._check_can_terminate(day, by, notice)
        # sudo: owned by code, after the checks
        self.sudo().write(
            {
                "terminated_by": by,
                "date_notice_given": notice,
                "termination_reason": reason,
            }
        )
        if day > fields.Date.context_today(self):
            moves = self._announce_termination(day, settle)
        else:
            moves = self._action_end("terminated", day, settle=settle)
        charged = self._charge_penalty(penalty, day)
        self._note_settlement(charged)
        self._tell_termination(day, moves | charged)
        return moves | charged

    def _announce_termination(self, day, settle):
        """Let the ledger, the reminders and the renewal stop for a day to come."""
        self._decide_renewal("expire", self.termination_reason)
        # sudo: owned by code; the caller checked
        self.sudo().date_termination = day
        moves = self.env["account.move"]
        if settle:
            moves = self.env["crm.contract.settlement"]._settle(self, day)
        self._note_settlement(moves)
        self.env["crm.contract.ledger"]._rebuild(self, day)
        return moves

    def _check_can_terminate(self, day, by, notice):
        """Raise UserError if the contract can't be terminated like this."""
        refusal = self._get_termination_refusal(day, by, notice)
        if refusal:
            raise UserError(refusal)
        early = by != "mutual" and day < self._get_earliest_end(notice)
        if early and not self.env.user.has_group(MANAGER):
            raise UserError(
                self.env._(
                    "%s Only a contract manager may end it before, or both sides by "
                    "mutual agreement.",
                    self._get_notice_problem(day, by, notice),
                )
            )

    def _get_termination_refusal(self, day, by, notice):
        """Return what is wrong with a termination, for everybody (str)."""
        self.ensure_one()
        name = self.display_name
        if self.state not in IN_FORCE or self._is_amendment():
            return self.env._("%s is not in force.", name)
        if self.date_termination:
            return self.env._(
                "%(contract)s is terminated to %(day)s already. A contract manager can "
                "take that back first.",
                contract=name,
                day=format_date(self.env, self.date_termination),
            )
        if by not in dict(TERMINATORS):
            return self.env._("Say who terminates the contract.")
        if by != "mutual" and not notice:
            return self.env._("Say when notice was received or given.")
        if notice and notice > fields.Date.context_today(self):
            return self.env._("Notice can't have been given on a day to come.")
        if self.date_end and day > self.date_end:
            return self.env._(
                "The term ends on %s: a termination can't be later.",
                format_date(self.env, self.date_end),
            )
        pending = self._get_live_renewals().filtered(
            lambda row: row.state in ("draft", "review", "to_sign")
        )
        if pending:
            return self.env._("Cancel the renewal %s first.", pending[:1].display_name)
        return ""

    def _tell_termination(self, day, moves):
        """Write into the chatter who terminated the contract, and what settles it."""
        labels = dict(self._fields["terminated_by"]._description_selection(self.env))
        body = self.env._(
            "Terminated to %(day)s. Terminated by: %(who)s. Notice: %(notice)s. "
            "Settlement: %(moves)s",
            day=format_date(self.env, day),
            who=labels[self.terminated_by],
            notice=format_date(self.env, self.date_notice_given) or "–",
            moves=self._get_links(moves),
        )
        self.message_post(body=body)

    def _advance_terminate(self):
        """End one contract on the day after its last one, and tell its owner."""
        self._action_end("terminated", self.date_termination)
        if self.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self.user_id.id,
                summary=self.env._("Contract terminated"),
                note=self.env._("Check open amounts and what is to be handed back."),
            )

    def _advance_expire(self):
        # A notice to the end of the term: whichever daily job is first.
        if self.date_termination:
            return self._advance_terminate()
        return super()._advance_expire()

    def _check_can_decide_renewal(self):
        super()._check_can_decide_renewal()
        self._check_not_terminated()

    def action_reopen_decision(self):
        self._check_not_terminated()
        return super().action_reopen_decision()

    def _check_not_terminated(self):
        terminated = self.filtered("date_termination")
        if terminated:
            raise UserError(
                self.env._(
                    "%s is terminated: a contract manager can take that back first.",
                    ", ".join(terminated.mapped("display_name")),
                )
            )

    def _get_renewal_refusal(self):
        if self.date_termination and self.state in IN_FORCE:
            return self.env._("%s is terminated.", self.display_name)
        return super()._get_renewal_refusal()


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    @api.depends("contract_id.date_termination")
    def _compute_is_beyond_end(self):
        return super()._compute_is_beyond_end()

    def _filter_dropped(self, day):
        """Of a contract that runs on until the day, what falls due by then is owed."""
        today = fields.Date.context_today(self)
        return (
            super()
            ._filter_dropped(day)
            .filtered(
                lambda row: (
                    not row.date_due
                    or row.date_due > day
                    or (day <= today and not row.contract_id.date_termination)
                )
            )
        )
