from odoo import models
from odoo.exceptions import UserError

# Placeholders that have no value before the submission gives them one.
_SET_BY_SUBMISSION = ("number", "date_number", "date_submitted", "submitted_by_id")


class CrmContract(models.Model):
    """Submission: what must be there, the number, and what is frozen."""

    _inherit = "crm.contract"

    def _get_missing_for_submission(self):
        """Return what keeps the contract from being submitted (list of str).

        Extended by satellites with requirements of their own.
        """
        self.ensure_one()
        checks = (
            self._get_missing_parties,
            self._get_missing_content,
            self._get_missing_fees,
            self._get_missing_term,
            self._get_missing_clauses,
        )
        problems = [problem for check in checks for problem in check()]
        problems += self.env["crm.contract.reading"]._get_hidden(self)
        return problems + self.document_ids._get_missing()

    def write(self, vals):
        if "type_id" in vals:
            self._check_type_stays(vals["type_id"])
        return super().write(vals)

    def _check_type_stays(self, type_id):
        """Refuse another type once a number says it, the review that it needed passed.

        What changes a contract is of the type of that.
        """
        changed = self.filtered(
            lambda c: (c.number or not c.performs) and c.type_id.id != type_id
        )
        if changed:
            raise UserError(
                self.env._(
                    "The type of %s can't change any more: it is in the number, and "
                    "decides on who approves. Cancel it and make a new contract.",
                    ", ".join(changed.mapped("display_name")),
                )
            )

    def _set_number(self):
        """Give the number on first submission; it survives recalls."""
        if not self.number:
            # sudo: owned fields
            contract = self.sudo()
            contract.date_number = self.company_id._get_today()
            contract._set_next_sequence()

    def _get_starting_sequence(self):
        return f"{self.type_id.code}/{self.date_number.year}/00000"

    def _get_last_sequence_domain(self, relaxed=False):
        return (
            "WHERE company_id = %(company)s AND sequence_prefix = %(prefix)s",
            {
                "company": self.company_id.id,
                "prefix": f"{self.type_id.code}/{self.date_number.year}/",
            },
        )

    def _freeze(self):
        """Make the versions of submitted contracts, and store their printed texts."""
        self.env["crm.contract.placeholder"]._check_resolved(self)
        before = {contract: contract.version_ids[:1] for contract in self}
        versions = self.env["crm.contract.version"]._freeze(self)
        for contract, version in zip(self, versions, strict=True):
            # sudo: owned field, written by the submission after its checks
            contract.sudo().version_id = version
        self.env["crm.contract.document"]._store_texts(self)
        for contract, last in before.items():
            if last:
                self.env["crm.contract.changes"]._log(contract, last)

    def _unfreeze(self):
        """Take the versions back with which the contracts were submitted."""
        self.version_id._withdraw()
        # sudo: owned field; the transition to draft checked the rights
        self.sudo().version_id = False

    def _check_can_submit(self):
        problems = []
        for contract, missing in self._get_submission_problems().items():
            if missing:
                problems.append(f"{contract.display_name}:")
                problems += [f"- {problem}" for problem in missing]
        if problems:
            raise UserError("\n".join(problems))

    def _get_submission_problems(self):
        """Return what keeps the drafts from being submitted: {contract: list of str}.

        Extended by satellites that look at all contracts at once.
        """
        return {
            contract: contract._get_missing_for_submission()
            for contract in self
            if contract.state == "draft"
        }

    def _get_missing_parties(self):
        problems = []
        if not self.partner_id.active:
            problems.append(self.env._("The customer is archived."))
        if not self.customer_address:
            problems.append(self.env._("The customer has no address."))
        if self.type_id.require_signatories and not (
            self.customer_signatory_id and self.company_signatory_id
        ):
            problems.append(self.env._("The signatories of both sides are missing."))
        if not self.type_id.require_registration:
            return problems
        for registry, representative, who in (
            ("customer_registry", "customer_representative", self.partner_id),
            ("company_registry_number", "company_representative", self.company_id),
        ):
            if not self[registry]:
                problems.append(
                    self.env._("%s has no registration number.", who.display_name)
                )
            if not self[representative]:
                problems.append(
                    self.env._("%s has no legal representative.", who.display_name)
                )
        return problems

    def _get_missing_content(self):
        lines = self.line_ids.filtered(lambda line: not line.display_type)
        if not lines and self.is_framework:
            return []
        if not lines:
            return [self.env._("The service content is empty.")]
        if not self.type_id.require_service_standard:
            return []
        return [
            self.env._(
                "The line “%s” has no scope or no service standard.",
                line.name.partition("\n")[0],
            )
            for line in lines
            if not (line.scope and line.service_standard)
        ]

    def _get_missing_fees(self):
        problems = []
        if not self.currency_id._has_rate_of(self.company_id):
            problems.append(
                self.env._(
                    "The currency %s has no exchange rate.", self.currency_id.name
                )
            )
        if not self.currency_id.active:
            problems.append(
                self.env._("The currency %s is archived.", self.currency_id.name)
            )
        if self.is_framework:
            return problems + self.env["crm.contract.ceiling"]._get_missing(self)
        plan = self.installment_ids._filter_plan()
        needs_plan = self.amount_one_off or not self.amount_recurring
        if self.type_id.require_plan and needs_plan and not plan:
            problems.append(self.env._("The payment plan is empty."))
        if plan and self.plan_difference:
            problems.append(
                self.env._(
                    "The payment plan does not add up to the contract value: the "
                    "difference is %s.",
                    self.currency_id.format(self.plan_difference),
                )
            )
        # What is free because of a discount is meant to be.
        if plan and not self.amount_total and not self.line_ids.filtered("price_unit"):
            problems.append(self.env._("The contract value is zero."))
        elif plan and all(
            line.is_recurring or line.display_type for line in self.line_ids
        ):
            problems.append(
                self.env._(
                    "The payment plan covers lines that don't recur, and there are "
                    "none. Remove its rows."
                )
            )
        for row in plan:
            problems += row._get_missing()
        return problems

    def _get_missing_term(self):
        """Return what the term lacks, or has too much (list of str).

        Extended by satellites with terms of their own.
        """
        problems = []
        if not self.date_start:
            problems.append(self.env._("The start date is missing."))
        if not self.date_end and not self.is_open_ended:
            problems.append(
                self.env._("Give an end date or mark the contract as open-ended.")
            )
        if self.type_id.require_end_date and self.is_open_ended:
            problems.append(self.env._("Contracts of this type have a fixed end date."))
        return problems

    def _get_missing_clauses(self):
        problems = []
        if not self.lang_id:
            problems.append(self.env._("The language of the contract is missing."))
        elif not self.lang_id.active:
            problems.append(
                self.env._("The language %s is not activated.", self.lang_id.name)
            )
        if self.type_id.require_dispute and not self.dispute_method:
            problems.append(self.env._("The way of dispute resolution is missing."))
        categories = self.type_id.required_category_ids - self.clause_ids.category_id
        problems += [
            self.env._("A clause of the category “%s” is missing.", category.name)
            for category in categories
        ]
        problems += [
            self.env._("The mandatory clause “%s” is missing.", clause.name)
            for clause in self.env["crm.contract.clause"]._get_missing_mandatory(self)
        ]
        if self.lang_id.active:
            placeholders = self.env["crm.contract.placeholder"]
            unresolved = [
                (where, expression)
                for where, expression in placeholders._get_unresolved(self)
                if not self._is_set_by_submission(expression)
            ]
            problems += placeholders._describe(unresolved)
        return problems

    def _is_set_by_submission(self, expression):
        path = self.env["crm.contract.placeholder"]._get_path(expression)
        return bool(path) and path[0] in _SET_BY_SUBMISSION
