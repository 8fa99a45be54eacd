"""What the seeds of all releases share: people, customers, texts, and what people do.

Runs in an Odoo shell of the release that is dumped, and uses what a user of it has:
forms, buttons, dialogs and jobs. Dates are those of a clock that is set by hand.
"""

import base64
import datetime

from freezegun import freeze_time

from odoo.fields import Command

# The day on which each dump is made: what lies ahead of it, lies ahead for ever.
TODAY = datetime.date(2026, 11, 20)
GROUPS = {
    "sales": "crm_contract.crm_contract_group_user sales_team.group_sale_salesman",
    "sales_all": "crm_contract.crm_contract_group_user_all"
    " sales_team.group_sale_salesman_all_leads",
    "manager": "crm_contract.crm_contract_group_manager sales_team.group_sale_manager",
    "reader": "crm_contract.crm_contract_group_reader",
    "accountant": "account.group_account_invoice base.group_user",
}
DEPOSIT_AND_REST = (
    {"name": "Deposit", "trigger": "signature", "percentage": 30},
    {"name": "Rest", "trigger": "signature", "days": 30, "percentage": 70},
)


def at(day, hour=9):
    """Set the clock to a day (ISO string or date)."""
    return freeze_time(f"{day} {hour:02}:00:00", tick=True)


def day(offset):
    """Return the day that lies so many days after the day of the dump."""
    return TODAY + datetime.timedelta(days=offset)


