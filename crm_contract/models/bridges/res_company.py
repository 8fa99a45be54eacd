from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..ledger.crm_contract_billing import BILLING_MODES
from ..ledger.crm_contract_move_links import CREDITED


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_public_check = fields.Boolean(
        string="Verification by anybody",
        default=True,
        help="Each page of a contract has a code that leads to a public page, which says "
        "whether the text, or a file, is one that was approved or signed.",
    )
    contract_win_opportunity = fields.Boolean(
        string="Signature wins the opportunity", default=True
    )
    contract_horizon = fields.Integer(
        string="Ledger horizon",
        default=12,
        help="Months for which the periods of recurring lines are in the ledger.",
    )
    contract_billing_mode = fields.Selection(
        BILLING_MODES,
        string="Billing run makes",
        default="draft",
        required=True,
    )

    contract_credited = fields.Selection(
        CREDITED,
        string="What credit notes take back",
        default="again",
        required=True,
    )
    contract_ceiling_policy = fields.Selection(
        [("refuse", "Refuse the order"), ("warn", "Warn only")],
        string="Beyond the ceiling",
        default="refuse",
        required=True,
    )
    contract_ceiling_warning = fields.Float(
        string="Warn from (%)",
        default=80.0,
        help="Share of the ceiling from which orders are warned about.",
    )
    contract_interest_product_id = fields.Many2one(
        "product.product",
        string="Product of overdue interest",
        domain=[("sale_ok", "=", True)],
        help="Gives the account and the taxes of interest; without it, interest is "
        "invoiced without taxes on the journal's account.",
    )

    _contract_horizon_positive = models.Constraint(
        "CHECK (contract_horizon >= 1)",
        "The ledger needs a horizon of one month at least.",
    )

    @api.model
    def _on_days(self, make, path="company_id"):
        """Return a domain that takes each record on the day that its company has.

        There are two days on earth at most times; where all companies have the same,
        the domain is that of the day alone. The days are asked for anew each time, in
        one query: a company that a cache did not know yet would be left out by the jobs.

        :param make: function of the present day that returns a domain
        :param path: field that leads to the company
        """
        days = {}
        # sudo: the days alone, of all companies whose records the search may meet
        everyone = self.sudo().with_context(active_test=False)
        for zone, ids in everyone._read_group(
            [], ["resource_calendar_id.tz"], ["id:array_agg"]
        ):
            days.setdefault(_get_day(zone), []).extend(ids)
        if len(days) == 1:
            return make(*days)
        return Domain.OR(
            make(day) & Domain(path, "in", ids) for day, ids in days.items()
        )

    @api.model
    def _filter_on_days(self, records, make, company=lambda row: row.company_id):
        """Return those of the records that a domain holds for, as of `_on_days`.

        They are at hand: what their companies are is known.

        :param company: function of a record that returns its company
        """
        return records.browse().union(
            *(
                group.filtered_domain(make(where._get_today()))
                for where, group in records.grouped(company).items()
            )
        )

    def _get_today(self, moment=None):
        """Return the present day where the companies are (date).

        By the time zone of their working hours; by that of the user's company without
        any. Of several companies with different days, the earliest.

        :param moment: another moment than now (datetime, UTC)
        """
        # sudo: what day it is, whoever asks
        companies = (self or self.env.company).sudo()
        zones = set(companies.resource_calendar_id.mapped("tz")) or {None}
        return min(_get_day(zone, moment) for zone in zones)

    def init(self):
        """Let the database know the defaults of the add-ons' own columns as well.

        A company that is created while Odoo upgrades comes before these add-ons are
        loaded: nobody else fills columns that must not be empty.
        """
        super().init()
        for name, field in self._fields.items():
            if name.startswith("contract_") and field.column_type and field.default:
                value = field.convert_to_column(field.default(self), self)
                self.env.cr.execute(
                    SQL(
                        "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s",
                        SQL.identifier(self._table),
                        SQL.identifier(name),
                        value,
                    )
                )

    def _get_default_sales_journal(self):
        """Return the journal that Odoo takes for an invoice without one, if any."""
        self.ensure_one()
        journals = self.env["account.journal"]
        return journals.search(
            [*journals._check_company_domain(self), ("type", "=", "sale")], limit=1
        )


def _get_day(zone, moment=None):
    """Return the present day in a time zone, in UTC without one (date).

    :param moment: another moment than now (datetime, UTC)
    """
    now = (moment or fields.Datetime.now()).replace(tzinfo=UTC)
    return now.astimezone(timezone(zone or "UTC")).date()
