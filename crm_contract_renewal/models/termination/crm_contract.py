from odoo import api, fields, models


class CrmContract(models.Model):
    """The end that somebody decided on, at once or to a day to come."""

    _inherit = "crm.contract"

    termination_id = fields.Many2one(
        "crm.contract.termination",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="What ends the contract, or ended it, unless it was taken back.",
        owned=True,
    )
    date_termination = fields.Date(
        string="Terminated to",
        related="termination_id.date",
        store=True,
        tracking=True,
        index="btree_not_null",
        help="Last day by notice or by agreement. The contract runs, and is billed, "
        "until then.",
    )

    def _get_early_end(self):
        return super()._get_early_end() or self.date_termination

    @api.depends("date_termination")
    def _compute_amount_later(self):
        return super()._compute_amount_later()


class CrmContractBilling(models.AbstractModel):
    _inherit = "crm.contract.billing"

    @api.model
    def _get_triggers_on_request(self):
        return (*super()._get_triggers_on_request(), "penalty")


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    @api.depends("contract_id.date_termination")
    def _compute_is_beyond_end(self):
        return super()._compute_is_beyond_end()
