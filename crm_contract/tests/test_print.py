from odoo.fields import Command

from .common import ContractCommon


class TestPrint(ContractCommon):
    """The printed text for real; in tests Odoo renders it as HTML."""

    @classmethod
    def _patch_text(cls):
        pass

    def _create_full(self, **vals):
        contract = self._create_contract(
            preamble="<p>Between {{ object.customer_legal_name }} and us.</p>",
            milestone_ids=[Command.create({"name": "Acceptance"})],
            **vals,
        )
        contract.line_ids.write({"scope": "Two visits", "service_standard": "Daily"})
        return contract

    def _get_frozen(self, contract):
        return contract._get_text_document()._get_file().decode()

    def _print(self, contract):
        report = "crm_contract.action_report_contract"
        reports = contract.env["ir.actions.report"]
        return reports._render_qweb_html(report, contract.ids)[0].decode()

    def test_frozen_text(self):
        contract = self._submit(self._create_full())
        text = self._get_frozen(contract)
        for part in (
            contract.number,
            contract.name,
            "Between Customer Corp and us.",
            "HRB 4711",
            "Chris Chief",
            "Sam Signatory",
            "Supplier Ltd",
            "Liable to the limit.",
            "Two visits",
            "Daily",
            "Acceptance",
            "1,150.00",
            "One Thousand, One Hundred And Fifty",
            "Deposit",
            contract.version_id.content_hash_short,
        ):
            self.assertIn(part, text)
        self.assertNotIn("{{", text)
        self.assertNotIn("not approved", text)

    def test_frozen_text_stays(self):
        contract = self._submit(self._create_full())
        text = self._get_frozen(contract)
        self.customer.name = "Renamed Corp"
        self.assertEqual(self._get_frozen(contract), text)
        self.assertTrue(
            self.env["crm.contract.document"]._get_frozen_attachment(contract)
        )

    def test_draft_is_marked(self):
        contract = self._create_full()
        self.assertIn("not approved", self._print(contract))
        self.assertFalse(
            self.env["crm.contract.document"]._get_frozen_attachment(contract)
        )

    def test_internal_note_is_not_printed(self):
        contract = self._create_full(note="<p>Give in at 900</p>")
        self.assertNotIn("Give in at 900", self._print(contract))

    def test_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        yuan = self.env.ref("base.CNY")
        yuan.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": yuan.id, "company_id": self.company.id, "rate": 7}
        )
        contract = self._create_full(
            lang_id=self.env["res.lang"]._lang_get("zh_CN").id,
            currency_id=yuan.id,
            line_ids=[Command.create({"name": "维护", "price_unit": 1409.5})],
        )
        contract.line_ids.tax_ids = False
        text = self._get_frozen(self._submit(contract))
        self.assertIn("人民币壹仟肆佰零玖元伍角", text)

    def test_readers_print(self):
        contract = self._create_full()
        for user in (self.reader, self.accountant):
            self.assertIn(contract.name, self._print(contract.with_user(user)))

    def test_numbers_to_cite(self):
        """Sections, clauses and their paragraphs have numbers."""
        body = "<p>First.</p><p>Second.</p>"
        clauses = [
            Command.create(
                {"name": name, "category_id": self.category.id, "body": body}
            )
            for name in ("One", "Two")
        ]
        contract = self._create_full(clause_ids=clauses)
        text = self._print(contract)
        for part in (
            "1. ",
            "5.1.1</span> First.",
            "5.1.2</span> Second.",
            "5.2.2</span> ",
        ):
            self.assertIn(part, text)
        self.env["res.lang"]._activate_lang("zh_CN")
        contract.lang_id = self.env["res.lang"]._lang_get("zh_CN")
        text = self._print(contract)
        for part in ("第一条", "第五条", "5.1.1</span> First."):
            self.assertIn(part, text)

    def test_chinese_address(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        address = {
            "street": "世纪大道100号",
            "street2": "1001室",
            "city": "上海市",
            "zip": "200120",
            "state_id": False,
            "country_id": self.env.ref("base.cn").id,
        }
        self.customer.write(address)
        self.env.ref("base.cn").with_context(lang="zh_CN").name = "中国"
        chinese = self.env["res.lang"]._lang_get("zh_CN")
        contract = self._create_full(lang_id=chinese.id)
        self.assertEqual(
            contract.customer_address, "中国, 200120, 上海市 世纪大道100号 1001室"
        )
