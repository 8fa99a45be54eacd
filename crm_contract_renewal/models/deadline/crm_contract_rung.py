from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

RECIPIENTS = [
    ("owner", "Salesperson"),
    ("leader", "Team leader"),
    ("group", "Group"),
    ("customer", "Customer"),
]


class CrmContractRung(models.Model):
    """A reminder, some days before the renewal deadline of contracts of a type."""

    _name = "crm.contract.rung"
    _description = "Reminder before a deadline"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "type_id, days desc, id"

    type_id = fields.Many2one(
        "crm.contract.type", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    days = fields.Integer(
        string="Days before", required=True, help="Days before the deadline."
    )
    recipient = fields.Selection(RECIPIENTS, required=True, default="owner")
    group_id = fields.Many2one("res.groups")
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        domain="[('res_model', 'in', (False, 'crm.contract'))]",
        ondelete="restrict",
    )
    template_id = fields.Many2one(
        "mail.template",
        string="Mail template",
        domain=[("model", "=", "crm.contract")],
        ondelete="restrict",
    )
    domain = fields.Char(string="Condition", default="[]", required=True)

    _days_not_negative = models.Constraint(
        "CHECK (days >= 0)", "A reminder comes before the deadline, not after it."
    )

    @api.constrains("recipient", "group_id", "template_id")
    def _check_recipient(self):
        for reminder in self:
            if reminder.recipient == "customer" and not reminder.template_id:
                raise ValidationError(
                    self.env._("“%s” writes to the customer: choose a mail template.",
                               reminder.name)
                )  # fmt: skip
            if reminder.recipient == "group" and not reminder.group_id:
                raise ValidationError(
                    self.env._("“%s” reminds a group: choose which.", reminder.name)
                )

    @api.constrains("domain")
    def _check_domain(self):
        for reminder in self:
            try:
                self.env["crm.contract"].sudo().search(reminder._get_domain(), limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(reminder)s” can't be evaluated: %(error)s",
                        reminder=reminder.name,
                        error=error,
                    )
                ) from error

    def _get_domain(self):
        return Domain(literal_eval(self.domain or "[]"))

    @api.model
    def _has_address(self, contract):
        """Return whether somebody of the customer can be written to (bool)."""
        people = contract.customer_signatory_id | contract.partner_id
        return any(people.mapped("email"))

    def _get_users(self, contract):
        """Return whom the reminder is for: users who are there and may read the contract.

        None for a customer who can be written to.
        """
        self.ensure_one()
        users = self.env["res.users"]
        if self.recipient == "customer" and self._has_address(contract):
            return users
        if self.recipient == "leader":
            leader = contract.team_id.user_id
            users = leader if contract._is_readable_by(leader) else users
            users = users or leader._get_stand_ins()
        elif self.recipient == "group":
            users = self.group_id.all_user_ids
        found = users.filtered(contract._is_readable_by)
        return found or contract._get_person_in_charge()
