from odoo import fields, models
from odoo.exceptions import UserError


class CrmContractApprovalCondition(models.Model):
    """A change that an approver asks for; the contract is not approved before it."""

    _name = "crm.contract.approval.condition"
    _description = "Condition of an approval"
    _order = "id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id")
    task_id = fields.Many2one(
        "crm.contract.approval.task", required=True, ondelete="cascade", index=True
    )
    version_id = fields.Many2one(
        "crm.contract.version",
        ondelete="restrict",
        index="btree_not_null",
        help="Version of the contract that the condition was set on.",
    )
    name = fields.Text(string="Condition", required=True)
    user_id = fields.Many2one("res.users", string="Set by", required=True)
    is_met = fields.Boolean()
    met_by_id = fields.Many2one("res.users", string="Met according to")
    date_met = fields.Datetime(string="Met on")
    can_meet = fields.Boolean(compute="_compute_can_meet")

    def _compute_can_meet(self):
        for condition in self:
            condition.can_meet = not (
                condition.is_met or condition._get_refusal_to_meet()
            )

    def action_met(self):
        """Say that the named change is made; the last one lets the contract go on.

        :return: the conditions
        :raise UserError: if the user is not the one who set the condition
        """
        self.check_access("read")
        self.contract_id._serialise()
        for condition in self:
            refusal = condition._get_refusal_to_meet()
            if refusal:
                raise UserError(refusal)
        self._set_met()
        reviewed = self.contract_id.filtered(lambda c: c.state == "review")
        self.env["crm.contract.approval.task"]._continue_review(reviewed)
        return self

    def _get_refusal_to_meet(self):
        """Return why the user may not say that the condition is met (str)."""
        delegation = self.env["crm.contract.approval.delegation"]
        is_manager = self.env.user.has_group(
            "crm_contract_approval.crm_contract_approval_group_manager"
        )
        is_own = self.user_id.id in delegation._get_principal_ids(self.env.uid)
        if not (is_own or is_manager):
            return self.env._("Only %s can say that this is met.", self.user_id.name)
        # sudo: who edited the contract
        if self.env.user in self.contract_id.sudo()._get_excluded_users():
            return self.env._(
                "You wrote or submitted the contract: somebody else has to say that "
                "the condition is met."
            )
        return ""

    def _set_met(self):
        """Close the open conditions and log it."""
        still_open = self.filtered(lambda condition: not condition.is_met)
        # sudo: written by code alone, after the checks
        still_open.sudo().write(
            {
                "is_met": True,
                "met_by_id": self.env.uid,
                "date_met": fields.Datetime.now(),
            }
        )
        for condition in still_open:
            condition.task_id._log("met", comment=condition.name)