class World:
    """A company that has contracts; `make` and the verbs below it build them."""

    # What a release asks for, more than a reason, to end a contract early
    by_agreement = {}

    def __init__(self, env):
        self.env = env
        self.users = {}
        with at("2025-01-02"):
            self._set_up_company()
            self._set_up_currencies()
            self._set_up_users()
            self._set_up_customers()
            self._set_up_products()
            self._set_up_library()
            env.cr.commit()

    def as_user(self, record, login):
        """Return a record or model as a user sees it."""
        return record.with_user(self.users[login])

    # Masters

    def _set_up_company(self):
        self.company = self._describe_company(self.env.company, "Supplier Inc", "us")
        self.branch = self._describe_company(
            self.env["res.company"].create(
                {"name": "Branch GmbH", "currency_id": self.env.ref("base.EUR").id}
            ),
            "Branch GmbH",
            "de",
        )
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=self.branch, install_demo=False
        )

    def _describe_company(self, company, name, country):
        company.write(
            {
                "name": name,
                "street": "1 Harbour Street",
                "city": "Springfield",
                "country_id": self.env.ref(f"base.{country}").id,
                "company_registry": f"{name} HRB 1",
                "email": "office@supplier.example.com",
            }
        )
        company.partner_id.write(
            {
                "legal_representative": f"Director of {name}",
                "bank_ids": [Command.create({"acc_number": f"{name} 0001"})],
            }
        )
        return company

    def _set_up_currencies(self):
        for name, rate in (("EUR", 0.5), ("CNY", 7.0), ("USD", 1.0)):
            currency = self.env.ref(f"base.{name}")
            currency.active = True
            for company in self.company | self.branch:
                if currency != company.currency_id:
                    self.env["res.currency.rate"].create(
                        {
                            "name": "2025-01-01",
                            "currency_id": currency.id,
                            "company_id": company.id,
                            "rate": rate,
                        }
                    )

    def _set_up_users(self):
        for login, groups in GROUPS.items():
            self.make_user(login, groups)
        self.env["crm.team"].search([], limit=1).user_id = self.users["manager"]

    def make_user(self, login, groups):
        """Make a user of some groups (external ids), who reads his mail in Odoo."""
        self.users[login] = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": f"User {login}",
                    "login": f"upgrade_{login}",
                    "email": f"{login}@supplier.example.com",
                    "notification_type": "inbox",
                    "company_id": self.company.id,
                    "company_ids": [Command.set((self.company | self.branch).ids)],
                    "group_ids": [
                        Command.set([self.env.ref(name).id for name in groups.split()])
                    ],
                }
            )
        )
        return self.users[login]

    def _set_up_customers(self):
        self.customers, self.signatories = {}, {}
        for key, name, country, city, lang in (
            ("alpha", "Alpha Works Ltd", "uk", "Sheffield", "en_US"),
            ("beta", "Beta Logistics GmbH", "de", "Emden", "en_US"),
            ("gamma", "丙方制造有限公司", "cn", "杭州市", "zh_CN"),
        ):
            self.customers[key] = self.env["res.partner"].create(
                {
                    "name": name,
                    "is_company": True,
                    "lang": lang,
                    "street": "2 Market Square",
                    "city": city,
                    "country_id": self.env.ref(f"base.{country}").id,
                    "email": f"office@{key}.example.com",
                    "company_registry": f"HRB {key} 4711",
                    "legal_representative": f"Director of {name}",
                }
            )
            self.signatories[key] = self.env["res.partner"].create(
                {
                    "name": f"Signatory of {name}",
                    "parent_id": self.customers[key].id,
                    "lang": lang,
                }
            )

    def _set_up_products(self):
        self.product = self.env["product.product"].create(
            {
                "name": "Maintenance",
                "type": "service",
                "invoice_policy": "order",
                "list_price": 1000.0,
                "standard_price": 400.0,
            }
        )

    def _set_up_library(self):
        self.langs = {
            code: self.env["res.lang"]._lang_get(code) for code in ("en_US", "zh_CN")
        }
        self.category = self.env.ref(
            "crm_contract.crm_contract_clause_category_liability"
        )
        self.clause = self.make_clause(
            "Liability",
            "<p>{{ object.customer_legal_name }} is liable up to "
            "{{ object.amount_total }}.</p>",
            code="LIAB",
        )
        self.clause_zh = self.make_clause(
            "责任",
            "<p>{{ object.customer_legal_name }}承担责任。</p>",
            "zh_CN",
            code="LIAB",
        )
        self.notices = self.make_clause(
            "Notices", "<p>To {{ object.customer_signatory_id.name }}, in writing.</p>"
        )
        self.type = self.env["crm.contract.type"].create(
            {
                "name": "Upkeep",
                "code": "UPK",
                "sequence": 1,
                "duration": 12,
                "duration_unit": "month",
                "notice_period": 1,
                "notice_unit": "month",
                "require_plan": True,
                "require_signatories": True,
                "mandatory_clause_ids": [
                    Command.set((self.clause | self.clause_zh).ids)
                ],
            }
        )

    def make_clause(self, name, body, lang="en_US", **values):
        return self.env["crm.contract.clause.template"].create(
            {
                "name": name,
                "category_id": self.category.id,
                "lang_id": self.langs[lang].id,
                "body": body,
                **values,
            }
        )

    # Contracts

    def line(self, name="Maintenance", price=1000.0, **values):
        return {
            "product_id": self.product.id,
            "name": name,
            "price_unit": price,
            "scope": "All sites.",
            "service_standard": "Within a working day.",
            **values,
        }

    def make(self, title, lines=None, plan=DEPOSIT_AND_REST, by="sales", **values):
        """Draft a contract as a salesperson does; return it as that user."""
        customer = values.pop("customer", "alpha")
        lines = [self.line(tax_ids=False)] if lines is None else lines
        contracts = self.as_user(self.env["crm.contract"], by)
        company = values.pop("company", self.company)
        contracts = contracts.with_context(allowed_company_ids=company.ids)
        return contracts.create(
            {
                "name": title,
                "type_id": self.type.id,
                "company_id": company.id,
                "user_id": self.users[by].id,
                "partner_id": self.customers[customer].id,
                "customer_signatory_id": self.signatories[customer].id,
                "company_signatory_id": self.users["manager"].id,
                "line_ids": [Command.create(line) for line in lines],
                "installment_ids": [Command.create(row) for row in plan],
                **values,
            }
        )

    def submit(self, contract):
        contract.action_submit()
        return contract

    def sign(self, contract, file=None, **values):
        """Record the signatures of both sides in their dialog."""
        if file:
            values |= {"filename": "Signed.pdf", "file": base64.b64encode(file)}
        wizard = contract.env["crm.contract.sign"].create(
            {"contract_id": contract.id, **values}
        )
        wizard.action_sign()
        return contract

    def agree(self, title, *args, sign=None, **values):
        """Draft, submit and sign a contract."""
        return self.sign(self.submit(self.make(title, *args, **values)), **(sign or {}))

    def end(self, contract, **values):
        contract.env["crm.contract.end"].create(
            {"contract_id": contract.id, **values}
        ).action_end()
        return contract

    def attach(self, contract, name, content):
        """Add an annex."""
        return contract.env["crm.contract.document"].create(
            {
                "contract_id": contract.id,
                "name": name,
                "file": base64.b64encode(content),
            }
        )

    # Invoices

    def bill(self, rows):
        """Invoice rows of one contract; return the draft, as the accountant sees it."""
        rows = self.as_user(rows, "accountant")
        rows.action_create_invoice()
        return rows.invoice_id

    def post(self, invoice):
        invoice.action_post()
        return invoice

    def pay(self, invoice, amount=None):
        """Register a payment, of all that is open by default."""
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        values = {"amount": amount} if amount else {}
        self.as_user(self.env["account.payment.register"], "accountant").with_context(
            **context
        ).create(values).action_create_payments()
        return invoice

    def credit(self, invoice):
        """Credit an invoice in full; return the posted credit note."""
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        wizard = (
            self.as_user(self.env["account.move.reversal"], "accountant")
            .with_context(**context)
            .create({"journal_id": invoice.journal_id.id, "reason": "Wrong"})
        )
        wizard.refund_moves()
        return self.post(invoice.reversal_move_ids)

    # Jobs

    def run_jobs(self, *names):
        """Run daily jobs (external ids) as their scheduler does."""
        self.env.cr.commit()
        for name in names:
            problem = self.env.ref(name).method_direct_trigger()
            if problem is not True:
                raise RuntimeError(f"{name}: {problem}")
        self.env.cr.commit()
