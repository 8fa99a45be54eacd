from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, formatLang

from ..contract.crm_contract_checklist import Missing

# Names of contracts that a message has
_MOST_NAMES = 5


class CrmContractSplit(models.AbstractModel):
    """Contracts of a customer that may be one, split to stay below a threshold.

    Those of the same commercial entity, company and type, submitted within the days that
    the type says. A draft counts as of today if it was made within these days.
    """

    _name = "crm.contract.split"
    _description = "Split contracts"

    @api.model
    def _serialise(self, contracts):
        """Let submissions that may be split see each other: one after the other.

        Only an update does it: who has an older snapshot is retried by the server. Of
        the customers whose contracts are looked at together, and no other.
        """
        # sudo: settings of the type, and the commercial entity
        rows = contracts.sudo().filtered(
            lambda row: row.type_id.split_days and row.type_id.split_amount
        )
        ids = rows.commercial_partner_id.ids
        if ids:
            self.env.cr.execute(
                SQL(
                    "UPDATE res_partner SET active = active FROM (SELECT id FROM"
                    " res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE) AS locked"
                    " WHERE res_partner.id = locked.id",
                    tuple(ids),
                )
            )

    @api.model
    def _get_groups(self, contracts):
        """Return what stands beside contracts (sudo): {contract: contracts}.

        One query for all of them; without those of their own families.
        """
        looked_at = contracts.sudo().filtered(
            lambda row: row.type_id.split_days and row.kind == "contract"
        )
        groups = {contract: looked_at.browse() for contract in contracts}
        if not looked_at:
            return groups
        others = looked_at.search(self._get_domain(looked_at), order="id", limit=1000)
        for contract in looked_at:
            key = self._get_key(contract)
            groups[contract.sudo(False)] = others.filtered(
                lambda other, contract=contract, key=key: (
                    self._get_key(other) == key and self._is_near(contract, other)
                )
            )
        return groups

    @api.model
    def _get_domain(self, contracts):
        days = max(contracts.type_id.mapped("split_days"))
        first = min(contracts.mapped(self._get_day)) - timedelta(days=days + 1)
        return Domain(
            [
                ("commercial_partner_id", "in", contracts.commercial_partner_id.ids),
                ("company_id", "in", contracts.company_id.ids),
                ("type_id", "in", contracts.type_id.ids),
                ("kind", "=", "contract"),
                ("state", "!=", "cancelled"),
                "|",
                ("date_submitted", ">=", first),
                ("create_date", ">=", first),
            ]
        )

    @api.model
    def _get_key(self, contract):
        return contract.commercial_partner_id, contract.company_id, contract.type_id

    @api.model
    def _get_day(self, contract):
        """Return the day that counts of a contract: nobody can choose another."""
        company, submitted = contract.company_id, contract.date_submitted
        if contract.state == "draft" or not submitted:
            return company._get_today()
        return company._get_today(submitted)

    @api.model
    def _is_near(self, contract, other):
        """Return whether another contract was submitted around the same time."""
        if self._get_family(contract) == self._get_family(other):
            return False
        days = contract.type_id.split_days
        if other.state == "draft":
            made = contract.company_id._get_today(other.create_date)
            if (contract.company_id._get_today() - made).days > days:
                return False
        return abs((self._get_day(contract) - self._get_day(other)).days) <= days

    @api.model
    def _get_family(self, contract):
        return contract.root_id or contract

    @api.model
    def _find(self, contracts):
        """Return which contracts may be split: {contract: list of `Missing`}."""
        asked = contracts.filtered(
            lambda row: row.type_id.split_days and row.type_id.split_amount
        )
        found = {contract: [] for contract in contracts}
        for contract, others in self._get_groups(asked).items():
            found[contract] += self._find_sum(contract, others)
        return found

    @api.model
    def _find_sum(self, contract, others):
        worth, limit = self.env["crm.contract.worth"], contract.type_id.split_amount
        currency = contract.company_id.currency_id
        values = {row: worth._reckon(row) or 0.0 for row in (contract, *others)}
        small = {
            row: value
            for row, value in values.items()
            if currency.compare_amounts(value, limit) < 0
        }
        if contract not in small or currency.compare_amounts(
            total := sum(small.values()), limit
        ) < 0:  # fmt: skip
            return []
        message = self.env._(
            "Together with %(others)s it comes to %(total)s, %(limit)s or more: contracts "
            "of the same customer and type within %(days)s days.",
            others=self._describe([row for row in small if row != contract], values),
            total=self._format(contract, total),
            limit=self._format(contract, limit),
            days=contract.type_id.split_days,
        )
        key = "split:" + ",".join(str(row.id) for row in small if row != contract)
        return [Missing(message, contract, refuses=False, kind="split", key=key)]

    @api.model
    def _format(self, contract, amount):
        currency = contract.company_id.currency_id
        return formatLang(self.env, amount, currency_obj=currency)

    @api.model
    def _describe(self, others, values):
        """Return the other contracts with their values, see `_list`."""

        def tell(row):
            return f"{row.display_name} ({self._format(row, values[row])})"

        return self._list(others, tell)

    @api.model
    def _list(self, others, tell=lambda row: row.display_name):
        """Return other contracts by name, those that the user may not see by number."""
        rows = self.env["crm.contract"].union(*(row.sudo(False) for row in others))
        seen = rows._filtered_access("read")
        names = [tell(row) for row in seen[:_MOST_NAMES]]
        rest = len(rows) - len(names)
        if rest:
            names.append(self.env._("%s more", rest))
        return ", ".join(names)
