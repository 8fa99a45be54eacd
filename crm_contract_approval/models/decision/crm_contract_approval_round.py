from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .crm_contract_approval_task import DONE_STATES


class CrmContractApprovalTask(models.Model):
    """Rounds: the steps of one submission, from the first to the last.

    All methods are called by code alone, in sudo, and take contracts.
    """

    _inherit = "crm.contract.approval.task"

    @api.model
    def _open_round(self, contracts, plans, translations):
        """Make a step of this submission from each planned step, and begin.

        :param plans: {contract: list of PlannedStep}
        :param translations: {code of another language: the same plans in it}
        """
        vals_list = []
        for contract in contracts:
            contract.approval_round += 1
            plan = plans[contract]
            vals_list += [
                self._prepare_task_vals(contract, planned, position)
                for position, planned in enumerate(plan, start=1)
            ]
            if note := _describe_notes(plan):
                contract._message_log(body=note)
        tasks = self.create(vals_list)
        for code, translated in translations.items():
            rows = [row for contract in contracts for row in translated[contract]]
            for task, row in zip(tasks.with_context(lang=code), rows, strict=True):
                task.write(task._prepare_texts(row))
        tasks.filtered(lambda task: task.state == "kept")._log("keep")
        self.env["crm.contract.approval.review"]._log_round(contracts, "submit")
        self._begin_next(contracts)

    @api.model
    def _prepare_task_vals(self, contract, planned, position):
        """Return create values of a step of this submission: a copy of the policy's."""
        step, kept = planned.step, planned.kept
        vals = {
            "contract_id": contract.id,
            "company_id": contract.company_id.id,
            "round": contract.approval_round,
            "sequence": position,
            "policy_id": step.policy_id.id,
            "policy_version": step.policy_id.version,
            "step_id": step.id,
            **self._prepare_texts(planned),
            "mode": step.mode if planned.users != step.fallback_user_id else "any",
            "minimum": step.minimum,
            "days": step.days,
            "remind_days": step.remind_days,
            "escalation_user_id": step.escalation_user_id.id,
            "comment_required": step.comment_required,
            "hand_over_to": step.policy_id.hand_over_to,
            "version_id": contract.version_id.id,
            "approver_ids": [Command.set(planned.users.ids)],
            "waiting_ids": [Command.set(planned.users.ids)],
        }
        if kept:
            vals |= {
                "state": "kept",
                "approver_ids": [Command.set(kept.approver_ids.ids)],
                "decided_ids": [Command.set(kept.decided_ids.ids)],
                "waiting_ids": [],
                "date_done": kept.date_done,
            }
        return vals

    @api.model
    def _prepare_texts(self, planned):
        """Return what people read of a step, in the language of its plan."""
        texts = {
            "name": planned.step.name,
            "instruction": planned.step.instruction,
            "reason": "; ".join(filter(None, (*planned.why, planned.note))),
        }
        return {name: text for name, text in texts.items() if text}

    @api.model
    def _begin_next(self, contracts):
        """Ask the approvers of the next step of each contract that waits for nobody."""
        # sudo: called by code alone, after a check
        following = self.sudo().browse()
        for contract in contracts:
            tasks = contract._get_round_tasks()
            if not tasks.filtered(lambda task: task.state == "pending"):
                following |= tasks.filtered(lambda task: task.state == "waiting")[:1]
        following._begin()

    @api.model
    def _continue_review(self, contracts):
        """Ask the next approvers, or let contracts that have all approvals go on.

        Called by code alone, in sudo, after a decision.
        """
        contracts = contracts.sudo().with_prefetch()
        self._begin_next(contracts)
        decided = contracts.filtered(
            lambda c: not c._get_round_tasks().filtered(_is_open)
        )
        conditional = decided.filtered(lambda c: c._get_open_conditions())
        for contract in conditional:
            self._forget_current(contract)
            self._remind_owner(
                contract,
                contract.env._("Meet the conditions of the approval"),
                "\n".join(contract._get_open_conditions().mapped("name")),
            )
        (decided - conditional)._action_approve()

    @api.model
    def _check_approved(self, contracts):
        """Raise UserError if a step is open, or was decided on another content."""
        for contract in contracts:
            tasks = contract._get_round_tasks()
            wrong = tasks.filtered(
                lambda task, contract=contract: (
                    task.state not in DONE_STATES
                    or task.version_id != contract.version_id
                )
            )
            if wrong:
                raise UserError(
                    self.env._(
                        "%s is not approved. Recall it and submit it again.",
                        contract.display_name,
                    )
                )
            conditions = contract._get_open_conditions()
            if conditions:
                raise UserError(
                    self.env._(
                        "%(contract)s waits for a condition of its approval: "
                        "%(conditions)s",
                        contract=contract.display_name,
                        conditions="; ".join(conditions.mapped("name")),
                    )
                )

    @api.model
    def _close_round(self, contracts, name):
        """Cancel the steps that are open; the decisions stay on record."""
        tasks = contracts._get_round_tasks()
        reviewed = tasks.contract_id
        tasks.filtered(_is_open)._finish("cancelled")
        if name in ("recall", "withdraw"):
            self.env["crm.contract.approval.review"]._log_round(reviewed, "recall")
        self._forget_current(reviewed)
        self._close_owner_activities(contracts)

    @api.model
    def _forget_current(self, contracts):
        current = contracts.filtered("approval_task_id")
        current.write(
            {
                "approval_task_id": False,
                "approval_step_id": False,
                "approval_deadline": False,
            }
        )

    @api.model
    def _notify_approved(self, contracts):
        """Tell the salesperson that all have agreed; without steps, nothing is said."""
        approved = contracts.filtered(lambda c: c._get_round_tasks())
        self._close_owner_activities(approved)
        self._remind_owner(approved, self.env._("Approved: have it signed"))
        approved._message_log_batch(
            {c.id: self.env._("The contract is approved.") for c in approved}
        )

    @api.model
    def _notify_later(self):
        """Let the job send its mails as soon as this transaction is through."""
        # sudo: jobs belong to the system
        self.env.ref("crm_contract_approval.ir_cron_notify").sudo()._trigger()


def _describe_notes(plan):
    """Return who of those named was not asked (str), empty if all were."""
    return "; ".join(
        f"{planned.step.name}: {planned.note}" for planned in plan if planned.note
    )


def _is_open(task):
    return task.state in ("waiting", "pending")
