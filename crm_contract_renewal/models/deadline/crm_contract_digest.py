from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import get_lang

from odoo.addons.crm_contract.models.job.crm_contract_job import Step

_DAYS = {"weekly": 7, "monthly": 30}


class CrmContractDigest(models.AbstractModel):
    """The mail that tells salespeople and team leaders what they have to decide."""

    _name = "crm.contract.digest"
    _inherit = "crm.contract.job"
    _description = "Mail of deadlines"

    @api.model
    def _get_steps(self):
        return [
            *super()._get_steps(),
            Step(
                "digest",
                self.env._("Mail the deadlines of the next 90 days"),
                self.env["res.company"],
                lambda: Domain("contract_deadline_digest", "in", list(_DAYS)),
                self._mail_company,
                keep=self._is_due,
                chunk=1,
            ),
        ]

    @api.model
    def _is_due(self, company):
        last = company.contract_date_digest
        days = _DAYS[company.contract_deadline_digest]
        return not last or fields.Date.add(last, days=days) <= company._get_today()

    @api.model
    def _mail_company(self, company):
        """Mail the deadlines of a company to each salesperson and team leader."""
        contracts = self.env["crm.contract"]
        found = contracts.search(
            contracts._get_deadline_domain()
            & Domain("company_id", "=", company.id)
            & Domain(
                "date_deadline", "<=", fields.Date.add(company._get_today(), days=90)
            ),
            order="date_deadline, id",
        )
        by_user = {}
        for contract in found:
            owners = contract.user_id | contract.team_id.user_id
            there = owners.filtered(contract._is_readable_by)
            for user in there or contract._get_person_in_charge():
                by_user[user] = by_user.get(user, contracts) | contract
        for user, mine in by_user.items():
            self._mail_user(user, mine)
        company.contract_date_digest = company._get_today()

    @api.model
    def _mail_user(self, user, contracts):
        """Send one mail about the contracts to a user."""
        contracts = contracts.with_context(lang=get_lang(self.env, user.lang).code)
        values = {
            "contracts": contracts,
            "user": user,
            "base_url": contracts[:1].get_base_url(),
        }
        body = self.env["ir.qweb"]._render(
            "crm_contract_renewal.mail_deadlines", values, lang=user.lang
        )
        # To the user alone: no follower, hence no customer, gets it.
        self.env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            subject=contracts.env._("Contracts to decide on"),
            body=body,
            email_layout_xmlid="mail.mail_notification_light",
        )
