from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

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
        since = "%(today)s::date - make_interval(months => kind.survey_months)"
        return self._get_due_domain(
            "survey_months", f"contract.date_start <= {since}", f"date_asked > {since}"
        )

    @api.model
    def _get_renewal_domain(self):
        """Return the domain of contracts whose notice deadline is near enough."""
        return self._get_due_domain(
            "survey_ahead_days",
            "contract.date_notice BETWEEN %(today)s"
            " AND %(today)s::date + kind.survey_ahead_days",
            "reason = 'renewal'"
            " AND date_asked >= %(today)s::date - kind.survey_ahead_days",
        )

    @api.model
    def _get_due_domain(self, name, due, asked):
        """Return the domain of running contracts that are due and were not asked.

        One condition for all types, which differ in their months or days, so that the
        daily job asks the database once.

        :param name: field of the type without which nobody is asked
        :param due: SQL of a condition on `contract` and `kind`, with `%(today)s`
        :param asked: the same on questions that make another one needless
        """
        self.flush_model(["contract_id", "reason", "date_asked"])
        contracts = self.env["crm.contract"]
        contracts.flush_model(["type_id", "date_start", "date_notice"])
        query = (
            "%(id)s IN (SELECT contract.id FROM crm_contract contract"
            " JOIN crm_contract_type kind ON kind.id = contract.type_id"
            f" WHERE contract.state = 'running' AND kind.{name} > 0 AND {due}"
            " AND NOT EXISTS (SELECT 1 FROM crm_contract_survey survey"
            f" WHERE survey.contract_id = contract.id AND {asked}))"
        )

        def on_day(today):
            return Domain.custom(
                to_sql=lambda _model, alias, _query: SQL(
                    query, id=SQL.identifier(alias, "id"), today=today
                )
            )

        running = Domain("state", "=", "running") & Domain("performs", "=", True)
        return (
            running
            & Domain(f"type_id.{name}", ">", 0)
            & self.env["res.company"]._on_days(on_day)
        )


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
