import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools.records import one

# Days for which a question can be answered.
DAYS = 30
SCORES = range(1, 6)
# What the person in charge is told of.
LOW = 2
LEVELS = [("bad", "Unhappy"), ("okay", "All right"), ("great", "Happy")]


class CrmContractSurvey(models.Model):
    """How content somebody of the customer is: a question, and the answer, once.

    A row of its own rather than one of `rating.rating`, which every employee may write
    and whose keys every employee may read.
    """

    _name = "crm.contract.survey"
    _description = "Satisfaction of a customer"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "date_asked desc, id desc"
    _rec_name = "contract_id"

    contract_id = fields.Many2one(
        "crm.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        owned=True,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id",
        store=True,
        index=True,
        string="Customer",
    )
    type_id = fields.Many2one(related="contract_id.type_id", store=True)
    user_id = fields.Many2one(related="contract_id.user_id", store=True)
    obligation_id = fields.Many2one(
        "crm.contract.obligation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        owned=True,
    )
    person_id = fields.Many2one(
        "res.partner",
        string="Person asked",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        owned=True,
    )
    email = fields.Char(readonly=True, index="btree_not_null", owned=True)
    reason = fields.Selection(
        [
            ("accepted", "After an acceptance"),
            ("regular", "Regularly"),
            ("renewal", "Before the notice deadline"),
        ],
        string="Asked because",
        required=True,
        readonly=True,
        owned=True,
    )
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("answered", "Answered"),
            ("skipped", "Not asked"),
        ],
        required=True,
        readonly=True,
        default="asked",
        index=True,
        owned=True,
    )
    why_not = fields.Char(string="Why not asked", readonly=True, owned=True)
    date_asked = fields.Date(
        string="Day", required=True, readonly=True, index=True, owned=True
    )
    date_answered = fields.Datetime(string="Answered on", readonly=True, owned=True)
    score = fields.Integer(
        readonly=True, aggregator="avg", help="1 (bad) to 5 (very good).", owned=True
    )
    level = fields.Selection(LEVELS, compute="_compute_level", store=True)
    comment = fields.Text(readonly=True, owned=True)
    access_token = fields.Char(copy=False, groups=fields.NO_ACCESS, owned=True)

    _score_range = models.Constraint(
        "CHECK (score IS NULL OR (score >= 0 AND score <= 5))", "A score is 1 to 5."
    )
    _token_uniq = models.UniqueIndex("(access_token)", "The key is taken.")

    @api.depends("score")
    def _compute_level(self):
        for row in self:
            row.level = (
                row.score
                and (
                    "bad" if row.score <= LOW else "okay" if row.score == 3 else "great"
                )
            ) or False

    @api.depends("contract_id", "date_asked")
    def _compute_display_name(self):
        for row in self:
            # sudo: whoever reads the answer may read how the contract is called
            row.display_name = (
                f"{row.sudo().contract_id.display_name} – {row.date_asked}"
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Customers are asked as the contract type says.")
            )
        for vals in vals_list:
            vals["access_token"] = secrets.token_urlsafe(32)
        return super().create(vals_list)

    def _is_live(self):
        """Return whether it can still be answered."""
        self.ensure_one()
        last = self.date_asked + timedelta(days=DAYS)
        return self.state == "asked" and self.company_id._get_today() <= last

    def _get_url(self, score=0):
        """Return the address of the page, with the key, for a mail to the person."""
        self.ensure_one()
        # sudo: for a mail to the person
        path = f"/contract/survey/{self.sudo().access_token}"
        return f"{self.get_base_url()}{path}" + (f"?score={score}" if score else "")

    def action_view_contract(self):
        """Open the contract."""
        return one(self).contract_id._get_records_action()
