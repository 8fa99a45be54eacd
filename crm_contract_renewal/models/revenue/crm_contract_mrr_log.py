from datetime import timedelta

from odoo import fields, models

from odoo.addons.crm_contract.models.ledger.crm_contract_ledger import COMPLETE

from ...tools.movement import Level, movement_kind

_DAY = timedelta(days=1)


class CrmContract(models.Model):
    """Log of the recurring revenue: what is written, when, and once."""

    _inherit = "crm.contract"

    def _transition(self, name, **vals):
        """Log what a start or an end changes of the MRR."""
        super()._transition(name, **vals)
        if name in ("start", "end"):
            self._log_mrr()

    def _action_reopen(self):
        """Log that nothing churned, and go on with the log where it was closed."""
        last_days = {contract: contract.date_ended for contract in self}
        super()._action_reopen()
        for contract, day in last_days.items():
            contract._reopen_mrr_log(day)
        self._log_mrr()

    def _reopen_mrr_log(self, day):
        """Take the churn after a day back, by a movement against it."""
        # sudo: the log is owned by code
        contract = self.sudo()
        log = contract.mrr_movement_ids.sorted("number")
        churn = log.filtered(lambda row: row.kind == "churn" and row.date > day)[-1:]
        level = Level(-churn.amount_mrr, -churn.amount_arr)
        if churn:
            vals = contract._prepare_movement_vals(
                len(log) + 1, churn.date, Level(), level
            )
            log.create([{**vals, "kind": "churn"}])
        contract.write(
            {
                "amount_mrr_logged": level.mrr,
                "amount_arr_logged": level.arr,
                "date_mrr_logged": max([day, *(log - churn).mapped("date")]),
            }
        )

    def _log_mrr(self, date=None):
        """Log how the MRR differs from what was logged last; nothing if it doesn't.

        What dates in the contract explain (its start and end, steps, lines that begin or
        end) is logged on these days, what they don't on the day given.

        Whoever changes the lines of running contracts calls it, whatever its rights.
        Amendments, and contracts that don't run yet, have no log.

        :param date: day from which on a change holds; today if not given
        :return: the new movements
        """
        vals_list = []
        # sudo: the log is owned by code; predecessors may belong to others
        for contract in self.sudo():
            vals_list += contract._prepare_movements(date)
        return self.env["crm.contract.mrr.movement"].sudo().create(vals_list)

    def _prepare_movements(self, date=None):
        """Return create values of movements, and note on the contract what is logged."""
        if not self._has_open_mrr_log():
            return []
        origin, vals_list = self.origin_id, []
        if self.kind == "renewal" and origin._get_mrr_successor() == self:
            # Its MRR moves over: only the difference is a movement.
            vals_list = origin._prepare_movements()
        successor = self._get_mrr_successor()
        until = self._get_mrr_until(successor)
        level = Level(self.amount_mrr_logged, self.amount_arr_logged)
        number = len(self.mrr_movement_ids)
        for day, after in self._get_mrr_levels(until, date):
            change = self._get_mrr_change(level, after)
            if any(change):
                number += 1
                vals_list.append(
                    self._prepare_movement_vals(number, day, level, change)
                )
                level = after
        self._note_mrr(level, until, successor)
        return vals_list

    def _get_mrr_levels(self, until, date):
        """Return what recurs, as (day, `Level`), on the days that may have changed it."""
        days = set(self._get_mrr_days(until))
        if date and (self.date_mrr_logged or self.date_start) < date <= until:
            days.add(date)
        levels = [(day, self._get_mrr_level(day)) for day in sorted(days)]
        # What no date explains counts from the day given, or now, on.
        day = date if date and self.state != "ended" else until
        return [*levels, (day, self._get_mrr_level(until))]

    def _get_mrr_successor(self):
        """Return the renewal to which the MRR of the contract moves over, now."""
        if not self or not self._has_open_mrr_log():
            return self.browse()
        is_superseded = self.end_reason == "superseded"
        if self.state == "ended" and not is_superseded:
            return self.browse()
        # A renewal may have ended since, and be archived.
        renewals = self.with_context(active_test=False)._get_live_renewals()
        return renewals.filtered(lambda c: c._takes_over_mrr(is_superseded))

    def _takes_over_mrr(self, is_superseded):
        """Return whether the renewal has the MRR of its predecessor from now on."""
        if self.state == "signed":
            return is_superseded
        if self.state == "ended":
            # What ended before it began has nothing, nor what is logged to the end.
            has_run = self.date_ended and self.date_ended >= self.date_start
            return is_superseded and has_run and self._has_open_mrr_log()
        return self.state in ("running", "suspended")

    def _get_mrr_until(self, successor):
        """Return the day up to which to log."""
        if successor:
            return self.date_ended or successor.date_start - _DAY
        if self.state == "ended":
            return self.date_ended + _DAY
        today = fields.Date.context_today(self)
        # What comes after the term is an end, or a renewal, that is not recorded yet.
        return min(today, self.date_end or today)

    def _get_mrr_change(self, before, after):
        currency = self.company_currency_id
        return Level(
            *(currency.round(b - a) for a, b in zip(before, after, strict=True))
        )

    def _note_mrr(self, level, until, successor):
        if successor:
            successor.write(
                {
                    "amount_mrr_logged": successor.amount_mrr_logged + level.mrr,
                    "amount_arr_logged": successor.amount_arr_logged + level.arr,
                }
            )
            level = Level()
        is_closed = successor or self.state == "ended"
        until = max(until, self.date_mrr_logged or until)
        self.write(
            {
                "amount_mrr_logged": level.mrr,
                "amount_arr_logged": level.arr,
                "date_mrr_logged": COMPLETE if is_closed else until,
            }
        )

    def _prepare_movement_vals(self, number, day, before, change):
        """Return create values of a movement by which a level changes on a day."""
        is_over = self.state == "ended" and day > self.date_ended
        return {
            "contract_id": self.id,
            "root_id": (self.root_id or self).id,
            "number": number,
            "company_id": self.company_id.id,
            "currency_id": self.company_currency_id.id,
            "date": day,
            "kind": movement_kind(before, change, number == 1, is_over),
            "amount_mrr": change.mrr,
            "amount_arr": change.arr,
            "type_id": self.type_id.id,
            "partner_id": self.commercial_partner_id.id,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
        }
