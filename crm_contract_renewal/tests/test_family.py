from odoo.tests import Form
from odoo.tools import html2plaintext

from .test_amend import AmendmentCommon


class TestFamily(AmendmentCommon):
    """A contract, its amendments and renewals as one history."""

    def test_same_for_every_member(self):
        contract = self._create_running()
        amendment = self._amend(contract, 10, name="Other")
        successor = self._renew(contract)
        cancelled = self._draft(contract)
        cancelled.action_cancel()
        family = contract | amendment | successor | cancelled
        for member in family:
            self.assertEqual(member.family_ids, family)
            self.assertEqual(member.family_count, 4)
        self.assertEqual(contract.family_ids[0], contract)
        self.assertEqual(contract.family_ids[-1], successor)

    def test_batch_of_families(self):
        contracts = self._create_running() | self._create_running()
        amendment = self._draft(contracts[0])
        self.assertEqual(contracts[0].family_ids, contracts[0] | amendment)
        self.assertEqual(contracts[1].family_ids, contracts[1])

    def test_text_on_a_day(self):
        contract = self._create_running()
        first = self._amend(contract, 10, name="First")
        second = self._draft(contract, 20)
        second.name = "Second"
        wizard = self.env["crm.contract.text.on"].create({"contract_id": contract.id})
        for days, text in ((9, contract), (10, contract | first)):
            wizard.date = self._days(days)
            self.assertEqual(wizard.version_ids, text.version_id)
        self._sign(second)
        texts = contract | first | second
        for days, text in ((19, contract | first), (20, texts)):
            wizard.date = self._days(days)
            self.assertEqual(wizard.version_ids, text.version_id)
        action = wizard.action_print()
        self.assertEqual(
            action["report_name"], "crm_contract_renewal.report_consolidated"
        )
        wizard.date = self._days(9)
        self.assertEqual(
            wizard.action_print()["report_name"], "crm_contract.report_contract"
        )

    def _print_text(self, contract, day):
        report = self.env["ir.actions.report"].with_user(self.reader)
        data = {"date": str(day), "ids": contract.ids}
        html, _kind = report._render_qweb_html(
            "crm_contract_renewal.report_consolidated", None, data=data
        )
        return " ".join(html2plaintext(html.decode()).split())

    def test_printed_text_of_a_day(self):
        """It says what was agreed on that day, whatever the record says by now."""
        contract = self._create_running()
        self._sign(self._change_line(self._draft(contract, 10), price_unit=150))
        later = self._draft(contract, 20)
        later.clause_ids.body = "<p>Under {{ object.number }}, to no limit.</p>"
        later.name = "New title"
        self._sign(later)
        self._run("renew", 30)
        self.customer.write({"name": "Renamed", "company_registry": "HRB 2"})
        texts = [self._print_text(contract, self._days(days)) for days in (9, 10, 25)]
        for text in texts:
            self.assertIn(f"{contract.number} ", text)
            self.assertIn("Customer Corp", text)
            self.assertNotIn("Renamed", text)
        for part, found in (
            ("100.00", (True, False, False)),
            ("150.00", (False, True, True)),
            ("Liable to the limit", (True, True, False)),
            (f"Under {contract.number}, to no limit", (False, False, True)),
            ("New title", (False, False, True)),
        ):
            with self.subTest(part):
                self.assertEqual(tuple(part in text for text in texts), found)
        amended = [f"with {contract.number}-A1" in text for text in texts]
        self.assertEqual(amended, [False, True, True])

    def test_form(self):
        """Whoever drafts sees the difference; the form opens with lowest rights."""
        amendment = self._draft(self._create_running())
        with Form(amendment) as form:
            form.amendment_reason = "Other reason"
            with form.line_ids.edit(0) as line:
                line.price_unit = 111
        self.assertIn("111", amendment.difference)
        self.assertIn("100", amendment.difference)

    def test_renewal_of_what_is_pending(self):
        contract = self._create_running()
        amendment = self._draft(contract, 10)
        self._change_line(amendment, price_unit=150)
        amendment.write({"duration": 0, "date_end": self._days(500)})
        self._sign(amendment)
        successor = self._renew(contract)
        self.assertEqual(successor.line_ids.price_unit, 150)
        self.assertEqual(successor.date_start, self._days(501))
        self.assertNotEqual(
            successor.line_ids.content_key, amendment.line_ids.content_key
        )

    def test_dialog_looks_at_what_is_pending(self):
        """Prices, clauses and the adjustment are those of the amendment to come."""
        contract = self._create_running()
        amendment = self._draft(contract, 10)
        self._change_line(amendment, price_unit=200)
        amendment.clause_ids.body = "<p>Liable to nothing.</p>"
        self._sign(amendment)
        wizard = self._open_renew(
            contract, uplift="percent", percent=10, refresh_clauses=True
        )
        self.assertGreater(wizard.line_ids.change, 200)
        self.assertRegex(str(wizard.clause_changes), r"(?s)deviates.*Liability")
        self._run("renew", 10)
        self.assertEqual(len(contract.line_ids), 2)
        wizard = self._open_renew(contract, uplift="percent", percent=10)
        # The line of before the amendment is history: nothing of it is renewed.
        [line] = contract.line_ids._filter_content()
        self.assertAlmostEqual(
            wizard.line_ids.change, line._get_recurring_value()[0] / 10, places=2
        )

    def test_adjustment_that_is_pending(self):
        contract = self._create_running()
        self._amend(contract, 10, adjustment="percent", adjustment_percent=7)
        self.assertFalse(contract.adjustment)
        wizard = self._open_renew(contract, uplift="agreed")
        wizard.action_renew()
        self.assertAlmostEqual(contract.renewal_ids.line_ids.price_unit, 107)

    def test_renewal_without_history(self):
        contract = self._create_running()
        self._sign(self._change_line(self._draft(contract, 10), price_unit=150))
        self._run("renew", 10)
        self.assertEqual(len(contract.line_ids), 2)
        self.assertEqual(self._renew(contract).line_ids.price_unit, 150)

    def test_amended_while_its_renewal_is_in_draft(self):
        contract = self._create_running()
        successor = self._renew(contract)
        self._sign(self._change_line(self._draft(contract, 10), price_unit=150))
        activity = successor.activity_ids.filtered(
            lambda row: "amended" in (row.summary or "")
        )
        self.assertEqual(activity.user_id, self.user)
        self.assertIn("150", activity.note)
