from datetime import timedelta

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
# A calendar without working days must not be searched for ever.
_LONGEST_HOLIDAY = 60


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

    def _move_to_working_day(self, day, company):
        """Return the day, or the working day before or after it, as the type says.

        Without a type, the day stays.
        """
        calendar = company.resource_calendar_id
        if self.notice_day_rule not in ("previous", "next") or not calendar:
            return day
        weekdays = {int(row.dayofweek) for row in calendar.attendance_ids}
        step = timedelta(days=-1 if self.notice_day_rule == "previous" else 1)
        leaves = calendar.global_leave_ids
        for distance in range(_LONGEST_HOLIDAY):
            moved = day + step * distance
            # A holiday is kept in UTC, and is that of the company's days.
            is_off = any(
                company._get_today(row.date_from)
                <= moved
                <= company._get_today(row.date_to)
                for row in leaves
            )
            if moved.weekday() in weekdays and not is_off:
                return moved
        return day
