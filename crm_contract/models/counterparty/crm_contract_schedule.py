from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..job.crm_contract_job import Step

# Days before the last one on which somebody is told
_DAYS_BEFORE = 30


class CrmContractExpiryMixin(models.AbstractModel):
    """What is valid until a day, of which somebody is told once before it is over."""

    _name = "crm.contract.expiry.mixin"
    _description = "What expires"

    is_told = fields.Boolean(string="Told of the end", copy=False, readonly=True)

    def write(self, vals):
        if "date_until" in vals and "is_told" not in vals:
            vals = dict(vals, is_told=False)
        return super().write(vals)

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


class CrmContractQualification(models.Model):
    _name = "crm.contract.qualification"
    _inherit = ["crm.contract.qualification", "crm.contract.expiry.mixin"]

    def _get_reminder(self):
        return (
            self.counterparty_id,
            self.counterparty_id.user_id,
            self.env._("%s expires", self.kind_id.name),
        )


class CrmContractAuthority(models.Model):
    _name = "crm.contract.authority"
    _inherit = ["crm.contract.authority", "crm.contract.expiry.mixin"]

    def _get_reminder(self):
        return (
            self,
            self.granted_by_id,
            self.env._("The authority of %s expires", self.name),
        )


class CrmContractSchedule(models.AbstractModel):
    """What the daily job does about papers of people: it reminds, each time once."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        qualifications = self.env["crm.contract.qualification"]
        authorities = self.env["crm.contract.authority"]
        return [
            *super()._get_steps(),
            Step(
                "qualification_expiring",
                self.env._("Remind of qualifications that expire"),
                qualifications,
                qualifications._get_expiring_domain,
                lambda row: row._advance_expiring(),
            ),
            Step(
                "authority_expiring",
                self.env._("Remind of authorities that expire"),
                authorities,
                authorities._get_expiring_domain,
                lambda row: row._advance_expiring(),
            ),
        ]


class CrmContractSuccession(models.AbstractModel):
    """Whoever leaves gives his counterparty files to somebody who keeps them."""

    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        files = self.env["crm.contract.counterparty"].search(
            [("user_id", "in", users.ids)]
        )
        return [
            *super()._get_duties(users),
            *self._list(files, "user_id", self.env._("Counterparty file")),
        ]

    @api.model
    def _find_successor(self, duty, leaving, successor):
        if duty.record._name != "crm.contract.counterparty":
            return super()._find_successor(duty, leaving, successor)
        company = duty.record.company_id or self.env.company
        managers = self.env["crm.contract"]._get_contract_managers(company)
        candidates = (successor or leaving.browse()).filtered(
            lambda user: (
                user.has_group("crm_contract.crm_contract_group_keeper")
                and company in user.company_ids
            )
        )
        return ((candidates | managers) - leaving)[:1]
