from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ContractCommon


class TestChecklist(ContractCommon):
    """What a draft lacks, and where each item is mended."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strict = cls.type.copy(
            {"code": "STR", "require_registration": True, "require_signatories": True}
        )
        cls.bare = cls.env["res.partner"].create({"name": "Bare", "is_company": True})

    def _get_items(self, contract, user=None):
        model = self.env["crm.contract.checklist"].with_user(user or self.user_all)
        return {item["message"]: item for item in model.get_items(contract.id)}

    def test_ready(self):
        self.assertEqual(self._get_items(self._create_contract()), {})

    def test_where_it_is_mended(self):
        contract = self._create_contract(
            type_id=self.strict.id,
            partner_id=self.bare.id,
            customer_signatory_id=False,
            company_signatory_id=self.user_all.id,
            date_start=False,
        )
        items = self._get_items(contract)
        places = {
            message: (item["model"], item["id"], item["field"])
            for message, item in items.items()
        }
        own = ("crm.contract", contract.id)
        customer = ("res.partner", self.bare.id)
        self.assertEqual(
            places,
            {
                "The customer has no address.": (*customer, "street"),
                "The customer's signatory is missing.": (
                    *own,
                    "customer_signatory_id",
                ),
                "Bare has no Company ID.": (*customer, "company_registry"),
                "Bare has no Legal representative.": (
                    *customer,
                    "legal_representative",
                ),
                "The start date is missing.": (*own, "date_start"),
                "Give an end date or mark the contract as open-ended.": (
                    *own,
                    "date_end",
                ),
            },
        )
        label = items["Bare has no Company ID."]["label"]
        self.assertEqual(label, "Company ID")

    def test_prices_are_set_in_the_lines(self):
        line = Command.create(self._prepare_line_vals(price_unit=0))
        items = self._get_items(self._create_contract(line_ids=[line]))
        self.assertEqual(items["The contract value is zero."]["field"], "line_ids")

    def test_which_signatory(self):
        contract = self._create_contract(
            type_id=self.strict.id, company_signatory_id=False
        )
        self.assertEqual(list(self._get_items(contract)), ["Our signatory is missing."])

    def test_company_data(self):
        """Ours is missing on the contact of our company."""
        self.company.partner_id.legal_representative = False
        contract = self._create_contract(
            type_id=self.strict.id, company_signatory_id=self.user_all.id
        )
        (item,) = self._get_items(contract).values()
        self.assertEqual(
            (item["model"], item["id"], item["field"]),
            ("res.partner", self.company.partner_id.id, "legal_representative"),
        )

    def test_placeholders(self):
        """A placeholder without value leads to the field that it stands for."""
        self.customer.vat = False
        texts = {
            "{{ object.customer_vat }}": ("res.partner", self.customer.id, "vat"),
            "{{ object.partner_id.vat }}": ("res.partner", self.customer.id, "vat"),
            "{{ object.dispute_place }}": ("crm.contract", None, "dispute_place"),
            "{{ object.opportunity_id.name }}": (
                "crm.contract",
                None,
                "opportunity_id",
            ),
        }
        for text, (model, record_id, name) in texts.items():
            contract = self._create_contract(preamble=f"<p>{text}</p>")
            (item,) = self._get_items(contract).values()
            self.assertEqual(
                (item["model"], item["id"], item["field"]),
                (model, record_id or contract.id, name),
                text,
            )

    def test_set_by_the_submission(self):
        contract = self._create_contract(preamble="<p>{{ object.number }}</p>")
        self.assertEqual(self._get_items(contract), {})

    def test_refused_with_the_same_words(self):
        contract = self._create_contract(line_ids=False, installment_ids=False)
        (message,) = self._get_items(contract)
        with self.assertRaisesRegex(UserError, f"- {message}"):
            contract.with_user(self.user_all).action_submit()

    def test_who_may_submit(self):
        contract = self._create_contract(date_start=False)
        self.assertEqual(self._get_items(contract, self.reader), {})
        with self.assertRaises(AccessError):
            self._get_items(contract, self.portal)
        with self.assertRaises(UserError):
            self.env["crm.contract.checklist"].get_items("1")

    def test_no_draft(self):
        contract = self._create_contract()
        self._submit(contract)
        self.customer.street = self.customer.city = False
        self.customer.country_id = False
        self.assertEqual(self._get_items(contract), {})

    def test_rows_of_the_contract(self):
        contract = self._create_contract(
            installment_ids=[Command.create({"name": "Undated", "percentage": 100})]
        )
        contract.installment_ids.date = False
        (item,) = self._get_items(contract).values()
        self.assertEqual(item["field"], "installment_ids")


class TestFigures(ContractCommon):
    """Texts and figures of a contract say the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env.ref(
            "crm_contract.crm_contract_clause_category_late_payment"
        )

    def _create_with(self, body, **vals):
        clause = {"name": "Late", "category_id": self.category.id, "body": body}
        return self._create_contract(clause_ids=[Command.create(clause)], **vals)

    def _get_missing(self, contract):
        items = self.env["crm.contract.checklist"]._get_missing(contract)
        return [(item.field, item.message) for item in items]

    def test_rates_in_the_text(self):
        wrong = {
            "<p>Interest of 0.03% a day.</p>": "0.03%",
            "<p>Interest of <b>8</b> % a year.</p>": "8 %",
            "<p>每逾期一日按万分之五支付。</p>": "万分之五",
        }
        for body, words in wrong.items():
            contract = self._create_with(body)
            ((field, message),) = self._get_missing(contract)
            self.assertEqual(field, "late_rate")
            self.assertIn(f"“Late” says {words}, and the overdue interest", message)

    def test_the_rate_of_the_contract(self):
        for body in (
            "<p>Interest of 0.05% a day, at most 10 %.</p>",
            "<p>按万分之五支付，以百分之十为限。</p>",
        ):
            contract = self._create_with(body, late_rate=0.05, late_cap=10)
            self.assertEqual(self._get_missing(contract), [])

    def test_other_clauses_may_name_rates(self):
        contract = self._create_with("<p>0.1% a day.</p>")
        contract.clause_ids.category_id = self.env.ref(
            "crm_contract.crm_contract_clause_category_late_performance"
        )
        self.assertEqual(self._get_missing(contract), [])

    def test_placeholders_of_figures(self):
        """What nobody filled in is missing; what is there is written as people do."""
        body = "<p>{{ object.late_rate }}% per {{ object.late_rate_unit }}</p>"
        contract = self._create_with(body)
        self.assertEqual(
            [field for field, _m in self._get_missing(contract)], ["late_rate"]
        )
        contract.late_rate = 0.05
        self.assertEqual(self._get_missing(contract), [])
        self.assertIn("0.05% per Day", contract.clause_ids._get_text())
        contract.late_rate = 10
        self.assertIn("10% per Day", contract.clause_ids._get_text())

    def test_notice_of_nothing(self):
        contract = self._create_contract(
            preamble="<p>{{ object.notice_period }}</p>", notice_period=0
        )
        self.assertEqual(
            [field for field, _message in self._get_missing(contract)],
            ["notice_period"],
        )

    def test_filled_from_template_or_type(self):
        self.type.write({"late_rate": 1, "late_rate_unit": "day", "late_cap": 5})
        template = self.env["crm.contract.template"].create(
            {"name": "T", "title": "T", "type_id": self.type.id}
        )
        contract = self._create_contract(template_id=template.id)
        self.assertEqual((contract.late_rate, contract.late_cap), (1, 5))
        template.write({"late_rate": 8, "late_rate_unit": "year"})
        contract = self._create_contract(template_id=template.id)
        self.assertEqual((contract.late_rate, contract.late_rate_unit), (8, "year"))
