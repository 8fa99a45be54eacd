import secrets
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import consteq
from odoo.tools.misc import format_datetime

from ...tools.records import some

# Days for which a link opens its contract, unless somebody says otherwise.
DAYS = 30
MAX_DAYS = 366


class CrmContractLink(models.Model):
    """A key to the page of one contract, for one person, until a day.

    It opens what the customer may see, without a log-in. It signs nothing: signatories
    have keys of their own. The key is mailed to the person and shown to nobody.
    """

    _name = "crm.contract.link"
    _description = "Link to a contract"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "contract_id, id desc"
    _rec_name = "partner_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    commercial_partner_id = fields.Many2one(related="contract_id.commercial_partner_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="For",
        required=True,
        index=True,
        ondelete="cascade",
        help="Who gets the link. What is written by it, is written in this name.",
    )
    email = fields.Char(related="partner_id.email")
    access_token = fields.Char(
        compute="_compute_access_token",
        store=True,
        copy=False,
        groups=fields.NO_ACCESS,
        owned=True,
    )
    date_expiry = fields.Datetime(
        string="Valid until",
        required=True,
        default=lambda self: fields.Datetime.now() + timedelta(days=DAYS),
    )
    date_sent = fields.Datetime(string="Sent on", readonly=True, copy=False, owned=True)
    date_opened = fields.Datetime(
        string="Last opened", readonly=True, copy=False, owned=True
    )
    date_revoked = fields.Datetime(
        string="Withdrawn on", readonly=True, copy=False, owned=True
    )
    is_live = fields.Boolean(compute="_compute_is_live")

    _token_uniq = models.UniqueIndex("(access_token)", "The key is taken.")

    @api.depends("contract_id")
    def _compute_access_token(self):
        # sudo: written by code alone, and read by nobody
        for link in self.sudo():
            link.access_token = link.access_token or secrets.token_urlsafe(32)

    @api.depends("date_expiry", "date_revoked")
    def _compute_is_live(self):
        now = self.env["crm.contract.event"]._get_clock()
        for link in self:
            link.is_live = not link.date_revoked and link.date_expiry > now

    @api.constrains("date_expiry")
    def _check_expiry(self):
        last = fields.Datetime.now() + timedelta(days=MAX_DAYS)
        if any(link.date_expiry > last for link in self):
            raise ValidationError(
                self.env._("A link is valid for %s days at most.", MAX_DAYS)
            )

    @api.constrains("partner_id", "contract_id")
    def _check_customer(self):
        for link in self:
            customer = link.contract_id.sudo().commercial_partner_id
            if link.partner_id.sudo().commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(person)s does not belong to %(customer)s. Links are for the "
                        "customer's people.",
                        person=link.partner_id.sudo().display_name,
                        customer=customer.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        links = super().create(vals_list)
        # Whoever hands out keys of a contract may change it.
        links.contract_id.check_access("write")
        return links

    def write(self, vals):
        self.contract_id.check_access("write")
        if not self.env.su and {"contract_id", "partner_id"} & vals.keys():
            raise UserError(self.env._("Make a new link for somebody else."))
        return super().write(vals)

    def action_send(self):
        """Mail each person the link, and return the links."""
        some(self).contract_id.check_access("write")
        for link in self:
            link._check_can_send()
        template = self.env.ref("crm_contract.mail_template_contract_link")
        for link in self:
            # sudo: the key is for the mail alone
            template.sudo().send_mail(link.id)
            link.sudo().date_sent = fields.Datetime.now()
        return self

    def action_revoke(self):
        """Let the links open nothing any more; return them."""
        some(self).contract_id.check_access("write")
        # sudo: owned field, after the check
        self.sudo().filtered(
            lambda link: not link.date_revoked
        ).date_revoked = fields.Datetime.now()
        return self

    def _check_can_send(self):
        self.ensure_one()
        if not self.is_live:
            raise UserError(
                self.env._("This link is not valid any more. Make a new one.")
            )
        if not self.email:
            raise UserError(
                self.env._(
                    "%s has no e-mail address. Add one to the contact.",
                    self.partner_id.display_name,
                )
            )
        if not self.env["crm.contract.portal"]._is_shown(self.contract_id):
            raise UserError(
                self.env._(
                    "%s is not to be seen by the customer: it is shown once it is ready"
                    " to be signed.",
                    self.contract_id.display_name,
                )
            )

    @api.model
    def _find(self, contract_id, token):
        """Return the link of a contract that has a token (sudo), live or not.

        :param token: str, as a visitor sent it
        """
        if not token or not isinstance(token, str):
            return self.sudo().browse()
        # sudo: the token is the right
        links = self.sudo().search_fetch(
            [("contract_id", "=", contract_id)],
            ["access_token", "partner_id", "date_expiry", "date_revoked"],
        )
        return links.filtered(
            lambda link: consteq((link.access_token or "").encode(), token.encode())
        )[:1]

    @api.model
    def _get_for(self, contract, partner):
        """Return a link of a contract for somebody that lasts for a while (sudo).

        Server code alone hands it out, by mail to the person.
        """
        # sudo: made for the person that a mail goes to
        links = self.sudo()
        soon = fields.Datetime.now() + timedelta(days=DAYS / 2)
        kept = links.search(
            [
                ("contract_id", "=", contract.id),
                ("partner_id", "=", partner.id),
                ("date_revoked", "=", False),
                ("date_expiry", ">", soon),
            ],
            limit=1,
        )
        return kept or links.create(
            {"contract_id": contract.id, "partner_id": partner.id}
        )

    def _get_path(self):
        """Return the address of the page on the server, with the key (str)."""
        self.ensure_one()
        # sudo: for a mail to the person
        token = self.sudo().access_token
        return f"/my/contracts/{self.contract_id.id}?access_token={token}"

    def _get_url(self):
        """Return the whole address of the page, with the key (str)."""
        return self.contract_id.get_base_url() + self._get_path()

    def _get_expiry_text(self):
        """Return until when it is valid, in the time zone of the person (str)."""
        self.ensure_one()
        zone = self.sudo().partner_id.tz or "UTC"
        return f"{format_datetime(self.env, self.date_expiry, tz=zone)} ({zone})"

    def _send_new(self):
        """Mail a new link to the person of one that expired; return whether it was.

        Nobody chooses the address, and it is done once in an hour.
        """
        self.ensure_one()
        # sudo: the visitor has the old key
        link = self.sudo()
        contract, person = link.contract_id, link.partner_id
        is_theirs = person.commercial_partner_id == contract.commercial_partner_id
        if (
            link.date_revoked
            or not (person.active and person.email and is_theirs)
            or not self.env["crm.contract.portal"]._is_shown(contract)
            or link._get_recent()
        ):
            return False
        links = link.with_user(SUPERUSER_ID)
        links._get_for(contract, person).action_send()
        return True

    def _get_recent(self):
        """Return a link of the same person that was made or sent within the last hour."""
        hour = fields.Datetime.now() - timedelta(hours=1)
        return self.search(
            [
                ("contract_id", "=", self.contract_id.id),
                ("partner_id", "=", self.partner_id.id),
                "|",
                ("create_date", ">", hour),
                ("date_sent", ">", hour),
            ],
            limit=1,
        )

    def _note_opened(self):
        """Remember when the link was used last, not more often than each hour."""
        now = fields.Datetime.now()
        if not self.date_opened or self.date_opened < now - timedelta(hours=1):
            # sudo: owned field
            self.sudo().date_opened = now
