from odoo import fields, models

SIGNING_ORDERS = [
    ("customer", "The customer first"),
    ("company", "We first"),
    ("any", "In any order"),
]


class CrmContractType(models.Model):
    """How contracts of a type are signed by request."""

    _inherit = "crm.contract.type"

    signing_order = fields.Selection(SIGNING_ORDERS, default="customer", required=True)
    signature_needs_code = fields.Boolean(
        string="One-time code",
        help="Signatories type in a code that is mailed to them when they sign.",
    )
    signature_needs_letter = fields.Boolean(
        string="Letter of authority",
        help="Who signs without being the legal representative needs one.",
    )
    signature_days = fields.Integer(
        string="Open for (days)",
        default=30,
        help="Days after which a signature request expires; 0 for never.",
    )
    signature_reminder_days = fields.Integer(
        string="Reminder after (days)",
        default=7,
        help="Days after which those who have not signed are reminded, again and "
        "again; 0 for never.",
    )
    signature_user_ids = fields.Many2many(
        "res.users",
        "crm_contract_type_signature_user_rel",
        string="Our signatories",
        domain=[("share", "=", False)],
        help="Sign for us where a contract names nobody.",
    )

    _signature_days_positive = models.Constraint(
        "CHECK (signature_days >= 0 AND signature_reminder_days >= 0)",
        "Days of signature requests must not be negative.",
    )
