import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...tools.ics import Entry, write_calendar
from ...tools.records import one
from .crm_contract_obligation import OPEN

PATH = "/contract/calendar"
# What a calendar shows of what is over, and how much it shows at most.
PAST_DAYS, MOST = 90, 2000
# How often an address may ask within ten minutes; calendars ask each hour or so.
LIMIT, MINUTES = 30, 10


class CrmContractObligationFeed(models.Model):
    """The key to somebody's obligations for a calendar that can't log in.

    Whoever has the key sees what the person sees to, and nothing else; a new key lets
    the old one open nothing any more.
    """

    _name = "crm.contract.obligation.feed"
    _description = "Calendar of obligations"
    _inherit = ["crm.contract.owned.mixin"]
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="cascade", owned=True
    )
    access_token = fields.Char(copy=False, groups=fields.NO_ACCESS, owned=True)
    url = fields.Char(
        string="Address",
        compute="_compute_url",
        help="Subscribe to it in your calendar. Whoever has it sees your obligations.",
    )
    date_renewed = fields.Datetime(string="Made on", readonly=True, owned=True)
    date_read = fields.Datetime(string="Last read", readonly=True, owned=True)

    _user_uniq = models.UniqueIndex("(user_id)", "Everybody has one calendar.")
    _token_uniq = models.UniqueIndex("(access_token)", "The key is taken.")

    @api.depends("access_token", "user_id")
    @api.depends_context("uid")
    def _compute_url(self):
        for feed in self:
            mine = feed.user_id == self.env.user
            # sudo: the key, for whose it is
            token = mine and feed.sudo().access_token
            feed.url = f"{feed.get_base_url()}{PATH}/{token}.ics" if token else False

    @api.model
    def action_open_mine(self):
        """Open the address of the user's own calendar; it is made when asked for first."""
        if not self.env["crm.contract.obligation"].has_access("read"):
            raise AccessError(self.env._("You see no obligations."))
        # sudo: one's own, made by code alone
        feeds = self.sudo()
        feed = feeds.search([("user_id", "=", self.env.uid)])
        feed = feed or feeds.create({"user_id": self.env.uid})
        if not feed.access_token:
            feed._renew()
        return feed._get_action()

    def action_renew(self):
        """Make a new address; the old one opens nothing any more."""
        one(self).check_access("read")
        if self.user_id != self.env.user:
            raise AccessError(self.env._("This is the calendar of somebody else."))
        # sudo: owned fields of one's own calendar
        self.sudo()._renew()
        return self._get_action()

    def _renew(self):
        self.access_token = secrets.token_urlsafe(32)
        self.date_renewed = fields.Datetime.now()

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("My obligations in the calendar"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _read(self, token):
        """Return the calendar of whoever a key belongs to (bytes), None without one.

        As that person, with what he may see today.
        """
        if not token or not isinstance(token, str):
            return None
        # sudo: the key is the right
        feed = self.sudo().search([("access_token", "=", token)], limit=1)
        user = feed.user_id
        if not feed or not user.active or user.share:
            return None
        now = fields.Datetime.now()
        if not feed.date_read or feed.date_read < now - timedelta(hours=1):
            feed.date_read = now
        rows = self.env["crm.contract.obligation"].with_user(user)
        rows = rows.with_context(
            lang=user.lang, allowed_company_ids=user.company_ids.ids
        )
        if not rows.has_access("read"):
            return None
        return rows._write_calendar()


class CrmContractObligation(models.Model):
    _inherit = "crm.contract.obligation"

    @api.model
    def _get_mine_domain(self):
        """Return the domain of what the user has to see to."""
        nobody, no_team = Domain("user_id", "=", False), Domain("team_id", "=", False)
        return (
            Domain("user_id", "=", self.env.uid)
            | nobody & Domain("team_id.member_ids", "in", self.env.uid)
            | nobody & no_team & Domain("contract_id.user_id", "=", self.env.uid)
        )

    @api.model
    def _write_calendar(self):
        """Return the user's obligations as a calendar (bytes)."""
        since = self.env.company._get_today() - timedelta(days=PAST_DAYS)
        rows = self.search(
            self._get_mine_domain()
            & Domain("date_due", ">=", since)
            & Domain("state", "!=", "cancelled"),
            limit=MOST,
        )
        base = self.get_base_url()
        # sudo: titles of contracts whose obligations the user sees to
        titles = {row.id: row.sudo().contract_id.display_name for row in rows}
        entries = [
            Entry(
                f"obligation-{row.id}@{self.env.cr.dbname}",
                row.date_due,
                row.name if row.state in OPEN else f"✓ {row.name}",
                f"{titles[row.id]}\n{row.description or ''}".strip(),
                f"{base}/odoo/crm.contract.obligation/{row.id}",
                row.write_date,
            )
            for row in rows
        ]
        return write_calendar(self.env._("Obligations"), entries)
