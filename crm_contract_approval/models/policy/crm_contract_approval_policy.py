from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .crm_contract_approval_step import HAND_OVER
from .crm_contract_exposure import MONTHS

_BUMPED = "crm_contract_approval.bumped"


class CrmContractApprovalPolicy(models.Model):
    _name = "crm.contract.approval.policy"
    _description = "Approval policy"
    _inherit = ["mail.thread", "crm.contract.bounds.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True, translate=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(
        default=10, help="The first policy that fits a contract is the one that counts."
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty for all companies.",
        index="btree_not_null",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    type_ids = fields.Many2many(
        "crm.contract.type", string="Contract types", help="Empty for all types."
    )
    kind = fields.Selection(
        selection="_select_kind",
        help="Empty for all kinds.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        help="The policy is for these customers and their contacts; empty for all.",
    )
    domain = fields.Char(string="Condition", default="[]", required=True)
    exposure_months = fields.Integer(
        string="Months of exposure",
        default=MONTHS,
        required=True,
        aggregator=None,
        help="Conditions compare what a contract comes to in these months, or in its term "
        "if that is longer, at its full price: steps count, free periods don't.",
    )
    adds_up = fields.Boolean(
        string="Add up split contracts",
        help="Values of conditions are compared with what contracts of the same customer "
        "and type come to together, within the days that the contract type says.",
    )
    version = fields.Integer(
        default=1,
        readonly=True,
        copy=False,
        aggregator=None,
        help="Rises with each change; running approvals keep the version that they "
        "were submitted under.",
    )
    note = fields.Text(string="Purpose")
    hand_over_to = fields.Selection(
        HAND_OVER,
        string="Steps are handed over to",
        required=True,
        default="named",
        tracking=True,
        help="Those who are asked may hand their part over; an approval administrator "
        "that of others, but never to himself.",
    )
    step_ids = fields.One2many(
        "crm.contract.approval.step", "policy_id", string="Steps", copy=True
    )

    _exposure_months_range = models.Constraint(
        "CHECK (exposure_months BETWEEN 1 AND 120)",
        "The exposure is reckoned over 1 to 120 months.",
    )

    @api.model
    def _select_kind(self):
        kinds = self.env["crm.contract"]._fields["kind"]
        return kinds._description_selection(self.env)

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for policy in self:
            policy.currency_id = (policy.company_id or self.env.company).currency_id

    @api.constrains("domain")
    def _check_domain(self):
        for policy in self:
            policy._evaluate_domain(policy.domain, policy.name)

    def _has_field_access(self, field, operation):
        if operation == "write" and field.name == "version" and not self.env.su:
            return False
        return super()._has_field_access(field, operation)

    def write(self, vals):
        result = super().write(vals)
        if not {"company_id", "type_ids", "kind", "partner_ids", "domain",
                "exposure_months", "adds_up"}.isdisjoint(vals):  # fmt: skip
            self._raise_version()
        return result

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._("%s (copy)", policy.name))
            if vals and "name" not in (default or {})
            else vals
            for policy, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model
    def _evaluate_domain(self, text, where):
        """Return a condition on contracts as a `Domain`.

        :param where: name of the policy or step, for the message
        :raise ValidationError: if contracts can't be compared with it
        """
        try:
            domain = Domain(literal_eval(text or "[]"))
            # sudo: whether it can be evaluated at all, whoever looks
            self.env["crm.contract"].sudo().search(domain, limit=1)
        except Exception as error:
            raise ValidationError(
                self.env._(
                    "The condition of “%(where)s” can't be evaluated: %(error)s",
                    where=where,
                    error=error,
                )
            ) from error
        return domain

    def _raise_version(self):
        """Give the policies a new version, once per transaction."""
        bumped = self.env.cr.precommit.data.setdefault(_BUMPED, set())
        for policy in self.filtered(lambda policy: policy.id not in bumped):
            bumped.add(policy.id)
            # sudo: only code sets the version
            policy.sudo().version += 1

    @api.model
    def _match(self, contracts):
        """Return the policy of each contract that has one: {contract: policy}."""
        # sudo: whoever submits need not see the policies
        policies = self.sudo().search(
            [("company_id", "in", [False, *contracts.company_id.ids])]
        )
        matched = {}
        for policy in policies:
            left = contracts.filtered(lambda contract: contract not in matched)
            matched.update(dict.fromkeys(policy._filter_contracts(left), policy))
        return matched

    def _filter_contracts(self, contracts):
        """Return the contracts that the policy is for."""
        self.ensure_one()
        partners = self.partner_ids.commercial_partner_id
        contracts = contracts.filtered(
            lambda contract: (
                self.company_id in (contract.company_id, self.env["res.company"])
                and (not self.type_ids or contract.type_id in self.type_ids)
                and (not self.kind or contract.kind == self.kind)
                and (not partners or contract.commercial_partner_id in partners)
            )
        )
        return contracts._filter_by_condition(self.domain)
