from odoo import api, models

from odoo.addons.crm_contract.models.contract.crm_contract_overview import Duty, Event


class CrmContractOverview(models.AbstractModel):
    """Why a contract waits for a decision, and for whose."""

    _inherit = "crm.contract.overview"

    @api.model
    def _get_duties(self, contract, misses_signed_copy):
        duties = super()._get_duties(contract, misses_signed_copy)
        if contract.state == "review":
            return [*self._get_duties_of_review(contract), *duties]
        return duties

    @api.model
    def _get_duties_of_review(self, contract):
        duties = []
        # sudo: whoever may read the contract may read for whom it waits, and why
        task = contract.approval_task_id.sudo()
        if task:
            why = f"{task.name}: {task.reason}" if task.reason else task.name
            record = task.sudo(False)
            duties.append(
                Duty(
                    task.waiting_names,
                    why,
                    task.date_deadline,
                    record if record.has_access("read") else None,
                )
            )
        if task.has_question:
            owner = contract.submitted_by_id.name
            duties.append(
                Duty(owner, self.env._("Answer the question of the approver"))
            )
        for condition in contract._get_open_conditions():
            duties.append(
                Duty(
                    contract.submitted_by_id.name,
                    self.env._("Meet the condition: %s", condition.sudo().name),
                )
            )
        return duties

    @api.model
    def _get_term_events(self, contract):
        events = super()._get_term_events(contract)
        if contract.state == "review" and contract.approval_deadline:
            today = contract.company_id._get_today()
            state = "late" if contract.approval_deadline < today else "due"
            events.append(
                Event(
                    "approval",
                    contract.approval_deadline,
                    self.env._("Decide until"),
                    state,
                )
            )
        return events
