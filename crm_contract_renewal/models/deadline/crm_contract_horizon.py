from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import get_lang

from ...tools.horizon import HORIZONS, horizon_ends, horizon_of

FIELD = "deadline_horizon"
LABELS = [
    ("overdue", "Overdue"),
    ("week", "This week"),
    ("month", "This month"),
    ("quarter", "This quarter"),
    ("later", "Later"),
]


class CrmContract(models.Model):
    """How far off the renewal deadline is, as a column of the kanban.

    The answer changes with the day: nothing is stored. Searches become dates, and
    groups are made by the database from the date of the deadline.
    """

    _inherit = "crm.contract"

    deadline_horizon = fields.Selection(
        LABELS,
        string="Deadline due",
        compute="_compute_deadline_horizon",
        search="_search_deadline_horizon",
        group_expand=True,
    )

    @api.depends("date_deadline")
    @api.depends_context("lang", "tz")
    def _compute_deadline_horizon(self):
        ends = self._get_horizon_ends()
        for contract in self:
            day = contract.date_deadline
            contract.deadline_horizon = day and horizon_of(day, ends)

    def _search_deadline_horizon(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(self._get_horizon_domain(horizon) for horizon in value)

    @api.model
    def _get_horizon_ends(self):
        # Weeks begin as in the language of the user, as those of Odoo's own groups do.
        week_start = int(get_lang(self.env).week_start)
        return horizon_ends(self.env.company._get_today(), week_start)

    @api.model
    def _get_horizon_domain(self, horizon):
        """Return the domain of deadlines of one horizon, of none without a key."""
        if not horizon:
            return Domain("date_deadline", "=", False)
        if horizon not in HORIZONS:
            return Domain.FALSE
        bounds = (None, *self._get_horizon_ends(), None)
        rank = HORIZONS.index(horizon)
        after, last = bounds[rank : rank + 2]
        domain = Domain("date_deadline", "!=", False)
        if after:
            domain &= Domain("date_deadline", ">", after)
        if last:
            domain &= Domain("date_deadline", "<=", last)
        return domain

    def _read_group_groupby(self, alias, groupby_spec, query):
        if groupby_spec != FIELD:
            return super()._read_group_groupby(alias, groupby_spec, query)
        # Numbers, so that the groups come in the order of time.
        deadline = self._field_to_sql(alias, "date_deadline", query)
        whens = SQL(" ").join(
            SQL("WHEN %s <= %s THEN %s", deadline, end, rank)
            for rank, end in enumerate(self._get_horizon_ends())
        )
        last = len(HORIZONS) - 1
        return SQL("CASE %s WHEN %s IS NOT NULL THEN %s END", whens, deadline, last)

    def _read_group_postprocess_groupby(self, groupby_spec, raw_values):
        if groupby_spec != FIELD:
            return super()._read_group_postprocess_groupby(groupby_spec, raw_values)
        return (False if rank is None else HORIZONS[rank] for rank in raw_values)
