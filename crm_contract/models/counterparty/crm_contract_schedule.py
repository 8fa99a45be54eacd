from odoo import api, models

from ..job.crm_contract_job import Step


class CrmContractQualification(models.Model):
    _inherit = "crm.contract.qualification"

    def _get_reminder(self):
        return (
            self.counterparty_id,
            self.counterparty_id.user_id,
            self.env._("%s expires", self.kind_id.name),
        )


class CrmContractAuthority(models.Model):
    _inherit = "crm.contract.authority"

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
