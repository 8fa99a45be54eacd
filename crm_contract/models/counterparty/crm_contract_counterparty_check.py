from odoo import api, models
from odoo.tools import format_date, formatLang

from ...tools.id_numbers import is_wrong_registry, is_wrong_vat
from ..contract.crm_contract_checklist import Missing


class CrmContractCounterparty(models.Model):
    """What speaks against signing a contract with a customer."""

    _inherit = "crm.contract.counterparty"

    @api.model
    def _find(self, contracts):
        """Return what is found of the customers: {contract: list of `Missing`}.

        A constant number of queries.
        """
        # sudo: told to whoever may read the contract, whatever he sees of the file
        contracts = contracts.sudo()
        files = self._get_files(contracts.commercial_partner_id)
        twins = self._get_twins(contracts.commercial_partner_id)
        owed = self._get_owed(files.filtered("has_credit_limit"))
        found = {}
        for contract in contracts:
            own = self._get_own(contract, files)
            found[contract.sudo(False)] = [
                *own._find_lists(contract),
                *self._find_twins(contract, twins),
                *own._find_qualifications(contract),
                *own._find_credit(contract, owed),
                *self._find_numbers(contract),
            ]
        return found

    @api.model
    def _get_files(self, partners):
        """Return the files of commercial entities (sudo), whichever contact has them."""
        # sudo: of customers, whoever asks
        return self.sudo().search(
            [("partner_id.commercial_partner_id", "in", partners.ids)], order="id"
        )

    @api.model
    def _get_own(self, contract, files):
        """Return the files that count for a contract, that of its company first."""
        own = files.filtered(
            lambda row: (
                row.partner_id.commercial_partner_id == contract.commercial_partner_id
                and row.company_id in (contract.company_id, self.env["res.company"])
            )
        )
        return own.sorted(lambda row: not row.company_id)

    @api.model
    def _get_twins(self, partners):
        """Return the files of others on a list that have a number of the customers."""
        numbers = {
            name: list(filter(None, partners.mapped(name)))
            for name in ("company_registry", "vat")
        }
        if not any(numbers.values()):
            return self.sudo().browse()
        # sudo: as the files
        return self.sudo().search(
            [
                ("list_status", "!=", "none"),
                ("partner_id.commercial_partner_id", "not in", partners.ids),
                "|",
                ("partner_id.company_registry", "in", numbers["company_registry"]),
                ("partner_id.vat", "in", numbers["vat"]),
            ]
        )

    def _find_lists(self, contract):
        """Return the lists that the customer himself is on."""
        return [
            row._tell_list(
                contract,
                status,
                f"list:{row.id}",
                self.env._(
                    "%(customer)s is on a list (%(list)s, since %(day)s): %(reason)s",
                    customer=row.partner_id.display_name,
                    list=label,
                    day=format_date(self.env, row.list_since),
                    reason=row.list_reason,
                ),
            )
            for row, status, label in self._get_listed(contract)
        ]

    @api.model
    def _find_twins(self, contract, twins):
        """Return the lists that somebody with the customer's number is on."""
        customer = contract.commercial_partner_id
        same = self._get_same_number(customer, contract.company_id, twins)
        return [
            row._tell_list(
                contract,
                status,
                f"twin:{row.id}",
                self.env._(
                    "%(customer)s has the number of %(other)s, which is on a list "
                    "(%(list)s).",
                    customer=customer.display_name,
                    other=row.partner_id.display_name,
                    list=label,
                ),
            )
            for row, status, label in same._get_listed(contract)
        ]

    def _get_listed(self, contract):
        """Return what is on a list on the contract's day: [(file, list, its name)]."""
        labels = dict(self._fields["list_status"]._description_selection(self.env))
        today = contract.company_id._get_today()
        found = [(row, row._get_list(today)) for row in self]
        return [(row, key, labels[key]) for row, key in found if key != "none"]

    @api.model
    def _get_same_number(self, customer, company, twins):
        def is_same(other):
            return any(
                customer[name] and customer[name] == other[name]
                for name in ("company_registry", "vat")
            )

        return twins.filtered(
            lambda row: (
                row.company_id in (company, self.env["res.company"])
                and is_same(row.partner_id)
            )
        )

    def _tell_list(self, contract, status, key, message):
        advice = self.env._("Ask %s before you go on.", self.user_id.name or "?")
        return Missing(
            message,
            self.sudo(False),
            refuses=status == "black" and contract.type_id.refuse_listed,
            kind="counterparty",
            key=key,
            advice=advice if self.user_id else "",
        )

    def _find_qualifications(self, contract):
        """Return the kinds of qualifications of which none is valid."""
        today, needed = contract.company_id._get_today(), contract.type_id
        kinds = needed.qualification_kind_ids
        rows = self.qualification_ids
        found = []
        for kind in kinds | rows.kind_id:
            own = rows.filtered(lambda row, kind=kind: row.kind_id == kind)
            if not any(row._holds(today) for row in own):
                found.append(
                    Missing(
                        self._describe_qualification(contract, kind, own),
                        self[:1].sudo(False)
                        or contract.commercial_partner_id.sudo(False),
                        refuses=kind in kinds and needed.refuse_unqualified,
                        kind="counterparty",
                        key=f"qualification:{kind.id}",
                    )
                )
        return found

    @api.model
    def _describe_qualification(self, contract, kind, rows):
        customer = contract.commercial_partner_id.display_name
        last = max(filter(None, rows.mapped("date_until")), default=None)
        if last and last < contract.company_id._get_today():
            return self.env._(
                "%(customer)s: %(kind)s expired on %(day)s.",
                customer=customer,
                kind=kind.name,
                day=format_date(self.env, last),
            )
        return self.env._(
            "%(customer)s has no valid qualification “%(kind)s”.",
            customer=customer,
            kind=kind.name,
        )

    @api.model
    def _get_owed(self, files):
        """Return what customers owe, by the books: {(partner, company): amount}.

        In the currency of each company.
        """
        if not files:
            return {}
        # sudo: what is owed, told as one figure
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", files.partner_id.commercial_partner_id.ids),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                ],
                ["partner_id", "company_id"],
                ["amount_residual:sum"],
            )
        )
        return {(partner, company): amount for partner, company, amount in groups}

    def _find_credit(self, contract, owed):
        """Return whether a contract goes beyond what its customer may owe."""
        row = self.filtered("has_credit_limit")[:1]
        if not row:
            return []
        company, today = contract.company_id, contract.company_id._get_today()
        found = []
        if row.credit_until and row.credit_until < today:
            message = self.env._(
                "The credit of %(customer)s was to be checked by %(day)s.",
                customer=row.partner_id.display_name,
                day=format_date(self.env, row.credit_until),
            )
            found.append(row._tell_credit(False, "credit_until", message))
        value = self.env["crm.contract.worth"]._reckon(contract)
        if value is None:
            # Without a rate, nothing can be submitted: that is told elsewhere.
            return found
        debt = sum(
            where.currency_id._convert(amount, row.currency_id, where, today)
            for (partner, where), amount in owed.items()
            if partner == contract.commercial_partner_id
            and row.company_id in (where, self.env["res.company"])
        )
        total = debt + company.currency_id._convert(
            value, row.currency_id, company, today
        )
        if row.currency_id.compare_amounts(total, row.credit_limit) > 0:
            money = row._format
            message = self.env._(
                "%(customer)s owes %(debt)s; with this contract it comes to %(total)s, "
                "and the credit limit is %(limit)s.",
                customer=row.partner_id.display_name,
                debt=money(debt),
                total=money(total),
                limit=money(row.credit_limit),
            )
            refuses = contract.type_id.refuse_credit
            found.append(row._tell_credit(refuses, "credit", message))
        return found

    def _tell_credit(self, refuses, key, message):
        return Missing(
            message, self.sudo(False), "", refuses, kind="counterparty", key=key
        )

    def _format(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    @api.model
    def _find_numbers(self, contract):
        """Return the numbers of the customer that can't be right."""
        customer = contract.commercial_partner_id
        country = customer.country_id.code or ""
        wrong = []
        registry = customer.company_registry
        if is_wrong_registry(country, customer.is_company, registry):
            wrong.append("company_registry")
        if is_wrong_vat(country, customer.vat):
            wrong.append("vat")
        checklist = self.env["crm.contract.checklist"]
        return [
            Missing(
                self.env._(
                    "%(customer)s: %(what)s %(number)s can't be right. Compare it with the "
                    "licence.",
                    customer=customer.display_name,
                    what=checklist._get_label(customer, name),
                    number=customer[name],
                ),
                customer.sudo(False),
                name,
                contract.type_id.refuse_numbers,
                kind="counterparty",
                key=f"number:{name}",
            )
            for name in wrong
        ]
