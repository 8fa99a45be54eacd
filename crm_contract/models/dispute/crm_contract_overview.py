from odoo import api, models
from odoo.tools.date_utils import add

from ..contract.crm_contract_overview import Duty, Event


class CrmContractOverview(models.AbstractModel):
    """What the first page says of disputes: the open ones, their days, their money."""

    _inherit = "crm.contract.overview"

    @api.model
    def _get_figures(self, contract):
        figures = super()._get_figures(contract)
        # sudo: the sum alone, of a contract that may be read
        rows = contract.sudo().installment_ids.filtered("is_disputed")
        if rows:
            amount = sum(rows.mapped("amount_open"))
            figures = [*figures, ("disputed", self.env._("Disputed"), amount)]
        return figures

    @api.model
    def _get_events(self, contracts):
        events = super()._get_events(contracts)
        for contract, disputes in self._get_disputes(contracts).items():
            for row in disputes:
                for key, day, name in (
                    ("limitation", row.date_limitation, self.env._("Barred after")),
                    ("dispute", row.date_deadline, row.deadline_note),
                ):
                    today = contract.company_id._get_today()
                    # What lies years ahead would leave no room for the rest.
                    if day and day < add(today, years=1):
                        state = "late" if day < today else "ahead"
                        text = f"{name or self.env._('Deadline')}: {row.name}"
                        record = self._get_shown(row)
                        events[contract].append(
                            Event(key, day, text, state, record=record)
                        )
        return events

    @api.model
    def _get_duties(self, contract, misses_signed_copy):
        duties = super()._get_duties(contract, misses_signed_copy)
        found = self._get_disputes(contract).get(contract, ())
        labels = dict(
            self.env["crm.contract.dispute"]
            ._fields["state"]
            ._description_selection(self.env)
        )
        return [
            *duties,
            *(
                Duty(
                    row.user_id.name
                    or contract.user_id.name
                    or contract.company_id.name,
                    self.env._(
                        "Dispute (%(state)s): %(name)s",
                        state=labels[row.state],
                        name=row.name,
                    ),
                    min(
                        filter(None, (row.date_deadline, row.date_limitation)),
                        default=False,
                    ),
                    self._get_shown(row),
                )
                for row in found
            ),
        ]

    @api.model
    def _get_disputes(self, contracts):
        """Return the open disputes: `{contract: disputes}` (sudo)."""
        known = contracts.filtered(
            lambda row: row.state in ("signed", "running", "suspended", "ended")
        )
        found = self.env["crm.contract.dispute"]._get_open(known)
        return {contract.with_env(self.env): rows for contract, rows in found.items()}

    @api.model
    def _get_shown(self, row):
        shown = self.env["crm.contract.dispute"].has_access("read")
        return row.sudo(False) if shown else None


class CrmContractFile(models.AbstractModel):
    _inherit = "crm.contract.file"

    @api.model
    def _get_notes(self, contract):
        notes = super()._get_notes(contract)
        disputes = self.env["crm.contract.dispute"]._get_open(contract)
        labels = dict(
            self.env["crm.contract.dispute"]
            ._fields["state"]
            ._description_selection(self.env)
        )
        for row in disputes.get(contract.sudo(), ()):
            notes.append(
                self.env._(
                    "Dispute %(name)s: %(state)s, claim %(amount)s.",
                    name=row.display_name,
                    state=labels[row.state],
                    amount=row.currency_id.format(row.amount_claim),
                )
            )
        return notes
