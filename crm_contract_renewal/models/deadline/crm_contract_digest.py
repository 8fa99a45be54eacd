from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import get_lang

_DAYS = {"weekly": 7, "monthly": 30}


class CrmContract(models.Model):
    """The mail that tells salespeople and team leaders what they have to decide."""

    _inherit = "crm.contract"

    @api.model
    def _cron_digest(self):
        """Mail the deadlines of the next 90 days to each salesperson and team leader."""
        today = fields.Date.today()
        companies = self.env["res.company"].search(
            [("contract_deadline_digest", "in", list(_DAYS))]
        )
        for company in companies:
            last = company.contract_date_digest
            days = _DAYS[company.contract_deadline_digest]
            if last and fields.Date.add(last, days=days) > today:
                continue
            self._mail_digest(company)
            company.contract_date_digest = today
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _mail_digest(self, company):
        contracts = self.search(
            self._get_deadline_domain()
            & Domain("company_id", "=", company.id)
            & Domain("date_deadline", "<=", "today +90d"),
            order="date_deadline, id",
        )
        by_user = {}
        for contract in contracts:
            for user in contract.user_id | contract.team_id.user_id:
                by_user.setdefault(user, self.browse())
                by_user[user] |= contract
        for user, rows in by_user.items():
            rows._mail_deadlines(user)

    def _mail_deadlines(self, user):
        """Send one mail about the contracts to a user."""
        contracts = self.with_context(lang=get_lang(self.env, user.lang).code)
        body = self.env["ir.qweb"]._render(
            "crm_contract_renewal.mail_deadlines",
            {"contracts": contracts, "user": user, "base_url": self[:1].get_base_url()},
            lang=user.lang,
        )
        # To the user alone: no follower, hence no customer, gets it.
        self.env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            subject=contracts.env._("Contracts to decide on"),
            body=body,
            email_layout_xmlid="mail.mail_notification_light",
        )
