from odoo import api, models

from ..contract.crm_contract_overview import Duty, Event

# The timeline shows no more of what recurs: the lists have all of it.
MOST = 40
MARKS = {"accepted": "done", "waived": "done", "waiting": "ahead", "open": "ahead"}


class CrmContractOverview(models.AbstractModel):
    """What the first page says of obligations: days, and who has to act."""

    _inherit = "crm.contract.overview"

    @api.model
    def _get_milestone_events(self, contracts):
        """Return the obligations that are due on a day, what is agreed of drafts."""
        rows = self._get_obligations(contracts)
        for contract, mine in rows.grouped("contract_id").items():
            dated = mine.filtered("date_due")
            today = contract.company_id._get_today()
            near = dated.sorted(lambda row, t=today: abs((row.date_due - t).days))[
                :MOST
            ]
            for row in near:
                yield (
                    contract,
                    Event(
                        "milestone",
                        row.date_due,
                        row.name,
                        self._get_mark(row),
                        record=row,
                    ),
                )
        drafts = contracts - rows.contract_id
        yield from super()._get_milestone_events(drafts)

    @api.model
    def _get_obligations(self, contracts):
        # By way of the milestones, which others ask for as well: a batch has them all.
        rows = contracts.milestone_ids.obligation_ids
        return rows.filtered(lambda row: row.state != "cancelled").sorted()

    @api.model
    def _get_mark(self, row):
        if row.state == "done":
            return "done" if row.is_complete else "open"
        return "late" if row.is_late else MARKS[row.state]

    @api.model
    def _get_obligation_duties(self, contract):
        """Return who has to fulfil or accept what (list of `Duty`)."""
        customer = contract.commercial_partner_id.name
        company = contract.company_id.name
        duties = []
        for row in self._get_obligations(contract):
            ours = row.user_id.name or row.team_id.name or company
            if row.is_late:
                who = customer if row.side == "theirs" else ours
                duties.append(Duty(who, row.name, row.date_due, row))
            elif row.state == "done" and not row.is_complete:
                who = customer if row.side == "ours" else ours
                why = self.env._("Accept: %s", row.name)
                duties.append(Duty(who, why, False, row))
        return duties
