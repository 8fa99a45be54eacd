from odoo import api, fields, models

from ..tools.records import one


class CrmContractSign(models.TransientModel):
    _name = "crm.contract.sign"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Sign a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    # Not readonly: the server would drop the hash that the dialog was opened with, and
    # the signatures would name a content that the user has not seen.
    content_hash = fields.Char(
        compute="_compute_signatories",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    date = fields.Date(
        string="Signed on",
        required=True,
        default=lambda self: self.env.company._get_today(),
    )
    signed_by_customer = fields.Char(
        string="For the customer",
        compute="_compute_signatories",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    signed_by_company = fields.Char(
        string="For us",
        compute="_compute_signatories",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    file = fields.Binary(string="Signed copy", attachment=True)
    filename = fields.Char()

    @api.depends("contract_id")
    def _compute_signatories(self):
        # A client may name any contract; what others read before is in the cache.
        self.contract_id.check_access("read")
        for wizard in self:
            contract = wizard.contract_id
            wizard.content_hash = contract.content_hash
            wizard.signed_by_customer = contract.customer_signatory_id.name
            wizard.signed_by_company = contract.company_signatory_id.name

    @api.constrains("date")
    def _check_date(self):
        for wizard in self:
            interface = self.env["crm.contract.interface"]
            interface._read_signed_on(wizard.contract_id, wizard.date)

    def action_sign(self):
        """Record the signatures of both sides."""
        one(self)
        self.contract_id.action_sign(
            content_hash=self.content_hash,
            date=self.date,
            signed_by_customer=self.signed_by_customer,
            signed_by_company=self.signed_by_company,
            signed_copy=self.file,
            filename=self.filename,
        )
        return {"type": "ir.actions.act_window_close"}
