from odoo import api, fields, models

from odoo.addons.crm_contract.models.contract.crm_contract_overview import Duty, Event

# Days before a deadline from which the decision is somebody's turn.
AHEAD = 90


class CrmContractOverview(models.AbstractModel):
    """Deadlines, amendments and the end that was agreed on; what an amendment changes."""

    _inherit = "crm.contract.overview"

    @api.model
    def _get_figures(self, contract):
        if not contract._is_amendment():
            return super()._get_figures(contract)
        return [
            ("value", self.env._("Value after"), contract.amount_total),
            ("base", self.env._("Value before"), contract.amount_base),
            ("effect", self.env._("Effect on the value"), contract.amount_effect),
        ]

    @api.model
    def _get_term_events(self, contract):
        events = super()._get_term_events(contract)
        if contract._is_amendment():
            # Start and end are those of the contract.
            kept = [
                event for event in events if event.key not in ("start", "notice", "end")
            ]
            return [*kept, self._get_event_of_amendment(contract)]
        events = [event for event in events if event.key != "notice"]
        events += self._get_deadline_events(contract)
        day = contract.date_termination
        if day and contract.state != "ended":
            events = [event for event in events if event.key != "end"]
            events.append(Event("end", day, self.env._("Terminated")))
        return events

    @api.model
    def _get_deadline_events(self, contract):
        day = contract.date_deadline
        if not day:
            return []
        today = contract.company_id._get_today()
        is_open = contract in contract.filtered_domain(contract._get_deadline_domain())
        state = "ahead" if day >= today else "late" if is_open else "done"
        return [Event("deadline", day, self.env._("Renewal deadline"), state)]

    @api.model
    def _get_events(self, contracts):
        events = super()._get_events(contracts)
        for amendment in contracts.amendment_ids:
            if amendment.state not in ("cancelled", "superseded"):
                events[amendment.origin_id].append(
                    self._get_event_of_amendment(amendment)
                )
        return events

    @api.model
    def _get_event_of_amendment(self, amendment):
        return Event(
            "amendment",
            amendment.date_effective,
            amendment.display_name,
            "done" if amendment.state == "in_force" else "ahead",
            record=amendment,
        )

    @api.model
    def _get_duties(self, contract, misses_signed_copy):
        owner = contract.user_id.name or self.env._("Salesperson")
        duties = super()._get_duties(contract, misses_signed_copy)
        if contract.is_outdated:
            why = self.env._(
                "Rebase: another amendment was signed since this one was drafted"
            )
            return [Duty(owner, why), *duties]
        if contract.filtered_domain(contract._get_deadline_domain()):
            soon = fields.Date.add(contract.company_id._get_today(), days=AHEAD)
            if contract.date_deadline <= soon:
                why = self.env._("Decide on what follows the term")
                duties.append(Duty(owner, why, contract.date_deadline))
        elif self._awaits_renewal(contract):
            why = self.env._("Draft the renewal, and have it signed before the end")
            duties.append(Duty(owner, why, contract.date_end))
        return duties

    @api.model
    def _awaits_renewal(self, contract):
        return (
            contract.state in ("signed", "running", "suspended")
            and contract.renewal_decision in ("renew", "renegotiate")
            and not contract.has_live_renewal
            and not contract.is_open_ended
        )
