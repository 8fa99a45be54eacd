from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.crm_contract.tools.period import term_end

from ...tools.notice import earliest_end
from ..deadline.crm_contract import IN_FORCE
from ..renewal.crm_contract_automatic import AUTOMATIC
from .crm_contract_termination import MANAGER, TERMINATORS


class CrmContractTermination(models.Model):
    """What end a notice allows, and what keeps a contract from being ended."""

    _inherit = "crm.contract.termination"

    @api.model
    def _get_earliest_end(self, contract, notice):
        """Return the last day at the earliest that notice of a day allows (date)."""
        contract.ensure_one()
        following = None
        if contract.date_end and contract.renewal_mode in AUTOMATIC:
            start, number, unit = self.env["crm.contract.renewal"]._get_term(contract)
            following = number and term_end(start, number, unit)
        return earliest_end(
            notice,
            contract.notice_period,
            contract.notice_unit,
            contract.date_end or None,
            contract.date_notice or None,
            following or None,
        )

    @api.model
    def _get_notice_problem(self, contract, day, by, notice):
        """Return why the notice does not allow the end (str, empty if it does)."""
        if by not in ("us", "customer") or not notice:
            return ""
        earliest = self._get_earliest_end(contract, notice)
        dates = {
            "notice": format_date(self.env, notice),
            "deadline": format_date(self.env, contract.date_notice),
            "earliest": format_date(self.env, earliest),
        }
        problems = []
        if contract.date_notice and notice > contract.date_notice:
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

    @api.model
    def _check_can_terminate(self, contract, day, by, notice):
        """Raise UserError if the contract can't be terminated like this."""
        refusal = self._get_refusal(contract, day, by, notice)
        if refusal:
            raise UserError(refusal)
        early = by != "mutual" and day < self._get_earliest_end(contract, notice)
        if early and not self.env.user.has_group(MANAGER):
            raise UserError(
                self.env._(
                    "%s Only a contract manager may end it before, or both sides by "
                    "mutual agreement.",
                    self._get_notice_problem(contract, day, by, notice),
                )
            )

    @api.model
    def _get_refusal(self, contract, day, by, notice):
        """Return what is wrong with a termination, for everybody (str)."""
        if contract.state not in IN_FORCE or contract._is_amendment():
            return self.env._("%s is not in force.", contract.display_name)
        if contract.termination_id:
            return self._describe_terminated(contract)
        if by not in dict(TERMINATORS):
            return self.env._("Say who terminates the contract.")
        if by != "mutual" and not notice:
            return self.env._("Say when notice was received or given.")
        if notice and notice > contract.company_id._get_today():
            return self.env._("Notice can't have been given on a day to come.")
        last = self.env["crm.contract.ledger"]._get_last_day(contract)
        if last and day > last:
            return self.env._(
                "The term ends on %s: a termination can't be later.",
                format_date(self.env, last),
            )
        pending = contract._get_live_renewals().filtered(
            lambda row: row.state in ("draft", "review", "to_sign")
        )
        if pending:
            return self.env._("Cancel the renewal %s first.", pending[:1].display_name)
        is_early = contract.date_end and day < contract.date_end
        linked = self.env["crm.contract.linked"]
        return linked._get_refusal(contract, day) if is_early else ""

    @api.model
    def _check_can_complete(self, contract, day):
        """Refuse to call completed what is an early end: notice is not got around."""
        if contract.termination_id and contract.state in IN_FORCE:
            raise UserError(self._describe_terminated(contract))
        self.env["crm.contract.linked"]._check_can_end(contract, day)
        is_early = self.env["crm.contract.settlement"]._get_effects(contract, day)
        if is_early and not self.env.user.has_group(MANAGER):
            raise UserError(
                self.env._(
                    "Recurring fees go on after %s: terminate the contract by notice or "
                    "agreement, or ask a contract manager to complete it.",
                    format_date(self.env, day),
                )
            )

    @api.model
    def _describe_terminated(self, contract):
        return self.env._(
            "%(contract)s is terminated to %(day)s already. A contract manager can "
            "take that back first.",
            contract=contract.display_name,
            day=format_date(self.env, contract.date_termination),
        )
