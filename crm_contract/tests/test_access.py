from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ContractCommon

CHILDREN = ("line_ids", "clause_ids", "installment_ids", "milestone_ids")


class TestAccess(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contracts = cls.env["crm.contract"]
        milestone = [Command.create({"name": "Acceptance"})]
        cls.own, cls.foreign, cls.unassigned = contracts.create(
            [
                cls._prepare_contract_vals(user_id=user.id, milestone_ids=milestone)
                for user in (cls.user, cls.manager, cls.env["res.users"])
            ]
        )
        cls.all = cls.own + cls.foreign + cls.unassigned

    def _visible(self, user, model="crm.contract"):
        return self.env[model].with_user(user).search([])

    def _assert_visible(self, user, expected):
        self.assertEqual(self._visible(user), expected.sorted("id", reverse=True))
        for name in CHILDREN:
            rows = self._visible(user, expected[name]._name)
            self.assertEqual(rows.sorted("id"), expected[name].sorted("id"), name)

    def _read_all(self, contract):
        """Read every field that the user may see, as an integration does."""
        self.assertIn("name", contract.read()[0])

    def test_reader_reads_everything_and_changes_nothing(self):
        self._assert_visible(self.reader, self.all)
        contract = self.own.with_user(self.reader)
        self._read_all(contract)
        with self.assertRaises(AccessError):
            contract.name = "Changed"
        with self.assertRaises(AccessError):
            contract.line_ids.unlink()
        with self.assertRaises(AccessError):
            contract.action_submit()
        with self.assertRaises(AccessError):
            self._create_contract(self.reader)

    def test_user_works_on_own_and_unassigned(self):
        self._assert_visible(self.user, self.own + self.unassigned)
        for contract in (self.own + self.unassigned).with_user(self.user):
            contract.write({"name": "Changed", "line_ids": [Command.clear()]})
        with self.assertRaises(AccessError):
            self.foreign.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            self.foreign.with_user(self.user).action_submit()
        self.own.with_user(self.user).unlink()
        with self.assertRaises(AccessError):
            self.foreign.with_user(self.user).unlink()

    def test_user_cannot_reach_others_through_children(self):
        line = self.own.line_ids.with_user(self.user)
        with self.assertRaises(AccessError):
            line.contract_id = self.foreign
        with self.assertRaises(AccessError):
            line.create({"contract_id": self.foreign.id, "name": "Intruder"})
        with self.assertRaises(AccessError):
            self.foreign.line_ids.with_user(self.user).price_unit = 1

    def test_dialog_tells_nothing_of_others(self):
        """A dialog may name any contract; it shows what the user may read."""
        wizards = self.env["crm.contract.sign"].with_user(self.user)
        self.foreign.flush_recordset()
        self.env.invalidate_all()
        names = ("content_hash", "signed_by_customer", "signed_by_company")
        with self.assertRaises(AccessError):
            wizards.onchange(
                {"contract_id": self.foreign.id},
                ["contract_id"],
                dict.fromkeys(("contract_id", *names), {}),
            )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizards.create({"contract_id": self.foreign.id}).read(names)

    def test_all_and_manager_work_on_all(self):
        for user in (self.user_all, self.manager):
            self._assert_visible(user, self.all)
            self.all.with_user(user).write({"name": user.name})

    def test_others_see_nothing(self):
        nobody = (self.portal, self.env.ref("base.public_user"), self.salesman)
        for user in nobody:
            for model in self._get_models():
                with (
                    self.subTest(user=user.login, model=model),
                    self.assertRaises(AccessError),
                ):
                    self._visible(user, model)

    def _get_models(self):
        children = [self.own[name]._name for name in self.own._get_content_children()]
        return ["crm.contract", "crm.contract.sign", "crm.contract.end", *children]

    def test_accountant_reads_and_invoices_only(self):
        contract = self._create_signed(self.manager).with_user(self.accountant)
        self._assert_visible(self.accountant, self.all + contract)
        self._read_all(contract)
        contract.action_create_invoice()
        self.assertEqual(contract.installment_ids.sorted()[0].state, "invoiced")
        with self.assertRaises(AccessError):
            self.own.with_user(self.accountant).name = "Changed"
        with self.assertRaises(AccessError):
            self.own.installment_ids.with_user(self.accountant).unlink()
        with self.assertRaises(AccessError):
            self.own.milestone_ids.with_user(self.accountant).action_done()
        with self.assertRaises(AccessError):
            contract.action_suspend()

    def test_reading_all_does_not_widen_writing(self):
        both = self._create_user(
            "contract_both",
            "account.group_account_invoice,crm_contract.crm_contract_group_user",
        )
        self._assert_visible(both, self.all)
        self.unassigned.with_user(both).name = "Changed"
        with self.assertRaises(AccessError):
            self.foreign.with_user(both).name = "Changed"
        with self.assertRaises(AccessError):
            self.foreign.line_ids.with_user(both).price_unit = 1

    def test_reader_cannot_invoice(self):
        contract = self._create_signed(self.manager).with_user(self.reader)
        with self.assertRaisesRegex(AccessError, "Only accountants"):
            contract.action_create_invoice()

    def test_configuration_belongs_to_managers(self):
        template = self.env["crm.contract.template"].create(
            {"name": "T", "title": "T", "type_id": self.type.id}
        )
        for record in (self.type, self.clause, self.category, template):
            record.with_user(self.salesman).read(["name"])
            with self.assertRaises(AccessError):
                record.with_user(self.user_all).name = "Changed"
            with self.assertRaises(AccessError):
                record.with_user(self.user_all).unlink()
            record.with_user(self.manager).name = "Changed"
        self._create_contract(template_id=template.id)


class TestCompanies(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_company("Other Ltd")
        cls.stranger = cls._create_user(
            "contract_stranger", "crm_contract.crm_contract_group_manager", cls.other
        )

    def _switch(self, record, user, company):
        return record.with_user(user).with_context(allowed_company_ids=company.ids)

    def test_contracts_stay_in_their_company(self):
        contract = self._create_signed(self.manager)
        model = self.env["crm.contract"]
        self.assertFalse(self._switch(model, self.stranger, self.other).search([]))
        with self.assertRaises(AccessError):
            self._switch(contract, self.stranger, self.other).read(["name"])
        for name in contract._get_content_children():
            rows = self.env[contract[name]._name]
            rows = self._switch(rows, self.stranger, self.other).search([])
            self.assertFalse(rows, name)

    def test_company_of_configuration(self):
        self.type.company_id = self.company
        self.clause.company_id = self.company
        for record in (self.type, self.clause):
            model = self._switch(record.browse(), self.stranger, self.other)
            self.assertNotIn(record, model.search([]))
            with self.assertRaises(AccessError):
                model.browse(record.id).read(["name"])

    def test_links_stay_in_the_company(self):
        team = self.env["crm.team"].create({"name": "T", "company_id": self.other.id})
        partner = self.customer.copy({"company_id": self.other.id})
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.other.id), ("type", "=", "sale")], limit=1
        )
        values = {
            "partner_id": partner.id,
            "team_id": team.id,
            "user_id": self.stranger.id,
            "journal_id": journal.id,
            "type_id": self.type.copy({"company_id": self.other.id}).id,
        }
        contract = self._create_contract(self.manager)
        for name, value in values.items():
            with self.subTest(name), self.assertRaises(UserError):
                contract.sudo().write({name: value})

    def test_links_of_children_stay_in_the_company(self):
        contract = self._create_contract(self.manager).sudo()
        product = self.env["product.product"].create(
            {"name": "Other", "company_id": self.other.id, "taxes_id": False}
        )
        with self.assertRaises(UserError):
            contract.line_ids.product_id = product
        with self.assertRaises(UserError):
            contract.line_ids.tax_ids = self.other.account_sale_tax_id
        self.clause.company_id = self.other
        with self.assertRaises(UserError):
            contract.clause_ids.write({"template_id": self.clause.id})
