import base64
import io
from unittest.mock import patch

from openpyxl import Workbook
from pypdf import PdfWriter

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools import SQL

from ..models.search.crm_contract_search import has
from ..tools import file_text
from .common import ContractCommon
from .common_doctest import check_doctests
from .test_paper_scan import make_pdf


class TestSearch(ContractCommon):
    def _search_name(self, text):
        contracts = self.env["crm.contract"].with_user(self.user)
        return [record_id for record_id, _name in contracts.name_search(text)]

    def test_names(self):
        contract = self._create_contract(name="Elevator")
        self._create_contract(name="Boiler")
        self.assertEqual(contract.display_name, "Elevator")
        self._submit(contract)
        self.assertEqual(contract.display_name, f"{contract.number} Elevator")
        self.assertEqual(self._search_name("elevat"), contract.ids)
        self.assertEqual(self._search_name(contract.number), contract.ids)
        self.assertEqual(len(self._search_name("Customer Corp")), 2)
        self.assertFalse(self._search_name("Nothing"))

    def test_names_are_found_with_rights(self):
        """Names find by title, number and customer, of what one may read alone."""
        other = self._create_contract(self.user_all, name="Foreign elevator")
        other.user_id = self.user_all
        mine = self._create_contract(name="Own elevator")
        self.assertEqual(self._search_name("elevator"), mine.ids)
        found = self.env["crm.contract"].with_user(self.user_all)
        self.assertEqual(
            {record_id for record_id, _name in found.name_search("elevator")},
            {mine.id, other.id},
        )
        domain = [("display_name", "not ilike", "own elev")]
        self.assertEqual(
            found.search([*domain, ("id", "in", (mine | other).ids)]), other
        )
        other.active = False
        self.assertNotIn(other, found.search([("display_name", "ilike", "elevator")]))

    def _find(self, text, user=None):
        contracts = self.env["crm.contract"].with_user(user or self.user)
        return contracts.search([("search_text", "ilike", text)])

    def test_anything(self):
        """Number, title, names and numbers of the customer, clauses, files: one field."""
        contract = self._submit(self._create_contract(name="Elevator"))
        clauses = [
            Command.create(
                {
                    "name": "保密",
                    "category_id": self.category.id,
                    "body": "<p>双方承担<b>保密</b>义务，不得泄露。 Hands off, 100%!</p>",
                }
            )
        ]
        other = self._create_contract(name="Boiler", clause_ids=clauses)
        self.customer.company_registry = "91310000MA1K3"
        for text in ("eleva", contract.number):
            self.assertEqual(self._find(text), contract)
        for text in ("91310000MA1K3", "Customer Corp"):
            self.assertEqual(self._find(text), contract | other)
        for text in ("保密", "保密义务", "hands  OFF", "100%", "密义务，不得"):
            self.assertEqual(self._find(text), other, text)
        for text in ("保义", "strong", "Nothing like it", "100_", "1%0"):
            self.assertFalse(self._find(text), text)
        self.assertLessEqual(contract | other, self._find(" "))

    def test_doctests(self):
        check_doctests(self, file_text)

    def test_texts_of_files(self):
        """Annexes and other files are found by their text, as far as it is kept."""
        contract = self._create_contract()
        document = self.env["crm.contract.document"].create(
            {
                "contract_id": contract.id,
                "name": "Annex",
                "file": base64.b64encode("技术规格书 galvanised".encode()),
            }
        )
        file = self._get_files(document)
        # Odoo itself keeps Latin words of plain texts.
        self.assertFalse(self._find("规格"))
        self.assertIn("not read yet", self._get_note())
        self._read(file)
        self.assertEqual(file.contract_text, "read")
        self.assertEqual(self._find("技术规格书"), contract)
        self.assertEqual(self._find("galvani"), contract)
        document.with_user(self.user).file = base64.b64encode(b"Something else")
        self.assertFalse(file.contract_text)
        self.assertFalse(self._find("规格"))

    def _get_files(self, document):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", document._name),
                ("res_id", "=", document.id),
                ("res_field", "!=", False),
            ]
        )

    def _read(self, files):
        """Do what the job does."""
        job = self.env["crm.contract.search.job"]
        [step] = job._get_steps()
        self.assertLessEqual(files, job._find(step))
        for file in files:
            step.work(file)
        self.assertFalse(files & job._find(step))

    def _get_note(self):
        return self.env["res.config.settings"].create({}).contract_search_note

    def test_why_files_are_not_searched(self):
        """Each file is read, or says why not; the settings count."""
        contract = self._create_contract()
        data = make_pdf([["Retention of", "five percent"]])
        locked = PdfWriter(clone_from=io.BytesIO(data))
        locked.encrypt("secret")
        stream = io.BytesIO()
        locked.write(stream)
        sheet = io.BytesIO()
        book = Workbook()
        book.active["A1"] = "不锈钢扶手"
        book.save(sheet)
        kinds = {
            "read": (data, sheet.getvalue()),
            "empty": (make_pdf([[]]), b"\x89PNG\r\n\x1a\n"),
            "locked": (stream.getvalue(),),
            "broken": (b"%PDF-1.4 broken", b"PK\x03\x04 broken"),
            "other": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", b"\x00\x01"),
        }
        vals_list = [
            {
                "name": f"{kind}{place}",
                "raw": raw,
                "res_model": contract._name,
                "res_id": contract.id,
                # As browsers say
                "mimetype": "image/png" if raw.startswith(b"\x89PNG") else False,
            }
            for kind, raws in kinds.items()
            for place, raw in enumerate(raws)
        ]
        files = self.env["ir.attachment"].create(vals_list)
        with patch.object(file_text, "LARGEST", 3 * len(sheet.getvalue())):
            large = {**vals_list[0], "name": "large", "raw": bytes(10**5)}
            files |= self.env["ir.attachment"].create(large)
            self._read(files)
        for file in files:
            self.assertEqual(file.contract_text, file.name.rstrip("01"), file.name)
        self.assertEqual(self._find("retention OF five"), contract)
        self.assertEqual(self._find("锈钢扶"), contract)
        note = self._get_note()
        self.assertRegex(note, r"The texts of \d+ of \d+ files are searched")
        for reason in ("recognised text", "password", "20 MB", "damaged", "PowerPoint"):
            self.assertIn(reason, note)

    def test_hits_have_rights(self):
        """No text tells of a contract that one may not read."""
        other = self._create_contract(self.user_all, name="Hidden zeppelin")
        other.user_id = self.user_all
        self.assertEqual(self._find("zeppelin", self.user_all), other)
        self.assertFalse(self._find("zeppelin"))
        self.assertFalse(
            self.env["crm.contract"].with_user(self.portal).has_access("read")
        )

    def test_indexes_are_used(self):
        """Chinese words of two signs as well, which pg_trgm has no index for."""
        texts = SQL(
            "SELECT digest FROM crm_contract_clause_text WHERE %s", has("body", "保密")
        )
        # Of the few rows of a test, each plan costs about the same.
        for way in ("seqscan", "indexscan"):
            self.env.cr.execute(f"SET LOCAL enable_{way} = off")
        self.assertIn("crm_contract_clause_text_contract_pairs", self._explain(texts))
        clauses = SQL(
            "SELECT contract_id FROM crm_contract_clause WHERE md5(body) = 'x'"
        )
        self.assertIn("crm_contract_clause_body_digest", self._explain(clauses))

    def _explain(self, query):
        return "\n".join(
            line for (line,) in self.env.execute_query(SQL("EXPLAIN %s", query))
        )

    def _count_texts(self, text):
        self.env.flush_all()
        [[count]] = self.env.execute_query(
            SQL("SELECT count(*) FROM crm_contract_clause_text WHERE body = %s", text)
        )
        return count

    def test_texts_are_kept_once(self):
        """However many clauses have them, by whatever way, and as long as one has."""
        old, new, own = "<p>Zeppelins</p>", "<p>Balloons</p>", "<p>Gliders</p>"
        entry = self.env["crm.contract.clause.template"].create(
            {"name": "Crafts", "category_id": self.category.id, "body": old}
        )
        clauses = [Command.create({"template_id": entry.id})]
        first, second = (self._create_contract(clause_ids=clauses) for _n in range(2))
        self.assertEqual(self._find("zeppelin"), first | second)
        self.assertEqual(self._count_texts(old), 1)
        second.clause_ids.body = own
        self.assertEqual(self._find("zeppelin"), first)
        self.assertEqual(self._find("glider"), second)
        # Computed anew, with no write of the text
        other = entry.copy({"name": "Others", "body": new})
        first.clause_ids.template_id = other
        self.assertEqual(self._find("balloon"), first)
        self.assertFalse(self._find("zeppelin"))
        texts = self.env["crm.contract.clause.text"]
        texts._gc_texts()
        self.assertEqual([self._count_texts(text) for text in (old, new)], [0, 1])
        # Forgotten while it was taken: found again from the next day on
        self.env.cr.execute("DELETE FROM crm_contract_clause_text")
        texts._gc_texts()
        self.assertEqual(self._find("glider"), second)
        with self.assertRaises(AccessError):
            texts.with_user(self.env.ref("base.user_admin")).search([])

    def test_similar(self):
        """A draft tells of contracts of the same customer that look like it."""
        there = self._create_contract(name="There")
        draft = self._create_contract(name="Once more")
        self.assertIn("There", draft.similar_note)
        self.assertIn(f"/odoo/contracts/{there.id}", draft.similar_note)
        draft.line_ids.price_unit *= 2
        self.assertFalse(draft.similar_note)
        draft.line_ids.price_unit = there.line_ids.price_unit * 1.1
        self.assertTrue(draft.similar_note)
        there.user_id = self.user_all
        self.env.invalidate_all()
        self.assertFalse(draft.with_user(self.user).similar_note)

    def test_row_names(self):
        contract = self._create_contract()
        row = contract.installment_ids[0]
        self.assertEqual(row.display_name, f"{contract.name} – {row.name}")

    def test_export(self):
        contract = self._submit(self._create_contract())
        columns = [
            "number",
            "partner_id/name",
            "state",
            "line_ids/name",
            "amount_total",
        ]
        self.reader.group_ids += self.env.ref("base.group_allow_export")
        data = contract.with_user(self.reader).export_data(columns)["datas"]
        self.assertEqual(
            data,
            [[contract.number, "Customer Corp", "To sign", "Maintenance", 1150.0]],
        )

    def _load(self, columns, *rows):
        contracts = self.env["crm.contract"].with_user(self.user)
        result = contracts.load(columns, [list(row) for row in rows])
        self.assertFalse(result["messages"])
        return contracts.browse(result["ids"])

    def test_import(self):
        contracts = self._load(
            [
                "name",
                "partner_id/.id",
                "type_id/.id",
                "date_start",
                "line_ids/name",
                "line_ids/quantity",
                "line_ids/price_unit",
                "installment_ids/name",
                "installment_ids/percentage",
                "installment_ids/date",
            ],
            (
                "A",
                self.customer.id,
                self.type.id,
                "2026-01-01",
                "L1",
                2,
                50,
                "I1",
                40,
                "2026-02-01",
            ),
            ("", "", "", "", "L2", 1, 100, "I2", 60, "2026-03-01"),
            (
                "B",
                self.customer.id,
                self.type.id,
                "2026-01-01",
                "L3",
                1,
                10,
                "",
                "",
                "",
            ),
        )
        self.assertEqual(contracts.mapped("name"), ["A", "B"])
        self.assertEqual(contracts.mapped("amount_total"), [230, 11.5])
        self.assertEqual(contracts[0].installment_ids.mapped("amount"), [92, 138])
        self.assertEqual(set(contracts.mapped("state")), {"draft"})
        self.assertFalse(any(contracts.mapped("number")))

    def test_groups(self):
        self._submit(self._create_contract())
        contracts = self.env["crm.contract"].with_user(self.user)
        groups = contracts.formatted_read_group(
            [], ["state"], ["amount_company:sum", "amount_overdue:sum"]
        )
        found = {group["state"]: group["amount_company:sum"] for group in groups}
        self.assertEqual(found["to_sign"], 1150)


