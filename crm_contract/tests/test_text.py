import base64

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_amount, format_date, mute_logger

from ..models.contract.crm_contract_placeholder import placeholder
from .common import ContractCommon

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


class TestPlaceholders(ContractCommon):
    def _resolve(self, body, **vals):
        contract = self._create_contract(**vals)
        contract.clause_ids.body = body
        return contract.clause_ids._resolve_text()

    def _assert_text(self, body, expected, **vals):
        text, missing = self._resolve(body, **vals)
        self.assertEqual(str(text), expected)
        self.assertFalse(missing)

    def test_paths(self):
        self._assert_text(
            "<p>{{ object.partner_id.name }}, {{object.partner_id.country_id.code}}, "
            "{{ object.customer_signatory_id }}: {{ object.duration }}</p>",
            "<p>Customer Corp, US, Customer Corp, Sam Signatory: 12</p>",
        )

    def test_default(self):
        body = "<p>{{ object.dispute_place ||| Berlin }}</p>"
        self._assert_text(body, "<p>Berlin</p>")
        self._assert_text(body, "<p>Paris</p>", dispute_place="Paris")

    def test_empty_value_stays_and_is_reported(self):
        body = "<p>{{ object.dispute_place }}</p>"
        text, missing = self._resolve(body)
        self.assertEqual(str(text), body)
        self.assertEqual(missing, ["object.dispute_place"])

    def test_zero_is_no_value(self):
        """A figure that nobody filled in is missed; an amount may be nothing."""
        body = "<p>{{ object.notice_period }}</p>"
        text, missing = self._resolve(body, notice_period=0)
        self.assertEqual((str(text), missing), (body, ["object.notice_period"]))
        nothing = format_amount(self.env, 0, self.company.currency_id)
        self._assert_text("<p>{{ object.amount_extra }}</p>", f"<p>{nothing}</p>")

    def test_values_are_escaped(self):
        self._assert_text(
            "<p>{{ object.name }}</p>",
            "<p>&lt;img src=x&gt; &amp; {{ object.note }}</p>",
            name="<img src=x> & {{ object.note }}",
        )

    def test_formats_follow_the_language_of_the_contract(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        date_start = fields.Date.to_date("2026-03-05")
        body = (
            "<p>{{ object.date_start }}; {{ object.amount_total }}; "
            "{{ object.dispute_method }}</p>"
        )
        for code in ("en_US", "zh_CN"):
            env = self.env(context=dict(self.env.context, lang=code))
            methods = env["crm.contract"]._fields["dispute_method"]
            expected = (
                format_date(env, date_start, date_format="long"),
                format_amount(env, 1150, self.company.currency_id),
                dict(methods._description_selection(env))["court"],
            )
            self._assert_text(
                body,
                f"<p>{'; '.join(expected)}</p>",
                lang_id=self.env["res.lang"]._lang_get(code).id,
                date_start=date_start,
                dispute_method="court",
            )
            self.assertIn("2026", expected[0])
        self.assertIn("年", expected[0])

    def test_only_plain_fields_are_refused_on_save(self):
        clause = self._create_contract().clause_ids
        for expression in (
            "object.no_such_field",
            "object.partner_id.no_such_field",
            "object.action_submit()",
            "object._name",
            "object.env.cr",
            "object.line_ids.name",
            "object.note",
            "object.amount_total.currency_id",
            "object.partner_id.contract_count",
            "object['name']",
            "object.name.upper()",
            "user.name",
            "1 + 1",
            "__import__('os').environ",
        ):
            with self.subTest(expression), self.assertRaises(ValidationError) as caught:
                clause.body = f"<p>{placeholder(expression)}</p>"
            self.assertIn("“Liability”", str(caught.exception))

    def test_secrets_are_no_placeholders(self):
        """No stored field that only some users may read, and no credentials."""
        contract = self._create_contract()
        placeholders = self.env["crm.contract.placeholder"]
        for path in ("user_id.password", "company_id.partner_id.signup_type"):
            names = placeholders._get_path(f"object.{path}")
            value = names and placeholders._get_value(contract, f"object.{path}")
            self.assertFalse(value)

    def test_library_and_preamble_are_checked_too(self):
        body = "<p>{{ object.no_such_field }}</p>"
        template = self.env["crm.contract.template"].create(
            {"name": "T", "title": "T", "type_id": self.type.id}
        )
        contract = self._create_contract()
        for record, name in (
            (self._create_clause("Unused", "<p/>"), "body"),
            (template, "preamble"),
            (contract, "preamble"),
        ):
            with self.subTest(record._name), self.assertRaises(ValidationError):
                record[name] = body

    def test_empty_value_keeps_from_submission(self):
        contract = self._create_contract(
            preamble="<p>{{ object.customer_vat }}</p>", customer_bank_id=False
        )
        contract.clause_ids.body = "<p>{{ object.customer_bank_account }}</p>"
        with self.assertRaises(UserError) as caught:
            contract.action_submit()
        message = str(caught.exception)
        self.assertIn("“Preamble”: the placeholder {{ object.customer_vat }}", message)
        self.assertIn(
            "“Liability”: the placeholder {{ object.customer_bank_account }}", message
        )

    def test_frozen_text(self):
        contract = self._create_contract(preamble="<p>{{ object.number }}</p>")
        contract.clause_ids.body = "<p>{{ object.customer_legal_name }}</p>"
        self.assertIn(
            "number",
            str(self.env["crm.contract.placeholder"]._get_unresolved(contract)),
        )
        contract.preamble = "<p>{{ object.name }}</p>"
        self._submit(contract)
        self.customer.name = "Renamed"
        self.assertEqual(str(contract.preamble_frozen), f"<p>{contract.name}</p>")
        self.assertEqual(str(contract.clause_ids._get_text()), "<p>Customer Corp</p>")

    def test_number_is_given_before_the_text_is_frozen(self):
        contract = self._create_contract(
            preamble="<p>{{ object.number }} {{ object.submitted_by_id.name }}</p>"
        )
        self._submit(contract)
        self.assertEqual(
            str(contract.preamble_frozen),
            f"<p>{contract.number} {contract.submitted_by_id.name}</p>",
        )


class TestClauses(ContractCommon):
    def test_taken_from_the_library(self):
        clause = self._create_contract().clause_ids
        self.assertEqual(clause.name, "Liability")
        self.assertEqual(clause.part, "breach")
        self.assertEqual(clause.contract_id.breach_clause_ids, clause)
        self.assertFalse(clause.is_deviating)
        self.assertFalse(clause.difference)

    def test_deviating(self):
        contract = self._create_contract()
        clause = contract.clause_ids
        clause.body = "<div>Liable  to<br/>the\nlimit.</div>"
        self.assertFalse(clause.is_deviating)
        clause.body = "<p>Liable without limit.</p>"
        self.assertTrue(clause.is_deviating)
        self.assertEqual(contract.deviating_count, 1)
        self.assertEqual(self.clause.deviating_count, 1)
        self.assertIn("<del>", clause.difference)
        self.assertIn("<ins>", clause.difference)
        clause.action_reset_to_library()
        self.assertFalse(clause.is_deviating)
        self.assertEqual(contract.deviating_count, 0)

    def test_free_clause_deviates(self):
        """What nobody put into the library, somebody has to look at."""
        contract = self._create_contract(
            clause_ids=[
                Command.create(
                    {"name": "Own", "category_id": self.category.id, "body": "<p>O</p>"}
                )
            ]
        )
        self.assertTrue(contract.clause_ids.is_deviating)
        self.assertIn("<ins>", contract.clause_ids.difference)
        self.assertEqual(contract.deviating_count, 1)

    def test_what_reads_otherwise_deviates(self):
        contract = self._create_contract()
        clause = contract.clause_ids
        for vals, shown in (
            ({"name": "Freedom"}, "Freedom"),
            ({"category_id": self.category.copy({"name": "Other part"}).id}, "Other"),
            ({"body": "<p>Liable to the <s>limit</s>.</p>"}, "~"),
            ({"body": "<p>Liable to the <del>limit</del>.</p>"}, "~"),
            (
                {"body": '<p>Liable <span style="text-decoration: line-through">to</span>'
                         " the limit.</p>"},
                "~",
            ),
            ({"body": "<p>Liable to\u200b the limit.</p>"}, "\u200b"),
        ):  # fmt: skip
            with self.subTest(vals):
                clause.write(vals)
                self.assertTrue(clause.is_deviating)
                self.assertIn(shown, clause.difference)
                self.assertEqual(contract.deviating_count, 1)
                clause.action_reset_to_library()
                self.assertFalse(clause.is_deviating)
        clause.body = '<p><b>Liable</b> to the <span class="a">limit.</span></p>'
        self.assertFalse(clause.is_deviating)

    def test_preamble_deviates(self):
        template = self.env["crm.contract.template"].create(
            {"name": "T", "title": "T", "type_id": self.type.id,
             "preamble": "<p>Whereas.</p>"}
        )  # fmt: skip
        contract = self._create_contract(template_id=template.id)
        self.assertFalse(contract.deviating_count)
        contract.preamble = "<p>Whereas <s>not</s>.</p>"
        self.assertEqual(contract.deviating_count, 1)
        contract.preamble = "<div>Whereas.</div>"
        self.assertFalse(contract.deviating_count)
        free = self._create_contract(preamble="<p>Between us.</p>")
        self.assertEqual(free.deviating_count, 1)

    def test_formatting_that_hides_is_refused(self):
        contract = self._create_contract()
        template = self.env["crm.contract.template"].create(
            {"name": "T", "title": "T", "type_id": self.type.id}
        )
        body = '<p>Liable<span style="color:#ffffff"> without</span> limit.</p>'
        for record, name in (
            (contract, "preamble"),
            (contract.clause_ids, "body"),
            (template.with_user(self.manager), "preamble"),
            (self.clause.copy().with_user(self.manager), "body"),
        ):
            with (
                self.assertRaisesRegex(ValidationError, "“without” from being read"),
                self.env.cr.savepoint(),
            ):
                record.write({name: body})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._create_contract(preamble=body)

    def test_hidden_text_of_before_is_not_submitted(self):
        """What was saved by an earlier release is shown when it is to be decided on."""
        contract = self._create_contract()
        self._tamper(
            contract.clause_ids, body='<p>A<i style="display:none">secret</i></p>'
        )
        with self.assertRaisesRegex(UserError, "“secret” from being read"):
            contract.action_submit()

    def test_printed_as_it_is_read(self):
        contract = self._create_contract()
        clause = contract.clause_ids
        clause.body = '<p class="header">A<img src="http://127.0.0.1:1/x"/></p>'
        self.assertEqual(clause._get_text(), "<p>A</p>")
        image = self.env["ir.attachment"].create(
            {"name": "Plan", "raw": base64.b64decode(PIXEL), "mimetype": "image/png"}
        )
        for owner, is_printed in ((self.env.user, False), (self.user, True)):
            image.create_uid = owner
            self._tamper(image, create_uid=owner.id)
            clause.body = f'<p>A<img src="/web/image/{image.id}" alt="Plan"/></p>'
            text = clause.sudo()._get_text()
            self.assertEqual("data:image/png;base64," in text, is_printed)
            self.assertEqual("[Plan]" in text, not is_printed)

    def test_order_is_that_of_the_categories(self):
        late = self.category.copy({"name": "Late", "sequence": 99, "part": "other"})
        vals = [{"name": "A", "category_id": late.id}]
        vals += [{"name": n, "category_id": self.category.id} for n in ("B", "C")]
        contract = self._create_contract(clause_ids=[Command.create(v) for v in vals])
        groups = [
            (category, clauses.mapped("name"))
            for category, clauses in self.env["crm.contract.print"]._get_clause_groups(
                contract
            )
        ]
        self.assertEqual(groups, [(self.category, ["B", "C"]), (late, ["A"])])


class TestMandatoryClauses(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.lang_zh = cls.env["res.lang"]._lang_get("zh_CN")
        cls.chinese = cls._create_clause(
            "责任", "<p>责任</p>", lang_id=cls.lang_zh.id, code="L"
        )
        cls.clause.code = "L"
        cls.any_language = cls._create_clause("Any", "<p>*</p>", lang_id=False)
        cls.alternate = cls._create_clause(
            "Softer", "<p>Soft.</p>", alternate_of_id=cls.clause.id
        )
        cls.type.mandatory_clause_ids = cls.clause + cls.chinese + cls.any_language

    def _create_with(self, *templates):
        commands = [Command.create({"template_id": t.id}) for t in templates]
        return self._create_contract(clause_ids=commands)

    def _get_missing(self, contract):
        return self.env["crm.contract.checklist"]._get_missing_clauses(contract)

    def test_inserted_in_the_language(self):
        for lang, clause in ((self.lang_en, self.clause), (self.lang_zh, self.chinese)):
            contract = self._create_contract(clause_ids=False, lang_id=lang.id)
            expected = clause + self.any_language
            self.assertEqual(contract.clause_ids.template_id, expected)
            self.assertFalse(self._get_missing(contract))

    def test_other_type_has_its_own(self):
        other = self.type.copy({"mandatory_clause_ids": False})
        contract = self._create_contract(clause_ids=False, type_id=other.id)
        self.assertFalse(contract.clause_ids)

    def test_mandatory_is_not_reserved(self):
        """Who must use a clause and who may use it are two questions."""
        self.assertFalse(self.clause.type_ids)
        self.assertEqual(self.clause.mandatory_type_ids, self.type)
        reserved = self._create_clause(
            "Reserved", "<p/>", type_ids=[Command.set(self.type.ids)]
        )
        self.assertNotIn(reserved, self.type.mandatory_clause_ids)
        self.assertFalse(self.clause.copy().mandatory_type_ids)

    def test_missing_keeps_from_submission(self):
        contract = self._create_with(self.any_language)
        with self.assertRaisesRegex(UserError, "mandatory clause “Liability”"):
            contract.action_submit()
        contract.action_insert_mandatory_clauses()
        contract.action_insert_mandatory_clauses()
        self.assertEqual(
            contract.clause_ids.template_id, self.any_language + self.clause
        )
        self._submit(contract)

    def test_deleting_one_is_noticed(self):
        contract = self._create_contract(clause_ids=False)
        contract.clause_ids[0].unlink()
        self.assertTrue(self._get_missing(contract))

    def test_alternate_counts(self):
        contract = self._create_with(self.alternate, self.any_language)
        self.assertFalse(self._get_missing(contract))
        contract.action_insert_mandatory_clauses()
        self.assertNotIn(self.clause, contract.clause_ids.template_id)
        self.assertEqual(
            contract.clause_ids.filtered(
                lambda c: c.template_id == self.alternate
            ).alternate_ids,
            self.clause,
        )

    def test_clause_without_code_is_no_stand_in(self):
        other = self._create_clause("Other", "<p>Other</p>")
        contract = self._create_with(self.clause, other)
        self.assertEqual(len(self._get_missing(contract)), 1)

    def test_new_version(self):
        used = self._create_with(self.clause, self.any_language)
        template = self.env["crm.contract.template"].create(
            {
                "name": "T",
                "title": "T",
                "type_id": self.type.id,
                "clause_ids": [Command.set(self.clause.ids)],
            }
        )
        action = self.clause.with_user(self.manager).action_new_version()
        successor = self.clause.browse(action["res_id"])
        self.assertEqual((successor.version, successor.code), (2, "L"))
        self.assertEqual(successor.previous_version_id, self.clause)
        self.assertTrue(successor.active)
        self.assertFalse(self.clause.active)
        self.assertEqual(template.clause_ids, successor)
        self.assertIn(successor, self.type.mandatory_clause_ids)
        self.assertNotIn(self.clause, self.type.mandatory_clause_ids)
        self.assertEqual(self.alternate.alternate_of_id, successor)
        successor.with_user(self.manager).body = "<p>Second version.</p>"
        self.assertIn("limit", used.clause_ids[0].body)
        self.assertFalse(used.clause_ids[0].is_deviating)
        self.assertFalse(self._get_missing(used))
        fresh = self._create_contract(clause_ids=False)
        self.assertIn(successor, fresh.clause_ids.template_id)

    def test_used_wording_stays(self):
        clause = self.clause.with_user(self.manager)
        clause.body = "<p>Not used yet.</p>"
        self._create_with(self.clause)
        with self.assertRaisesRegex(UserError, "new version"):
            clause.body = "<p>Changed.</p>"
        with self.assertRaisesRegex(UserError, "new version"):
            clause.sudo().write({"body": "<p>Changed.</p>"})
        clause.write({"note": "Use it", "body": clause.body})

    def test_code_and_version_are_unique(self):
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_clause("Twin", "<p/>", code="L")
