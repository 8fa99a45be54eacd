from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.crm_contract.models.ledger.crm_contract_installment import (
    PLAN_TRIGGERS,
)

from ..deadline.crm_contract import IN_FORCE

# An amendment leaves the parties to the contract and the currency of its ledger alone.
FIXED = ("company_id", "currency_id", "partner_id")


class CrmContractChecklist(models.AbstractModel):
    _inherit = "crm.contract.checklist"

    @api.model
    def _get_missing(self, contract):
        messages = self.env["crm.contract.amendment.check"]._get_problems(contract)
        return super()._get_missing(contract) + self._at(contract, "", *messages)


class CrmContractAmendmentCheck(models.AbstractModel):
    """What keeps an amendment from being agreed on."""

    _name = "crm.contract.amendment.check"
    _description = "Check of amendments"

    @api.model
    def _check(self, amendments):
        """Raise UserError if the amendments can't be agreed on as they are."""
        problems = [
            problem
            for amendment in amendments
            for problem in self._get_problems(amendment)
        ]
        if problems:
            raise UserError("\n".join(problems))

    @api.model
    def _get_problems(self, amendment):
        """Return what keeps an amendment from being agreed on (list of str)."""
        if not amendment._is_amendment():
            return []
        # sudo: what the contract billed and what else is signed, whoever submits
        contract = amendment.origin_id.sudo()
        if contract.state not in IN_FORCE:
            return [self.env._("%s is not in force any more.", contract.display_name)]
        if self.env["crm.contract.rebase"]._is_needed(amendment):
            return [
                self.env._(
                    "%(other)s was signed after this amendment was drafted. Take it "
                    "back to draft and press “Rebase”.",
                    other=contract._get_signed_amendments()[-1:].display_name
                    or contract.display_name,
                )
            ]
        if self.env["crm.contract.conflict"]._get_open(amendment):
            return [
                self.env._(
                    "Decide first what is to hold of what another amendment changed as "
                    "well: %s",
                    amendment.conflicts,
                )
            ]
        checks = (
            self._get_wrong_date,
            self._get_wrong_content,
            self._get_wrong_plan,
            self._get_wrong_value,
        )
        return [problem for check in checks for problem in check(amendment, contract)]

    @api.model
    def _get_wrong_date(self, amendment, contract):
        day = amendment.date_effective
        if contract.date_start and day < contract.date_start:
            return [
                self.env._(
                    "The amendment would be in effect before the contract begins on %s.",
                    format_date(self.env, contract.date_start),
                )
            ]
        ends = filter(None, (contract.date_end, contract.date_termination))
        end = min(ends, default=None)
        if end and day > end:
            return [
                self.env._(
                    "The contract ends on %s, before the amendment is in effect.",
                    format_date(self.env, end),
                )
            ]
        if amendment.date_end and amendment.date_end < day:
            return [
                self.env._(
                    "With this amendment the contract ends before it is in effect. End "
                    "the contract instead."
                )
            ]
        return []

    @api.model
    def _get_wrong_content(self, amendment, contract):
        problems = []
        if not self.env["crm.contract.changes"]._get_differences(amendment):
            problems.append(self.env._("The amendment changes nothing."))
        fixed = FIXED
        if contract.state != "signed" or contract.amount_invoiced:
            fixed += ("date_start",)
        for name in fixed:
            if amendment[name] != contract[name]:
                problems.append(
                    self.env._(
                        "An amendment can't change this: %s. It takes a new contract.",
                        amendment._fields[name]._description_string(self.env),
                    )
                )
        kept = {row.content_key for row in amendment.milestone_ids}
        problems += [
            self.env._("The milestone “%s” is done and has to stay.", row.name)
            for row in contract.milestone_ids
            if row.date_done and row.content_key not in kept
        ]
        return problems

    @api.model
    def _get_wrong_plan(self, amendment, contract):
        """Return which installments that are billed the amendment leaves out."""
        rows = {row.content_key: row for row in amendment.installment_ids}
        before, after = contract.amount_one_off, amendment.amount_one_off
        changes = contract.currency_id.compare_amounts(before, after)
        if changes and not rows and amendment.line_ids._filter_unplanned():
            return [
                self.env._(
                    "The fees that are paid once change from %(before)s to %(after)s, "
                    "and no payment plan bills them. Add one: rows for what was "
                    "invoiced outside of it are marked as billed before.",
                    before=contract.currency_id.format(before),
                    after=contract.currency_id.format(after),
                )
            ]
        return [
            self.env._(
                "The installment “%(row)s” is invoiced and stays at %(amount)s.",
                row=row.name,
                amount=contract.currency_id.format(row.amount),
            )
            for key, row in contract.installment_ids._get_billed_by_key().items()
            if key not in rows
            or contract.currency_id.compare_amounts(rows[key].amount, row.amount)
        ]

    @api.model
    def _get_billed(self, contract):
        """Return what is billed: amounts of plan and periods (dict), and the last day."""
        billed = {"plan": 0.0, "period": 0.0}
        last = False
        for row in contract.installment_ids:
            if row.trigger == "period" and row.amount_invoiced:
                billed["period"] += row.amount_invoiced
                last = max(last or row.period_end, row.period_end)
            elif row.trigger == "true_up":
                # What it takes back of billed days counts before it is credited.
                billed["period"] += (
                    row.amount if row._is_open() else row.amount_invoiced
                )
            elif row.trigger in PLAN_TRIGGERS:
                billed["plan"] += row.amount_invoiced
        return billed, last

    @api.model
    def _get_wrong_value(self, amendment, contract):
        """Return what the contract billed beyond what the amendment leaves of it."""
        billed, last = self._get_billed(contract)
        pairs = [
            (billed["plan"], amendment.amount_one_off),
            (billed["period"], amendment.amount_recurring),
            (
                contract.is_framework and contract.amount_ordered,
                amendment.amount_ceiling,
            ),
        ]
        # What is too much is credited.
        settles = amendment._settles()
        if not settles and amendment.date_end and last and last > amendment.date_end:
            return [
                self.env._(
                    "The contract is billed until %s: it can't end before.",
                    format_date(self.env, last),
                )
            ]
        # Without an end, the value is that of twelve months alone.
        if settles or amendment.is_open_ended:
            del pairs[1]
        return [
            self.env._(
                "%(billed)s is billed or ordered already, and the amendment leaves "
                "%(value)s.",
                billed=contract.currency_id.format(done),
                value=contract.currency_id.format(value),
            )
            for done, value in pairs
            if done and contract.currency_id.compare_amounts(value, done) < 0
        ]
