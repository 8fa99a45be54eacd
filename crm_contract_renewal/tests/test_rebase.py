from freezegun import freeze_time

from odoo.exceptions import AccessError
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
        [change] = self.env["crm.contract.changes"]._get_printed(second)
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
        [change] = self.env["crm.contract.changes"]._get_printed(draft)
        self.assertIn("Other.", change["new"])

    def test_submitted_when_decided(self):
        contract = self._create_running()
        first = self._change_line(self._draft(contract), price_unit=110)
        second = self._change_line(self._draft(contract), price_unit=120)
        self._sign(first)
        second.action_rebase()
        with self._refused("Decide first"):
            second.action_submit()
        [conflict] = self._conflicts(second)
        self.assertEqual(conflict.stands, "mine")
        conflict.with_user(self.user).action_keep_mine()
        self.assertEqual(conflict.decided_by_id, self.user)
        self.assertFalse(second.conflicts)
        self._sign(second)
        self.assertEqual(contract.line_ids._filter_content().price_unit, 120)

    def test_take_what_was_signed(self):
        contract = self._create_running()
        first = self._change_line(self._draft(contract), price_unit=110)
        second = self._draft(contract)
        self._change_line(second, price_unit=120, quantity=3)
        self._sign(first)
        second.action_rebase()
        self._conflicts(second).with_user(self.user).action_take_theirs()
        self.assertEqual(second.line_ids.price_unit, 110)
        self.assertEqual(second.line_ids.quantity, 3)
        with self._refused("decided already"):
            self._conflicts(second).with_user(self.user).action_keep_mine()

    def test_what_really_stands(self):
        """Open-ended was signed, a draft says 18 months: one of the two, as told."""
        contract = self._create_running()
        first = self._draft(contract)
        first.is_open_ended = True
        second = self._draft(contract)
        second.duration = 18
        third = self._draft(contract)
        third.duration = 18
        self._sign(first)
        for draft in (second, third):
            draft.action_rebase()
            self.assertFalse(draft.is_open_ended)
            self.assertEqual(draft.duration, 18)
            self.assertTrue(draft.date_end)
            [conflict] = self._conflicts(draft)
            self.assertIn("18", conflict.mine)
            self.assertIn("of this draft stands", draft.conflicts)
        self._conflicts(third).with_user(self.user).action_take_theirs()
        self.assertTrue(third.is_open_ended)
        self.assertFalse(third.date_end)
        self._conflicts(second).with_user(self.user).action_keep_mine()
        self._sign(second)
        self.assertEqual((contract.is_open_ended, contract.duration), (False, 18))

    def test_both_add_the_same(self):
        """A line and a clause that both amendments add: kept once, or twice."""
        contract = self._create_running()
        line = self._prepare_line_vals(
            name="Second site", price_unit=50, is_recurring=True, tax_ids=False
        )
        clause = self._create_clause("Data", "<p>Kept secret.</p>")
        drafts = [self._draft(contract) for _index in range(4)]
        for draft in drafts:
            draft.line_ids = [Command.create(line)]
            draft.clause_ids = [Command.create({"template_id": clause.id})]
        self._sign(drafts[0])
        for draft, action, number in (
            (drafts[1], "action_keep_mine", 2),
            (drafts[2], "action_take_theirs", 2),
            (drafts[3], "action_keep_both", 3),
        ):
            draft.action_rebase()
            # The line names the product of the first line, too, which is no news.
            self.assertEqual(len(draft.line_ids), 3)
            self.assertIn("both stand", draft.conflicts)
            conflicts = self._conflicts(draft)
            self.assertEqual(len(conflicts), 2)
            getattr(conflicts.with_user(self.user), action)()
            self.assertEqual(len(draft.line_ids), number, action)
            self.assertFalse(draft.conflicts)
        self.assertFalse(
            self.env["crm.contract.changes"]._get_differences(drafts[2]),
            "It says what was signed already.",
        )

    def test_only_rows_can_both_hold(self):
        contract = self._create_running()
        first = self._change_line(self._draft(contract), price_unit=110)
        second = self._change_line(self._draft(contract), price_unit=120)
        self._sign(first)
        second.action_rebase()
        with self._refused("Only one"):
            self._conflicts(second).with_user(self.user).action_keep_both()
        with self._refused("", AccessError):
            self._conflicts(second).with_user(self.reader).action_keep_mine()

    def _create_with_milestone(self):
        """Return a contract with a plan, one row of which waits for a milestone."""
        line = self._prepare_line_vals(price_unit=1000, tax_ids=False)
        contract = self._create_contract(
            line_ids=[Command.create(line)],
            milestone_ids=[
                Command.create({"name": "Acceptance"}),
                Command.create({"name": "Handover"}),
            ],
        )
        waiting = contract.installment_ids.sorted("sequence")[-1:]
        acceptance = contract.milestone_ids.filtered(lambda m: m.name == "Acceptance")
        waiting.write({"trigger": "milestone", "milestone_id": acceptance.id})
        return self._sign(contract)

    def _remove_milestone(self, draft, name):
        milestone = draft.milestone_ids.filtered(lambda m: m.name == name)
        draft.installment_ids.filtered(lambda r: r.milestone_id == milestone).write(
            {"trigger": "date", "date": self._days(90), "milestone_id": False}
        )
        milestone.unlink()

    def _wait_for(self, draft, name):
        milestone = draft.milestone_ids.filtered(lambda m: m.name == name)
        row = draft.installment_ids.filtered(lambda r: not r.milestone_id)[:1]
        row.write({"trigger": "milestone", "milestone_id": milestone.id})
        return row

    def test_milestone_that_the_draft_removed(self):
        """What was signed lets an installment wait for it: it comes back."""
        contract = self._create_with_milestone()
        first, second = self._draft(contract), self._draft(contract)
        self._wait_for(first, "Handover")
        self._remove_milestone(second, "Handover")
        self._sign(first)
        second.action_rebase()
        self.assertIn("Handover", second.milestone_ids.mapped("name"))
        self.assertIn("waits for it", second.conflicts)
        conflict = self._conflicts(second)
        self.assertEqual(conflict.stands, "theirs")
        with self._refused("waits for it"):
            conflict.with_user(self.user).action_keep_mine()
        conflict.with_user(self.user).action_take_theirs()
        self.assertFalse(second.conflicts)

    def test_milestone_that_was_removed_meanwhile(self):
        contract = self._create_with_milestone()
        first, second = self._draft(contract), self._draft(contract)
        self._remove_milestone(first, "Handover")
        row = self._wait_for(second, "Handover")
        self._sign(first)
        second.action_rebase()
        self.assertEqual(row.milestone_id.name, "Handover")
        conflict = self._conflicts(second)
        self.assertEqual(conflict.stands, "mine")
        with self._refused("waits for it"):
            conflict.with_user(self.user).action_take_theirs()
        row.write({"trigger": "date", "date": self._days(5), "milestone_id": False})
        conflict.with_user(self.user).action_take_theirs()
        self.assertNotIn("Handover", second.milestone_ids.mapped("name"))

    def test_milestone_and_its_row_were_removed(self):
        contract = self._create_with_milestone()
        first, second = self._draft(contract), self._draft(contract)
        first.installment_ids.filtered("milestone_id").unlink()
        first.installment_ids.write({"amount_type": "percent", "percentage": 100})
        first.milestone_ids.unlink()
        second.line_ids.name = "Other words"
        self._sign(first)
        second.action_rebase()
        self.assertFalse(second.milestone_ids)
        self.assertEqual(len(second.installment_ids), 1)

    def test_outdated_is_not_decided(self):
        contract = self._create_running()
        drafts = [
            self._change_line(self._draft(contract), price_unit=price)
            for price in (110, 120, 130)
        ]
        self._sign(drafts[0])
        drafts[1].action_rebase()
        drafts[2].action_rebase()
        self._conflicts(drafts[1]).with_user(self.user).action_keep_mine()
        self._sign(drafts[1])
        with self._refused("rebase"):
            self._conflicts(drafts[2]).with_user(self.user).action_take_theirs()
        drafts[2].action_rebase()
        [conflict] = self._conflicts(drafts[2])
        self.assertIn("120", conflict.theirs)
        conflict.with_user(self.user).action_take_theirs()
        self.assertEqual(drafts[2].line_ids.price_unit, 120)

    def _conflicts(self, amendment):
        return (
            self.env["crm.contract.conflict"]
            .with_user(self.user)
            .search([("amendment_id", "=", amendment.id)])
        )
