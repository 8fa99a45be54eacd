from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# Days before the last one on which somebody is told
_DAYS_BEFORE = 30


class CrmContractExpiryMixin(models.AbstractModel):
    """What is valid until a day, of which somebody is told once before it is over."""

    _name = "crm.contract.expiry.mixin"
    _description = "What expires"
    _inherit = ["crm.contract.owned.mixin"]

    is_told = fields.Boolean(
        string="Told of the end", copy=False, readonly=True, owned=True
    )

    def write(self, vals):
        result = super().write(vals)
        if "date_until" in vals:
            # sudo: owned field; that the user may write the day was checked
            super(CrmContractExpiryMixin, self.sudo()).write({"is_told": False})
        return result

    @api.model
    def _get_expiring_domain(self):
        """Return the domain of what expires soon and nobody was told of."""
        return Domain("is_told", "!=", True) & self.env["res.company"]._on_days(
            lambda today: Domain("date_until", "<=", today + timedelta(_DAYS_BEFORE))
        )

    def _advance_expiring(self):
        """Tell whoever looks after it, or a contract manager who is there.

        :raise UserError: if nobody is there
        """
        self.ensure_one()
        record, preferred, summary = self._get_reminder()
        company = self.company_id or self.env.company
        managers = self.env["crm.contract"]._get_contract_managers(company)
        people = preferred.filtered(
            lambda user: user.active and record.with_user(user).has_access("read")
        )
        user = (people | managers)[:1]
        if not user:
            raise UserError(
                self.env._("Nobody is there to be told of %s.", record.display_name)
            )
        record.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            date_deadline=self.date_until,
            summary=summary,
        )
        self.is_told = True

    def _get_reminder(self):
        """Return the record to open, who is told first (users), and of what (str)."""
        raise NotImplementedError
