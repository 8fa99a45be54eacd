from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..decision.crm_contract_approval_task import DONE_STATES

_CLOSING = {"reject", "recall", "withdraw", "cancel"}
_MANAGERS = (
    "crm_contract.crm_contract_group_manager",
    "crm_contract_approval.crm_contract_approval_group_manager",
)


class CrmContract(models.Model):
    """A submission for approval, from the first step to the last."""

    _inherit = "crm.contract"

    def action_recall(self):
        """Take a contract out of review: its submitter, its salesperson or a manager."""
        self.check_access("write")
        user = self.env.user
        allowed = any(user.has_group(group) for group in _MANAGERS)
        foreign = self.filtered(lambda c: user not in c.submitted_by_id | c.user_id)
        if foreign and not allowed:
            raise UserError(
                self.env._(
                    "%s can be recalled by who submitted it, by its salesperson or by a "
                    "manager.",
                    ", ".join(foreign.mapped("display_name")),
                )
            )
        return super().action_recall()

    def action_open_submission(self):
        """Show who has to approve before submitting; submit at once if nobody has to."""
        self.ensure_one()
        self.check_access("write")
        if not self._plan_approval()[self]:
            return self.action_submit()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Submit for approval"),
            "res_model": "crm.contract.submit",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_contract_id": self.id},
        }

    def action_open_approval(self):
        """Open the page of the current step: figures, changes, printed draft."""
        self.ensure_one()
        return self.approval_task_id._get_records_action()

    def action_view_reviews(self):
        """Open all decisions on the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract_approval.crm_contract_approval_review_action"
        )
        return dict(action, domain=[("contract_id", "=", self.id)])

    def _start_review(self):
        """Copy the policy's steps and ask the first approvers."""
        waiting = super()._start_review()
        plans = self._plan_approval()
        asked = self.filtered(lambda contract: plans[contract])
        # sudo: written by code alone; the submission checked the rights
        asked.sudo()._open_round(plans)
        # Where nobody is asked any more, the steps of earlier submissions are over.
        for contract in (self - asked).sudo().filtered("approval_round"):
            contract.approval_round += 1
        undecided = asked.filtered(
            lambda c: c.sudo()._get_round_tasks().filtered(_is_open)
        )
        return waiting | undecided

    def _get_unreviewed(self):
        # sudo: the answer alone, whoever may see the steps
        asked = self.filtered(
            lambda c: c.version_id in c.sudo()._get_round_tasks().version_id
        )
        return super()._get_unreviewed() | (self - asked)

    def _open_round(self, plans):
        """Make a step of this submission from each planned step, and begin."""
        vals_list = []
        for contract in self:
            contract.approval_round += 1
            plan = plans[contract]
            vals_list += [
                contract._prepare_task_vals(planned, position)
                for position, planned in enumerate(plan, start=1)
            ]
        tasks = self.env["crm.contract.approval.task"].create(vals_list)
        tasks.filtered(lambda task: task.state == "kept")._log("keep")
        self._log_round("submit")
        self._begin_next()

    def _prepare_task_vals(self, planned, position):
        """Return create values of a step of this submission: a copy of the policy's."""
        step, kept = planned.step, planned.kept
        vals = {
            "contract_id": self.id,
            "company_id": self.company_id.id,
            "round": self.approval_round,
            "sequence": position,
            "policy_id": step.policy_id.id,
            "policy_version": step.policy_id.version,
            "step_id": step.id,
            "name": step.name,
            "instruction": step.instruction,
            "reason": "; ".join(planned.why),
            "mode": step.mode if planned.users != step.fallback_user_id else "any",
            "minimum": step.minimum,
            "days": step.days,
            "remind_days": step.remind_days,
            "escalation_user_id": step.escalation_user_id.id,
            "comment_required": step.comment_required,
            "version_id": self.version_id.id,
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

    def _get_round_tasks(self):
        """Return the steps of the current submission."""
        return self.approval_task_ids.filtered(
            lambda task: task.round == task.contract_id.approval_round
        ).sorted(lambda task: (task.sequence, task.id))

    def _begin_next(self):
        """Ask the approvers of the next step of each contract that waits for nobody."""
        following = self.env["crm.contract.approval.task"]
        for contract in self:
            tasks = contract._get_round_tasks()
            if not tasks.filtered(lambda task: task.state == "pending"):
                following |= tasks.filtered(lambda task: task.state == "waiting")[:1]
        following._begin()

    def _continue_review(self):
        """Ask the next approvers, or let contracts that have all approvals go on.

        Called by code alone, in sudo, after a decision.
        """
        contracts = self.sudo().with_prefetch()
        contracts._begin_next()
        decided = contracts.filtered(
            lambda c: not c._get_round_tasks().filtered(_is_open)
        )
        conditional = decided.filtered(lambda c: c._get_open_conditions())
        for contract in conditional:
            contract._forget_current()
            contract._remind_owner(
                contract.env._("Meet the conditions of the approval"),
                "\n".join(contract._get_open_conditions().mapped("name")),
            )
        (decided - conditional)._action_approve()

    def _get_open_conditions(self):
        return self.condition_ids.filtered(lambda row: not row.is_met)

    def _transition(self, name, **vals):
        """Let nothing pass that is not approved, and close what is left open."""
        super()._transition(name, **vals)
        # sudo: approvals are written and read by code alone here
        contracts = self.sudo()
        if name == "approve":
            contracts._check_approved()
            contracts._forget_current()
            contracts._notify_approved()
        elif name in _CLOSING:
            contracts._close_round(name)
        elif name == "sign":
            contracts._check_approved()

    def _check_approved(self):
        """Raise UserError if a step is open, or was decided on another content."""
        for contract in self:
            tasks = contract._get_round_tasks()
            wrong = tasks.filtered(
                lambda task, contract=contract: (
                    task.state not in DONE_STATES
                    or task.version_id != contract.version_id
                )
            )
            if (wrong or contract._get_open_conditions()) and tasks:
                raise UserError(
                    self.env._(
                        "%s is not approved. Recall it and submit it again.",
                        contract.display_name,
                    )
                )

    def _close_round(self, name):
        """Cancel the steps that are open; the decisions stay on record."""
        tasks = self._get_round_tasks()
        reviewed = tasks.contract_id
        tasks.filtered(_is_open)._finish("cancelled")
        if name in ("recall", "withdraw"):
            reviewed._log_round("recall")
        reviewed._forget_current()
        self._close_owner_activities()

    def _forget_current(self):
        current = self.filtered("approval_task_id")
        current.write(
            {
                "approval_task_id": False,
                "approval_step_id": False,
                "approval_deadline": False,
            }
        )

    def _log_round(self, decision):
        # sudo: nobody has the right to write the log
        self.env["crm.contract.approval.review"].sudo().create(
            [
                {
                    "contract_id": contract.id,
                    "company_id": contract.company_id.id,
                    "round": contract.approval_round,
                    "version_id": contract.version_id.id,
                    "decision": decision,
                    "user_id": self.env.uid,
                }
                for contract in self
            ]
        )

    def _notify_approved(self):
        """Tell the salesperson that all have agreed; without steps, nothing is said."""
        approved = self.filtered(lambda c: c._get_round_tasks())
        approved._close_owner_activities()
        approved._remind_owner(self.env._("Approved: have it signed"))
        approved._message_log_batch(
            {c.id: self.env._("The contract is approved.") for c in approved}
        )

    def _remind_owner(self, summary, note=""):
        """Put an activity into the inbox of whoever submitted the contracts."""
        activity_type = self.env.ref("crm_contract_approval.mail_activity_type_owner")
        text = Markup("<br/>").join((note or "").split("\n"))
        # sudo: approvers have no right to write on the contract
        vals = {
            "activity_type_id": activity_type.id,
            "summary": summary,
            "note": text,
            "date_deadline": fields.Date.context_today(self),
        }
        self.env["mail.activity"].sudo()._schedule_quietly(
            [
                (contract, {**vals, "user_id": owner.id})
                for contract in self
                if (owner := contract.submitted_by_id or contract.user_id)
            ]
        )

    def _close_owner_activities(self):
        self.activity_unlink(["crm_contract_approval.mail_activity_type_owner"])

    @api.model
    def _notify_later(self):
        """Let the job send its mails as soon as this transaction is through."""
        # sudo: jobs belong to the system
        self.env.ref("crm_contract_approval.ir_cron_notify").sudo()._trigger()


def _is_open(task):
    return task.state in ("waiting", "pending")
