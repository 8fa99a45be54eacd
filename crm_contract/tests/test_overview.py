import base64

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_books import BooksCommon


@tagged("post_install", "-at_install")
class TestOverview(BooksCommon):
    """What the first page of a contract tells."""

    def _get(self, contract, user=None):
        overviews = self.env["crm.contract.overview"].with_user(user or self.user)
        [overview] = overviews.get_overviews(contract.ids)
        self.assertEqual(overview["id"], contract.id)
        return overview

    def _get_figures(self, contract):
        return {
            figure["key"]: (figure["amount"], round(figure["share"], 4))
            for figure in self._get(contract)["figures"]
        }

    def _get_reasons(self, contract):
        return [duty["why"] for duty in self._get(contract)["duties"]]

    def _get_days(self, contract, key):
        return [
            (event["day"], event["state"], event["amount"])
            for event in self._get(contract)["events"]
            if event["key"] == key
        ]

    def test_figures(self):
        row = self._create_single()
        contract = row.contract_id
        self.assertEqual(
            self._get_figures(contract),
            {
                "value": (575, 1),
                "invoiced": (0, 0),
                "left": (575, 1),
                "paid": (0, 0),
                "overdue": (0, 0),
            },
        )
        invoice = self._post(self._invoice(row))
        with freeze_time(self._days(90)):
            # What the daily job does.
            row.sudo()._compute_books()
            figures = self._get_figures(contract)
            self.assertEqual(figures["overdue"], (575, 1))
            [duty] = [
                duty
                for duty in self._get(contract)["duties"]
                if duty["who"] == self.customer.name
            ]
            self.assertTrue(duty["is_late"])
            self.assertEqual(duty["until"], str(invoice.invoice_date_due))

    def _assert_adds_up(self, contract, **expected):
        """The value is what is told of it, or what is told beyond it is more."""
        figures = {
            key: value for key, (value, _) in self._get_figures(contract).items()
        }
        parts = {
            key: figures[key]
            for key in ("invoiced", "left", "unbilled", "beyond")
            if key in figures
        }
        self.assertEqual(parts, expected)
        whole = sum(parts.values()) - 2 * parts.get("beyond", 0)
        self.assertAlmostEqual(figures["value"], whole)

    def test_waived_is_told(self):
        row = self._create_single()
        self._assert_adds_up(row.contract_id, invoiced=0, left=575)
        self._as_accountant(row)._waive("Goodwill")
        self._assert_adds_up(row.contract_id, invoiced=0, left=0, unbilled=575)

    def test_rest_waived_is_told(self):
        row, _invoice = self._bill_changed(450)
        self._assert_adds_up(row.contract_id, invoiced=517.5, left=57.5)
        self._as_accountant(row)._waive("Goodwill")
        self._assert_adds_up(row.contract_id, invoiced=517.5, left=0, unbilled=57.5)

    def test_more_than_the_value_is_told(self):
        row, _invoice = self._bill_changed(550)
        self._assert_adds_up(row.contract_id, invoiced=632.5, left=-57.5)
        self._as_accountant(row)._waive("They pay it")
        self._assert_adds_up(row.contract_id, invoiced=632.5, left=0, beyond=57.5)

    def test_credited_for_good_is_told(self):
        """Rows that stay credited are neither invoiced nor to be invoiced."""
        row = self._create_single()
        note = self._credit(self._post(self._invoice(row)))
        self._assert_adds_up(row.contract_id, invoiced=0, left=575)
        note.action_keep_credited()
        self._assert_adds_up(row.contract_id, invoiced=0, left=0, unbilled=575)

    def test_free_rows_add_nothing(self):
        """A free row is neither missing nor left over, before and after the bill."""
        contract = self._create_signed(
            line_ids=[Command.create(self._prepare_line_vals(price_unit=500))],
            installment_ids=[
                Command.create({"date": self.today, **vals})
                for vals in (
                    {"name": "All of it", "percentage": 100},
                    {"name": "Gift", "amount_type": "fixed", "amount_fixed": 0},
                )
            ],
        )
        row, free = contract.installment_ids
        self.assertEqual((free.amount, free.state), (0, "free"))
        self._assert_adds_up(contract, invoiced=0, left=575)
        self._post(self._invoice(row))
        self._assert_adds_up(contract, invoiced=575, left=0)
        self.assertEqual(contract.amount_unbilled, 0)

    def test_list_and_page_tell_the_same(self):
        """The field of lists and of the page of money is what the overview tells."""
        row, _invoice = self._bill_changed(450)
        contract = row.contract_id
        self.assertEqual(contract.amount_unbilled, 0)
        self._as_accountant(row)._waive("Goodwill")
        self.assertEqual(contract.amount_unbilled, 57.5)
        self.assertEqual(
            contract.amount_total,
            contract.amount_invoiced
            + contract.amount_remaining
            + contract.amount_unbilled,
        )

    def test_without_an_end(self):
        """The value is that of a year, and the ledger holds another time."""
        contract = self._create_signed(
            is_open_ended=True,
            line_ids=[Command.create(self._prepare_line_vals(is_recurring=True))],
            installment_ids=False,
        )
        self.assertNotIn("unbilled", self._get_figures(contract))
        self.assertNotIn("beyond", self._get_figures(contract))
        self.assertIn("Without an end", self._get(contract)["note"])

    def test_draft_tells_no_rest(self):
        """What the plan of a draft does not cover is told by the draft itself."""
        contract = self._create_contract(installment_ids=False)
        self.assertNotIn("unbilled", self._get_figures(contract))

    def test_framework(self):
        contract = self._create_contract(is_framework=True, amount_ceiling=1000)
        self.assertEqual(
            self._get_figures(contract),
            {"value": (1000, 1), "ordered": (0, 0), "invoiced": (0, 0)},
        )

    def test_nothing_is_worth(self):
        """A share of nothing is nothing, not an error."""
        contract = self._create_contract(line_ids=False, installment_ids=False)
        self.assertEqual(self._get_figures(contract)["invoiced"], (0, 0))

    def test_events(self):
        milestones = [
            Command.create({"name": "Late", "date_deadline": self._days(-1)}),
            Command.create({"name": "Soon", "date_deadline": self._days(7)}),
            Command.create({"name": "Some day"}),
        ]
        contract = self._create_signed(milestone_ids=milestones)
        overview = self._get(contract)
        days = [event["day"] for event in overview["events"]]
        self.assertEqual(days, sorted(days))
        self.assertEqual(
            self._get_days(contract, "milestone"),
            [(str(self._days(-1)), "late", 0), (str(self._days(7)), "ahead", 0)],
        )
        self.assertEqual(
            self._get_days(contract, "installment"),
            [
                (str(self.today), "due", 345),
                (str(self._days(30)), "ahead", 805),
            ],
        )
        self.assertEqual(
            self._get_days(contract, "start"), [(str(self.today), "ahead", 0)]
        )
        # The milestone of yesterday is late, and not what comes next.
        following = overview["events"][overview["next"]]
        self.assertEqual(following["day"], str(self.today))

    def test_over(self):
        contract = self._in_state("ended")
        overview = self._get(contract)
        # The paper is not filed yet.
        self.assertEqual(
            [duty["why"] for duty in overview["duties"]], ["File the originals"]
        )
        self.assertEqual(self._get_days(contract, "end")[0][1], "done")

    def test_who_has_to_act(self):
        contract = self._create_contract()
        [duty] = self._get(contract)["duties"]
        self.assertEqual(duty["who"], self.user.name)
        self._submit(contract)
        [duty] = self._get(contract)["duties"]
        self.assertEqual(duty["who"], f"{self.signatory.name}, {self.manager.name}")
        self._open_sign(contract).action_sign()
        reasons = self._get_reasons(contract)
        self.assertIn("Invoice what is due", reasons)
        self.assertIn("Add the copy that both sides signed", reasons)

    def test_files(self):
        contract = self._create_contract()
        overview = self._get(contract)
        self.assertEqual((overview["text"], overview["signed_copy"]), (False, False))
        self._submit(contract)
        text = contract.document_ids
        url = f"/web/content/crm.contract.document/{text.id}/file"
        self.assertEqual(self._get(contract)["text"], {"name": text.name, "url": url})
        file = base64.b64encode(b"%PDF signed")
        self._open_sign(contract, file=file, filename="paper.pdf").action_sign()
        overview = self._get(contract)
        self.assertEqual(overview["signed_copy"]["name"], "paper.pdf")
        self.assertFalse(overview["can_add_signed_copy"])

    def test_several_at_once(self):
        """One more contract costs no more queries, and they come in their order."""
        contracts = self._create_signed() + self._create_signed()
        contracts += self._create_signed()
        service = self.env["crm.contract.overview"].with_user(self.user)
        counts = []
        for some in (contracts[:1], contracts[::-1]):
            service.get_overviews(some.ids)
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            overviews = service.get_overviews(some.ids)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual([row["id"] for row in overviews], contracts[::-1].ids)
        self.assertLessEqual(counts[1], counts[0])

    def test_rights(self):
        contract = self._create_contract(self.manager, user_id=self.manager.id)
        service = self.env["crm.contract.overview"]
        with self.assertRaises(AccessError):
            service.with_user(self.user).get_overviews(contract.ids)
        with self.assertRaises(AccessError):
            service.with_user(self.env.ref("base.public_user")).get_overviews(
                contract.ids
            )

    def test_arguments(self):
        service = self.env["crm.contract.overview"]
        for ids in (None, [], 1, ["1"], [True], [[1]], list(range(1, 102))):
            with self.assertRaises(UserError):
                service.get_overviews(ids)


