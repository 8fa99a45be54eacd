from datetime import date
from typing import NamedTuple

from odoo import api, models

# What one page has room for.
LISTED, COMING = 14, 8
ORDER = {"late": 0, "open": 1, "done": 2, "waiting": 3, "complete": 4}


class Row(NamedTuple):
    """An obligation on the page: `mark` is a key of `ORDER`."""

    name: str
    side: str
    who: str
    due: date | bool
    closed: date | bool
    mark: str


class CrmContractFile(models.AbstractModel):
    """One page: what did we promise, what is delivered, billed, paid, what is next."""

    _name = "crm.contract.file"
    _description = "Contract file"

    @api.model
    def _get_page(self, contract):
        """Return what the page of a contract shows.

        With the rights of whoever prints it.

        :return: dict of `figures` (as of `crm.contract.overview`, with `share`),
            `progress` (as of it, or False), `rows` (list of `Row`), `more` (number of
            obligations that have no room), `counts` ({side: (closed, all)}), `coming`
            (list of `Event`), `duties` (list of `Duty`), `today`, and what satellites
            add to `notes` (list of str)
        """
        overview = self.env["crm.contract.overview"]
        today = contract.company_id._get_today()
        rows = self._get_rows(contract)
        events = overview._get_events(contract)[contract]
        coming = [e for e in events if e.day >= today and e.state != "done"]
        return {
            "today": today,
            "figures": overview._with_shares(overview._get_figures(contract)),
            "progress": overview._get_progress(contract).get(contract, False),
            "rows": rows[:LISTED],
            "more": max(0, len(rows) - LISTED),
            "counts": self._count(rows),
            "coming": sorted(coming, key=lambda event: event.day)[:COMING],
            "duties": overview._get_duties(contract, False)[:COMING],
            "notes": self._get_notes(contract),
        }

    @api.model
    def _get_notes(self, contract):
        """Return what else matters on the page, a sentence each (list of str).

        Extended by what knows of disputes, findings and the like.
        """
        return [contract.billed_note] if contract.billed_note else []

    @api.model
    def _get_rows(self, contract):
        """Return the obligations, what has to be done first (list of `Row`)."""
        obligations = contract.milestone_ids.obligation_ids
        rows = [self._describe(row) for row in obligations if row.state != "cancelled"]
        return sorted(rows, key=lambda row: (ORDER[row.mark], row.due or date.max))

    @api.model
    def _describe(self, row):
        ours = row.user_id.name or row.team_id.name or ""
        theirs = row.contact_id.name or ""
        mark = "late" if row.is_late else "complete" if row.is_complete else row.state
        return Row(
            row.name,
            row.side,
            ours if row.side == "ours" else theirs,
            row.date_due,
            row.date_accepted or row.date_done,
            mark,
        )

    @api.model
    def _count(self, rows):
        return {
            side: (
                sum(row.side == side and row.mark == "complete" for row in rows),
                sum(row.side == side for row in rows),
            )
            for side in ("ours", "theirs")
        }
