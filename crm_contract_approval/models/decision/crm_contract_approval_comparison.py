from odoo import models
from odoo.tools import format_date, formatLang


class CrmContractApprovalTask(models.Model):
    """What a contract is compared with: its template, and what was accepted before."""

    _inherit = "crm.contract.approval.task"

    def _get_term_text(self):
        self.ensure_one()
        contract = self.contract_id
        begin, end = (
            format_date(self.env, day)
            for day in (contract.date_start, contract.date_end)
        )
        if contract.is_open_ended:
            return self.env._("from %s on, open-ended", begin)
        return f"{begin} – {end}"

    def _get_customer_figures(self):
        """Return what the customer owes and how he paid: (label, value, alarming)."""
        self.ensure_one()
        contract = self.contract_id
        # sudo: sums over contracts that the approver may not open
        contracts = (
            self.env["crm.contract"]
            .sudo()
            .search(
                [
                    ("commercial_partner_id", "=", contract.commercial_partner_id.id),
                    ("company_id", "=", contract.company_id.id),
                    ("state", "in", ("signed", "running", "suspended", "ended")),
                    ("performs", "=", True),
                ]
            )
        )
        today = contract.company_id._get_today()
        company = contract.company_id.currency_id
        sums = dict.fromkeys(("amount_remaining", "amount_overdue"), 0.0)
        for other in contracts:
            for name in sums:
                sums[name] += other.currency_id._convert(
                    other[name], company, contract.company_id, today
                )
        return [
            (self.env._("Contracts with the customer"), str(len(contracts)), False),
            (
                self.env._("Not paid yet under them"),
                formatLang(self.env, sums["amount_remaining"], currency_obj=company),
                False,
            ),
            (
                self.env._("Overdue"),
                formatLang(self.env, sums["amount_overdue"], currency_obj=company),
                bool(sums["amount_overdue"]),
            ),
            *self._get_dispute_figures(),
        ]

    def _get_dispute_figures(self):
        """Return the open disputes with the customer, if there are some."""
        contract = self.contract_id
        disputes = self.env["crm.contract.dispute"]._get_of_customers(contract)
        rows = disputes.get((contract.commercial_partner_id, contract.company_id))
        if not rows:
            return []
        return [(self.env._("Open disputes"), ", ".join(rows.mapped("number")), True)]

    def _get_template_changes(self):
        """Return how the contract differs from its template, in readable form.

        Texts of clauses are compared with the library, see `is_deviating`.

        :return: as `crm.contract.changes._describe`
        """
        self.ensure_one()
        contract = self.contract_id
        template = contract.template_id
        if not template:
            return []
        names = ("preamble", "dispute_method", "dispute_institution", "dispute_place",
                 "duration", "duration_unit", "notice_period", "notice_unit")  # fmt: skip
        changes = []
        for name in names:
            field = contract._fields[name]
            old = template[name] if name in template._fields else False
            if old and old != contract[name]:
                changes.append(
                    {
                        "label": field._description_string(self.env),
                        "old": contract._describe_content_value(field, old),
                        "new": contract._describe_content_value(
                            field, contract._get_content_value(name)
                        ),
                    }
                )
        return changes + self._get_line_changes() + self._get_clause_changes()

    def _get_line_changes(self):
        contract = self.contract_id

        def describe(line):
            return ", ".join(
                filter(None, (f"{line.quantity:g}", line.service_standard))
            )

        return _compare_rows(
            self.env._("Service content"),
            contract.template_id.line_ids.filtered(lambda line: not line.display_type),
            contract.line_ids.filtered(lambda line: not line.display_type),
            lambda line: line.product_id.id or (line.name or "").partition("\n")[0],
            describe,
        )

    def _get_clause_changes(self):
        contract = self.contract_id
        clauses = self.env["crm.contract.clause.template"].browse(
            [
                vals["template_id"]
                for vals in self.env["crm.contract.clause"]._prepare_vals_of(contract)
            ]
        )
        return _compare_rows(
            self.env._("Clauses"),
            clauses,
            contract.clause_ids,
            lambda row: (
                (row if row._name == clauses._name else row.template_id).id or row.name
            ),
            lambda row: "",
        )

    def _get_precedents(self):
        """Return where deviating clauses were accepted before.

        :return: list of (heading of the clause, text); approved contracts alone count
        """
        self.ensure_one()
        contract = self.contract_id
        deviating = contract.clause_ids.filtered("is_deviating")
        if not deviating:
            return []
        # sudo: numbers of contracts that the approver may not open
        earlier = self.env["crm.contract.clause"].sudo().search(
            [
                "|", ("template_id", "in", deviating.template_id.ids),
                "&", ("template_id", "=", False),
                ("name", "in", deviating.mapped("name")),
                ("is_deviating", "=", True),
                ("contract_id", "!=", contract.id),
                ("company_id", "=", contract.company_id.id),
                ("contract_id.state", "not in", ("draft", "review", "cancelled")),
            ]
        )  # fmt: skip
        found = []
        texts = self.env["crm.contract.reading"]
        for clause in deviating:
            same = earlier.filtered(
                lambda row, clause=clause: (
                    row.template_id == clause.template_id
                    and row.name == clause.name
                    and texts._is_standard(row.body, clause.body)
                )
            ).contract_id
            own = same.filtered(
                lambda c: c.commercial_partner_id == contract.commercial_partner_id
            )
            found.append((clause.name, self._describe_precedents(own, same - own)))
        return found

    def _describe_precedents(self, own, others):
        if own:
            return self.env._(
                "accepted for this customer in %s",
                ", ".join(own.mapped("display_name")),
            )
        if others:
            return self.env._(
                "never for this customer, for others %s times", len(others)
            )
        return self.env._("never accepted before")


def _compare_rows(label, old_rows, new_rows, key, describe):
    """Return changes between rows that belong together by a key."""
    old = {key(row): row for row in old_rows}
    new = {key(row): row for row in new_rows}
    changes = []
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        row = after or before
        title = (row.name or "").partition("\n")[0]
        texts = [
            " – ".join(filter(None, (title, describe(side)))) if side else ""
            for side in (before, after)
        ]
        if texts[0] != texts[1]:
            changes.append({"label": label, "old": texts[0], "new": texts[1]})
    return changes
