from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.deputies import deputies_of, has_cycle, principals_of


class CrmContractApprovalDelegation(models.Model):
    """Somebody else decides for an approver, from one day to another."""

    _name = "crm.contract.approval.delegation"
    _description = "Delegation of approvals"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users",
        string="Approver",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        ondelete="cascade",
    )
    deputy_id = fields.Many2one(
        "res.users",
        string="Stands in",
        required=True,
        index=True,
        domain=[("share", "=", False)],
        ondelete="cascade",
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Until", required=True)
    note = fields.Char(string="Occasion")
    state = fields.Selection(
        [("planned", "Planned"), ("active", "In force"), ("over", "Over")],
        compute="_compute_state",
    )

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A delegation can't end before it begins."
    )
    _others = models.Constraint(
        "CHECK (user_id != deputy_id)", "Nobody can stand in for himself."
    )

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for row in self:
            if not row.date_from or not row.date_to or row.date_from > today:
                row.state = "planned"
            else:
                row.state = "over" if row.date_to < today else "active"

    @api.constrains("user_id", "deputy_id", "date_from", "date_to")
    def _check_cycle(self):
        rows = self._read_all()
        for row in self:
            if has_cycle(self._get_pairs(row.date_from, row.date_to, rows)):
                raise ValidationError(
                    self.env._(
                        "%(user)s and %(deputy)s would stand in for each other, "
                        "directly or through others.",
                        user=row.user_id.name,
                        deputy=row.deputy_id.name,
                    )
                )

    @api.constrains("deputy_id", "user_id")
    def _check_users(self):
        for row in self:
            if (row.user_id | row.deputy_id).filtered("share"):
                raise ValidationError(
                    self.env._("Only employees can stand in for each other.")
                )
            if not row.deputy_id.active:
                raise ValidationError(self.env._("%s is archived.", row.deputy_id.name))

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows._check_owner()
        self.env.registry.clear_cache()
        return rows

    def write(self, vals):
        self._check_owner()
        if not {"user_id", "deputy_id", "date_from"}.isdisjoint(vals):
            self._check_not_begun()
        if "date_to" in vals:
            self._check_past(fields.Date.to_date(vals["date_to"]))
        result = super().write(vals)
        self._check_owner()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        self._check_owner()
        self._check_not_begun()
        self.env.registry.clear_cache()

    def action_end(self):
        """Let the delegations end yesterday, or today if they began today.

        :return: the delegations
        """
        today = fields.Date.context_today(self)
        for row in self:
            row.date_to = max(row.date_from, fields.Date.add(today, days=-1))
        return self

    def _check_owner(self):
        if self.env.su or self.env.user.has_group(
            "crm_contract_approval.crm_contract_approval_group_manager"
        ):
            return
        if self.user_id - self.env.user:
            raise AccessError(
                self.env._("You can only delegate decisions of your own.")
            )

    def _check_not_begun(self):
        # Who stood in for whom stays on record: it excludes people from decisions.
        today = fields.Date.context_today(self)
        if self.filtered(lambda row: row.date_from <= today):
            raise UserError(
                self.env._("A delegation that has begun can only be ended; make a new one.")
            )  # fmt: skip

    def _check_past(self, date_to):
        """Refuse an end before yesterday: the days on which it was in force stay."""
        yesterday = fields.Date.add(fields.Date.context_today(self), days=-1)
        if date_to and self.filtered(
            lambda row: row.date_from <= date_to < min(row.date_to, yesterday)
        ):
            raise UserError(
                self.env._("A delegation that has begun can be ended yesterday at the earliest.")
            )  # fmt: skip

    @api.model
    @tools.ormcache()
    def _get_all(self):
        """Return what `_read_all` does, kept until a delegation changes."""
        return self._read_all()

    @api.model
    def _read_all(self):
        """Return all delegations ever: tuple of (user id, deputy id, from, until)."""
        # sudo: who stands in for whom decides on access, whoever asks
        rows = self.sudo().search_fetch([], ["user_id", "deputy_id"])
        return tuple(
            (row.user_id.id, row.deputy_id.id, row.date_from, row.date_to)
            for row in rows
        )

    @api.model
    def _get_pairs(self, date_from, date_to, rows=None):
        """Return the delegations in force on one of the days: [(user id, id), ...].

        :param rows: as `_read_all` returns them, by default those in memory
        """
        return [
            (user, deputy)
            for user, deputy, begin, end in rows or self._get_all()
            if begin <= date_to and end >= date_from
        ]

    @api.model
    def _get_principal_ids(self, user_id):
        """Return the user and all whom he stands in for today (set of ids)."""
        today = fields.Date.today()
        return {user_id} | principals_of(self._get_pairs(today, today), [user_id])

    @api.model
    def _get_deputies(self, users, date_from=None):
        """Return who stands in for the users today, or on any day since another."""
        today = fields.Date.today()
        pairs = self._get_pairs(date_from or today, today)
        return users.browse(deputies_of(pairs, users.ids))
