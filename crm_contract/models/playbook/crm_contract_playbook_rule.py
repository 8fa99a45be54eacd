from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.playbook import MARK

CHECKS = [
    ("at_most", "At most"),
    ("at_least", "At least"),
    ("present", "Must be there"),
    ("absent", "Must not be there"),
    ("one_of", "One of"),
    ("steps", "Near the library"),
]
NUMERIC = ("at_most", "at_least")
SUBJECTS = [
    ("text", "Words of the text"),
    ("payment_days", "Days to pay"),
    ("notice_days", "Notice period in days"),
    ("term_months", "Term in months"),
    ("late_rate", "Overdue interest in percent a day"),
    ("late_cap", "Cap of the overdue interest in percent"),
    ("discount", "Highest discount in percent"),
    ("currency", "Currency"),
    ("payment_term", "Payment terms"),
    ("dispute_method", "Dispute resolution"),
    ("dispute_institution", "Institution or court"),
    ("dispute_place", "Place of dispute resolution"),
]
# What is chosen, and no number
CHOICES = (
    "currency",
    "payment_term",
    "dispute_method",
    "dispute_institution",
    "dispute_place",
)
SEVERITIES = [("warning", "Tell"), ("refuse", "Refuse the submission")]


class CrmContractPlaybookRule(models.Model):
    """What the company agrees to in contracts, as a rule that needs no model.

    Looked at while somebody drafts, on submission, and for approvers.
    """

    _name = "crm.contract.playbook.rule"
    _description = "Rule of the playbook"
    _inherit = ["mail.thread", "crm.contract.bounds.mixin", "crm.contract.named.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty for all companies."
    )
    type_ids = fields.Many2many(
        "crm.contract.type",
        "crm_contract_playbook_rule_type_rel",
        string="Contract types",
        help="Empty for all types.",
    )
    lang_id = fields.Many2one(
        "res.lang",
        string="Language",
        context={"active_test": False},
        help="The rule is for contracts in this language; empty for all.",
    )
    check = fields.Selection(CHECKS, required=True, default="absent", tracking=True)
    subject = fields.Selection(
        SUBJECTS, string="Of what", required=True, default="text", tracking=True
    )
    category_ids = fields.Many2many(
        "crm.contract.clause.category",
        "crm_contract_playbook_rule_category_rel",
        string="Clauses",
        help="Only clauses of these categories are looked at; empty for the whole text.",
    )
    words = fields.Text(
        tracking=True,
        help="One phrase or value a line. In a phrase, # stands for a number, such as in "
        "“within # days”. Capitals and spaces don't matter.",
    )
    limit = fields.Float(tracking=True)
    clause_id = fields.Many2one(
        "crm.contract.clause.template",
        string="Library clause",
        index="btree_not_null",
        ondelete="restrict",
        help="Its alternates, in their order, are the fallbacks.",
    )
    max_steps = fields.Integer(
        string="Steps",
        default=1,
        aggregator=None,
        tracking=True,
        help="0: the wording of the library alone; 1: the first fallback as well, and so "
        "on. A wording of its own is beyond all fallbacks.",
    )
    severity = fields.Selection(
        SEVERITIES, required=True, default="warning", tracking=True
    )
    reason = fields.Text(string="Why it matters", translate=True)
    remedy = fields.Text(string="What to do", translate=True)

    _steps_positive = models.Constraint(
        "CHECK (max_steps >= 0)", "The number of steps must not be negative."
    )

    @api.constrains("check", "subject", "words", "clause_id")
    def _check_complete(self):
        for rule in self:
            problem = rule._get_problem_of_terms()
            if problem:
                raise ValidationError(
                    self.env._(
                        "“%(rule)s”: %(problem)s", rule=rule.name, problem=problem
                    )
                )

    def _get_problem_of_terms(self):
        """Return what the rule lacks (str), "" if it can be looked at."""
        phrases, is_text = self._get_phrases(), self.subject == "text"
        if self.check == "steps":
            return "" if self.clause_id else self.env._("choose the library clause.")
        if self.check in NUMERIC:
            if self.subject in CHOICES:
                return self.env._("choose a number to compare.")
            if is_text and not (phrases and all(MARK in each for each in phrases)):
                return self.env._(
                    "write a phrase in which # stands for the number, such as “within # "
                    "days”."
                )
            return ""
        if not phrases:
            return self.env._("enter the words to look for.")
        if is_text:
            return ""
        if self.check != "one_of" or self.subject not in CHOICES:
            return self.env._("this is asked of words of the text.")
        return ""

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_named([vals])
        return super().write(vals)

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._("%s (copy)", rule.name))
            if vals and "name" not in (default or {})
            else vals
            for rule, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def _get_phrases(self):
        """Return the lines of the words (list of str)."""
        self.ensure_one()
        return list(filter(None, map(str.strip, (self.words or "").splitlines())))