class TestCost(ContractCommon):
    """What a batch costs does not grow with it more than it has to."""

    def _create_many(self, size):
        rows = [
            Command.create({"name": str(i), "percentage": 5, "date": self._days(i)})
            for i in range(20)
        ]
        vals = self._prepare_contract_vals(
            installment_ids=rows, milestone_ids=[Command.create({"name": "M"})]
        )
        contracts = self.env["crm.contract"].with_user(self.user)
        return contracts.create([vals] * size)

    def _count(self, method, *args):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        method(*args)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_reading(self):
        few, many = self._create_many(5), self._create_many(40)
        names = [
            name
            for name, field in few._fields.items()
            if field._module == "crm_contract"
            and few._has_field_access(field, "read")
            and field.type != "one2many"
            # Asked for by forms, of one contract.
            and name not in ("difference", "similar_note")
        ]
        few.read(names)
        costs = [self._count(batch.read, names) for batch in (few, many)]
        self.assertLess(costs[1] - costs[0], 40)

    def test_creating(self):
        self._create_many(1)
        costs = [self._count(self._create_many, size) for size in (5, 25)]
        self.assertLess(costs[1] - costs[0], 20 * 4)

    def test_submitting(self):
        few, many = self._create_many(2), self._create_many(6)
        self._submit(self._create_many(1))
        costs = [self._count(batch.action_submit) for batch in (few, many)]
        self.assertLess(costs[1] - costs[0], 4 * 60)

    def test_invoicing(self):
        few, many = self._create_many(2), self._create_many(6)
        for contract in few + many + self._create_many(1):
            self._sign(contract)
        warm = contract.installment_ids[:1]
        warm.action_create_invoice()
        costs = [
            self._count(batch.installment_ids.action_create_invoice)
            for batch in (few, many)
        ]
        self.assertLess(costs[1] - costs[0], 4 * 150)


class TestForm(ContractCommon):
    """A contract from the form to the signature, as its user clicks it."""

    def test_form(self):
        with Form(self.env["crm.contract"].with_user(self.user)) as form:
            form.partner_id = self.customer
            form.type_id = self.type
            form.name = "From the form"
            with form.line_ids.new() as line:
                line.product_id = self.product
        contract = form.save()
        self.assertEqual(contract.amount_total, 1150)
        self.assertEqual(contract.user_id, self.user)
        for user in (self.reader, self.accountant, self.manager):
            Form(contract.with_user(user))
