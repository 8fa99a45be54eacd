from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.crm_contract.tools.records import some

from ...tools.deputies import deputies_of, has_cycle

ANSWERS = [
    ("asked", "Not answered yet"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("set", "Set by an administrator"),
]
# Answers with which a delegation counts.
BINDING = ("accepted", "set")
_MANAGER = "crm_contract_approval.crm_contract_approval_group_manager"


class CrmContractApprovalDelegation(models.Model):
    """Somebody else decides for an approver, from one day to another.

    It counts once the deputy accepted it. For somebody who is absent, an approval
    administrator sets it, between others alone, and both are told.
    """

    _name = "crm.contract.approval.delegation"
    _description = "Delegation of approvals"
    _inherit = ["crm.contract.owned.mixin"]
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
        string="From",
        required=True,
        default=lambda self: self.env.user.company_id._get_today(),
    )
    date_to = fields.Date(string="Until", required=True)
    note = fields.Char(string="Occasion")
    answer = fields.Selection(ANSWERS, readonly=True, owned=True)
    date_answered = fields.Datetime(string="Answered on", readonly=True, owned=True)
    set_by_id = fields.Many2one("res.users", string="Set by", readonly=True, owned=True)
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", owned=True
    )
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("declined", "Declined"),
            ("planned", "Planned"),
            ("active", "In force"),
            ("over", "Over"),
        ],
        compute="_compute_state",
    )
    can_answer = fields.Boolean(compute="_compute_can_answer")

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A delegation can't end before it begins."
    )
    _others = models.Constraint(
        "CHECK (user_id != deputy_id)", "Nobody can stand in for himself."
    )

    @api.depends("date_from", "date_to", "answer", "user_id")
    def _compute_state(self):
        for row in self:
            today = row._get_today()
            if row.date_to and row.date_to < today:
                row.state = "over"
            elif row.answer not in BINDING:
                row.state = row.answer or "asked"
            elif row.date_from and row.date_from <= today:
                row.state = "active"
            else:
                row.state = "planned"

    @api.depends("answer", "deputy_id", "date_to")
    @api.depends_context("uid")
    def _compute_can_answer(self):
        for row in self:
            row.can_answer = row.deputy_id == self.env.user and row.state == "asked"

    @api.constrains("user_id", "deputy_id", "date_from", "date_to", "answer")
    def _check_cycle(self):
        rows = self._read_all()
        for row in self.filtered(lambda row: row.answer != "declined"):
            pairs = [*row._get_pairs_beside(rows), (row.user_id.id, row.deputy_id.id)]
            if has_cycle(pairs):
                raise ValidationError(
                    self.env._(
                        "%(user)s and %(deputy)s would stand in for each other, "
                        "directly or through others.",
                        user=row.user_id.name,
                        deputy=row.deputy_id.name,
                    )
                )

    @api.constrains("user_id", "deputy_id", "date_from", "date_to", "answer")
    def _check_administrators(self):
        """Whoever sets a delegation between others gains nothing by it, ever."""
        rows = self._read_all()
        for row in self.filtered(lambda row: row.answer in BINDING):
            pairs = row._get_pairs_beside(rows)
            beside = [
                (other.deputy_id, other.set_by_id)
                for other in rows
                if other.set_by_id and other.overlaps(row.date_from, row.date_to)
            ]
            for deputy, administrator in beside:
                if administrator in deputies_of(pairs, [deputy]) | {deputy}:
                    name = self.env["res.users"].sudo().browse(administrator).name
                    raise ValidationError(
                        self.env._(
                            "%s would decide through a delegation that he set between "
                            "others as an administrator. Somebody else has to set it.",
                            name,
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
        rows._check_not_over()
        self.env.registry.clear_cache()
        rows._put_forward()
        return rows

    def write(self, vals):
        if not self._get_owned_fields().isdisjoint(vals):
            # By code alone, see `_has_field_access`.
            result = super().write(vals)
            self.env.registry.clear_cache()
            return result
        self._check_bounds(vals)
        self._check_owner()
        is_new = self._makes_new(vals)
        if is_new:
            self._check_not_begun()
        if "date_to" in vals:
            self._check_past(fields.Date.to_date(vals["date_to"]))
        affected = self._get_affected_users()
        result = super().write(vals)
        self._check_owner()
        self.env.registry.clear_cache()
        if is_new:
            self._put_forward()
        self._refresh_steps(affected | self._get_affected_users())
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        self._check_owner()
        self._check_not_begun()
        # sudo: the activity goes with what it asks
        self.sudo().activity_id.unlink()
        self.env.registry.clear_cache()

    def action_accept(self):
        """Stand in, from today at the earliest: the deputy alone says so.

        :return: the delegations
        """
        some(self)._check_can_answer()
        for row in self:
            begin = max(row.date_from, row._get_today())
            row._answer("accepted", date_from=begin)
        self._refresh_steps(self._get_affected_users())
        return self

    def action_decline(self):
        """Not stand in: the deputy alone says so, as long as he did not accept.

        :return: the delegations
        """
        some(self)._check_can_answer()
        for row in self:
            row._answer("declined")
            row._tell(
                row.user_id,
                self.env._("%s can't stand in for you", row.deputy_id.name),
            )
        return self

    def action_end(self):
        """Let the delegations end yesterday, or today if they began today.

        The deputy may do so as well as the approver.

        :return: the delegations
        """
        some(self).check_access("read")
        own = self.filtered(lambda row: row.deputy_id == self.env.user)
        (self - own)._check_owner()
        for row in self:
            yesterday = fields.Date.add(row._get_today(), days=-1)
            # sudo: the deputy gives back what he accepted
            row.sudo().date_to = max(row.date_from, yesterday)
        return self

    def _get_today(self):
        """Return the present day where the approver is (date)."""
        # sudo: the day alone
        return self.sudo().user_id.company_id._get_today()

    def _put_forward(self):
        """Ask the deputy, or let it count at once if an administrator set it."""
        for row in self:
            if row._is_administrative():
                # Nobody stands in for the past.
                begin = max(row.date_from, row._get_today())
                row._answer("set", set_by_id=self.env.uid, date_from=begin)
                row._tell_both()
            else:
                row._answer("asked", date_answered=False)
                row._ask()
        self._refresh_steps(self._get_affected_users())

    def _is_administrative(self):
        return self.user_id != self.env.user

    def _answer(self, answer, **vals):
        """Note what was answered; by code alone, after the checks."""
        # sudo: owned by code
        row = self.sudo()
        row.activity_id.unlink()
        row.write({"answer": answer, "date_answered": fields.Datetime.now(), **vals})

    def _ask(self):
        """Put the question into the inbox of the deputy."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        # sudo: an activity of somebody else
        self.sudo().activity_id = (
            self.env["mail.activity"]
            .sudo()
            .create(
                {
                    "activity_type_id": todo.id,
                    "user_id": self.deputy_id.id,
                    "summary": self.env._(
                        "Stand in for %s? Answer under Contracts, Delegations",
                        self.user_id.name,
                    ),
                    "note": self.note,
                    "date_deadline": self._get_today(),
                }
            )
        )

    def _tell_both(self):
        text = self.env._(
            "%(administrator)s has %(deputy)s stand in for %(user)s",
            administrator=self.env.user.name,
            deputy=self.deputy_id.name,
            user=self.user_id.name,
        )
        self._tell(self.user_id | self.deputy_id, text)

    def _tell(self, users, subject):
        """Notify users of the delegation, by themselves: no follower gets it."""
        body = self.env._(
            "From %(begin)s to %(end)s. %(note)s",
            begin=self.date_from,
            end=self.date_to,
            note=self.note or "",
        )
        # sudo: partners of colleagues
        self.env["mail.thread"].sudo().message_notify(
            partner_ids=users.sudo().partner_id.ids,
            subject=subject,
            body=body,
            author_id=self.env.user.partner_id.id,
            email_layout_xmlid="mail.mail_notification_light",
        )

    def _check_can_answer(self):
        self.check_access("read")
        if self.filtered(lambda row: not row.can_answer):
            raise UserError(
                self.env._("There is no question to you that is still open.")
            )

    def _check_owner(self):
        """Raise AccessError unless the approver acts, or an administrator for others.

        Nobody sets a delegation that he, or who stands in for him, gains by.
        """
        user = self.env.user
        foreign = self.filtered(lambda row: row.user_id != user)
        if self.env.su or not foreign:
            return
        if not user.has_group(_MANAGER):
            raise AccessError(
                self.env._("You can only delegate decisions of your own.")
            )
        near = self._get_near(user)
        if foreign.deputy_id & near:
            raise AccessError(
                self.env._(
                    "As an administrator you can't have yourself stand in for others, "
                    "nor somebody who stands in for you, or you for him."
                )
            )

    def _check_not_over(self):
        for row in self:
            if row.date_to < row._get_today():
                raise ValidationError(
                    self.env._("Nobody can stand in for days that are over.")
                )

    def _makes_new(self, vals):
        """Return whether the deputy has to be asked anew (bool)."""
        date_to = fields.Date.to_date(vals.get("date_to"))
        return not {"user_id", "deputy_id", "date_from"}.isdisjoint(vals) or any(
            date_to and date_to > row.date_to for row in self
        )

    def _check_not_begun(self):
        # Who stood in for whom stays on record: it excludes people from decisions.
        if self.filtered(
            lambda row: row.answer in BINDING and row.date_from <= row._get_today()
        ):
            raise UserError(
                self.env._("A delegation that has begun can only be ended; make a new one.")
            )  # fmt: skip

    def _check_past(self, date_to):
        """Refuse an end before yesterday: the days on which it was in force stay."""
        for row in self.filtered(lambda row: row.answer in BINDING):
            yesterday = fields.Date.add(row._get_today(), days=-1)
            if date_to and row.date_from <= date_to < min(row.date_to, yesterday):
                raise UserError(
                    self.env._("A delegation that has begun can be ended yesterday at the earliest.")
                )  # fmt: skip
