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
    """A rung of the ladder of reminders before the renewal deadline of a contract."""

    _name = "crm.contract.rung"
    _description = "Reminder before a deadline"
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
        for rung in self:
            if rung.recipient == "customer" and not rung.template_id:
                raise ValidationError(
                    self.env._("“%s” writes to the customer: choose a mail template.",
                               rung.name)
                )  # fmt: skip
            if rung.recipient == "group" and not rung.group_id:
                raise ValidationError(
                    self.env._("“%s” reminds a group: choose which.", rung.name)
                )

    @api.constrains("domain")
    def _check_domain(self):
        for rung in self:
            try:
                self.env["crm.contract"].sudo().search(rung._get_domain(), limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(rung)s” can't be evaluated: %(error)s",
                        rung=rung.name,
                        error=error,
                    )
                ) from error

    def _get_domain(self):
        return Domain(literal_eval(self.domain or "[]"))

    def _get_users(self, contract):
        """Return whom the rung reminds of a contract (users, none for a customer)."""
        self.ensure_one()
        owner = contract.user_id
        users = {
            "owner": owner,
            "leader": contract.team_id.user_id or owner,
            "group": self.group_id.all_user_ids.filtered(
                lambda user: contract.company_id in user.company_ids
            ),
        }.get(self.recipient, owner.browse())
        return users.filtered("active")


class CrmContractRungFired(models.Model):
    """That a rung was fired for a term of a contract: once, whatever happens."""

    _name = "crm.contract.rung.fired"
    _description = "Reminder that was sent"
    _order = "id desc"
    _rec_name = "rung_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    rung_id = fields.Many2one(
        "crm.contract.rung", required=True, ondelete="cascade", index=True
    )
    term = fields.Date(required=True, help="Deadline that it was fired for.")
    date = fields.Date(required=True)
    outcome = fields.Selection(
        [
            ("fired", "Sent"),
            ("missed", "Missed, told with a later one"),
            ("skipped", "Condition did not hold"),
        ],
        required=True,
    )
    activity_ids = fields.Many2many("mail.activity", string="Activities")

    _once = models.UniqueIndex(
        "(contract_id, rung_id, term)", "This reminder was sent already."
    )
