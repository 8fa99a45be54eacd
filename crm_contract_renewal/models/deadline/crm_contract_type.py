from odoo import fields, models

from odoo.addons.crm_contract.models.contract.crm_contract_type import TERM_UNITS

RENEWAL_MODES = [
    ("manual", "Manual"),
    ("automatic", "Automatic"),
    ("unless_refused", "Automatic unless refused"),
    ("evergreen", "Evergreen"),
]
DAY_RULES = [
    ("keep", "Stays on its day"),
    ("previous", "Moves to the working day before"),
    ("next", "Moves to the working day after"),
]


class CrmContractType(models.Model):
    _name = "crm.contract.type"
    _inherit = ["crm.contract.type", "crm.contract.adjustment.mixin"]

    renewal_mode = fields.Selection(
        RENEWAL_MODES,
        string="Renewal",
        help="Manual: somebody decides. Automatic: renewed on the notice deadline. "
        "Automatic unless refused: the same, unless it was decided to let the contract "
        "expire. Evergreen: runs on without end, and is looked at once a year.",
    )
    renewal_duration = fields.Integer(
        string="Term of a renewal", help="Empty: as long as the contract."
    )
    renewal_unit = fields.Selection(TERM_UNITS, string="Unit of the renewal's term")
    notice_day_rule = fields.Selection(
        DAY_RULES,
        string="Notice deadline on a day off",
        default="keep",
        required=True,
        help="By the working hours and public holidays of the company.",
    )
    adjustment_months = fields.Integer(default=3)
    adjustment_rounding = fields.Float(default=0.01)
    rung_ids = fields.One2many(
        "crm.contract.rung", "type_id", string="Reminders", copy=True
    )

    _renewal_duration_positive = models.Constraint(
        "CHECK (renewal_duration >= 0)", "The term of a renewal must not be negative."
    )
