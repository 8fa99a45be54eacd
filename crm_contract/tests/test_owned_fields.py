from itertools import product

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ContractCommon

# By hand, at least: what is number, state, signature, end or ledger is nobody's to set.
# The tests go through all fields that a model declares.
OWNED = {
    "crm.contract": {
        "content_key",
        "number",
        "date_number",
        "state",
        "kind",
        "origin_id",
        "date_submitted",
        "submitted_by_id",
        "date_signed",
        "signed_by_customer",
        "signed_by_company",
        "end_reason",
        "date_ended",
    },
    "crm.contract.line": {"content_key", "sale_line_id"},
    "crm.contract.clause": {"content_key"},
    "crm.contract.installment": {
        "content_key",
        "state",
        "line_id",
        "period_start",
        "period_end",
    },
    "crm.contract.milestone": {"content_key", "date_done"},
    "crm.contract.document": {"content_key", "kind", "sha256"},
}


class TestOwnedFields(ContractCommon):
    """No client sets what the life cycle owns, whatever its rights and its way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contract = cls.env["crm.contract"].create(
            cls._prepare_contract_vals(
                user_id=cls.user.id,
                milestone_ids=[Command.create({"name": "Acceptance"})],
                document_ids=[Command.create({"name": "Annex", "file": "QW5uZXg="})],
            )
        )
        cls.records = {
            "crm.contract": contract,
            "crm.contract.line": contract.line_ids,
            "crm.contract.clause": contract.clause_ids,
            "crm.contract.installment": contract.installment_ids[0],
            "crm.contract.milestone": contract.milestone_ids,
            "crm.contract.document": contract.document_ids,
        }
        cls.invoice = cls.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": cls.customer.id}
        )
        admin = cls.env.ref("base.user_admin")
        admin.write({"company_ids": [Command.link(cls.company.id)]})
        cls.users = cls.user + cls.manager + admin

    def _for_each_field(self, check):
        """Call `check(record, name, value)` as each user, for each owned field."""
        for user, (model, record) in product(self.users, self.records.items()):
            for name in sorted(record._get_owned_fields()):
                if record._fields[name].type in ("one2many", "many2many"):
                    continue  # tested where their rows are made
                with self.subTest(user=user.login, model=model, field=name):
                    check(record.with_user(user), name, self._get_value(record, name))

    def _get_value(self, record, name):
        """Return a value that differs from the default of the field."""
        field = record._fields[name]
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        if field.type == "many2one":
            if field.comodel_name == "account.move":
                return self.invoice.id
            return self.env[field.comodel_name].search([], limit=1).id or 1
        return {
            "boolean": True,
            "integer": 7,
            "float": 7.0,
            "monetary": 7.0,
            "date": "2020-02-02",
            "datetime": "2020-02-02 02:02:02",
            "json": {"forged": True},
        }.get(field.type, "forged")

    def _prepare_vals(self, record):
        """Return the values with which a client creates such a record."""
        parent = {"contract_id": self.records["crm.contract"].id}
        return {
            "crm.contract": self._prepare_contract_vals(),
            "crm.contract.line": dict(parent, name="L"),
            "crm.contract.clause": dict(parent, template_id=self.clause.id),
            "crm.contract.installment": dict(parent, name="I", percentage=1),
            "crm.contract.milestone": dict(parent, name="M"),
            "crm.contract.document": dict(parent, name="D", file="RA=="),
        }[record._name]

    def _assert_refused(self, record, method, *args):
        count = record.sudo().search_count([])
        with self.assertRaises(UserError), self.env.cr.savepoint():
            method(*args)
        self.assertEqual(record.sudo().search_count([]), count)

    def test_every_model_declares(self):
        for model, names in OWNED.items():
            owned = self.env[model]._get_owned_fields()
            self.assertLessEqual(names, owned)
            self.assertLessEqual(owned, self.env[model]._fields.keys())

    def test_write(self):
        def check(record, name, value):
            before = record.sudo()[name]
            self._assert_refused(record, record.write, {name: value})
            self.assertEqual(record.sudo()[name], before)

        self._for_each_field(check)

    def test_write_together_with_allowed_values(self):
        contract = self.records["crm.contract"].with_user(self.user)
        with self.assertRaises(AccessError):
            contract.write({"name": "Half", "color": 3, "state": "running"})
        self.assertEqual(contract.name, "Maintenance of the plant")
        self.assertFalse(contract.color)

    def test_create(self):
        def check(record, name, value):
            vals = dict(self._prepare_vals(record), **{name: value})
            self._assert_refused(record, record.create, vals)

        self._for_each_field(check)

    def test_web_save(self):
        def check(record, name, value):
            self._assert_refused(record, record.web_save, {name: value}, {})

        self._for_each_field(check)

    def test_load(self):
        def check(record, name, value):
            before = record.sudo()[name]
            is_link = record._fields[name].type == "many2one"
            column = f"{name}/.id" if is_link else name
            result = record.load([".id", column], [[str(record.id), str(value)]])
            self.assertFalse(result["ids"])
            self.assertEqual(result["messages"][0]["type"], "error")
            self.assertEqual(record.sudo()[name], before)

        self._for_each_field(check)

    def test_default_of_context(self):
        def check(record, name, value):
            model = record.browse().with_context(**{f"default_{name}": value})
            self.assertNotEqual(model.default_get([name]).get(name), value)
            try:
                created = model.create(self._prepare_vals(record))
            except AccessError:
                return
            self._assert_value_not(created, name, value)

        self._for_each_field(check)

    def test_default_that_is_meant_for_the_contract(self):
        """It must not keep the parts from being made, whose field it can't set."""
        contracts = self.env["crm.contract"].with_user(self.user)
        for name, value in (("company_id", self.company.id), ("state", "running")):
            context = {f"default_{name}": value}
            contract = contracts.with_context(**context).create(
                self._prepare_contract_vals()
            )
            self.assertEqual(contract.line_ids.company_id, self.company)
            self.assertEqual(contract.state, "draft")

    def test_default_of_user(self):
        def check(record, name, value):
            defaults = self.env["ir.default"].with_user(record.env.user)
            defaults.set(record._name, name, value, user_id=True)
            created = record.create(self._prepare_vals(record))
            self._assert_value_not(created, name, value)

        self._for_each_field(check)

    def _assert_value_not(self, record, name, forged):
        field = record._fields[name]
        value = field.convert_to_write(record.sudo()[name], record)
        self.assertNotEqual(str(value or ""), str(forged))

    def test_copy(self):
        def check(record, name, value):
            self._assert_refused(record, record.copy, {name: value})

        self._for_each_field(check)

    def test_copy_takes_nothing_over(self):
        contract = self._create_signed()
        copied = contract.copy()
        self.assertEqual(copied.state, "draft")
        for name in copied._get_owned_fields() - {"content_key", "kind", "state"}:
            self.assertFalse(copied.sudo()[name], name)
        self.assertNotEqual(copied.content_key, contract.content_key)
        self.assertFalse(copied.document_ids)
        self.assertFalse(copied.installment_ids.invoice_id)

    def test_through_the_parent(self):
        contract = self.records["crm.contract"]
        children = {
            contract[child]._name: child for child in contract._get_content_children()
        }

        def check(record, name, value):
            if record._name not in children:
                return
            vals = dict(self._prepare_vals(record), **{name: value})
            parent = contract.with_user(record.env.user)
            for command in (
                Command.create(vals),
                Command.update(record.id, {name: value}),
            ):
                vals = {children[record._name]: [command]}
                self._assert_refused(record, parent.write, vals)

        self._for_each_field(check)

    def test_computed_figures_are_not_writable_either(self):
        contract = self.records["crm.contract"].with_user(self.manager)
        for record, name in (
            (contract, "amount_total"),
            (contract, "amount_paid"),
            (contract, "currency_rate"),
            (contract.line_ids, "price_total"),
            (contract.line_ids, "company_id"),
            (contract.clause_ids, "is_deviating"),
            (contract.installment_ids, "amount"),
            (contract.installment_ids, "date_due"),
            (contract.installment_ids, "amount_open"),
        ):
            value = self._get_value(record[:1], name)
            with self.subTest(field=name), self.assertRaises(AccessError):
                record.write({name: value})

    def _create_account_manager(self):
        """Return a user who may write both invoices and contracts."""
        return self._create_user(
            "contract_account_manager",
            "account.group_account_manager,crm_contract.crm_contract_group_manager",
        )

    def test_contract_of_an_invoice(self):
        contract = self.records["crm.contract"]
        for user in (self.accountant, self._create_account_manager()):
            invoice = self.invoice.with_user(user)
            with self.assertRaises(AccessError):
                invoice.contract_id = contract
            with self.assertRaises(AccessError):
                invoice.copy({"contract_id": contract.id})
            with self.assertRaises(AccessError):
                invoice.write(
                    {"installment_ids": [Command.link(contract.installment_ids[0].id)]}
                )
            with self.assertRaises(AccessError):
                invoice.with_context(default_contract_id=contract.id).create(
                    {"move_type": "out_invoice", "partner_id": self.customer.id}
                )
            self.assertFalse(contract.installment_ids.invoice_id)

    def test_rows_of_an_invoice_stay(self):
        contract = self._create_signed()
        contract.action_create_invoice()
        invoice = contract.sudo().invoice_ids.with_user(self._create_account_manager())
        row = invoice.installment_ids
        for command in (
            Command.unlink(row.id),
            Command.clear(),
            Command.delete(row.id),
        ):
            with self.assertRaises(UserError):
                invoice.write({"installment_ids": [command]})
        self.assertEqual(row.invoice_id, invoice)
