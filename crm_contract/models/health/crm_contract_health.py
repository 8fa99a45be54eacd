from collections.abc import Callable
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# Days after which what is due and was not done counts, unless the parameter says more.
DAYS = 7
DAYS_PARAMETER = "crm_contract.health_days"
# Days after which a suspension is long, unless the parameter says more.
SUSPENDED = 180
SUSPENDED_PARAMETER = "crm_contract.health_suspended_days"


class Check(NamedTuple):
    """One thing that Health looks at, in the whole database at once.

    :param name: unique among the checks of all add-ons; results are kept by it
    :param label: what is wrong with the records it finds, as people read it
    :param advice: what to do about them
    :param model: name of the model whose records it finds
    :param query: function that returns a query (SQL) of what is wrong: columns `id`
        and `company_id`, which is null for what belongs to no company; no id twice
    """

    name: str
    label: str
    advice: str
    model: str
    query: Callable


class CrmContractHealth(models.AbstractModel):
    """What Health looks at: ledger, books, states, files, people, jobs.

    Nothing is repaired here. A check is a query over whole tables, so that its cost
    does not depend on what is found; what can't be said in SQL is a scan, see
    `crm.contract.health.scan`.
    """

    _name = "crm.contract.health"
    _description = "Health of contracts"

    @api.model
    def _get_checks(self):
        """Return the checks, in the order in which people read them (list of `Check`).

        Extended by satellites with checks of their own. Called in superuser mode.
        """
        groups = (
            self._get_scan_checks,
            self._get_books_checks,
            self._get_invoice_checks,
            self._get_due_checks,
            self._get_period_checks,
            self._get_missing_checks,
            self._get_path_checks,
            self._get_passed_checks,
            self._get_version_checks,
            self._get_people_checks,
            self._get_job_checks,
            self._get_setup_checks,
        )
        return [check for group in groups for check in group()]

    @api.model
    def _check(self, name, label, advice, model):
        """Return a check whose query is the method `_query_` with its name."""
        return Check(name, label, advice, model, getattr(self, f"_query_{name}"))

    @api.model
    def _get_check(self, name):
        """Return the check of a name, None if no add-on (any more) has one."""
        # sudo: a check sees all companies; who may see what it found is asked there
        checks = self.sudo()._get_checks()
        return next((check for check in checks if check.name == name), None)

    @api.model
    def _count(self, check):
        """Return how many records a check finds now: `{company id or None: number}`."""
        self.env.flush_all()
        query = SQL(
            "SELECT company_id, count(*) FROM (%s) found GROUP BY company_id",
            check.query(),
        )
        return dict(self.env.execute_query(query))

    @api.model
    def _find_ids(self, check, companies, limit):
        """Return the ids of the records that a check finds now, of no company as well.

        :param companies: those whose records are asked for
        :param limit: largest number of ids
        """
        self.env.flush_all()
        query = SQL(
            "SELECT id FROM (%s) found WHERE company_id IS NULL OR company_id IN %s"
            " ORDER BY id LIMIT %s",
            check.query(),
            companies._ids or (0,),
            limit,
        )
        return [id_ for (id_,) in self.env.execute_query(query)]

    @api.model
    def _select(self, model, domain, company="company_id"):
        """Return the query of records that a domain finds, archived ones as well.

        :param model: name of a model
        :param company: name of the column with the company, empty if it has none
        """
        # sudo: as in `_get_check`
        records = self.env[model].sudo().with_context(active_test=False)
        query = records._search(Domain(domain))
        table = SQL.identifier(records._table)
        column = (
            SQL("%s.%s", table, SQL.identifier(company)) if company else SQL("NULL")
        )
        return query.select(
            SQL("%s.id AS id", table), SQL("%s::integer AS company_id", column)
        )

    @api.model
    def _get_days(self):
        """Return after how many days what is due and was not done counts (int)."""
        return self._get_number(DAYS_PARAMETER, DAYS)

    @api.model
    def _get_number(self, parameter, default):
        # sudo: a number that an administrator set
        value = self.env["ir.config_parameter"].sudo().get_param(parameter)
        try:
            return max(0, int(value or default))
        except ValueError:
            return default
