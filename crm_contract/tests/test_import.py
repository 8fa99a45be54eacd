from odoo.fields import Command
from odoo.tools import file_open
from odoo.tools.date_utils import add

from .common import ContractCommon

CONTRACT = ["id", "name", "partner_id/.id", "type_id/.id", "date_start", "date_end"]
LINE = ["name", "quantity", "price_unit", "is_recurring", "billed_until"]
PLAN = ["name", "trigger", "date", "percentage"]
COLUMNS = [
    *CONTRACT,
    *(f"line_ids/{name}" for name in LINE),
    *(f"installment_ids/{name}" for name in PLAN),
    "milestone_ids/name",
]
NOTHING = [""] * len(CONTRACT)


class ImportCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = str(cls.customer.id)
        month = cls.today.replace(day=1)
        cls.start, cls.end = (
            str(add(month, months=-3)),
            str(add(month, months=9, days=-1)),
        )
        cls.next_month = add(month, months=1)
        cls.billed = str(add(cls.next_month, days=-1))

    def _head(self, key):
        ids = [self.partner, str(self.type.id), self.start, self.end]
        return [f"moved.{key}", f"Contract {key}", *ids]

    def _get_file(self):
        """Two contracts: a shop with support and a plan, and maintenance alone."""
        return [
            [*self._head("a"), "Shop", "1", "3000", "", "", "Deposit", "date"]
            + [self.start, "40", "Go-live"],
            [*NOTHING, "Support", "1", "90", "True", self.billed, "Rest", "date"]
            + [self.end, "60", "Warranty ends"],
            [*self._head("b"), "Upkeep", "2", "50", "True", self.billed]
            + ["", "", "", "", ""],
        ]

    def _load(self, rows, columns=None, user=None):
        contracts = self.env["crm.contract"].with_user(user or self.user_all)
        return contracts.load(columns or COLUMNS, [list(row) for row in rows])

    def _load_well(self, rows, columns=None):
        result = self._load(rows, columns)
        self.assertFalse(result["messages"])
        return self.env["crm.contract"].with_user(self.user_all).browse(result["ids"])


