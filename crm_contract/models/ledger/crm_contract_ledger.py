from datetime import date

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.date_utils import add

# The ledger of a contract that has no more periods to come.
COMPLETE = date.max


class CrmContract(models.Model):
    """How far the ledger of a contract goes, and what interrupts or ends it."""

    _inherit = "crm.contract"

    date_ledger = fields.Date(
        string="Ledger complete until",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Day up to which the periods of the recurring lines are in the ledger.",
    )
    has_versions = fields.Boolean(
        compute="_compute_has_versions",
        help="An amendment changed how lines are billed.",
    )
    suspension_ids = fields.One2many(
        "crm.contract.suspension", "contract_id", string="Suspensions", readonly=True
    )

    @api.depends("line_ids.valid_from", "line_ids.valid_until")
    def _compute_has_versions(self):
        for contract in self:
            contract.has_versions = any(
                line.valid_from or line.valid_until for line in contract.line_ids
            )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"date_ledger"}

    @api.model
    def _get_extend_due_domain(self):
        """Contracts whose ledger ends before the horizon; a month ahead of time."""
        # sudo: the daily job serves all companies
        companies = self.env["res.company"].sudo().search([("active", "=", True)])
        return Domain("state", "in", ("signed", "running")) & Domain.OR(
            Domain("company_id", "in", group.ids)
            & Domain("date_ledger", "<", add(today, months=months - 1))
            for (months, today), group in companies.grouped(
                lambda company: (company.contract_horizon, company._get_today())
            ).items()
        )

    def _get_early_end(self):
        """Return the last day that is billed though the term goes on, or False.

        Extended by satellites in which an end is agreed on beforehand.
        """
        self.ensure_one()
        return self.date_ended

    def _advance_ledger(self):
        self.env["crm.contract.ledger"]._extend(self)
        self._recompute_as_of_today("amount_mrr")


