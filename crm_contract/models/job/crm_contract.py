from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CrmContract(models.Model):
    """What the jobs could not do, and who is told what there is to do."""

    _inherit = "crm.contract"

    job_problem = fields.Text(
        string="Problem of a daily job",
        compute="_compute_job_problem",
        search="_search_job_problem",
        help="Why a daily job set the contract aside; it tries again each day.",
    )

    def _compute_job_problem(self):
        # sudo: the reason alone, to whoever reads the contract
        failures = self.env["crm.contract.job.failure"].sudo()
        rows = failures.search([("contract_id", "in", self._origin.ids)], order="id")
        labels = dict(failures._get_job_labels()) if rows else {}
        by_contract = rows.grouped("contract_id")
        for contract in self:
            contract.job_problem = "\n".join(
                f"{labels.get(row.job, row.job)}: {row.reason}"
                for row in by_contract.get(contract._origin, ())
            )

    @api.model
    def _search_job_problem(self, operator, value):
        if operator != "in" or set(value) != {False}:
            return NotImplemented
        # sudo: that there is one alone
        failures = self.env["crm.contract.job.failure"].sudo()
        failing = failures._search([("contract_id", "!=", False)])
        return Domain("id", "not in", failing.subselect("contract_id"))

    def action_try_again(self):
        """Do again what the daily jobs could not do of the contracts.

        :return: notification that says how it went
        :raise AccessError: unless the user may invoice the contracts
        """
        self._check_access_to_invoice()
        # sudo: kept by the jobs; who may try again was checked
        failures = self.env["crm.contract.job.failure"].sudo()
        left = failures.search([("contract_id", "in", self.ids)])._try_again()
        return failures._notify_tried(left)

    def _get_person_in_charge(self, leaving=None):
        """Return the user who is told what there is to do about the contract.

        The first of salesperson, who stands in for him, team leader, who stands in for
        him, responsible of the type and contract managers who is there: an active
        employee who may read the contract. No user if there is none.

        :param leaving: users who are about to leave
        """
        self.ensure_one()
        # sudo: users of teams and groups, whoever asks
        contract = self.sudo()
        leaving = leaving or contract.user_id.browse()
        ladder = contract.user_id.browse()
        for user in (contract.user_id, contract.team_id.user_id):
            ladder |= user | user._get_stand_ins()
        for user in (ladder | contract.type_id.responsible_id) - leaving:
            if contract._is_readable_by(user):
                return user
        managers = self._get_contract_managers(contract.company_id) - leaving
        return managers.filtered(contract._is_readable_by)[:1]

    def _is_readable_by(self, user):
        company = self.company_id
        if not user.active or user.share or company not in user.company_ids:
            return False
        contract = self.with_user(user).with_context(allowed_company_ids=company.ids)
        return contract.has_access("read")

    @api.model
    def _get_contract_managers(self, company):
        """Return the active contract managers of a company, and its administrators."""
        # sudo: members of groups, whoever asks
        groups = self.env.ref("crm_contract.crm_contract_group_manager").sudo()
        users = groups.all_user_ids.sorted("id")
        users |= self.env.ref("base.group_system").sudo().all_user_ids.sorted("id")
        return users.filtered(
            lambda user: user.active and not user.share and company <= user.company_ids
        )

    def _tell_person_in_charge(self, summary, note="", activity_type=None):
        """Schedule an activity for the person in charge of the contract.

        :param activity_type: external id of its type; a to-do without it
        :raise UserError: if nobody is there
        """
        user = self._get_person_in_charge()
        if not user:
            raise UserError(
                self.env._(
                    "Nobody is there to be told of %s: neither salesperson nor team "
                    "leader, responsible of the type or contract manager is active and "
                    "may read it.",
                    self.display_name,
                )
            )
        self.activity_schedule(
            activity_type or "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=summary,
            note=note,
        )
