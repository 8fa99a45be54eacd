from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .crm_contract_dispute import OPEN, STATES

INTERRUPTIONS = [
    ("demand", "Written demand"),
    ("acknowledged", "Acknowledged by the debtor"),
    ("payment", "Part payment"),
    ("proceedings", "Proceedings"),
    ("other", "Other"),
]


class CrmContractDisputeStage(models.Model):
    """How far a dispute has come: what was tried from when until when, before whom."""

    _name = "crm.contract.dispute.stage"
    _description = "Stage of a dispute"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "date_start, id"
    _rec_name = "state"

    dispute_id = fields.Many2one(
        "crm.contract.dispute",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        owned=True,
    )
    company_id = fields.Many2one(related="dispute_id.company_id", store=True)
    state = fields.Selection(
        [each for each in STATES if each[0] in OPEN],
        string="Stage",
        required=True,
        readonly=True,
        owned=True,
    )
    date_start = fields.Date(
        string="From", required=True, readonly=True, index=True, owned=True
    )
    date_end = fields.Date(string="Until", readonly=True, owned=True)
    body = fields.Char(string="Brought before", readonly=True, owned=True)
    reference = fields.Char(string="Case number", readonly=True, owned=True)
    outcome = fields.Text(readonly=True, owned=True)
    bears_interest = fields.Boolean(
        readonly=True,
        owned=True,
        help="What was disputed bears interest for these days after all.",
    )


class CrmContractDisputeInterruption(models.Model):
    """What made a period of limitation begin anew; only ever added."""

    _name = "crm.contract.dispute.interruption"
    _description = "Interruption of limitation"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "date desc, id desc"
    _rec_name = "kind"

    dispute_id = fields.Many2one(
        "crm.contract.dispute",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        owned=True,
    )
    company_id = fields.Many2one(related="dispute_id.company_id", store=True)
    date = fields.Date(required=True, readonly=True, owned=True)
    kind = fields.Selection(INTERRUPTIONS, required=True, readonly=True, owned=True)
    note = fields.Text(readonly=True, owned=True)
    user_id = fields.Many2one("res.users", required=True, readonly=True, owned=True)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Interruptions are recorded on the dispute, by its button.")
            )
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Interruptions can't be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Interruptions can't be deleted."))