@tagged("post_install", "-at_install")
class TestSignedCopy(BooksCommon):
    """The paper that comes after the signature was registered."""

    def _add(self, contract, user=None, **vals):
        copies = self.env["crm.contract.signed.copy"].with_user(user or self.user)
        file = base64.b64encode(b"%PDF signed")
        vals = {"file": file, "filename": "paper.pdf", **vals}
        return copies.create({"contract_id": contract.id, **vals}).action_add()

    def test_add(self):
        contract = self._create_signed()
        self._add(contract)
        document = contract.document_ids.filtered(lambda row: row.kind == "signed")
        self.assertEqual(document._get_file(), b"%PDF signed")
        self.assertEqual(document.version_id, contract.version_id)
        with self.assertRaisesRegex(UserError, "already"):
            self._add(contract)

    def test_not_signed(self):
        with self.assertRaisesRegex(UserError, "not signed yet"):
            self._add(self._submit(self._create_contract()))

    def test_rights(self):
        contract = self._create_signed(self.manager, user_id=self.manager.id)
        with self.assertRaises(AccessError):
            self._add(contract)
        with self.assertRaises(AccessError):
            self._add(self._create_signed(), user=self.accountant)

    def test_no_file(self):
        with self.assertRaises(UserError):
            self._add(self._create_signed(), file=base64.b64encode(b""))
