from odoo import api, fields, models
from odoo.exceptions import ValidationError

MODES = [
    ("any", "One of them"),
    ("all", "All of them"),
    ("minimum", "At least a number of them"),
]
HAND_OVER = [
    ("named", "People whom the step could have named"),
    ("any", "Anybody who may read the contract"),
]
CONCERNS = ("amount", "term", "clauses", "lines")


class CrmContractApprovalStep(models.Model):
    """A step of a policy: when it is needed, who decides, and how."""

    _name = "crm.contract.approval.step"
    _description = "Approval step"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "policy_id, sequence, id"
    _check_company_auto = True

    policy_id = fields.Many2one(
        "crm.contract.approval.policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id")
    currency_id = fields.Many2one(related="policy_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    instruction = fields.Text(
        translate=True, help="What the approver should look at; shown to him."
    )

    user_ids = fields.Many2many(
        "res.users", string="Approvers", domain=[("share", "=", False)]
    )
    group_id = fields.Many2one(
        "res.groups", help="All members of the group are approvers."
    )
    approver_path = fields.Char(
        string="Approver by field",
        help="Field of the contract that leads to the approver, such as team_id.user_id "
        "for the team leader.",
    )
    fallback_user_id = fields.Many2one(
        "res.users",
        string="Fallback approver",
        domain=[("share", "=", False)],
        help="Decides if nobody else can.",
    )
    mode = fields.Selection(MODES, required=True, default="any", string="Decided by")
    minimum = fields.Integer(string="Number", default=1)

    days = fields.Integer(
        string="Days to decide",
        default=3,
        required=True,
        help="The approvers are reminded when the time is nearly over.",
    )
    remind_days = fields.Integer(
        string="Remind days before",
        default=1,
        help="Days before the deadline on which the approvers are reminded.",
    )
    escalation_user_id = fields.Many2one(
        "res.users",
        string="Escalate to",
        domain=[("share", "=", False)],
        help="May decide the step alone once its deadline has passed.",
    )
    comment_required = fields.Boolean(
        string="Comment required",
        help="Approving takes a comment as well; rejecting always does.",
    )

    reapproval = fields.Selection(
        [
            ("always", "Always ask again"),
            ("changed", "Only when something of this changed"),
        ],
        string="After a recall",
        required=True,
        default="always",
        help="Whether a decision stays valid when the contract is submitted again.",
    )
    concern_amount = fields.Boolean(string="Amount and payment", default=True)
    concern_term = fields.Boolean(string="Term", default=True)
    concern_clauses = fields.Boolean(string="Clauses", default=True)
    concern_lines = fields.Boolean(string="Lines", default=True)
    approver_summary = fields.Char(
        compute="_compute_approver_summary", string="Who decides"
    )

    _days_positive = models.Constraint(
        "CHECK (days >= 1)", "A step needs at least one day to decide."
    )
    _remind_not_negative = models.Constraint(
        "CHECK (remind_days >= 0)", "Days of a reminder can't be negative."
    )

    @api.depends("user_ids", "group_id", "approver_path", "mode", "minimum")
    def _compute_approver_summary(self):
        modes = dict(self._fields["mode"]._description_selection(self.env))
        for step in self:
            who = [*step.user_ids.mapped("name"), step.group_id.name]
            who.append(step.approver_path)
            mode = step.minimum if step.mode == "minimum" else modes.get(step.mode)
            step.approver_summary = f"{', '.join(filter(None, who))} ({mode})"

    @api.constrains(
        "user_ids", "group_id", "approver_path", "fallback_user_id", "mode", "minimum"
    )
    def _check_approvers(self):
        for step in self:
            step._check_has_source()
            step._check_minimum()

    def _check_has_source(self):
        if not (
            self.user_ids
            or self.group_id
            or self.approver_path
            or self.fallback_user_id
        ):
            raise ValidationError(
                self.env._("“%s” has no approvers: name users, a group or a field.",
                           self.name)
            )  # fmt: skip
        if self.approver_path:
            self._check_path()

    def _check_path(self):
        model = self.env["crm.contract"]
        for name in self.approver_path.split("."):
            field = model._fields.get(name) if model is not None else None
            if field is None or not field.relational:
                raise ValidationError(
                    self.env._(
                        "“%(step)s”: %(path)s does not lead from a contract to a user.",
                        step=self.name,
                        path=self.approver_path,
                    )
                )
            model = self.env[field.comodel_name]
        if model._name != "res.users":
            raise ValidationError(
                self.env._(
                    "“%(step)s”: %(path)s leads to “%(model)s”, not to a user.",
                    step=self.name,
                    path=self.approver_path,
                    model=model._description,
                )
            )

    def _check_minimum(self):
        if self.mode != "minimum":
            return
        if self.minimum < 1:
            raise ValidationError(
                self.env._("“%s” needs at least one approval.", self.name)
            )
        known = self.user_ids | self.group_id.all_user_ids
        if not self.approver_path and self.minimum > len(known):
            raise ValidationError(
                self.env._(
                    "“%(step)s” asks for %(minimum)s approvals but has only "
                    "%(number)s approvers.",
                    step=self.name,
                    minimum=self.minimum,
                    number=len(known),
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps.policy_id._raise_version()
        return steps

    def write(self, vals):
        result = super().write(vals)
        self.policy_id._raise_version()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_raise_version(self):
        self.policy_id._raise_version()

    def _get_concerns(self):
        """Return what of the content the step cares about (list of keys)."""
        self.ensure_one()
        return [name for name in CONCERNS if self[f"concern_{name}"]]

    def _get_candidates(self, contract):
        """Return the users that the step names for a contract."""
        self.ensure_one()
        users = self.user_ids | self.group_id.all_user_ids
        if self.approver_path:
            users |= contract.mapped(self.approver_path)
        return users

    def _get_approvers(self, contract, excluded):
        """Return who is asked about a contract, and why nobody is.

        :param excluded: users who must not decide on it
        :return: (users, problem, note): without users, the problem says why; the note
            says who of those named can't be asked
        """
        self.ensure_one()
        # The field may lead to an archived user, a list may hold one.
        named = self.with_context(active_test=False)._get_candidates(contract)
        users = named._filter_approvers(contract) - excluded
        left_out = named._filter_approvers(contract) & excluded
        if self.mode == "minimum" and len(users) < self.minimum:
            users = users.browse()
        if users:
            return users, "", self._describe_left_out(left_out)
        reason = self._describe_missing(contract, named, excluded)
        fallback = self.fallback_user_id._filter_approvers(contract) - excluded
        if fallback:
            note = self.env._("The fallback approver is asked: %s", reason)
            return fallback, "", note
        problem = self.env._(
            "“%(step)s” has no possible approver: %(reason)s. Ask an approval "
            "administrator to change the policy.",
            step=self.name,
            reason=reason,
        )
        return users, problem, ""

    def _describe_left_out(self, users):
        """Return who of those named is not asked, and why (str)."""
        if not users:
            return ""
        return self.env._(
            "%s can't be asked: wrote or submitted the contract, or stands in for who "
            "did",
            ", ".join(users.mapped("name")),
        )

    def _describe_missing(self, contract, named, excluded):
        """Return why none of the named users can decide (str)."""
        reason = self.env._("nobody is named")
        possible = named._filter_approvers(contract)
        if named and not named.filtered("active"):
            reason = self.env._("all approvers are archived")
        elif named and not possible:
            reason = self.env._(
                "nobody of %s may work for this company and read contracts",
                ", ".join(named.mapped("name")),
            )
        elif possible and not possible - excluded:
            reason = self.env._(
                "%s wrote or submitted the contract, or stands in for who did",
                ", ".join(possible.mapped("name")),
            )
        elif possible:
            reason = self.env._(
                "%(minimum)s approvals are needed and only %(number)s can be given",
                minimum=self.minimum,
                number=len(possible - excluded),
            )
        return reason
