from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.records import some

MAX_CONTRACTS = 100
IN_FORCE = ("signed", "running", "suspended")
# What happens to a row of the ledger, as the timeline shows it.
ROW_STATES = {"due": "due", "invoiced": "open", "planned": "ahead"}


class Event(NamedTuple):
    """A day that matters: a mark on the timeline of a contract.

    *key* is its kind ("start", "installment" …), *state* one of "done", "late", "due"
    (to be done now), "open" (done by us), "ahead", *record* what opens with it.
    """

    key: str
    day: date
    name: str
    state: str = "ahead"
    amount: float = 0.0
    record: models.BaseModel | None = None


class Duty(NamedTuple):
    """Who has to do something about a contract, and why: two texts, and until when."""

    who: str
    why: str
    until: date | bool = False
    record: models.BaseModel | None = None


class CrmContractOverview(models.AbstractModel):
    """What the first page of a contract tells: money, days, who has to act."""

    _name = "crm.contract.overview"
    _description = "Overview of a contract"

    @api.model
    def get_overviews(self, contract_ids=None):
        """Return what matters first of contracts that the user may read.

        :param contract_ids: up to 100 ids of `crm.contract`
        :return: a list of objects, in the order of the ids: `id`, `today`,
            `currency_id`, `figures` (list of `key`, `name`, `amount`, and `share` of the
            first one, 0 to 1), `note` (what the current year of a contract without an
            end comes to, or empty), `duties` (list of `who`, `why`, `until`, `is_late`,
            `res_model`, `res_id`), `events` (by day: `key`, `day`, `name`, `state` of
            "done", "late", "due", "open" or "ahead", `amount`, `res_model`, `res_id`), `next`
            (index in `events` of the next one, or -1), `progress` (`planned` and `actual`
            as shares, `light` of "green", "amber" or "red", `reason`; or false),
            `signed_copy` and `text` (`name`
            and `url` of the file, or false), `can_add_signed_copy` (the user may, and
            there is none)
        """
        contracts = self._read_contracts(contract_ids)
        events = self._get_events(contracts)
        files = self._get_files(contracts)
        progress = self._get_progress(contracts)
        return [
            {
                **self._describe(contract, events[contract], files.get(contract, {})),
                "progress": progress.get(contract, False),
            }
            for contract in contracts
        ]

    @api.model
    def _get_progress(self, contracts):
        """Return how far what is owed is, see `crm.contract.obligation.progress`."""
        return self.env["crm.contract.obligation.progress"]._get_progress(contracts)

    def _read_contracts(self, ids):
        is_list = isinstance(ids, list) and all(type(each) is int for each in ids)
        if not is_list or len(ids) > MAX_CONTRACTS:
            raise UserError(
                self.env._("contract_ids: give a list of up to %s ids.", MAX_CONTRACTS)
            )
        contracts = some(self.env["crm.contract"].browse(ids))
        contracts.check_access("read")
        return contracts

    def _describe(self, contract, events, files):
        today = contract.company_id._get_today()
        events = sorted(events, key=lambda event: event.day)
        ahead = (
            number
            for number, event in enumerate(events)
            if event.day >= today and event.state != "done"
        )
        misses = self._misses_signed_copy(contract, files)
        return {
            "id": contract.id,
            "today": fields.Date.to_string(today),
            "currency_id": contract.currency_id.id,
            "figures": self._with_shares(self._get_figures(contract)),
            "note": contract.billed_note or "",
            "duties": [
                self._describe_duty(duty, today)
                for duty in self._get_duties(contract, misses)
            ],
            "events": [self._describe_event(event) for event in events],
            "next": next(ahead, -1),
            "signed_copy": files.get("signed", False),
            "text": files.get("text", False),
            "can_add_signed_copy": misses and contract.has_access("write"),
        }

    @api.model
    def _with_shares(self, figures):
        whole = figures[0][2] if figures else 0.0
        return [
            {
                "key": key,
                "name": name,
                "amount": amount,
                "share": max(0.0, min(1.0, amount / whole)) if whole > 0 else 0.0,
            }
            for key, name, amount in figures
        ]

    @api.model
    def _describe_event(self, event):
        return {
            "key": event.key,
            "day": fields.Date.to_string(event.day),
            "name": event.name,
            "state": event.state,
            "amount": event.amount,
            **self._describe_record(event.record),
        }

    @api.model
    def _describe_duty(self, duty, today):
        return {
            "who": duty.who,
            "why": duty.why,
            "until": duty.until and fields.Date.to_string(duty.until),
            "is_late": bool(duty.until) and duty.until < today,
            **self._describe_record(duty.record),
        }

    @api.model
    def _describe_record(self, record):
        return {
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
        }

    @api.model
    def _get_figures(self, contract):
        """Return the amounts that stand first (list of key, name, amount).

        The first one is the whole, of which the others are parts. Extended by
        satellites whose texts have other figures.
        """
        if contract.is_framework:
            return [
                ("value", self.env._("Ceiling"), contract.amount_ceiling),
                ("ordered", self.env._("Ordered"), contract.amount_ordered),
                ("invoiced", self.env._("Invoiced"), contract.amount_ordered_invoiced),
            ]
        return [
            ("value", self.env._("Contract value"), contract.amount_total),
            ("invoiced", self.env._("Invoiced"), contract.amount_invoiced),
            ("left", self.env._("To invoice"), contract.amount_remaining),
            *self._get_rest(contract),
            ("paid", self.env._("Paid"), contract.amount_paid),
            ("overdue", self.env._("Overdue"), contract.amount_overdue),
        ]

    @api.model
    def _get_rest(self, contract):
        """Return what the value differs by from what is and will be invoiced.

        The figures add up with it.
        """
        rest = contract.amount_unbilled
        if not rest:
            return []
        if rest < 0:
            return [("beyond", self.env._("Beyond the value"), -rest)]
        return [("unbilled", self.env._("Not billed here"), rest)]

    @api.model
    def _get_events(self, contracts):
        """Return the days that matter: {contract: list of `Event`}, in any order.

        Extended by satellites.
        """
        events = {contract: self._get_term_events(contract) for contract in contracts}
        performing = contracts.filtered("performs")
        for contract, event in (
            *self._get_milestone_events(performing),
            *self._get_installment_events(performing),
        ):
            events[contract].append(event)
        return events

    @api.model
    def _get_milestone_events(self, contracts):
        rows = self.env["crm.contract.milestone"].search(
            [("contract_id", "in", contracts.ids), ("date_deadline", "!=", False)]
        )
        for row in rows:
            state = "done" if row.date_done else "late" if row.is_late else "ahead"
            event = Event("milestone", row.date_deadline, row.name, state, record=row)
            yield row.contract_id, event

    @api.model
    def _get_installment_events(self, contracts):
        rows = self.env["crm.contract.installment"].search(
            [
                ("contract_id", "in", contracts.ids),
                ("date_due", "!=", False),
                ("state", "not in", ("cancelled", "waived")),
            ]
        )
        for row in rows:
            state = "late" if row.is_overdue else ROW_STATES.get(row.state, "done")
            event = Event("installment", row.date_due, row.name, state, row.amount)
            yield row.contract_id, event

    @api.model
    def _get_term_events(self, contract):
        """Return the days of the term (list of `Event`); extended by satellites."""
        today = contract.company_id._get_today()
        is_over = contract.state in ("ended", "cancelled", "superseded")
        last = contract.date_ended or contract.date_end
        days = [
            ("signature", self.env._("Signed"), contract.date_signed),
            ("start", self.env._("Start date"), contract.date_start),
            ("notice", self.env._("Notice deadline"), contract.date_notice),
            ("end", self.env._("End date"), last),
        ]
        return [
            Event(key, day, name, "done" if is_over or day < today else "ahead")
            for key, name, day in days
            if day
        ]

    @api.model
    def _get_duties(self, contract, misses_signed_copy):
        """Return who has to act, what is most urgent first (list of `Duty`).

        Extended by satellites.
        """
        owner = contract.user_id.name or self.env._("Salesperson")
        if contract.state == "draft":
            return [Duty(owner, self.env._("Complete the draft and submit it"))]
        if contract.state == "to_sign":
            signatories = [
                contract.customer_signatory_id.name,
                contract.company_signatory_id.name,
            ]
            who = ", ".join(filter(None, signatories))
            return [Duty(who or owner, self.env._("Sign the contract"))]
        duties = []
        if contract.state in IN_FORCE:
            duties += self._get_duties_of_performance(contract)
        if misses_signed_copy:
            duties.append(
                Duty(owner, self.env._("Add the copy that both sides signed"))
            )
        return duties

    @api.model
    def _get_duties_of_performance(self, contract):
        customer = contract.commercial_partner_id.name
        duties = []
        if contract.amount_overdue > 0:
            overdue = contract.installment_ids.filtered("is_overdue")
            dates = [row.date_maturity or row.date_due for row in overdue]
            since = min(filter(None, dates), default=False)
            duties.append(Duty(customer, self.env._("Pay what is overdue"), since))
        if contract.installment_due_count:
            dates = contract.installment_ids.filtered(lambda row: row.state == "due")
            first = min(dates.mapped("date_due"), default=False)
            duties.append(
                Duty(self.env._("Accounting"), self.env._("Invoice what is due"), first)
            )
        return [*duties, *self._get_obligation_duties(contract)]

    @api.model
    def _get_obligation_duties(self, contract):
        """Return who has to fulfil what is late (list of `Duty`)."""
        return []

    @api.model
    def _misses_signed_copy(self, contract, files):
        """Whether a contract that holds has no copy of what was signed."""
        is_over = contract.state in ("ended", "cancelled", "superseded")
        return bool(contract.date_signed) and not is_over and "signed" not in files

    @api.model
    def _get_files(self, contracts):
        """Return the newest files: {contract: {"signed" or "text": name and url}}."""
        files = {}
        documents = self.env["crm.contract.document"].search_fetch(
            [
                ("contract_id", "in", contracts.ids),
                ("kind", "in", ("signed", "text")),
            ],
            ["contract_id", "kind", "name"],
            order="id",
        )
        for document in documents:
            files.setdefault(document.contract_id, {})[document.kind] = {
                "name": document.name,
                "url": f"/web/content/crm.contract.document/{document.id}/file",
            }
        return files
