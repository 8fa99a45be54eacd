from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.date_utils import add

from odoo.addons.crm_contract.models.job.crm_contract_job import Step

from ..deadline.crm_contract import IN_FORCE
from .crm_contract_automatic import AUTOMATIC

_DAY = timedelta(days=1)
# What is in the way of a renewal that is not signed yet, and of no other.
UNSIGNED = ("draft", "review", "to_sign")


class CrmContractType(models.Model):
    _inherit = "crm.contract.type"

    grace_days = fields.Integer(
        string="Days of grace",
        default=30,
        help="How long a contract goes on after its term while its renewal is not signed "
        "yet. One that renews by itself goes on until that is decided.",
    )
    bill_grace = fields.Boolean(
        string="Billed meanwhile",
        help="Recurring fees of the old term are billed until the renewal is signed, and "
        "credited then: it bills from its first day on. Otherwise nothing is billed "
        "until it is signed.",
    )

    _grace_days_positive = models.Constraint(
        "CHECK (grace_days >= 0)", "The days of grace must not be negative."
    )


class CrmContractGrace(models.AbstractModel):
    """What goes on after its term, because what follows is not signed yet."""

    _name = "crm.contract.grace"
    _description = "Time between a term and its renewal"

    @api.model
    def _get_waiting_domain(self):
        """Return the domain of contracts that don't end with their term.

        Nobody lets them expire, and no renewal of them is signed. Those that renew by
        themselves wait until they have, or somebody decides otherwise; others as long as
        their types grant, if somebody decided to renew or has a renewal in hand.
        """
        prepared = Domain("renewal_decision", "in", ("renew", "renegotiate")) | Domain(
            "renewal_ids", "any", [("state", "in", UNSIGNED)]
        )
        return (
            Domain(
                [
                    ("state", "in", IN_FORCE),
                    ("date_end", "!=", False),
                    ("termination_id", "=", False),
                    ("renewal_decision", "!=", "expire"),
                ]
            )
            & ~Domain("renewal_ids", "any", [("date_signed", "!=", False)])
            & (
                Domain("renewal_mode", "in", AUTOMATIC)
                | (prepared & self._get_granted_domain())
            )
        )

    @api.model
    def _get_granted_domain(self):
        """Return the domain of contracts whose days of grace are not over."""
        # sudo: the daily job serves all companies
        types = self.env["crm.contract.type"].sudo().with_context(active_test=False)
        granting = types.search([("grace_days", ">", 0)])
        by_days = granting.grouped("grace_days")
        return self.env["res.company"]._on_days(
            lambda today: Domain.OR(
                Domain("type_id", "in", group.ids)
                & Domain("date_end", ">=", add(today, days=-days))
                for days, group in by_days.items()
            )
        )

    @api.model
    def _get_billed_domain(self):
        """Return the domain of contracts that are billed though their term is over."""
        over = self.env["res.company"]._on_days(
            lambda today: Domain("date_end", "<", today)
        )
        is_billed = Domain("type_id.bill_grace", "=", True)
        return self._get_waiting_domain() & over & is_billed

    @api.model
    def _is_billed_beyond(self, contract):
        """Return whether the ledger has periods after the term (bool)."""
        # sudo: the ledger knows all of its rows
        return any(
            row.period_end > contract.date_end
            for row in contract.sudo().installment_ids
            if row.period_end
        )

    @api.model
    def _get_last_day(self, contract):
        """Return the last day that is billed of a contract whose term is over.

        :return: False while it goes on without an end
        """
        end = contract.date_end
        if contract.state == "ended":
            return max(end, contract.date_ended or end)
        if contract.date_termination:
            return max(end, contract.date_termination)
        yesterday = contract.company_id._get_today() - _DAY
        if end > yesterday or not contract.type_id.bill_grace:
            return end
        is_automatic = contract.renewal_mode in AUTOMATIC
        granted = not is_automatic and add(end, days=contract.type_id.grace_days)
        # sudo: renewals that belong to somebody else
        if contract.sudo().filtered_domain(self._get_waiting_domain()):
            return granted
        if not self._is_billed_beyond(contract):
            return end
        return min(filter(None, (granted, yesterday)))

    @api.model
    def _go_on(self, contract):
        """Bill on after the term."""
        ledger = self.env["crm.contract.ledger"]
        ledger._extend(contract, contract.date_end + _DAY)

    @api.model
    def _follow_signatures(self, renewals):
        """Let predecessors that expired be superseded by renewals that were signed late.

        Signed within the days of grace, they follow without a gap: nothing churned.
        """
        for renewal in renewals.filtered(lambda contract: contract.kind == "renewal"):
            # sudo: who signs the renewal need not have rights on the predecessor
            origin = renewal.origin_id.sudo()
            if origin.state != "ended" or origin.end_reason != "expired":
                continue
            end = origin.date_end
            last = add(end, days=origin.type_id.grace_days)
            if renewal.date_start == end + _DAY and renewal.date_signed <= last:
                self._supersede_expired(origin)

    @api.model
    def _supersede_expired(self, origin):
        day = origin.date_end
        # What was billed after it is billed by the renewal.
        self.env["crm.contract.settlement"]._settle(origin, day)
        self.env["crm.contract.mrr.movement"]._reopen(origin, day)
        origin.write({"end_reason": "superseded", "date_ended": day})
        self.env["crm.contract.ledger"]._rebuild(origin, day)


class CrmContractLedger(models.AbstractModel):
    _inherit = "crm.contract.ledger"

    @api.model
    def _get_last_day(self, contract):
        last = super()._get_last_day(contract)
        return last and self.env["crm.contract.grace"]._get_last_day(contract)


class CrmContractSchedule(models.AbstractModel):
    _inherit = "crm.contract.schedule"

    @api.model
    def _get_expire_due_domain(self):
        grace = self.env["crm.contract.grace"]
        # Terminated to a day to come, while it went on.
        is_ahead = self.env["res.company"]._on_days(
            lambda today: Domain("date_termination", ">=", today)
        )
        domain = super()._get_expire_due_domain()
        return domain & ~grace._get_waiting_domain() & ~is_ahead


class CrmContractRenewalSchedule(models.AbstractModel):
    _inherit = "crm.contract.renewal.schedule"

    @api.model
    def _get_steps(self):
        grace = self.env["crm.contract.grace"]
        return [
            *super()._get_steps(),
            Step(
                "grace",
                self.env._("Bill what waits for its renewal"),
                self.env["crm.contract"],
                grace._get_billed_domain,
                grace._go_on,
                keep=lambda contract: not grace._is_billed_beyond(contract),
            ),
        ]