class TestImportAgain(ImportCommon):
    """A file that is imported once more corrects what it made; it adds nothing."""

    def _get_key(self, record):
        """Return the external id that an export gives a record."""
        [[key]] = record.sudo().export_data(["id"])["datas"]
        return key

    def _lines(self, contract):
        return [
            (line.name, line.quantity, line.price_unit)
            for line in contract.line_ids.sorted("id")
        ]

    def _plan(self, contract):
        rows = contract.installment_ids.sorted("id")
        return [(row.name, row.percentage, row.amount) for row in rows]

    def _check(self, shop, upkeep):
        self.assertEqual(self._lines(shop), [("Shop", 1, 3000), ("Support", 1, 90)])
        self.assertEqual(
            shop.line_ids.sorted("id").mapped("is_recurring"), [False, True]
        )
        one_off = shop.amount_one_off
        self.assertEqual(
            [row[:2] for row in self._plan(shop)], [("Deposit", 40), ("Rest", 60)]
        )
        self.assertAlmostEqual(sum(row[2] for row in self._plan(shop)), one_off)
        milestones = shop.milestone_ids.sorted("id").mapped("name")
        self.assertEqual(milestones, ["Go-live", "Warranty ends"])
        self.assertEqual(self._lines(upkeep), [("Upkeep", 2, 50)])
        self.assertFalse(upkeep.installment_ids or upkeep.milestone_ids)

    def test_the_same_file(self):
        first = self._load_well(self._get_file())
        self._check(*first)
        values = first.mapped("amount_total")
        rows = first.line_ids, first.installment_ids, first.milestone_ids
        second = self._load_well(self._get_file())
        self.assertEqual(second, first)
        self.env.invalidate_all()
        self._check(*second)
        self.assertEqual(second.mapped("amount_total"), values)
        self.assertEqual(
            (second.line_ids, second.installment_ids, second.milestone_ids), rows
        )

    def test_the_ledger_bills_a_month_once(self):
        contracts = self._load_well(self._get_file())
        self._load_well(self._get_file())
        for contract in contracts:
            contract.write(
                {
                    "customer_signatory_id": self.signatory.id,
                    "company_signatory_id": self.manager.id,
                    "clause_ids": [Command.create({"template_id": self.clause.id})],
                }
            )
            self._sign(contract)
            periods = contract.installment_ids.filtered("period_start")
            starts = periods.sorted("period_start").mapped("period_start")
            self.assertEqual(starts[0], self.next_month)
            self.assertEqual(len(starts), len(set(starts)))

    def test_corrections(self):
        contracts = self._load_well(self._get_file())
        lines = contracts.line_ids
        rows = self._get_file()
        rows[0][8], rows[1][6] = "3500", "Support by phone"
        rows[2][7] = "3"
        again = self._load_well(rows)
        self.assertEqual(again.line_ids, lines)
        self.assertEqual(
            self._lines(again[0]), [("Shop", 1, 3500), ("Support by phone", 1, 90)]
        )
        self.assertEqual(self._lines(again[1]), [("Upkeep", 3, 50)])

    def test_more_and_fewer_rows(self):
        contracts = self._load_well(self._get_file())
        rows = self._get_file()
        training = [*NOTHING, "Training", "1", "200", "", ""]
        rows.insert(2, [*training, "", "", "", "", "Hand-over"])
        rows[1][-5:-1] = [""] * 4
        rows[0][14] = "100"
        shop, _upkeep = self._load_well(rows)
        self.assertEqual(
            self._lines(shop),
            [("Shop", 1, 3000), ("Support", 1, 90), ("Training", 1, 200)],
        )
        [(name, percentage, amount)] = self._plan(shop)
        self.assertEqual((name, percentage), ("Deposit", 100))
        self.assertAlmostEqual(amount, shop.amount_one_off)
        self.assertEqual(len(shop.milestone_ids), 3)
        rows = self._get_file()
        rows[0][-5:] = [""] * 5
        shop, upkeep = self._load_well([rows[0], rows[2]])
        self.assertEqual(self._lines(shop), [("Shop", 1, 3000)])
        self.assertFalse(shop.installment_ids or shop.milestone_ids)
        self.assertEqual(shop + upkeep, contracts)

    def test_columns_that_are_not_there(self):
        """A file without columns of lines says nothing of lines."""
        shop, upkeep = self._load_well(self._get_file())
        self._load_well([["moved.a", "Shop of the harbour"]], ["id", "name"])
        self.assertEqual(shop.name, "Shop of the harbour")
        shop.name = "Contract a"
        self._check(shop, upkeep)

    def test_steps(self):
        columns = [
            *COLUMNS,
            "line_ids/step_ids/date_from",
            "line_ids/step_ids/price_unit",
        ]
        row = [*self._get_file()[2], str(self._days(100)), "60"]
        more = [*([""] * len(COLUMNS)), str(self._days(200)), "70"]
        for _time in range(2):
            contract = self._load_well([row, more], columns)
            steps = contract.line_ids.step_ids.sorted("date_from")
            self.assertEqual(steps.mapped("price_unit"), [60, 70])
        contract = self._load_well([[*row[:-1], "65"]], columns)
        self.assertEqual(contract.line_ids.step_ids.mapped("price_unit"), [65])

    def test_ids_of_rows(self):
        """Rows with ids are found wherever they stand; others of the contract stay."""
        columns = ["id", "line_ids/id", "line_ids/name", "line_ids/price_unit"]
        shop, _upkeep = self._load_well(self._get_file())
        lines = shop.line_ids.sorted("id")
        second = self._get_key(lines[1])
        rows = [["moved.a", second, "Support", "95"]]
        self._load_well(rows, columns)
        self.assertEqual(shop.line_ids, lines)
        self.assertEqual(self._lines(shop), [("Shop", 1, 3000), ("Support", 1, 95)])
        rows += [["", "moved.new", "Training", "200"], ["", "", "Travel", "10"]]
        expected = [*self._lines(shop), ("Training", 1, 200), ("Travel", 1, 10)]
        for _time in range(2):
            self._load_well(rows, columns)
            self.assertEqual(self._lines(shop), expected)

    def test_content_of_the_template(self):
        """Rows that the template gave stay where the file has none of its own."""
        template = self.env["crm.contract.template"].create(
            {
                "name": "Upkeep",
                "title": "Upkeep",
                "type_id": self.type.id,
                "line_ids": [Command.create({"name": "Upkeep", "price_unit": 70})],
                "clause_ids": [Command.set(self.clause.ids)],
                "milestone_ids": [Command.create({"name": "Start"})],
                "installment_ids": [Command.create({"name": "All", "percentage": 100})],
            }
        )
        columns = [*COLUMNS, "template_id/.id", "clause_ids/name"]
        row = [*self._head("t"), *([""] * (len(COLUMNS) - 6)), str(template.id), ""]
        for _time in range(2):
            contract = self._load_well([row], columns)
            self.assertEqual(self._lines(contract), [("Upkeep", 1, 70)])
            self.assertEqual(len(contract.clause_ids), 1)
            self.assertEqual(len(contract.milestone_ids), 1)
            self.assertEqual(len(contract.installment_ids), 1)

    def test_frozen_texts_of_a_recalled_draft_stay(self):
        contract = self._create_contract(self.user_all)
        self._submit(contract).action_withdraw()
        key = self._get_key(contract)
        columns = ["id", "document_ids/name", "document_ids/file"]
        for name, file in (("Annex", "RA=="), ("Annex", "RA=="), ("", "")):
            self._load_well([[key, name, file]], columns)
            kinds = contract.document_ids.mapped("kind")
            self.assertCountEqual(kinds, ["text", "annex"] if name else ["text"])

    def test_no_draft_any_more(self):
        shop, upkeep = self._load_well(self._get_file())
        upkeep.write(
            {
                "customer_signatory_id": self.signatory.id,
                "company_signatory_id": self.manager.id,
            }
        )
        self._submit(upkeep)
        rows = self._get_file()
        rows[0][8] = rows[2][8] = "7"
        result = self._load(rows)
        self.assertFalse(result["ids"])
        [message] = result["messages"]
        self.assertEqual(message["type"], "error")
        self.assertEqual(message["rows"], {"from": 2, "to": 2})
        self.assertEqual((message["record"], message["field"]), (1, "name"))
        self.assertIn(upkeep.number, message["message"])
        self.assertIn("To sign", message["message"])
        self.env.invalidate_all()
        self._check(shop, upkeep)

    def test_what_is_not_content(self):
        contract = self._submit(self._create_contract(self.user_all))
        key = self._get_key(contract)
        self._load_well([[key, "7"]], ["id", "color"])
        self.assertEqual(contract.color, 7)

    def test_rows_of_another_contract(self):
        shop, upkeep = self._load_well(self._get_file())
        line = self._get_key(upkeep.line_ids)
        columns = ["id", "line_ids/id", "line_ids/price_unit"]
        result = self._load([["moved.a", line, "7"]], columns)
        [message] = result["messages"]
        self.assertIn("another contract", message["message"])
        self.assertEqual((message["rows"]["from"], message["field"]), (0, "line_ids"))
        columns, rows = [*CONTRACT, *columns[1:]], [[*self._head("c"), line, "7"]]
        result = self._load(rows, columns)
        self.assertEqual(result["messages"][0]["field"], "line_ids")
        self.env.invalidate_all()
        self._check(shop, upkeep)

    def test_contracts_of_others(self):
        contract = self._create_contract(self.user_all, user_id=self.user_all.id)
        key = self._get_key(contract)
        self._submit(contract)
        for name in ("name", "line_ids/name"):
            self.env.invalidate_all()
            result = self._load([[key, "Mine now"]], ["id", name], user=self.user)
            self.assertFalse(result["ids"])
            self.assertNotIn(contract.number, str(result["messages"]))


