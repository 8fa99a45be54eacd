from datetime import timedelta
from typing import NamedTuple

from odoo import api, models

from odoo.addons.crm_contract.models.ledger.crm_contract_ledger import COMPLETE

from ...tools.movement import Level, movement_kind

_DAY = timedelta(days=1)


class Logged(NamedTuple):
    """What recurs of a contract by the log, and how many movements it has."""

    level: Level
    number: int


class CrmContract(models.Model):
    """Log of the recurring revenue: what is written, when, and once."""

    _inherit = "crm.contract"

    def _perform(self, name, **vals):
        """Log what a start or an end changes of the MRR."""
        super()._perform(name, **vals)
        if name in ("start", "end"):
            self.env["crm.contract.mrr.movement"]._log(self)

    def _action_reopen(self):
        """Log that nothing churned, and go on with the log where it was closed."""
        last_days = {contract: contract.date_ended for contract in self}
        super()._action_reopen()
        log = self.env["crm.contract.mrr.movement"]
        for contract, day in last_days.items():
            log._reopen(contract, day)
        log._log(self)


class CrmContractMrrMovement(models.Model):
    """The log: what is written, when, and once. All methods take contracts."""

    _inherit = "crm.contract.mrr.movement"

    @api.model
    def _log(self, contracts, date=None):
        """Log how the MRR differs from what was logged last; nothing if it doesn't.

        What dates in the contract explain (its start and end, steps, lines that begin or
        end) is logged on these days, what they don't on the day given.

        Whoever changes the lines of running contracts calls it, whatever its rights.
        Amendments, and contracts that don't run yet, have no log.

        :param date: day from which on a change holds; today if not given
        :return: the new movements
        """
        # sudo: the log is owned by code; predecessors may belong to others
        log, contracts = self.sudo(), contracts.sudo().filtered(self._is_open)
        logged = log._get_logged(contracts)
        vals_list = []
        for contract in contracts:
            vals_list += log._prepare_movements(contract, logged, date)
        return log.create(vals_list)

    @api.model
    def _reopen(self, contract, day):
        """Take the churn after a day back, by a movement against it; the log goes on."""
        # sudo: the log is owned by code
        contract = contract.sudo()
        log = self.sudo().search([("contract_id", "=", contract.id)], order="number")
        churn = log.filtered(lambda row: row.kind == "churn" and row.date > day)[-1:]
        if churn:
            level = Level(-churn.amount_mrr, -churn.amount_arr)
            vals = self._prepare_movement_vals(
                contract, len(log) + 1, churn.date, Level(), level
            )
            log.create([{**vals, "kind": "churn"}])
        contract.date_mrr_logged = max([day, *(log - churn).mapped("date")])

    @api.model
    def _get_logged(self, contracts):
        """Return what recurs of contracts and their predecessors, by the log.

        The MRR of a predecessor whose log is closed moved over, if it did not churn.

        :return: `{contract: Logged}`
        """
        following = contracts
        while following := following.origin_id - contracts:
            contracts |= following
        roots = {(contract.root_id or contract).id for contract in contracts}
        groups = self._read_group(
            [("root_id", "in", list(roots))],
            ["contract_id"],
            ["amount_mrr:sum", "amount_arr:sum", "__count"],
        )
        own = {contract: Logged(Level(*sums), n) for contract, *sums, n in groups}
        logged = {}
        for contract in contracts:
            chain = [own[member] for member in _get_chain(contract) if member in own]
            level = _add(contract, *(member.level for member in chain))
            logged[contract] = Logged(
                level, own[contract].number if contract in own else 0
            )
        return logged

    @api.model
    def _prepare_movements(self, contract, logged, date=None):
        """Return create values of movements, and note on the contract how far it goes.

        :param logged: as `_get_logged` returns it; brought up to date
        """
        if not self._is_open(contract):
            return []
        origin, vals_list = contract.origin_id, []
        if contract.kind == "renewal" and self._get_successor(origin) == contract:
            # Its MRR moves over: only the difference is a movement.
            vals_list = self._prepare_movements(origin, logged)
        successor = self._get_successor(contract)
        until = self._get_last_day(contract, successor)
        level, number = logged[contract]
        for day, after in self._get_levels(contract, until, date):
            change = _add(contract, after, Level(-level.mrr, -level.arr))
            if any(change):
                number += 1
                vals_list.append(
                    self._prepare_movement_vals(contract, number, day, level, change)
                )
                level = after
        if successor in logged:
            before, count = logged[successor]
            logged[successor] = Logged(_add(contract, before, level), count)
        is_closed = successor or contract.state == "ended"
        until = max(until, contract.date_mrr_logged or until)
        contract.date_mrr_logged = COMPLETE if is_closed else until
        return vals_list

    @api.model
    def _is_open(self, contract):
        """Return whether the MRR of a contract may still move."""
        is_over = contract.state == "ended" and contract.date_ended
        return (
            contract.kind != "amendment"
            and bool(contract.date_start)
            and (is_over or contract.state in ("running", "suspended"))
            and contract.date_mrr_logged != COMPLETE
        )

    @api.model
    def _get_days(self, contract, until):
        """Return the days after the last logged one on which the MRR may change."""
        days = {contract.date_start, *contract.line_ids._get_days_of_change()}
        if contract.date_ended:
            days.add(contract.date_ended + _DAY)
        logged = contract.date_mrr_logged or contract.date_start - _DAY
        return sorted(day for day in days if logged < day <= until)

    @api.model
    def _get_levels(self, contract, until, date):
        """Return what recurs, as (day, `Level`), on the days that may have changed it."""
        days = set(self._get_days(contract, until))
        if date and (contract.date_mrr_logged or contract.date_start) < date <= until:
            days.add(date)
        levels = [(day, self._get_level(contract, day)) for day in sorted(days)]
        # What no date explains counts from the day given, or now, on.
        day = date if date and contract.state != "ended" else until
        return [*levels, (day, self._get_level(contract, until))]

    @api.model
    def _get_level(self, contract, day):
        """Return what recurs on a day: nothing before the start and after the end."""
        is_over = contract.date_ended and day > contract.date_ended
        if day < contract.date_start or is_over:
            return Level()
        return contract.line_ids._get_level_on(day)

    @api.model
    def _get_successor(self, contract):
        """Return the renewal to which the MRR of the contract moves over, now."""
        if not contract or not self._is_open(contract):
            return contract.browse()
        is_superseded = contract.end_reason == "superseded"
        if contract.state == "ended" and not is_superseded:
            return contract.browse()
        # A renewal may have ended since, and be archived.
        renewals = contract.with_context(active_test=False)._get_live_renewals()
        return renewals.filtered(lambda c: self._takes_over(c, is_superseded))

    @api.model
    def _takes_over(self, renewal, is_superseded):
        """Return whether the renewal has the MRR of its predecessor from now on."""
        if renewal.state == "signed":
            return is_superseded
        if renewal.state == "ended":
            # What ended before it began has nothing, nor what is logged to the end.
            has_run = renewal.date_ended and renewal.date_ended >= renewal.date_start
            return is_superseded and has_run and self._is_open(renewal)
        return renewal.state in ("running", "suspended")

    @api.model
    def _get_last_day(self, contract, successor):
        """Return the day up to which to log."""
        if successor:
            return contract.date_ended or successor.date_start - _DAY
        if contract.state == "ended":
            return contract.date_ended + _DAY
        today = contract.company_id._get_today()
        # What comes after the term is an end, or a renewal, that is not recorded yet.
        return min(today, contract.date_end or today)

    @api.model
    def _prepare_movement_vals(self, contract, number, day, before, change):
        """Return create values of a movement by which a level changes on a day."""
        is_over = contract.state == "ended" and day > contract.date_ended
        return {
            "contract_id": contract.id,
            "root_id": (contract.root_id or contract).id,
            "number": number,
            "company_id": contract.company_id.id,
            "currency_id": contract.company_currency_id.id,
            "date": day,
            "kind": movement_kind(before, change, number == 1, is_over),
            "amount_mrr": change.mrr,
            "amount_arr": change.arr,
            "type_id": contract.type_id.id,
            "partner_id": contract.commercial_partner_id.id,
            "user_id": contract.user_id.id,
            "team_id": contract.team_id.id,
        }


def _get_chain(contract):
    """Yield a contract, and the predecessors whose MRR moved over to it."""
    yield contract
    while contract.kind == "renewal" and contract.origin_id.date_mrr_logged == COMPLETE:
        contract = contract.origin_id
        yield contract


def _add(contract, *levels):
    """Return the sum of levels, rounded to the company's currency."""
    currency = contract.company_currency_id
    return Level(
        currency.round(sum(level.mrr for level in levels)),
        currency.round(sum(level.arr for level in levels)),
    )
