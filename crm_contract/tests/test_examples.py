from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.modules import Manifest
from odoo.tools import file_open

from .common import ContractCommon

LIBRARY = (
    "crm.contract.clause.template",
    "crm.contract.template",
    "crm.contract.template.line",
    "crm.contract.template.milestone",
    "crm.contract.template.installment",
)
MANDATORY = ["CONF-01", "DISP-01", "FORC-01", "LIAB-01", "NOTI-01"]


class ExamplesCommon(ContractCommon):
    """A database whose library is as a fresh company's, whatever was loaded before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.model.data"].search(
            [("module", "=", "crm_contract"), ("model", "in", LIBRARY)]
        ).unlink()
        cls._find_clauses().active = False
        cls._find_templates().active = False
        cls.types = cls.env.ref("crm_contract.crm_contract_type_service")
        cls.types += cls.env.ref("crm_contract.crm_contract_type_sales")
        cls.types.write(
            {
                "mandatory_clause_ids": [Command.clear()],
                "required_category_ids": [Command.clear()],
            }
        )

    @classmethod
    def _find_clauses(cls):
        return cls.env["crm.contract.clause.template"].search([])

    @classmethod
    def _find_templates(cls):
        return cls.env["crm.contract.template"].search([])

    @classmethod
    def _load(cls, lang, user=None, **context):
        wizards = cls.env["crm.contract.load.examples"].with_user(user or cls.manager)
        wizard = wizards.with_context(**context).create({"lang": lang})
        return wizard.action_load()["params"]["message"]

    @classmethod
    def _example(cls, name):
        return cls.env.ref(f"crm_contract.crm_contract_{name}")


class TestEmptyLibrary(ExamplesCommon):
    def test_installation_brings_no_texts(self):
        for name in Manifest.for_addon("crm_contract")["data"]:
            if name.endswith(".xml"):
                with file_open(f"crm_contract/{name}", "rb") as file:
                    models = {
                        record.get("model")
                        for record in etree.parse(file).iter("record")
                    }
                self.assertFalse(models.intersection(LIBRARY), name)

    def test_contract_from_scratch(self):
        """The shipped types ask for nothing that only a library has."""
        for contract_type in self.types:
            contract = self._create_contract(
                type_id=contract_type.id,
                line_ids=[
                    Command.create(
                        self._prepare_line_vals(scope="Plant", service_standard="Daily")
                    )
                ],
                clause_ids=False,
                dispute_method="court",
            )
            self.assertFalse(contract.clause_ids)
            self._submit(contract)
            self.assertEqual(contract.state, "to_sign")

    def test_load_a_language(self):
        own = self._find_clauses()
        message = self._load("zh", default_company_id=self.company.id)
        self.assertEqual(message, "27 clauses and 2 templates were added.")
        added = self._find_clauses() - own
        self.assertEqual(len(added), 27)
        chinese = self.env.ref("base.lang_zh_CN")
        for records in (added, self._find_templates()):
            self.assertEqual(records.lang_id, chinese)
            self.assertFalse(records.company_id)
        for contract_type in self.types:
            mandatory = contract_type.mandatory_clause_ids
            self.assertEqual(sorted(mandatory.mapped("code")), MANDATORY)
            self.assertEqual(mandatory.lang_id, chinese)
            self.assertEqual(contract_type.required_category_ids, mandatory.category_id)
        self._load("en")
        self.assertEqual(len(self._find_clauses() - own), 54)
        self.assertEqual(len(self._find_templates()), 4)

    def test_codes_of_their_own(self):
        own = self._create_clause("Our liability", "<p>Ours.</p>", code="LIAB-01")
        with self.assertRaisesRegex(UserError, "Our liability"):
            self._load("en")
        own.code = "OWN-01"
        self._load("en")
        self.assertEqual(own.name, "Our liability")

    def test_only_for_managers(self):
        wizard = self.env["crm.contract.load.examples"].create({"lang": "en"})
        for user in (self.reader, self.user, self.user_all, self.accountant):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self._load("en", user)
                with self.assertRaises(AccessError):
                    wizard.with_user(user).action_load()
                with self.assertRaises(AccessError):
                    wizard.with_user(user).sudo().action_load()
        self.assertFalse(self._find_templates())

    def test_empty_list_offers_them(self):
        for name in ("template", "clause_template"):
            actions = self.env["ir.actions.actions"]
            for user, offered in ((self.manager, True), (self.user_all, False)):
                text = actions.with_user(user)._for_xml_id(
                    f"crm_contract.crm_contract_{name}_action"
                )["help"]
                self.assertIn("o_view_nocontent_smiling_face", text)
                self.assertEqual("load_examples_action" in text, offered)

    def test_deleted_types_come_back(self):
        # Forgotten and archived: contracts may use them.
        self.env["ir.model.data"].search(
            [("model", "=", "crm.contract.type"), ("res_id", "in", self.types.ids)]
        ).unlink()
        self.types.active = False
        self.env.flush_all()
        self._load("en")
        service = self._example("type_service")
        self.assertNotIn(service, self.types)
        self.assertEqual(len(service.mandatory_clause_ids), 5)
        self.assertEqual(self._example("template_service_en").type_id, service)


class TestExamples(ExamplesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._load("en")
        cls._load("zh")

    def test_second_time(self):
        before = self._find_clauses() + self._example("clause_template_law_en")
        liability = self._example("clause_template_liability_en")
        liability.write({"body": "<p>Edited.</p>", "name": "Edited"})
        law = self._example("clause_template_law_en")
        law.active = False
        template = self._example("template_service_en")
        template.write({"title": "Edited", "clause_ids": [Command.clear()]})
        template.line_ids[0].name = "Edited"
        self.types.mandatory_clause_ids -= liability
        self.types.required_category_ids -= liability.category_id
        message = self._load("en")
        self.assertEqual(message, "The examples of this language are there already.")
        self.assertEqual(self._find_clauses() + law, before)
        self.assertEqual(liability.name, "Edited")
        self.assertEqual(liability.body, "<p>Edited.</p>")
        self.assertFalse(law.active)
        self.assertEqual(template.title, "Edited")
        self.assertFalse(template.clause_ids)
        self.assertEqual(template.line_ids[0].name, "Edited")
        self.assertEqual(len(template.line_ids), 7)
        self.assertNotIn(liability, self.types.mandatory_clause_ids)
        self.assertNotIn(liability.category_id, self.types.required_category_ids)

    def test_new_version_is_kept(self):
        liability = self._example("clause_template_liability_en")
        successor = liability.browse(liability.action_new_version()["res_id"])
        self._load("en")
        self.assertFalse(liability.active)
        for contract_type in self.types:
            self.assertIn(successor, contract_type.mandatory_clause_ids)
            self.assertNotIn(liability, contract_type.mandatory_clause_ids)

    def test_deleted_ones_come_again(self):
        self._example("template_sales_en").unlink()
        self._example("clause_template_delivery_en").unlink()
        message = self._load("en")
        self.assertEqual(message, "1 clauses and 1 templates were added.")
        template = self._example("template_sales_en")
        self.assertIn(self._example("clause_template_delivery_en"), template.clause_ids)
        self.assertEqual(len(template.line_ids), 7)

    def test_shared_by_all_companies(self):
        other = self._create_company("Other Ltd")
        manager = self._create_user(
            "other_manager", "crm_contract.crm_contract_group_manager", other
        )
        message = self._load("en", manager, allowed_company_ids=other.ids)
        self.assertEqual(message, "The examples of this language are there already.")
        templates = self._find_templates().with_user(manager)
        templates = templates.with_context(allowed_company_ids=other.ids)
        self.assertIn("Service Contract", templates.mapped("title"))

    def test_templates_can_be_used(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        for template in self._find_templates():
            with self.subTest(template.name):
                contract = self._create_contract(
                    template_id=template.id,
                    type_id=template.type_id.id,
                    line_ids=[
                        Command.create(
                            self._prepare_line_vals(
                                scope="Plant", service_standard="Daily"
                            )
                        )
                    ],
                    clause_ids=False,
                    installment_ids=False,
                )
                self.assertEqual(contract.late_rate, 0.03)
                self._submit(contract)
                self.assertGreater(len(contract.clause_ids), 10)
                texts = "".join(contract.clause_ids.mapped("body_frozen"))
                self.assertRegex(texts, "0.03% per Day|0.03%/日")
                self.assertNotIn(
                    "{{", "".join(contract.clause_ids.mapped("body_frozen"))
                )