class CrmContractLedger(models.AbstractModel):
    """The ledger of recurring lines: a row per period, up to a rolling horizon.

    Rows of periods come and go here alone. All methods take contracts, of any user:
    whoever calls them has checked the rights.
    """

    _name = "crm.contract.ledger"
    _description = "Ledger of recurring lines"

    @api.model
    def _extend(self, contracts, since=None):
        """Create the rows of the periods up to the horizon that are not there yet.

        Can run twice without harm: a period that has a row gets no second one.

        :param since: look at periods that end on this day or later alone; without it,
            go on from where the ledger ends
        """
        vals_list = []
        for contract in contracts:
            if self._has_ledger(contract):
                vals_list += self._prepare_period_vals(contract, since)
        # sudo: period rows are made by the ledger alone
        self.env["crm.contract.installment"].sudo().create(vals_list)

    @api.model
    def _rebuild(self, contracts, since):
        """Make the rows that are not billed anew, from the period of a day on.

        A suspension, its end and an early end change what is billed of a period.
        """
        # sudo: period rows are made by the ledger alone
        rows = contracts.line_ids.sudo().installment_ids.filtered(
            lambda row: row.period_end >= since and row._is_open()
        )
        # A period that was cut may end before the day now.
        first = min([since, *rows.mapped("period_start")])
        rows.unlink()
        self._extend(contracts, first)

    @api.model
    def _suspend(self, contracts):
        """Take periods that are not over, and not billed, out of the ledger.

        They come back, less the days of the suspension, when it is over. What was
        billed in advance stays billed.
        """
        # sudo: owned by the life cycle; the transition checked the rights
        self.env["crm.contract.suspension"].sudo().create(
            [
                {
                    "contract_id": contract.id,
                    "date_start": contract.company_id._get_today(),
                }
                for contract in contracts
            ]
        )
        waiting = contracts.filtered(lambda c: not c.type_id.bill_suspended)
        for company, mine in waiting.grouped("company_id").items():
            self._rebuild(mine, company._get_today())

    @api.model
    def _resume(self, contracts, day):
        """End the open suspensions before a day, and bill on the anchor from there."""
        # sudo: owned by the life cycle; the transition checked the rights
        pauses = contracts.sudo().suspension_ids
        for pause in pauses.filtered(lambda pause: not pause.date_end):
            contract, first = pause.contract_id, pause.date_start
            if first >= day:
                pause.unlink()
            else:
                pause.date_end = add(day, days=-1)
            self._rebuild(contract.with_env(contracts.env), first)

    @api.model
    def _end(self, contracts, day):
        """Bill nothing after the last day of the contracts."""
        self._resume(contracts, add(day, days=1))
        self._rebuild(contracts, day)

    @api.model
    def _reopen(self, contract, day):
        """Bill on after what was the last day, as if it had not been the last one.

        A period whose days after it were credited is billed for those days again.
        """
        # sudo: period rows are made by the ledger alone
        contract.line_ids.sudo().installment_ids._shorten_credited(day)
        self._rebuild(contract, day)

    @api.model
    def _has_ledger(self, contract):
        if not contract.performs:
            return False
        if contract.state == "suspended":
            return contract.type_id.bill_suspended
        return contract.state in ("signed", "running", "ended")

    @api.model
    def _prepare_period_vals(self, contract, since):
        """Return create values of missing period rows, and note how far they go."""
        lines = contract.line_ids.filtered("is_recurring")
        if not lines:
            return []
        company = contract.company_id
        horizon = add(company._get_today(), months=company.contract_horizon)
        if not since and contract.date_ledger not in (False, COMPLETE):
            since = contract.date_ledger
        vals_list = [
            vals for line in lines for vals in line._prepare_period_vals(horizon, since)
        ]
        ends = [line._get_last_day() for line in lines]
        # sudo: owned by the ledger
        contract.sudo().date_ledger = COMPLETE if max(ends) <= horizon else horizon
        return vals_list


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _prepare_period_vals(self, until, since=None):
        """Return create values of the rows of its periods that have none yet.

        :param until: periods that begin later are left out
        :param since: periods that end earlier are left out
        """
        self.ensure_one()
        # sudo: the ledger knows all of its rows, whoever extends it
        rows = self.sudo().installment_ids
        present = {row.period_start: row.period_end for row in rows}
        return [
            self._prepare_installment_vals(*rest)
            for billable in self._get_billable_periods(until, since)
            if (rest := self._get_rest(present, *billable))
        ]

    def _get_last_day(self):
        """Return the last day that the line bills; the last of all without an end."""
        recurrence = self._get_recurrence()
        return recurrence.end or COMPLETE if recurrence else date.min

    def _get_rest(self, present, period, days, quantity, price_unit):
        """Return what of a billable period has no row yet, in the same form, or None.

        The row of a period that was cut by an end ends with it. When the contract goes
        on after all, the days that follow are a row of their own.

        :param present: `{first day: last day}` of the rows of the line
        """
        last = present.get(period.start)
        while last and last < period.end and add(last, days=1) in present:
            last = present[add(last, days=1)]
        if not last:
            return period, days, quantity, price_unit
        if last >= period.end or not self.prorate:
            return None
        rest = period._replace(start=add(last, days=1))
        days = self._get_billed_days(rest, self._get_pauses())
        return days and (rest, days, quantity, price_unit)

    def _prepare_installment_vals(self, period, days, quantity, price_unit):
        """Return create values of the row of a period."""
        self.ensure_one()
        untaxed, total = self._get_period_amounts(
            quantity, price_unit, days, period.full_days
        )
        return {
            "contract_id": self.contract_id.id,
            "trigger": "period",
            "amount_type": "fixed",
            "amount_fixed": total,
            "amount_untaxed": untaxed,
            "line_id": self.id,
            "sequence": self.sequence,
            "name": self._get_period_name(period.start, period.end),
            "period_start": period.start,
            "period_end": period.end,
            "days_billed": days,
            "days_full": period.full_days,
            "quantity": quantity,
            "price_unit": price_unit,
        }

    def _get_period_name(self, start, end):
        printer = self.env["crm.contract.print"]
        dates = printer._format_days(self.contract_id, start, end)
        return f"{self.name.partition(chr(10))[0]} {' – '.join(dates)}"
