from freezegun import freeze_time

from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestRebase(AmendmentCommon):
    """Two amendments of one contract: the later signed one is drafted anew."""

    def test_second_one_is_warned(self):
        contract = self._create_running()
        first = self._draft(contract)
        wizard = self.env["crm.contract.amend"].create(
            {"contract_id": contract.id, "reason": "x"}
        )
        self.assertIn(first.display_name, wizard.open_names)

    def test_later_signed_one_is_refused(self):
        contract = self._create_running()
        first = self._change_line(self._draft(contract), price_unit=110)
        second = self._change_line(self._draft(contract), quantity=2)
        late = self._submit(self._change_line(self._draft(contract), quantity=3))
        self._sign(first)
        self.assertTrue(second.is_outdated)
        with self._refused("signed after this amendment was drafted"):
            second.action_submit()
        with self._refused("signed after this amendment was drafted"):
            self._open_sign(late).action_sign()
        with self._refused("Only drafts"):
            late.action_rebase()

    def test_changes_of_both_hold(self):
        contract = self._create_running()
        first = self._draft(contract)
        self._change_line(first, price_unit=110)
        first.clause_ids.body = "<p>Liable twice.</p>"
        second = self._change_line(self._draft(contract), quantity=2)
        self._sign(first)
        second.action_rebase()
        self.assertFalse(second.is_outdated)
        self.assertFalse(second.conflicts)
        self.assertEqual(second.base_version_id.base_id, first.version_id)
        self.assertEqual(second.line_ids.price_unit, 110)
        self.assertEqual(second.line_ids.quantity, 2)
        self.assertEqual(second.amount_base, 1320)
        [change] = second._get_printed_changes()
        self.assertIn("Quantity", change["label"])
        self._sign(second)
        self.assertEqual(contract.amount_total, 2640)
        self.assertIn("Liable twice", contract.clause_ids.body)
        self._check_tiled(contract)

    def test_conflict_is_named(self):
        contract = self._create_running()
        first = self._change_line(self._draft(contract), price_unit=110)
        second = self._change_line(self._draft(contract), price_unit=120)
        self._sign(first)
        second.action_rebase()
        self.assertIn("120", second.conflicts)
        self.assertIn("110", second.conflicts)
        self.assertEqual(second.line_ids.price_unit, 120)

    def test_rows_that_one_side_removed(self):
        contract = self._create_running()
        first = self._draft(contract)
        vals = self._prepare_line_vals(
            name="New fee", price_unit=5, is_recurring=True, tax_ids=False
        )
        first.line_ids = [
            Command.delete(first.line_ids.id),
            Command.create(vals),
        ]
        second = self._change_line(self._draft(contract), price_unit=120)
        third = self._draft(contract)
        third.clause_ids.unlink()
        self._sign(first)
        second.action_rebase()
        self.assertIn("removed", second.conflicts)
        self.assertEqual(set(second.line_ids.mapped("price_unit")), {5, 120})
        third.action_rebase()
        self.assertFalse(third.conflicts)
        self.assertEqual(third.line_ids.name, "New fee")
        self.assertFalse(third.clause_ids)

    def test_builds_on_what_is_pending(self):
        contract = self._create_running()
        first = self._sign(self._change_line(self._draft(contract, 31), price_unit=110))
        self.assertEqual(first.state, "signed")
        second = self._draft(contract, 10)
        self.assertEqual(second.line_ids.price_unit, 110)
        self._change_line(second, quantity=2)
        with self._refused("can't be in effect before"):
            second.action_submit()
        second.date_effective = self._days(92)
        self._sign(second)
        for day in (31, 92):
            with freeze_time(self._days(day)):
                self._run("renew", day)
        self.assertEqual(first.state, "in_force")
        self.assertEqual(second.state, "in_force")
        self.assertAlmostEqual(contract.amount_total, second.amount_total, 2)
        self.assertEqual(len(contract.line_ids), 3)
        self._check_tiled(contract)

    def test_downtime(self):
        contract = self._create_running()
        first = self._sign(self._change_line(self._draft(contract, 5), price_unit=110))
        second = self._sign(self._change_line(self._draft(contract, 9), price_unit=120))
        self._run("renew", 50)
        self.assertEqual((first | second).mapped("state"), ["in_force"] * 2)
        self.assertAlmostEqual(contract.amount_total, second.amount_total, 2)
        self._check_tiled(contract)

    def test_billed_meanwhile(self):
        line = self._prepare_line_vals(price_unit=1000, tax_ids=False)
        contract = self._create_signed(line_ids=[Command.create(line)])
        draft = self._draft(contract)
        draft.clause_ids.body = "<p>Other.</p>"
        self._bill(contract)
        draft.action_rebase()
        deposit = draft.installment_ids.sorted("id")[0]
        self.assertEqual((deposit.amount_type, deposit.amount), ("fixed", 300))
        [change] = draft._get_printed_changes()
        self.assertIn("Other.", change["new"])
