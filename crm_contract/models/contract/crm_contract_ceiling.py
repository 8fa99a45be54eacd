from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

CEILING_ACTIVITY = "crm_contract.mail_activity_type_ceiling"
_WATCHED = "crm_contract.watched_ceilings"


class CrmContractCeiling(models.AbstractModel):
    """The ceiling of framework contracts: watched while orders change."""

    _name = "crm.contract.ceiling"
    _description = "Ceiling of framework contracts"

    @api.model
    def _get_missing(self, contract):
        """Return what a framework contract lacks or has too much (list of str)."""
        problems = []
        if not contract.amount_ceiling:
            problems.append(self.env._("The ceiling of the framework is missing."))
        if contract.installment_ids:
            problems.append(
                self.env._(
                    "A framework contract bills by its orders: remove the payment plan."
                )
            )
        if contract.line_ids.filtered("is_recurring"):
            problems.append(
                self.env._("A framework contract has no recurring lines; order them.")
            )
        return problems

    @api.model
    @contextmanager
    def _watch(self, contracts):
        """Let the block change orders, then check what it added to the frameworks.

        One block inside another leaves the check to the outer one: what rises in one
        line may fall in the next.
        """
        orders = self.env["sale.order"]
        watched = self.env.cr.precommit.data.setdefault(_WATCHED, set())
        frameworks = contracts.filtered(
            lambda c: c.is_framework and c.id not in watched
        )
        before = orders._get_called_off(frameworks).ordered if frameworks else {}
        watched.update(frameworks.ids)
        try:
            yield
        finally:
            watched.difference_update(frameworks.ids)
        if frameworks:
            self._check(frameworks, before)

    @api.model
    def _check(self, frameworks, before):
        """Refuse or report what exceeds the ceiling, as the company's settings say.

        :param before: {contract: amount ordered before}; what was too much already is
            no reason to refuse less
        """
        ordered = self.env["sale.order"]._get_called_off(frameworks).ordered
        risen = frameworks.filtered(lambda c: ordered.get(c, 0.0) > before.get(c, 0.0))
        # Two confirmations at once would each see its own order alone.
        risen._serialise()
        for contract in risen:
            old, new = before.get(contract, 0.0), ordered[contract]
            compare = contract.currency_id.compare_amounts
            if compare(new, contract.amount_ceiling) > 0 and compare(new, old) > 0:
                self._act_beyond(contract, old, new)
        frameworks.invalidate_recordset(["amount_ordered", "amount_ceiling_left"])

    @api.model
    def _act_beyond(self, contract, old, new):
        message = self._get_message(contract, old, new)
        if contract.company_id.contract_ceiling_policy == "refuse":
            raise UserError(message)
        contract._message_log(body=message)
        contract.activity_unlink([CEILING_ACTIVITY])
        contract.activity_schedule(
            CEILING_ACTIVITY,
            user_id=contract.user_id.id or self.env.uid,
            note=message,
        )

    @api.model
    def _get_message(self, contract, old, new):
        """Return the ceiling, what is ordered, and what to do, as text.

        :param old: what was ordered before, in the contract's currency
        :param new: what would be ordered now
        """
        ceiling, ordered, added, excess = (
            formatLang(self.env, amount, currency_obj=contract.currency_id)
            for amount in (
                contract.amount_ceiling,
                old,
                new - old,
                new - contract.amount_ceiling,
            )
        )
        return self.env._(
            "%(contract)s has a ceiling of %(ceiling)s (without taxes). %(ordered)s is "
            "ordered so far; another %(added)s exceeds it by %(excess)s. Order less, or "
            "raise the ceiling by an amendment.",
            contract=contract.display_name,
            ceiling=ceiling,
            ordered=ordered,
            added=added,
            excess=excess,
        )
