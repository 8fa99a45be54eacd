from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import get_lang

from odoo.addons.crm_contract.models.job.crm_contract_job import Step

_DAYS = {"weekly": 7, "monthly": 30}
# Lines of a mail; the list has the rest.
_LINES = 30


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
        for user, ids in self._share_out(found).items():
            self._mail_user(user, contracts.browse(ids))
        company.contract_date_digest = company._get_today()

    @api.model
    def _share_out(self, contracts):
        """Return who is told of which contracts, in their order ({user: list of ids})."""
        owned = {}
        for (user, team), group in contracts.grouped(
            lambda contract: (contract.user_id, contract.team_id)
        ).items():
            for owner in user | team.user_id:
                owned.setdefault(owner, []).extend(group.ids)
        told = {
            user: self._filter_readable(user, contracts.browse(ids))
            for user, ids in owned.items()
        }
        left = set(contracts.ids).difference(*told.values())
        for contract in contracts.filtered(lambda one: one.id in left):
            for user in contract._get_person_in_charge():
                told.setdefault(user, set()).add(contract.id)
        return {
            user: [one for one in contracts.ids if one in ids]
            for user, ids in told.items()
            if ids
        }

    @api.model
    def _filter_readable(self, user, contracts):
        """Return which of the contracts of a company the user may read (set of ids)."""
        company = contracts.company_id
        if not user.active or user.share or not company <= user.company_ids:
            return set()
        mine = contracts.with_user(user).with_context(allowed_company_ids=company.ids)
        return set(mine._filtered_access("read").ids)

    @api.model
    def _mail_user(self, user, contracts):
        """Send one mail about the contracts to a user: the first ones, and how many."""
        contracts = contracts.with_context(lang=get_lang(self.env, user.lang).code)
        values = {
            "more": max(len(contracts) - _LINES, 0),
            "contracts": contracts[:_LINES],
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
