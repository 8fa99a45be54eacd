from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.date_utils import add

# The ledger of a contract that has no more periods to come.
COMPLETE = date.max


class Plan(NamedTuple):
    """What makes rows those that they are to be: some go, change, or are new.

    `changed` has (row, values), `new` has create values.
    """

    gone: models.BaseModel
    changed: list
    new: list


class CrmContract(models.Model):
    """How far the ledger of a contract goes, and what interrupts or ends it."""

    _inherit = "crm.contract"

    date_ledger = fields.Date(
        string="Ledger complete until",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Day up to which the periods of the recurring lines are in the ledger.",
        owned=True,
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
        """Let the ledgers of contracts go up to the horizon."""
        self.env["crm.contract.ledger"]._extend(self)
        self._recompute_as_of_today("amount_mrr")


class CrmContractLedger(models.AbstractModel):
    """The ledger of recurring lines: a row per period, up to a rolling horizon.

    Its open rows are what is to be charged less what is billed, see `tools.charges`:
    deriving them twice changes nothing, and no order of events matters. Rows of periods
    come and go here alone. All methods take contracts, of any user: whoever calls them
    has checked the rights.
    """

    _name = "crm.contract.ledger"
    _description = "Ledger of recurring lines"

    @api.model
    def _extend(self, contracts, since=None):
        """Let the ledger go up to the horizon.

        :param since: look at periods that end on this day or later alone; without it,
            go on from where the ledger ends
        """
        self._derive(contracts.filtered(self._has_ledger), since)

    @api.model
    def _rebuild(self, contracts, since):
        """Derive the rows that are not billed anew, from the period of a day on.

        An amendment, a suspension, its end and an early end change what is billed.
        """
        self._derive(contracts, since)
        self.env["crm.contract.true.up"]._follow(contracts)
        # The value counts what is billed as it is, which no dependency can tell.
        changed = contracts.filtered(lambda c: c.has_versions or c.suspension_ids)
        changed.line_ids.modified(["prorate"])

    @api.model
    def _derive(self, contracts, since=None):
        """Make the open rows those of `_get_open_charges`; what stays is left alone."""
        # sudo: period rows are made by the ledger alone
        gone = self.env["crm.contract.installment"].sudo()
        changed, vals_list = [], []
        for contract in contracts.sudo():
            first = since or self._get_ledger_end(contract)
            horizon = self._get_horizon(contract)
            for lines in contract.line_ids._filter_chains():
                wanted, rows = lines._get_open_charges(first, horizon)
                wanted = self._filter_charged(contract, lines, wanted)
                plan = rows._compare_to(wanted)
                gone |= plan.gone
                changed += plan.changed
                vals_list += plan.new
            self._note_ledger_end(contract, horizon)
        gone.unlink()
        for row, vals in changed:
            row.write(vals)
        # The days that others gave up have to be free before they are taken.
        gone.flush_model(["chain", "period_start", "period_end", "state", "trigger"])
        gone.create(vals_list)

    @api.model
    def _filter_charged(self, contract, lines, charges):
        """Return those of the charges of a chain that there are rows of, as things are.

        While a contract is suspended, those that were over before it was stay; the
        others wait, whether they were billed once or never. So do those that are to
        change: what changes them waits as well.
        """
        if self._has_ledger(contract):
            return charges
        pauses = contract.suspension_ids.filtered(lambda pause: not pause.date_end)
        if not contract.performs or not pauses:
            return []
        days = [*pauses.mapped("date_start"), *lines._get_changing_days()]
        return [charge for charge in charges if charge.last < min(days)]

    @api.model
    def _derive_again(self, contract, rows):
        """Let rows that an invoice gave up be what is charged for their days now."""
        self._rebuild(contract, min(rows.mapped("period_start")))

    @api.model
    def _get_horizon(self, contract):
        company = contract.company_id
        return add(company._get_today(), months=company.contract_horizon)

    @api.model
    def _get_ledger_end(self, contract):
        """Return the day from which on the ledger may lack rows, None if it has none."""
        return contract.date_ledger if contract.date_ledger != COMPLETE else None

    @api.model
    def _note_ledger_end(self, contract, horizon):
        lines = contract.line_ids.filtered("is_recurring")
        if lines and self._has_ledger(contract):
            last = max(line._get_last_day() for line in lines)
            contract.date_ledger = COMPLETE if last <= horizon else horizon

    @api.model
    def _suspend(self, contracts, since=None):
        """Take periods that are not over, and not billed, out of the ledger.

        They come back, less the days of the suspension, when it is over. What was
        billed in advance stays billed.

        :param since: first day of the suspension; today if not given
        """
        # sudo: owned by the life cycle; the transition checked the rights
        suspensions = self.env["crm.contract.suspension"].sudo()
        # That the one before is over has to be known to the index.
        suspensions.flush_model(["date_end"])
        suspensions.create(
            [
                {
                    "contract_id": contract.id,
                    "date_start": since or contract.company_id._get_today(),
                }
                for contract in contracts
            ]
        )
        waiting = contracts.filtered(lambda c: not c.type_id.bill_suspended)
        for company, mine in waiting.grouped("company_id").items():
            self._rebuild(mine, since or company._get_today())

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
        rows = contract.line_ids.sudo().installment_ids
        rows.filtered(lambda row: row.trigger == "period")._shorten_credited(day)
        self._rebuild(contract, day)

    @api.model
    def _get_last_day(self, contract):
        """Return the last day that is billed of a term, or False (date).

        It is the end of the term. Extended by satellites in which a contract goes on
        for some time after it.
        """
        contract.ensure_one()
        return contract.date_end

    @api.model
    def _has_ledger(self, contract):
        if not contract.performs:
            return False
        if contract.state == "suspended":
            return contract.type_id.bill_suspended
        return contract.state in ("signed", "running", "ended")


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _prepare_installment_vals(self, charge):
        """Return create values of the row of a charge (`tools.charges.Charge`)."""
        self.ensure_one()
        period = charge.period
        untaxed, total = self._get_period_amounts(
            charge.quantity, charge.price, charge.days, period.full_days
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
            "days_billed": charge.days,
            "days_full": period.full_days,
            "quantity": charge.quantity,
            "price_unit": charge.price,
        }

    def _get_period_name(self, start, end):
        printer = self.env["crm.contract.print"]
        dates = printer._format_days(self.contract_id, start, end)
        return f"{self.name.partition(chr(10))[0]} {' – '.join(dates)}"


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _compare_to(self, charges):
        """Return how open rows of a chain come to be those of charges (`Plan`).

        A row that the books know keeps its links: it changes, where the others make
        way for new ones.
        """
        before = {row.period_start: row for row in self}
        changed, new = [], []
        for charge in charges:
            vals = charge.source._prepare_installment_vals(charge)
            row = before.get(charge.first)
            if row and row._is_as(vals):
                del before[charge.first]
            elif row and (row.billing_line_ids or row.credit_line_ids):
                del before[charge.first]
                changed.append((row, vals))
            else:
                new.append(vals)
        return Plan(self.browse().union(*before.values()), changed, new)

    def _is_as(self, vals):
        """Return whether the row has values of `_prepare_installment_vals` already."""
        self.ensure_one()
        for name, value in vals.items():
            field = self._fields[name]
            mine = field.convert_to_write(self[name], self)
            if field.type in ("float", "monetary"):
                mine, value = round(mine, 6), round(value, 6)
            if mine != value:
                return False
        return True
