from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.date_utils import add

TEMPLATE = "crm_contract.mail_template_survey"


class CrmContractSurvey(models.Model):
    """Whom to ask, and when; nobody who does not want to be, and nobody too often."""

    _inherit = "crm.contract.survey"

    @api.model
    def _ask(self, contract, reason, person=None, obligation=None):
        """Ask somebody of the customer, or note why nobody was; in sudo.

        :param person: whom (partner); who signed for the customer, or the customer, if
            not given
        :return: the question
        """
        person = person or contract.customer_signatory_id or contract.partner_id
        why_not = self._get_reason_not_to_ask(contract, person)
        row = self.create(
            {
                "contract_id": contract.id,
                "obligation_id": obligation and obligation.id,
                "person_id": person.id,
                "email": person.email_normalized,
                "reason": reason,
                "date_asked": contract.company_id._get_today(),
                "state": "skipped" if why_not else "asked",
                "why_not": why_not,
            }
        )
        if not why_not:
            self.env.ref(TEMPLATE).send_mail(row.id)
        return row

    @api.model
    def _get_reason_not_to_ask(self, contract, person):
        """Return why somebody is not asked (str), empty if he is."""
        if not person.active or not person.email_normalized:
            return self.env._("%s has no e-mail address.", person.display_name)
        if person.contract_no_survey or person.commercial_partner_id.contract_no_survey:
            return self.env._("%s wants no surveys.", person.display_name)
        if person.commercial_partner_id != contract.commercial_partner_id:
            return self.env._(
                "%s does not belong to the customer any more.", person.display_name
            )
        blocked = self.env["mail.blacklist"].search_count(
            [("email", "=", person.email_normalized)], limit=1
        )
        if blocked:
            return self.env._("%s unsubscribed from mails.", person.display_name)
        today = contract.company_id._get_today()
        since = today - timedelta(days=contract.type_id.survey_gap_days)
        if self.search_count(
            [
                ("email", "=", person.email_normalized),
                ("company_id", "=", contract.company_id.id),
                ("state", "!=", "skipped"),
                ("date_asked", ">", since),
            ],
            limit=1,
        ):
            return self.env._("%s was asked lately.", person.display_name)
        return ""

    # Jobs

    @api.model
    def _get_regular_domain(self):
        """Return the domain of contracts whose customers are asked each n months."""
        return self._get_due_domain("survey_months", self._get_regular_of)

    @api.model
    def _get_renewal_domain(self):
        """Return the domain of contracts whose notice deadline is near enough."""
        return self._get_due_domain("survey_ahead_days", self._get_renewal_of)

    @api.model
    def _get_due_domain(self, name, make):
        """Return the domain of running contracts, by types with the same setting."""
        # sudo: settings of types of all companies
        types = self.env["crm.contract.type"].sudo().search([(name, ">", 0)])
        running = Domain("state", "=", "running") & Domain("performs", "=", True)
        domains = [
            Domain("type_id", "in", rows.ids)
            & self.env["res.company"]._on_days(lambda today, n=value: make(today, n))
            for value, rows in types.grouped(name).items()
        ]
        return running & Domain.OR(domains) if domains else Domain.FALSE

    @api.model
    def _get_regular_of(self, today, months):
        since = add(today, months=-months)
        asked = self._search([("date_asked", ">", since)])
        known = asked.select("contract_id")
        return Domain("date_start", "<=", since) & Domain("id", "not in", known)

    @api.model
    def _get_renewal_of(self, today, days):
        last = add(today, days=days)
        asked = self._search(
            [("reason", "=", "renewal"), ("date_asked", ">=", add(today, days=-days))]
        )
        near = Domain([("date_notice", ">=", today), ("date_notice", "<=", last)])
        return near & Domain("id", "not in", asked.select("contract_id"))


class CrmContractObligation(models.Model):
    _inherit = "crm.contract.obligation"

    def _after_accepted(self):
        result = super()._after_accepted()
        # sudo: who is asked, and what the type says, whoever accepts
        row = self.sudo()
        contract = row.contract_id
        if row.side == "ours" and contract.type_id.survey_accepted:
            surveys = row.env["crm.contract.survey"]
            surveys._ask(contract, "accepted", row.contact_id, row)
        return result
