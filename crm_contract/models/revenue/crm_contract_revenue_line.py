from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.date_utils import start_of

from ...tools.records import one
from ...tools.revenue import Position, position, remaining_by_year


class CrmContractRevenueLine(models.Model):
    """Where one contract stands at the end of a month."""

    _name = "crm.contract.revenue.line"
    _description = "Revenue of a contract"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "revenue_id, contract_id"
    _rec_name = "contract_id"

    revenue_id = fields.Many2one(
        "crm.contract.revenue",
        string="Statement",
        required=True,
        index=True,
        ondelete="cascade",
        owned=True,
    )
    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade", owned=True
    )
    company_id = fields.Many2one(
        related="revenue_id.company_id", store=True, index=True, precompute=True
    )
    date = fields.Date(
        related="revenue_id.date", string="Month", store=True, precompute=True
    )
    partner_id = fields.Many2one("res.partner", string="Customer", owned=True)
    type_id = fields.Many2one("crm.contract.type", owned=True)
    user_id = fields.Many2one("res.users", string="Salesperson", owned=True)
    currency_id = fields.Many2one("res.currency", owned=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    account_id = fields.Many2one(
        "account.account", string="Revenue account", owned=True
    )
    amount_billed = fields.Monetary(
        string="Billed", owned=True, help="Posted invoices less credit notes, untaxed."
    )
    amount_earned = fields.Monetary(string="Earned", owned=True)
    amount_billed_month = fields.Monetary(string="Billed in the month", owned=True)
    amount_earned_month = fields.Monetary(string="Earned in the month", owned=True)
    amount_liability = fields.Monetary(
        string="Contract liability", owned=True, help="Billed and not earned yet."
    )
    amount_asset = fields.Monetary(
        string="Contract asset", owned=True, help="Earned and not billed yet."
    )
    amount_remaining = fields.Monetary(
        string="Still to be performed",
        owned=True,
        help="What of the agreed price is not earned yet.",
    )
    amount_remaining_year = fields.Monetary(string="… in this year", owned=True)
    amount_remaining_next = fields.Monetary(string="… in the next year", owned=True)
    amount_remaining_later = fields.Monetary(string="… later", owned=True)
    amount_company_liability = fields.Monetary(
        string="Liability in company currency",
        currency_field="company_currency_id",
        owned=True,
        help="By the rates of the invoices.",
    )
    amount_company_asset = fields.Monetary(
        string="Asset in company currency",
        currency_field="company_currency_id",
        owned=True,
        help="By the rate of the last day of the month.",
    )
    amount_company_earned_month = fields.Monetary(
        string="Earned in the month, company currency",
        currency_field="company_currency_id",
        owned=True,
    )
    amount_company_billed_month = fields.Monetary(
        string="Billed in the month, company currency",
        currency_field="company_currency_id",
        owned=True,
    )
    amount_company_remaining = fields.Monetary(
        string="Still to be performed, company currency",
        currency_field="company_currency_id",
        owned=True,
    )
    note = fields.Char(owned=True)
    problem = fields.Char(
        owned=True, help="Why an amount in company currency is missing."
    )

    _once_uniq = models.UniqueIndex(
        "(revenue_id, contract_id)", "A contract stands once in a statement."
    )

    def action_view_contract(self):
        """Open the contract."""
        one(self)
        return self.contract_id._get_records_action()

    @api.model
    def _prepare_all(self, statement, contracts):
        """Return create values of the lines of contracts, without those that say nothing.

        :param statement: crm.contract.revenue
        """
        day = statement.date
        promises = self.env["crm.contract.revenue.source"]._read(contracts, day)
        found = []
        for contract, promise in promises.items():
            vals = self._prepare_vals(statement, contract, promise)
            if vals:
                found.append(vals)
        self._convert(statement, found)
        return found

    def _prepare_vals(self, statement, contract, promise):
        day, currency = statement.date, contract.currency_id
        unit = Decimal(str(currency.rounding or 0.01))
        before = start_of(day, "month") - timedelta(days=1)
        now = position(promise.items, day, unit)
        past = position(promise.items, before, unit)
        years = _get_years([*promise.items, *promise.ahead], day, unit)
        remaining = sum(years.values(), Decimal(0))
        if not any(
            (now.liability, now.asset, remaining, now.earned - past.earned)
        ) and (now.billed == past.billed):
            return None
        return {
            "revenue_id": statement.id,
            "contract_id": contract.id,
            "partner_id": contract.partner_id.id,
            "type_id": contract.type_id.id,
            "user_id": contract.user_id.id,
            "currency_id": currency.id,
            "account_id": self._get_account(contract, promise.bills).id,
            "amount_billed": float(now.billed),
            "amount_earned": float(now.earned),
            "amount_billed_month": float(now.billed - past.billed),
            "amount_earned_month": float(now.earned - past.earned),
            "amount_liability": float(now.liability),
            "amount_asset": float(now.asset),
            "amount_remaining": float(remaining),
            "amount_remaining_year": float(years.get(day.year, 0)),
            "amount_remaining_next": float(years.get(day.year + 1, 0)),
            "amount_remaining_later": float(
                sum(amount for year, amount in years.items() if year > day.year + 1)
            ),
            "amount_company_liability": _get_booked_liability(now, promise.bills, day),
            "amount_company_billed_month": float(
                sum(bill[2] for bill in promise.bills if before < bill[0] <= day)
            ),
            "note": " ".join(promise.notes),
        }

    def _convert(self, statement, found):
        """Add the amounts in company currency, or why they are missing."""
        company, day = statement.company_id, statement.date
        currencies = self.env["res.currency"].browse(
            {vals["currency_id"] for vals in found}
        )
        rates, problems = {}, {}
        for currency in currencies:
            problem = currency._get_reason_no_rate_on(company, day)
            problems[currency.id] = problem
            rates[currency.id] = (
                0.0
                if problem
                else currency._get_conversion_rate(
                    currency, company.currency_id, company, day
                )
            )
        for vals in found:
            rate = rates[vals["currency_id"]]
            vals["problem"] = problems[vals["currency_id"]]
            for name in ("asset", "earned_month", "remaining"):
                vals[f"amount_company_{name}"] = company.currency_id.round(
                    vals[f"amount_{name}"] * rate
                )
            vals["amount_company_liability"] = company.currency_id.round(
                vals["amount_company_liability"]
            )

    def _get_account(self, contract, bills):
        """Return the revenue account of a contract (account.account, may be empty).

        That of most of what is billed; before that, the one of its products.
        """
        accounts = {}
        for _day, _amount, balance, account in bills:
            accounts[account] = accounts.get(account, 0) + abs(balance)
        found = self.env["account.account"]
        if accounts:
            return found.browse(max(accounts, key=accounts.get))
        for product in contract.line_ids.product_id.with_company(contract.company_id):
            found = product.product_tmpl_id.get_product_accounts(
                contract.fiscal_position_id
            )["income"]
            if found:
                return found
        return contract.company_id.contract_revenue_income_id


def _get_years(items, day, unit):
    """Return what is still to be performed by year ({year: Decimal})."""
    years = {}
    for item in items:
        for year, amount in remaining_by_year(item, day, unit).items():
            years[year] = years.get(year, Decimal(0)) + amount
    return years


def _get_booked_liability(now: Position, bills, day):
    """Return a liability by the rates at which it was billed (IAS 21: not monetary)."""
    if not now.liability or not now.billed:
        return 0.0
    booked = sum((bill[2] for bill in bills if bill[0] <= day), Decimal(0))
    return float(booked * now.liability / now.billed)


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _get_reason_no_rate_on(self, company, day):
        """Return why amounts of a day have none in the currency of a company (str)."""
        self.ensure_one()
        companies = (company.root_id, self.env["res.company"])
        # sudo: the rates, whoever asks
        if self == company.currency_id or any(
            rate.company_id in companies and rate.name <= day
            for rate in self.sudo().rate_ids
        ):
            return ""
        return self.env._(
            "The currency %(currency)s has no exchange rate on or before %(day)s. Enter "
            "one under Accounting → Configuration → Currencies.",
            currency=self.name,
            day=format_date(self.env, day),
        )