class TestImportFile(ImportCommon):
    """What a file is asked before it is taken, and what it says it made."""

    def _get_errors(self, rows, columns=None):
        result = self._load(rows, columns)
        self.assertFalse(result["ids"])
        return [
            (row["rows"], row["field"], row["message"]) for row in result["messages"]
        ]

    def _test(self, rows, dryrun=True):
        text = "\n".join(",".join(row) for row in [COLUMNS, *rows])
        model = self.env["base_import.import"].with_user(self.user_all)
        wizard = model.create(
            {
                "res_model": "crm.contract",
                "file": text.encode(),
                "file_type": "text/csv",
                "file_name": "contracts.csv",
            }
        )
        options = {
            "quoting": '"',
            "separator": ",",
            "has_headers": True,
            "float_thousand_separator": "",
            "float_decimal_separator": ".",
            "date_format": "%Y-%m-%d",
            "encoding": "utf-8",
        }
        return wizard.execute_import(COLUMNS, COLUMNS, options, dryrun)

    def test_dry_run_says_what_comes(self):
        """By hand: 3000, and 8 months of 90 and of 2 × 50, with taxes of 15 %."""
        count = self.env["crm.contract"].search_count([])
        result = self._test(self._get_file())
        (message,) = result["messages"]
        self.assertEqual(message["type"], "info")
        self.assertIn("nothing is saved yet", message["message"])
        self.assertIn("2 new contracts, 0 corrected", message["message"])
        self.assertIn("3 lines, 2 installments and 2 milestones", message["message"])
        self.assertIn(self.company.currency_id.format(5198.0), message["message"])
        self.env.invalidate_all()
        self.assertEqual(self.env["crm.contract"].search_count([]), count)

    def test_import_for_real(self):
        self.assertFalse(self._test(self._get_file(), dryrun=False)["messages"])
        self.assertIn("0 new contracts, 2 corrected", self._correct())

    def _correct(self):
        before = self.env.cr.now
        later = add(before(), seconds=1)
        self.patch(self.env.cr, "now", lambda: later)
        return self._load(self._get_file())["summary"]

    def test_negative_quantity(self):
        rows = self._get_file()
        rows[1][7] = "-3"
        (error,) = self._get_errors(rows)
        self.assertEqual(error[:2], ({"from": 0, "to": 1}, "line_ids"))
        self.assertEqual(
            error[2], "Line 2 “Support”, Quantity: enter more than zero, not -3.0."
        )

    def test_billed_beyond_the_end(self):
        rows = self._get_file()
        rows[2][10] = "2199-12-31"
        (error,) = self._get_errors(rows)
        self.assertEqual(error[:2], ({"from": 2, "to": 2}, "line_ids"))
        self.assertIn("Line 1 “Upkeep”, Billed until: 2199-12-31 is after", error[2])

    def test_unknown_unit(self):
        columns = [*COLUMNS, "line_ids/product_uom_id"]
        rows = [[*row, "parsec"] for row in self._get_file()[2:]]
        (error,) = self._get_errors(rows, columns)
        self.assertEqual(error[0], {"from": 0, "to": 0})
        self.assertIn("parsec", error[2])
        self.assertIn("Unit", error[2])

    def test_billed_beyond_a_computed_end(self):
        """Who gives a length instead of an end is told at the submission."""
        contract = self._create_contract(
            date_start="2026-01-01",
            duration=12,
            duration_unit="month",
            installment_ids=False,
            line_ids=[
                Command.create(
                    self._prepare_line_vals(
                        is_recurring=True, billed_until="2027-01-01"
                    )
                )
            ],
        )
        items = self.env["crm.contract.checklist"]._get_missing(contract)
        self.assertIn("after its end", " ".join(item.message for item in items))
        contract.line_ids.billed_until = "2026-12-31"
        items = self.env["crm.contract.checklist"]._get_missing(contract)
        self.assertNotIn("after its end", " ".join(item.message for item in items))

    def test_template_of_the_page(self):
        (template,) = self.env["crm.contract"].get_import_templates()
        with file_open(template["template"].lstrip("/")) as file:
            columns = file.readline().strip().split(",")
        self.assertIn("line_ids/billed_until", columns)

    def test_taken_over_once(self):
        """A file without ids makes contracts anew; the dialog refuses the second ones."""
        rows = [["", *row[1:]] for row in self._get_file()[2:]]
        people = {
            "customer_signatory_id": self.signatory.id,
            "company_signatory_id": self.manager.id,
        }
        first, second = self._load_well(rows), self._load_well(rows)
        self.assertNotEqual(first, second)
        (first + second).write(people)
        dialogs = self.env["crm.contract.take.over"].with_user(self.manager)
        dialog = dialogs.create({"contract_ids": (first + second).ids})
        dialog.action_take_over()
        self.assertEqual((first.state, second.state), ("running", "draft"))
        self.assertIn("same customer, title and first day", dialog.result)
        second.name = "Another"
        dialogs.create({"contract_ids": second.ids}).action_take_over()
        self.assertEqual(second.state, "running")
