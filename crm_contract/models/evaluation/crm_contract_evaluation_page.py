from datetime import date

from odoo import api, models
from odoo.fields import Domain


class CrmContractEvaluationPage(models.AbstractModel):
    """The figures of a printed evaluation, with the rights of who prints it."""

    _name = "crm.contract.evaluation.page"
    _description = "Page of an evaluation"

    @api.model
    def _get_page(self, evaluation):
        """Return what is printed of an evaluation.

        :return: dict of `rows` ((label, number, amount in company currency or None)),
            `majors` (list of dicts, see `_get_major`) and `is_empty`
        """
        evaluation.ensure_one()
        rows = [
            (label, *self._count(self._get_company_domain(evaluation) & domain))
            for label, domain in self._get_topics(evaluation)
        ]
        rows += self._get_more_rows(evaluation)
        majors = self._get_majors(evaluation)
        return {
            "rows": rows,
            "majors": [self._get_major(evaluation, contract) for contract in majors],
            "is_empty": not majors and not any(row[1] for row in rows),
        }

    @api.model
    def _get_topics(self, evaluation):
        """Return what contracts are counted by (list of (label, Domain)).

        Extended by satellites.
        """
        signed, ended = (
            _within(evaluation, "date_signed"),
            _within(evaluation, "date_ended"),
        )
        own = self.env["crm.contract"]._get_performing_domain()
        return [
            (self.env._("Signed"), own & signed),
            (self.env._("Changed"), Domain("kind", "=", "amendment") & signed),
            (
                self.env._("Fulfilled"),
                own & ended & Domain("end_reason", "in", ("completed", "expired")),
            ),
            (
                self.env._("Ended early"),
                own & ended & Domain("end_reason", "=", "terminated"),
            ),
            (
                self.env._("Renewed or replaced"),
                own & ended & Domain("end_reason", "=", "superseded"),
            ),
        ]

    @api.model
    def _get_more_rows(self, evaluation):
        """Return further rows: disputes of the year, payments that are overdue today."""
        company = Domain("company_id", "=", evaluation.company_id.id)
        disputes = self.env["crm.contract.dispute"].search_count(
            company & _within(evaluation, "date_opened")
        )
        overdue = self._get_company_domain(evaluation) & Domain(
            "installment_ids.is_overdue", "=", True
        )
        contracts = self.env["crm.contract"].search(overdue)
        amounts = [
            contract.currency_id._convert(
                contract.amount_overdue,
                evaluation.company_id.currency_id,
                evaluation.company_id,
                evaluation.company_id._get_today(),
            )
            if contract.currency_id.sudo()._has_rate_of(evaluation.company_id)
            else 0.0  # named on the page of the contract alone
            for contract in contracts
        ]
        return [
            (self.env._("Disputes begun"), disputes, None),
            (self.env._("Overdue today"), len(contracts), sum(amounts)),
        ]

    @api.model
    def _get_company_domain(self, evaluation):
        return Domain("company_id", "=", evaluation.company_id.id) & Domain(
            "active", "in", (True, False)
        )

    def _count(self, domain):
        [[number, amount]] = self.env["crm.contract"]._read_group(
            domain, [], ["__count", "amount_company:sum"]
        )
        return number, amount or 0.0

    @api.model
    def _get_majors(self, evaluation):
        """Return the largest contracts that ran or were signed in the year, and those
        with lessons."""
        first, last = _get_days(evaluation)
        live = (
            self.env["crm.contract"]._get_performing_domain()
            & self._get_company_domain(evaluation)
            & Domain("date_signed", "<=", last)
            & (Domain("date_ended", "=", False) | Domain("date_ended", ">=", first))
        )
        largest = self.env["crm.contract"].search(
            live, order="amount_company desc, id", limit=evaluation.pages or None
        )
        if not evaluation.pages:
            largest = largest.browse()
        return largest | evaluation.note_ids.contract_id

    @api.model
    def _get_major(self, evaluation, contract):
        """Return what the page of a contract tells (dict)."""
        obligations = contract.milestone_ids.obligation_ids
        late = obligations.filtered("is_late")
        notes = evaluation.note_ids.filtered(lambda row: row.contract_id == contract)
        first, last = _get_days(evaluation)
        disputes = self.env["crm.contract.dispute"].search(
            [("contract_id", "=", contract.id), ("date_opened", "<=", last)]
        )
        return {
            "contract": contract,
            "done": len(obligations.filtered("is_complete")),
            "obligations": len(
                obligations.filtered(
                    lambda row: row.state not in ("cancelled", "waived")
                )
            ),
            "late": late.mapped("name"),
            "disputes": disputes.filtered(
                lambda row: not row.date_closed or row.date_closed >= first
            ),
            "lesson": "\n".join(notes.mapped("lesson")),
        }


def _get_days(evaluation):
    year = int(evaluation.year)
    return date(year, 1, 1), date(year, 12, 31)


def _within(evaluation, name):
    first, last = _get_days(evaluation)
    return Domain(name, ">=", first) & Domain(name, "<=", last)
