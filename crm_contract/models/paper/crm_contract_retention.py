from collections import defaultdict
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Longer than any.
_EVER = 999


class CrmContractArchive(models.Model):
    """How long originals are kept, and what speaks against their destruction.

    A family (a contract, its amendments and its renewals) is kept together: years count
    from the end of the last contract that was performed, by the longest retention.
    """

    _inherit = "crm.contract.archive"

    date_retention_end = fields.Date(
        string="Kept until",
        compute="_compute_retention_end",
        compute_sudo=True,
        help="Empty: for ever, or a contract of the family is not at its end yet.",
    )
    is_destroyable = fields.Boolean(
        string="May be destroyed",
        compute="_compute_is_destroyable",
        search="_search_is_destroyable",
    )
    obstacles = fields.Text(string="Why it is kept", compute="_compute_is_destroyable")

    @api.depends("retention", "contract_id.state", "contract_id.date_ended")
    def _compute_retention_end(self):
        ends = self._get_retention_ends(self.ids)
        for row in self:
            row.date_retention_end = ends.get(row._origin.id, False)

    @api.depends("state", "originals_out", "date_retention_end")
    @api.depends_context("lang")
    def _compute_is_destroyable(self):
        obstacles = self._get_obstacles()
        for row in self:
            reasons = obstacles.get(row._origin, [])
            row.obstacles = "\n".join(reasons)
            row.is_destroyable = not reasons and row.state in (
                "filed",
                "proposed",
                "approved",
            )

    def _search_is_destroyable(self, operator, value):
        if operator != "in":
            return NotImplemented
        kept = Domain("state", "in", ("filed", "proposed", "approved"))
        # sudo: which may be destroyed; what of them the user sees, the search decides
        rows = self.sudo().search(kept & Domain("id", "in", self._find_expired()))
        domain = Domain("id", "in", rows.filtered("is_destroyable").ids)
        return domain if True in value else ~domain

    @api.model
    def _find_expired(self):
        """Return the ids of the files whose retention is over (list)."""
        ends = self._get_retention_ends()
        # sudo: of all companies; what of them the user sees, the search decides
        rows = self.sudo().browse(ends)
        today = {company: company._get_today() for company in rows.company_id}
        return [row.id for row in rows if ends[row.id] < today[row.company_id]]

    @api.model
    def _get_retention_ends(self, ids=None):
        """Return the last day on which originals are kept: `{id: date}`.

        Files without such a day (yet) are left out.

        :param ids: of files; all by default
        """
        if ids is not None and not ids:
            return {}
        self.env["crm.contract"].flush_model(["root_id", "state", "date_ended", "kind"])
        self.flush_model(["contract_id", "retention"])
        return {
            key: _add_years(end, years)
            for key, end, is_open, years in self.env.execute_query(
                self._query_ends(ids)
            )
            if end and not is_open and years < _EVER
        }

    @api.model
    def _query_ends(self, ids=None):
        """Return the query of (file, last end, whether one is open, years) by family."""
        contracts = self.env["crm.contract"].sudo().with_context(active_test=False)
        performing = contracts._search(contracts._get_performing_domain())
        return SQL(
            """
            WITH wanted AS (
                SELECT a.id, COALESCE(c.root_id, c.id) AS root
                  FROM crm_contract_archive a
                  JOIN crm_contract c ON c.id = a.contract_id
                 WHERE TRUE %s
            ), member AS (
                SELECT c.id, COALESCE(c.root_id, c.id) AS root, c.state, c.date_ended
                  FROM crm_contract c
                 WHERE COALESCE(c.root_id, c.id) IN (SELECT root FROM wanted)
            )
            SELECT w.id,
                   MAX(m.date_ended),
                   BOOL_OR(m.id IN %s
                           AND m.state NOT IN ('ended', 'cancelled')) AS is_open,
                   MAX(CASE k.retention WHEN 'ever' THEN %s
                                        ELSE k.retention::integer END)
              FROM wanted w
              JOIN member m ON m.root = w.root
              LEFT JOIN crm_contract_archive k ON k.contract_id = m.id
             GROUP BY w.id
            """,
            SQL("AND a.id IN %s", tuple(ids)) if ids else SQL(),
            performing.subselect(),
            _EVER,
        )

    def _get_obstacles(self):
        """Return why originals can't be destroyed: `{archive: list of str}`.

        Extended by what knows of other reasons, such as a dispute.
        """
        found = defaultdict(list)
        # sudo: whether there is something open, whoever may read the file
        rows = self._origin.sudo()
        open_contracts = self._get_contracts_with_open_amounts(rows.contract_id)
        for row in rows:
            reasons = found[row.sudo(False)]
            day = row.date_retention_end
            if row.retention == "ever":
                reasons.append(self.env._("It is kept for ever."))
            elif not day:
                reasons.append(
                    self.env._("A contract of the family is not at its end.")
                )
            elif day >= row.company_id._get_today():
                reasons.append(self.env._("It is kept for some time yet."))
            if row.originals_out:
                reasons.append(self.env._("Originals are lent."))
            if row.contract_id in open_contracts:
                reasons.append(self.env._("Amounts are open."))
        return found

    @api.model
    def _get_contracts_with_open_amounts(self, contracts):
        """Return the contracts of which something is to be billed or paid (sudo)."""
        rows = self.env["crm.contract.installment"].sudo()
        groups = rows._read_group(
            [
                ("contract_id", "in", contracts.ids),
                "|",
                ("state", "in", ("planned", "due", "invoiced")),
                ("amount_open", "!=", 0),
            ],
            ["contract_id"],
        )
        return contracts.browse([contract.id for (contract,) in groups])


def _add_years(day: date, years: int) -> date:
    return day + relativedelta(years=years)
