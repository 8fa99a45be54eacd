from odoo import fields, models
from odoo.tools import SQL


class CrmContractNumberGap(models.Model):
    """Numbers that no contract has, between those that contracts have.

    By company and by what stands before the counter of a number (type and year), since
    that is what is counted: a type that was archived, or whose code changed, has its
    numbers still. Archived contracts count as those that they are.
    """

    _name = "crm.contract.number.gap"
    _description = "Gap in the contract numbers"
    _auto = False
    _rec_name = "prefix"
    _order = "company_id, prefix, number_from"
    _depends = {
        "crm.contract": [
            "company_id",
            "number",
            "sequence_prefix",
            "sequence_number",
            "type_id",
            "date_number",
        ],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    prefix = fields.Char(string="Numbers", readonly=True)
    year = fields.Char(readonly=True)
    number_from = fields.Integer(string="From", readonly=True, aggregator=None)
    number_to = fields.Integer(string="To", readonly=True, aggregator=None)
    count = fields.Integer(string="Missing", readonly=True)
    contract_before_id = fields.Many2one(
        "crm.contract", string="Last one before", readonly=True
    )
    contract_after_id = fields.Many2one(
        "crm.contract", string="First one after", readonly=True
    )
    date_before = fields.Date(string="Numbered on", readonly=True)
    date_after = fields.Date(string="Next numbered on", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT later.id,
                   later.company_id,
                   later.type_id,
                   later.sequence_prefix AS prefix,
                   EXTRACT(YEAR FROM later.date_number)::integer::text AS year,
                   COALESCE(later.before, 0) + 1 AS number_from,
                   later.sequence_number - 1 AS number_to,
                   later.sequence_number - COALESCE(later.before, 0) - 1 AS count,
                   later.before_id AS contract_before_id,
                   later.id AS contract_after_id,
                   later.date_before,
                   later.date_number AS date_after
              FROM (
                   SELECT id, company_id, type_id, sequence_prefix, sequence_number,
                          date_number,
                          LAG(sequence_number) OVER numbers AS before,
                          LAG(id) OVER numbers AS before_id,
                          LAG(date_number) OVER numbers AS date_before
                     FROM crm_contract
                    WHERE number IS NOT NULL
                   WINDOW numbers AS (
                          PARTITION BY company_id, sequence_prefix
                          ORDER BY sequence_number, id
                   )
              ) AS later
             WHERE later.sequence_number - COALESCE(later.before, 0) > 1
            """
        )
