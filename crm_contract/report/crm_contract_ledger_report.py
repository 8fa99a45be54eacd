from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.records import one


class CrmContractLedgerReport(models.Model):
    """The billing ledger in company currency: a row per amount and day."""

    _name = "crm.contract.ledger.report"
    _description = "Analysis of the billing ledger"
    _auto = False
    _rec_name = "installment_id"
    _order = "date, id"
    _depends = {
        "crm.contract": [
            "commercial_partner_id",
            "company_id",
            "currency_id",
            "currency_rate",
            "state",
            "team_id",
            "type_id",
            "user_id",
        ],
        "crm.contract.installment": [
            "amount",
            "amount_invoiced",
            "amount_overdue",
            "amount_paid",
            "amount_rest",
            "contract_id",
            "date_due",
            "state",
            "trigger",
        ],
        "res.company": ["currency_id", "parent_path"],
        "res.currency.rate": ["company_id", "currency_id"],
    }

    installment_id = fields.Many2one("crm.contract.installment", readonly=True)
    contract_id = fields.Many2one("crm.contract", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(
        "res.currency", string="Company currency", readonly=True
    )
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales team", readonly=True)
    state = fields.Selection("_get_states", readonly=True)
    date = fields.Date(string="Due", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        help="In the company's currency, at the rate that is kept with the contract. "
        "Nothing where its currency has no rate.",
    )
    amount_invoiced = fields.Monetary(string="Invoiced", readonly=True)
    amount_paid = fields.Monetary(string="Received", readonly=True)
    amount_overdue = fields.Monetary(string="Overdue", readonly=True)
    amount_rest = fields.Monetary(string="To invoice", readonly=True)
    has_rest = fields.Boolean(
        string="Something is left to invoice",
        readonly=True,
        help="Found without reckoning the amount of each row in company currency.",
    )

    @api.model
    def _get_states(self):
        field = self.env["crm.contract.installment"]._fields["state"]
        return field._description_selection(self.env)

    def action_view_installment(self):
        """Open the row of the ledger."""
        one(self)
        return self.installment_id._get_records_action()

    @property
    def _table_query(self):
        names = ("amount_invoiced", "amount_paid", "amount_overdue", "amount_rest")
        return SQL(
            """
            SELECT row.id, row.id AS installment_id, row.contract_id,
                   contract.company_id, company.currency_id, contract.type_id,
                   contract.commercial_partner_id AS partner_id,
                   contract.user_id, contract.team_id, row.state,
                   row.date_due AS date, row.amount / money.rate AS amount,
                   row.amount_rest != 0 AS has_rest, %s
              FROM crm_contract_installment row
              JOIN crm_contract contract ON contract.id = row.contract_id
              JOIN res_company company ON company.id = contract.company_id
              %s
             WHERE row.state != 'cancelled'
               AND contract.state NOT IN ('draft', 'review', 'to_sign', 'cancelled')
               AND %s
            """,
            SQL(", ").join(
                SQL("row.%(name)s / money.rate AS %(name)s", name=SQL.identifier(name))
                for name in names
            ),
            self.env["crm.contract.report"]._join_money(),
            self.env["crm.contract.report"]._get_condition(),
        )
