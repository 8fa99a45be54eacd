from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.base.tests.common import DISABLED_MAIL_CONTEXT

from ..tools.version import write_version

PDF = b"%PDF-1.4 text of a test"
GROUP = "crm_contract.crm_contract_group_"
# Attribute of a test class: groups of the user with that name
USERS = {
    "reader": f"{GROUP}reader",
    "user": f"{GROUP}user",
    "user_all": f"{GROUP}user_all",
    "manager": f"{GROUP}manager",
    "accountant": "account.group_account_invoice",
    "salesman": "sales_team.group_sale_salesman",
    "portal": "base.group_portal",
}
# Of the external ids of what a database was prepared with
PREPARED = "__contract_tests__"


def prepare(env):
    """Make the company and the users of the tests, for all classes of a database.

    In a database that nobody prepared, each class makes them for itself.
    """

    class Preparation(ContractCommon):
        pass

    Preparation.env = env(context=dict(env.context, **DISABLED_MAIL_CONTEXT))
    Preparation.company = Preparation._create_supplier()
    Preparation._set_up_users()
    env["ir.model.data"]._update_xmlids(
        [
            {"xml_id": f"{PREPARED}.{name}", "record": getattr(Preparation, name)}
            for name in ("company", *USERS)
        ]
    )


@tagged("post_install", "-at_install")
class ContractCommon(TransactionCase):
    """A company with accounts, a customer who can sign, and a user of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, **DISABLED_MAIL_CONTEXT))
        cls.company = cls._get_prepared("company") or cls._create_supplier()
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids)
        )
        cls.today = fields.Date.today()
        cls._patch_text()
        cls._set_up_users()
        cls._set_up_customer()
        cls._set_up_products()
        cls._set_up_library()

    @classmethod
    def _patch_text(cls):
        """Spare the rendering of the printed text, which has tests of its own."""
        cls.classPatch(
            cls.env.registry["crm.contract"], "_render_text", lambda contract: PDF
        )

    @classmethod
    def _create_company(cls, name):
        company = cls.env["res.company"].create(
            {
                "name": name,
                "country_id": cls.env.ref("base.us").id,
                "street": "1 Harbour Street",
                "city": "Springfield",
                "company_registry": f"{name} HRB 1",
            }
        )
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        company.partner_id.write(
            {
                "legal_representative": f"Director of {name}",
                "bank_ids": [Command.create({"acc_number": f"{name} 0001"})],
            }
        )
        return company

    @classmethod
    def _create_user(cls, login, groups="base.group_user", company=None):
        return new_test_user(
            cls.env, login=login, groups=groups, company_id=(company or cls.company).id
        )

    def _get_told(self, contract):
        """Return the activities of a contract, but for the filing of its originals."""
        filing = self.env.ref("crm_contract.mail_activity_type_filing")
        rows = contract.activity_ids
        return rows.filtered(lambda row: row.activity_type_id != filing)

    def _activate_yen(self, rate):
        """Let the company use yens: so many for one of its currency; return the yen."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "rate": rate,
            }
        )
        return yen

    @classmethod
    def _create_supplier(cls):
        return cls._create_company("Supplier Ltd")

    @classmethod
    def _get_prepared(cls, name):
        """Return what `prepare` left in the database, if anything."""
        return cls.env.ref(f"{PREPARED}.{name}", raise_if_not_found=False)

    @classmethod
    def _set_up_users(cls):
        for name, groups in USERS.items():
            user = cls._get_prepared(name)
            setattr(cls, name, user or cls._create_user(f"contract_{name}", groups))

    @classmethod
    def _set_up_customer(cls):
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Customer Corp",
                "is_company": True,
                "lang": "en_US",
                "street": "2 Market Square",
                "city": "Shelbyville",
                "country_id": cls.env.ref("base.us").id,
                "company_registry": "HRB 4711",
                "legal_representative": "Chris Chief",
            }
        )
        cls.signatory = cls.env["res.partner"].create(
            {"name": "Sam Signatory", "parent_id": cls.customer.id}
        )

    @classmethod
    def _set_up_products(cls):
        cls.tax = cls.company.account_sale_tax_id
        cls.product = cls.env["product.product"].create(
            {
                "name": "Maintenance",
                "type": "service",
                "invoice_policy": "order",
                "list_price": 1000.0,
                "taxes_id": [Command.set(cls.tax.ids)],
            }
        )

    @classmethod
    def _set_up_library(cls):
        cls.lang_en = cls.env.ref("base.lang_en")
        cls.category = cls.env["crm.contract.clause.category"].create(
            {"name": "Test liability", "part": "breach"}
        )
        cls.clause = cls._create_clause("Liability", "<p>Liable to the limit.</p>")
        cls.type = cls.env["crm.contract.type"].create(
            {
                "name": "Test type",
                "code": "TST",
                "duration": 12,
                "duration_unit": "month",
                "notice_period": 1,
                "notice_unit": "month",
            }
        )

    @classmethod
    def _create_clause(cls, name, body, **vals):
        return cls.env["crm.contract.clause.template"].create(
            {
                "name": name,
                "category_id": cls.category.id,
                "lang_id": cls.lang_en.id,
                "body": body,
                **vals,
            }
        )

    @classmethod
    def _days(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def _prepare_line_vals(cls, **vals):
        return {"product_id": cls.product.id, **vals}

    @classmethod
    def _prepare_contract_vals(cls, **vals):
        return {
            "name": "Maintenance of the plant",
            "partner_id": cls.customer.id,
            "type_id": cls.type.id,
            "date_start": cls.today,
            "customer_signatory_id": cls.signatory.id,
            "company_signatory_id": cls.manager.id,
            "line_ids": [Command.create(cls._prepare_line_vals())],
            "clause_ids": [Command.create({"template_id": cls.clause.id})],
            "installment_ids": [
                Command.create(
                    {"name": "Deposit", "trigger": "signature", "percentage": 30}
                ),
                Command.create(
                    {"name": "Rest", "date": cls._days(30), "percentage": 70}
                ),
            ],
            **vals,
        }

    def _create_contract(self, user=None, **vals):
        """Return a draft that can be submitted, made by a user of the lowest right."""
        contracts = self.env["crm.contract"].with_user(user or self.user)
        return contracts.create(self._prepare_contract_vals(**vals))

    def _submit(self, contract):
        contract.action_submit()
        return contract

    def _open_sign(self, contract, **vals):
        return contract.env["crm.contract.sign"].create(
            {"contract_id": contract.id, **vals}
        )

    def _sign(self, contract, **vals):
        """Submit and sign a draft."""
        self._open_sign(self._submit(contract), **vals).action_sign()
        return contract

    def _create_signed(self, user=None, sign=None, **vals):
        return self._sign(self._create_contract(user, **vals), **(sign or {}))

    def _open_end(self, contract, **vals):
        model = contract.env["crm.contract.end"]
        if vals.get("reason") == "terminated" and "terminated_by" in model._fields:
            # The add-on that knows of notice asks for it; by agreement there is none.
            vals = {"terminated_by": "mutual", **vals}
        return model.create({"contract_id": contract.id, **vals})

    def _end(self, contract, **vals):
        self._open_end(contract, **vals).action_end()
        return contract

    def _in_state(self, state, **vals):
        """Return a contract that went its way to the state."""
        steps = {
            "draft": (),
            "review": (self._send_to_review,),
            "to_sign": (self._submit,),
            "signed": (self._sign,),
            "running": (self._sign,),
            "suspended": (self._sign, lambda c: c.action_suspend()),
            "ended": (self._sign, self._end),
            "cancelled": (lambda c: c.action_cancel(),),
        }[state]
        start = self._days(10 if state == "signed" else 0)
        contract = self._create_contract(date_start=start, **vals)
        for step in steps:
            step(contract)
        self.assertEqual(contract.state, state)
        return contract

    def _send_to_review(self, contract):
        """Submit as if an approval add-on wanted to see the contract first."""
        model = self.env.registry["crm.contract"]
        with patch.object(model, "_start_review", lambda contracts: contracts):
            return self._submit(contract)

    def _hash(self, contract):
        """Return the hash of the version that a submission would make now."""
        return write_version(contract._prepare_version_vals()["envelope"])[1]

    def _tamper(self, record, **columns):
        """Change columns behind the back of the ORM."""
        self.env.flush_all()
        assignments = ", ".join(f"{name} = %s" for name in columns)
        self.env.cr.execute(
            f"UPDATE {record._table} SET {assignments} WHERE id IN %s",
            (*columns.values(), tuple(record.ids)),
        )
        self.env.invalidate_all()
