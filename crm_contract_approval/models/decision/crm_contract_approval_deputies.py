from datetime import date
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.fields import Domain

from ...tools.deputies import deputies_of, principals_of
from .crm_contract_approval_delegation import BINDING


class Delegation(NamedTuple):
    """A delegation that counts, with the ids of its users."""

    user_id: int
    deputy_id: int
    begin: date
    end: date
    set_by_id: int

    def overlaps(self, first, last):
        return self.begin <= last and self.end >= first


class CrmContractApprovalDelegation(models.Model):
    """Who stands in for whom, and what that does to steps that wait."""

    _inherit = "crm.contract.approval.delegation"

    effect = fields.Selection(
        [("begun", "Deputy was asked"), ("ended", "Deputy is not asked any more")],
        readonly=True,
        help="What was done about the steps that waited.",
        owned=True,
    )

    # The job looks for what begins and ends, among many that are over.
    _effect_idx = models.Index("(date_from) WHERE effect IS DISTINCT FROM 'ended'")

    @api.model
    @tools.ormcache()
    def _get_all(self):
        """Return what `_read_all` does, kept until a delegation changes."""
        return self._read_all()

    @api.model
    def _read_all(self):
        """Return all delegations that ever counted (tuple of `Delegation`)."""
        # sudo: who stands in for whom decides on access, whoever asks
        rows = self.sudo().search_fetch(
            [("answer", "in", BINDING)],
            ["user_id", "deputy_id", "date_from", "date_to", "set_by_id"],
        )
        return tuple(
            Delegation(
                row.user_id.id,
                row.deputy_id.id,
                row.date_from,
                row.date_to,
                row.set_by_id.id,
            )
            for row in rows
        )

    def _get_pairs_beside(self, rows):
        """Return who stands in for whom on any day of the delegation, itself included.

        :param rows: as `_read_all` returns them
        """
        return [
            (row.user_id, row.deputy_id)
            for row in rows
            if row.overlaps(self.date_from, self.date_to)
        ]

    @api.model
    def _get_pairs(self, since=None):
        """Return the delegations in force today, as pairs of ids (approver, deputy).

        A day is that of the company of the approver.

        :param since: moment (UTC) from which on those that were in force count as well
        """
        today = fields.Date.today()
        first = since.date() if since else today
        near = [
            row
            for row in self._get_all()
            if row.overlaps(
                fields.Date.add(first, days=-1), fields.Date.add(today, days=1)
            )
        ]
        # sudo: the days of colleagues' companies
        users = self.env["res.users"].sudo().browse({row.user_id for row in near})
        companies = {user.id: user.company_id for user in users}
        return [
            (row.user_id, row.deputy_id)
            for row in near
            if row.overlaps(
                companies[row.user_id]._get_today(since),
                companies[row.user_id]._get_today(),
            )
        ]

    @api.model
    def _get_principal_ids(self, user_id):
        """Return the user and all whom he stands in for today (set of ids)."""
        return {user_id} | principals_of(self._get_pairs(), [user_id])

    @api.model
    def _get_deputies(self, users, since=None):
        """Return who stands in for the users today, or at any time since a moment."""
        return users.browse(deputies_of(self._get_pairs(since), users.ids))

    @api.model
    def _get_set_today(self, users):
        """Return what administrators set that is in force today for users (list)."""
        return [
            row
            for row in self._get_all()
            if row.set_by_id
            and row.user_id in users.ids
            and (row.user_id, row.deputy_id) in self._get_pairs()
            and row.overlaps(*[users.browse(row.user_id).company_id._get_today()] * 2)
        ]

    @api.model
    def _get_near(self, user):
        """Return a user, who stands in for him, and for whom he does, today or later."""
        today = fields.Date.add(fields.Date.today(), days=-1)
        pairs = [
            (row.user_id, row.deputy_id) for row in self._get_all() if row.end >= today
        ]
        ids = deputies_of(pairs, user.ids) | principals_of(pairs, user.ids)
        return user | user.browse(ids)

    @api.model
    def _get_effect_domain(self):
        """Return the domain of delegations that begin or end now."""
        return self.env["res.company"]._on_days(
            lambda today: (
                Domain("answer", "in", BINDING)
                & (
                    (
                        Domain("effect", "=", False)
                        & Domain("date_from", "<=", today)
                        & Domain("date_to", ">=", today)
                    )
                    | (Domain("effect", "=", "begun") & Domain("date_to", "<", today))
                )
            ),
            "user_id.company_id",
        )

    def _get_affected_users(self):
        """Return the approvers whose steps the delegations concern."""
        # sudo: for whom the approvers stand in themselves
        users = self.sudo().user_id
        ids = principals_of(self._get_pairs(), users.ids)
        return users | users.browse(ids)

    def _take_effect(self):
        """Ask deputies of delegations that begin, and no longer those that end."""
        self._refresh_steps(self._get_affected_users())

    def _refresh_steps(self, users):
        """Let the steps that wait for users be in the inboxes that they belong to."""
        # sudo: written by code alone; the steps go on whoever changes a delegation
        rows = self.sudo().filtered(lambda row: row.answer in BINDING)
        if not rows:
            return
        for row in rows:
            is_over = row.state == "over"
            if row.state == "active" or (row.effect and is_over):
                row.effect = "ended" if is_over else "begun"
        tasks = rows.env["crm.contract.approval.task"]
        waiting = tasks.search(
            Domain("state", "=", "pending")
            & (
                Domain("waiting_ids", "in", users.ids)
                | Domain("escalated_to_id", "in", users.ids)
            )
        )
        waiting._refresh_activities()
