from ast import literal_eval

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL

# As many ids as an index takes at once.
FEW_ASKED = 1000


class CrmContract(models.Model):
    """What an approval adds to a contract, and who may not decide on it."""

    _inherit = "crm.contract"

    approval_round = fields.Integer(
        string="Submissions for approval",
        readonly=True,
        copy=False,
        aggregator=None,
        owned=True,
    )
    approval_task_ids = fields.One2many(
        "crm.contract.approval.task", "contract_id", string="Approval steps", owned=True
    )
    approval_task_id = fields.Many2one(
        "crm.contract.approval.task",
        string="Current approval",
        readonly=True,
        copy=False,
        ondelete="set null",
        owned=True,
    )
    approval_step_id = fields.Many2one(
        "crm.contract.approval.step",
        string="Approval step",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        group_expand="_expand_approval_steps",
        owned=True,
    )
    approval_deadline = fields.Date(
        string="Decide until", readonly=True, copy=False, owned=True
    )
    approval_waiting = fields.Char(
        string="Waiting for", related="approval_task_id.waiting_names"
    )
    approval_step_name = fields.Char(related="approval_task_id.name")
    approval_user_ids = fields.Many2many(
        "res.users",
        "crm_contract_approval_user_rel",
        string="Asked to approve",
        context={"active_test": False},
        readonly=True,
        copy=False,
        owned=True,
    )
    editor_ids = fields.Many2many(
        "res.users",
        "crm_contract_editor_rel",
        string="Edited by",
        context={"active_test": False},
        readonly=True,
        copy=False,
        help="Whoever changed the content; they can't decide on it.",
        owned=True,
    )
    review_ids = fields.One2many(
        "crm.contract.approval.review", "contract_id", string="Reviews", owned=True
    )
    condition_ids = fields.One2many(
        "crm.contract.approval.condition",
        "contract_id",
        string="Conditions",
        owned=True,
    )
    is_approver = fields.Boolean(
        compute="_compute_is_approver", search="_search_is_approver"
    )
    can_decide = fields.Boolean(compute="_compute_can_decide")
    has_approval_question = fields.Boolean(related="approval_task_id.has_question")

    @api.depends("approval_user_ids")
    @api.depends_context("uid")
    def _compute_is_approver(self):
        principals = self.env["crm.contract.approval.delegation"]._get_principal_ids(
            self.env.uid
        )
        for contract in self:
            # sudo: the answer opens the contract, or does not
            asked = contract.sudo().approval_user_ids.ids
            contract.is_approver = not principals.isdisjoint(asked)

    def _search_is_approver(self, operator, value):
        if operator != "in":
            return NotImplemented
        principals = self.env["crm.contract.approval.delegation"]._get_principal_ids(
            self.env.uid
        )
        domain = _get_asked_domain(self.env, principals)
        return domain if True in value else ~domain

    @api.depends("approval_task_id.state", "approval_task_id.waiting_ids", "state")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for contract in self:
            contract.can_decide = (
                contract.state == "review" and contract.approval_task_id.is_mine
            )

    @api.model
    def _expand_approval_steps(self, steps, domain):
        return steps

    def _check_content_editable(self):
        """Remember who edits: every change of the content or its parts comes here."""
        super()._check_content_editable()
        # sudo: owned by code. Whoever created a contract is excluded as it is.
        new = self.sudo().filtered(
            lambda c: self.env.user not in c.create_uid | c.editor_ids
        )
        if new:
            new.editor_ids = [Command.link(self.env.uid)]

    def _filter_by_condition(self, text):
        """Return the contracts that a condition of a policy holds for.

        :param text: domain as text, checked when it was saved
        """
        domain = Domain(literal_eval(text or "[]"))
        if domain.is_true():
            return self
        # sudo: the policy decides by all of the contract, whoever submits it
        ids = self.sudo().filtered_domain(domain)._ids
        return self.filtered(lambda contract: contract.id in ids)

    def _get_excluded_users(self):
        """Return who can't decide: who wrote or submitted, and who stands in for them.

        To be called in sudo. Whoever stood in at any time since the submission counts.
        """
        self.ensure_one()
        authors = self.create_uid | self.editor_ids | self.submitted_by_id
        delegation = self.env["crm.contract.approval.delegation"]
        return authors | delegation._get_deputies(authors, self.date_submitted)


def _get_asked_domain(env, user_ids):
    """Return the domain of the contracts that some of the users were asked about.

    It is part of the rule of who reads his own contracts. Few ids let the database take
    them and his own by indexes; the question itself would be asked of each contract.
    """
    # What was decided on in this transaction counts.
    env["crm.contract"].flush_model(["approval_user_ids"])
    asked = SQL(
        "SELECT DISTINCT crm_contract_id FROM crm_contract_approval_user_rel"
        " WHERE res_users_id IN %s",
        tuple(user_ids),
    )
    rows = env.execute_query(SQL("%s LIMIT %s", asked, FEW_ASKED + 1))
    if len(rows) > FEW_ASKED:
        return Domain("id", "in", SQL("(%s)", asked))
    return Domain("id", "in", [one for (one,) in rows])
