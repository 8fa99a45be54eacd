from odoo import models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.records import one

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
        one(self)
        self.check_access("write")
        policies = self.env["crm.contract.approval.policy"]
        if not policies._plan(self)[self]:
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
        one(self)
        return self.approval_task_id._get_records_action()

    def action_view_reviews(self):
        """Open all decisions on the contract."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract_approval.crm_contract_approval_review_action"
        )
        return dict(action, domain=[("contract_id", "=", self.id)])

    def _start_review(self):
        """Copy the policy's steps and ask the first approvers."""
        waiting = super()._start_review()
        # What was to be done about an earlier submission is done. sudo: of others
        owners = self.env["crm.contract.approval.task"].sudo()
        owners._close_owner_activities(self.sudo())
        policies = self.env["crm.contract.approval.policy"]
        plans, translations = policies._plan(self), policies._plan_in_languages(self)
        asked = self.filtered(lambda contract: plans[contract])
        # sudo: written by code alone; the submission checked the rights
        tasks = self.env["crm.contract.approval.task"].sudo()
        tasks._open_round(asked.sudo(), plans, translations)
        # Where nobody is asked any more, the steps of earlier submissions are over.
        for contract in (self - asked).sudo().filtered("approval_round"):
            contract.approval_round += 1
        undecided = asked.filtered(
            lambda c: c.sudo()._get_round_tasks().filtered(_is_open)
        )
        # A condition stays open whatever became of the step, type or policy.
        conditional = (self - undecided).sudo()
        conditional = conditional.filtered(lambda c: c._get_open_conditions())
        tasks._continue_review(conditional)
        return waiting | undecided | conditional.sudo(self.env.su)

    def _get_unreviewed(self):
        # sudo: the answer alone, whoever may see the steps
        asked = self.filtered(
            lambda c: c.version_id in c.sudo()._get_round_tasks().version_id
        )
        return super()._get_unreviewed() | (self - asked)

    def _transition(self, name, **vals):
        """Let nothing pass that is not approved, and close what is left open."""
        super()._transition(name, **vals)
        # sudo: approvals are written and read by code alone here
        contracts = self.sudo()
        tasks = contracts.env["crm.contract.approval.task"]
        if name == "approve":
            tasks._check_approved(contracts)
            tasks._forget_current(contracts)
            tasks._notify_approved(contracts)
        elif name in _CLOSING:
            tasks._close_round(contracts, name)
        elif name == "sign":
            tasks._check_approved(contracts)
            tasks._close_owner_activities(contracts)

    def _get_round_tasks(self):
        """Return the steps of the current submission."""
        return self.approval_task_ids.filtered(
            lambda task: task.round == task.contract_id.approval_round
        ).sorted(lambda task: (task.sequence, task.id))

    def _get_open_conditions(self):
        return self.condition_ids.filtered(lambda row: not row.is_met)


def _is_open(task):
    return task.state in ("waiting", "pending")
