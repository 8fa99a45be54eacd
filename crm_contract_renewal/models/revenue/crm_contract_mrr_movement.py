from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crm_contract.tools.records import one

KINDS = [
    ("new", "New"),
    ("expansion", "Expansion"),
    ("contraction", "Contraction"),
    ("churn", "Churn"),
]


class CrmContractMrrMovement(models.Model):
    """A change of the recurring revenue of a contract.

    Rows are only ever added, and by code alone (`_log`). The sum of all
    rows up to a day is the recurring revenue in force on that day.
    """

    _name = "crm.contract.mrr.movement"
    _description = "Movement of recurring revenue"
    _order = "date desc, id desc"
    _rec_name = "kind"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    root_id = fields.Many2one(
        "crm.contract",
        string="First of the family",
        required=True,
        index=True,
        ondelete="restrict",
        help="The contract that was renewed, once or several times.",
    )
    number = fields.Integer(
        string="No.",
        required=True,
        aggregator=None,
        help="Number of the movement within its contract.",
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    currency_id = fields.Many2one(
        "res.currency", string="Company currency", required=True
    )
    date = fields.Date(
        required=True,
        index=True,
        help="Day on which it takes effect: for churn, the day after the last one.",
    )
    kind = fields.Selection(
        KINDS,
        required=True,
        help="New: the first recurring revenue of a contract that renews none. "
        "Expansion, contraction: it rises or falls, also by a renewal, compared with the "
        "term before. Churn: a contract ends and none follows.",
    )
    amount_mrr = fields.Monetary(
        string="MRR",
        required=True,
        help="In the company's currency, at the rate of the contract.",
    )
    amount_arr = fields.Monetary(
        string="ARR",
        required=True,
        help="In the company's currency, at the rate of the contract.",
    )
    type_id = fields.Many2one("crm.contract.type", string="Contract type")
    partner_id = fields.Many2one("res.partner", string="Customer", index=True)
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        help="As of the day on which it was logged.",
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales team",
        help="As of the day on which it was logged.",
    )

    # Two transactions that log the same change would give it the same number.
    _once = models.UniqueIndex(
        "(contract_id, number)", "This movement was logged already."
    )
    _is_change = models.Constraint(
        "CHECK (amount_mrr != 0 OR amount_arr != 0)", "A movement changes something."
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Movements of recurring revenue are logged by contracts.")
            )
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Movements can't be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Movements can't be deleted."))

    def action_view_contract(self):
        """Open the contract of the movement."""
        one(self)
        return self.contract_id._get_records_action()
