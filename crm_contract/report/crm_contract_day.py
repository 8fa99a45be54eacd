from odoo import api, fields, models
from odoo.tools import SQL

KINDS = [("start", "Start date"), ("milestone", "Obligation"), ("end", "End date")]


class CrmContractDay(models.Model):
    """Days of contracts in force that somebody has to know: the rows of the calendar."""

    _name = "crm.contract.day"
    _description = "Day of a contract"
    _auto = False
    _order = "date, id"
    _depends = {
        "crm.contract": [
            "active",
            "company_id",
            "date_end",
            "date_start",
            "partner_id",
            "state",
            "type_id",
            "user_id",
        ],
        "crm.contract.obligation": ["contract_id", "date_due", "name", "state"],
    }

    contract_id = fields.Many2one("crm.contract", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    name = fields.Char(readonly=True)
    date = fields.Date(readonly=True)

    @api.depends("kind", "name", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for day in self:
            what = day.name or kinds.get(day.kind)
            # sudo: the name alone, of a customer whom not everybody may read
            parts = (what, day.partner_id.sudo().name)
            day.display_name = " – ".join(filter(None, parts))

    @property
    def _table_query(self):
        parts = [
            self._select(number, *part) for number, part in enumerate(self._get_parts())
        ]
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _get_parts(self):
        """Return where the days come from (list of kind, id, day, name, join: SQL).

        A new kind goes to the end: its position makes the ids. `c` is the table
        of contracts. Extended by satellites.
        """
        early = self.env["crm.contract.health"]._get_early_end_sql()
        last = SQL("COALESCE(%s, c.date_end)", early)
        contract_id, no_name, nothing = SQL("c.id"), SQL("NULL"), SQL()
        return [
            ("start", contract_id, SQL("c.date_start"), no_name, nothing),
            ("end", contract_id, last, no_name, nothing),
            (
                "milestone",
                SQL("row.id"),
                SQL("row.date_due"),
                SQL("row.name"),
                SQL(
                    "JOIN crm_contract_obligation row ON row.contract_id = c.id"
                    " AND row.state IN ('waiting', 'open')"
                ),
            ),
        ]

    @api.model
    def _select(self, number, kind, row_id, day, name, join):
        return SQL(
            """
            SELECT %(row_id)s::bigint * 16 + %(number)s AS id,
                   c.id AS contract_id,
                   c.partner_id,
                   c.company_id,
                   c.user_id,
                   c.type_id,
                   %(kind)s AS kind,
                   %(name)s::varchar AS name,
                   %(day)s AS date
              FROM crm_contract c
              %(join)s
             WHERE c.active
               AND %(performs)s
               AND c.state IN ('signed', 'running', 'suspended')
               AND %(day)s IS NOT NULL
            """,
            row_id=row_id,
            number=number,
            kind=kind,
            name=name,
            day=day,
            join=join,
            performs=self.env["crm.contract.health"]._get_performing_sql(),
        )
