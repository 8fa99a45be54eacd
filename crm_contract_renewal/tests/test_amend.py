from datetime import date, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import RenewalCommon


class AmendmentCommon(RenewalCommon):
    """A running contract of twelve months, and what it takes to amend it."""

    def _amend(self, contract, days=0, sign=True, **vals):
        """Draft an amendment in effect some days from now; sign it."""
        amendment = self._draft(contract, days)
        if vals:
            amendment.write(vals)
        return self._sign(amendment) if sign else amendment

    def _draft(self, contract, days=0, reason="More sites"):
        wizard = (
            self.env["crm.contract.amend"]
            .with_user(self.user)
            .create(
                {
                    "contract_id": contract.id,
                    "date_effective": self._days(days),
                    "reason": reason,
                }
            )
        )
        action = wizard.action_amend()
        return contract.browse(action["res_id"]).with_user(self.user)

    def _change_line(self, amendment, **vals):
        amendment.line_ids = [Command.update(amendment.line_ids[:1].id, vals)]
        return amendment

    def _periods(self, contract):
        """Return (first day, last day, amount) of the live periods, in their order."""
        rows = contract.sudo().installment_ids.filtered(
            lambda row: row.trigger == "period" and row.state != "cancelled"
        )
        return sorted((row.period_start, row.period_end, row.amount) for row in rows)

    def _check_tiled(self, contract):
        periods = self._periods(contract)
        self.assertEqual(periods[0][0], contract.date_start)
        for (_start, end, _sum), (start, _end, _amount) in zip(
            periods, periods[1:], strict=False
        ):
            self.assertEqual(start, end + timedelta(days=1))
        return periods

    def _bill(self, contract, until=None):
        rows = contract.installment_ids.filtered(
            lambda row: (
                row._is_open()
                and row.date_due
                and row.date_due <= (until or self.today)
            )
        )
        return rows.with_user(self.accountant)._create_invoices()


class TestAmend(AmendmentCommon):
    """The draft of an amendment, and what becomes of the contract."""

    def test_told_until_it_takes_effect(self):
        amendment = self._amend(self._create_running(), days=5, name="More sites")
        service = self.env["crm.contract.incorporation"]

        def fail(service, contract, amendment):
            raise UserError("Billed")

        with patch.object(type(service), "_take_content", fail):
            service._try(amendment)
        told = amendment.sudo().activity_ids
        self.assertIn("Amendment can't take effect", told.mapped("summary"))
        self._run("renew", 5)
        self.assertEqual(amendment.state, "in_force")
        self.assertFalse(told.exists().filtered("active"))

    def test_draft(self):
        contract = self._create_running()
        amendment = self._draft(contract)
        self.assertEqual(amendment.kind, "amendment")
        self.assertEqual(amendment.origin_id, contract)
        self.assertEqual(amendment.root_id, contract)
        self.assertEqual(amendment.state, "draft")
        self.assertEqual(amendment.create_uid, self.user)
        self.assertFalse(self.env["crm.contract.changes"]._get_printed(amendment))
        self.assertEqual(amendment.amount_effect, 0)
        self.assertEqual(contract.amendment_count, 1)
        with self._refused("changes nothing"):
            amendment.action_submit()

    def test_numbers(self):
        contract = self._create_running()
        numbers = []
        for price in (110, 120):
            amendment = self._draft(contract)
            self._change_line(amendment, price_unit=price)
            self._sign(amendment)
            numbers.append(amendment.number)
        self.assertEqual(numbers, [f"{contract.number}-A1", f"{contract.number}-A2"])
        other = self._sign(self._create_contract())
        self.assertEqual(other.sequence_number, contract.sequence_number + 1)

    def test_price_from_a_day_on(self):
        contract = self._create_running(date_start=date(2026, 1, 1))
        with freeze_time("2026-06-10"):
            self._bill(contract, date(2026, 6, 10))
            amendment = self._draft(contract)
            amendment.date_effective = date(2026, 7, 16)
            self._change_line(amendment, price_unit=162)
            expected = 6 * 100 + round(100 * 15 / 31, 2) + round(162 * 16 / 31, 2)
            expected += 5 * 162
            self.assertAlmostEqual(amendment.amount_total, expected, 2)
            self._sign(amendment)
            self.assertEqual(amendment.state, "signed")
            self.assertEqual(contract.amount_total, 1200)
        with freeze_time("2026-07-16"):
            self._run_renew()
            self.assertEqual(amendment.state, "in_force")
            self.assertEqual(contract.state, "running")
            self.assertAlmostEqual(contract.amount_total, expected, 2)
            self.assertEqual(contract.amount_signed, 1200)
            periods = self._check_tiled(contract)
            self.assertAlmostEqual(sum(row[2] for row in periods), expected, 2)
            self.assertIn((date(2026, 7, 16), date(2026, 7, 31), 83.61), periods)
            self.assertEqual(contract.amount_mrr, 162)
            self.assertFalse(
                self.env["crm.contract.verification"]._get_problems(contract)
            )

    def _run_renew(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_contract_renewal.ir_cron_renew").method_direct_trigger()
        self.env.invalidate_all()

    def test_signed_on_its_day(self):
        contract = self._create_running()
        amendment = self._change_line(self._draft(contract), quantity=3)
        self._sign(amendment)
        self.assertEqual(contract.line_ids.quantity, 3)
        self.assertEqual(contract.amount_total, 3600)
        self.assertEqual(amendment.amount_effect, 2400)
        self._check_tiled(contract)

    def test_value_as_first_signed(self):
        """However often a contract is amended, it tells what was signed at first."""
        contract = self._create_running()
        for quantity, total in ((3, 3600), (5, 6000), (2, 2400)):
            self._sign(self._change_line(self._draft(contract), quantity=quantity))
            self.assertEqual(contract.amount_total, total)
            self.assertEqual(contract.amount_signed, 1200)
            self.assertEqual(contract.amount_event, 1200)

    def test_billed_periods_stay(self):
        contract = self._create_running()
        [invoice] = self._bill(contract)
        wizard = self.env["crm.contract.amend"].create(
            {"contract_id": contract.id, "reason": "Dearer"}
        )
        self.assertIn("staying as they are", wizard.billed_beyond)
        amendment = self._change_line(self._draft(contract), price_unit=200)
        self.assertEqual(amendment.amount_total, 100 + 11 * 200)
        self.assertIn("staying as they are", amendment.billed_beyond)
        self._sign(amendment)
        old, new = contract.line_ids.sorted(lambda line: line.valid_from or date.min)
        self.assertEqual(old.installment_ids.invoice_id, invoice)
        self.assertEqual(new.valid_from, amendment.date_effective)
        self.assertEqual(contract.amount_total, amendment.amount_total)
        self._check_tiled(contract)
        self.assertEqual(contract.amount_mrr, 200)
        with self._refused("is locked"):
            old.with_user(self.user).price_unit = 1
        with self._refused("is locked"):
            old.sudo().unlink()

    def test_not_by_the_day(self):
        line = self._prepare_line_vals(
            price_unit=100, is_recurring=True, tax_ids=False, prorate=False, name="Fee"
        )
        contract = self._create_running(line_ids=[Command.create(line)])
        amendment = self._change_line(self._draft(contract, 10), price_unit=200)
        self.assertEqual(amendment.amount_total, 100 + 11 * 200)
        self._sign(amendment)
        with freeze_time(self._days(10)):
            self._run_renew()
        self.assertEqual(contract.amount_total, 100 + 11 * 200)
        self._check_tiled(contract)

    def test_words_change_in_place(self):
        contract = self._create_running()
        line = contract.line_ids
        self._bill(contract)
        amendment = self._change_line(self._draft(contract), name="Other words")
        self._sign(amendment)
        self.assertEqual(contract.line_ids, line)
        self.assertEqual(line.name, "Other words")
        self._check_tiled(contract)

    def test_lines_come_and_go(self):
        contract = self._create_running()
        self._bill(contract)
        amendment = self._draft(contract, 5)
        vals = self._prepare_line_vals(
            price_unit=50, is_recurring=True, tax_ids=False, name="New fee"
        )
        amendment.line_ids = [
            Command.delete(amendment.line_ids.id),
            Command.create(vals),
        ]
        labels = [
            change["label"]
            for change in self.env["crm.contract.changes"]._get_printed(amendment)
        ]
        self.assertEqual(labels, ["Service content / New fee", "Service content"])
        self._sign(amendment)
        with freeze_time(self._days(5)):
            self._run_renew()
        old, new = contract.line_ids.sorted("id")
        self.assertTrue(old.valid_until)
        self.assertEqual(new.valid_from, self._days(5))
        self.assertEqual(contract.amount_total, amendment.amount_total)
        self.assertEqual(
            contract.line_ids._filter_content().mapped("name"), ["New fee"]
        )

    def test_plan(self):
        contract = self._create_signed(
            line_ids=[
                Command.create(self._prepare_line_vals(price_unit=1000, tax_ids=False))
            ]
        )
        [invoice] = self._bill(contract)
        self.assertEqual(invoice.amount_total, 300)
        amendment = self._change_line(self._draft(contract), price_unit=1200)
        self.assertEqual(amendment.plan_difference, 60)
        deposit, rest = amendment.installment_ids.sorted("id")
        self.assertEqual(deposit.amount, 300)
        with self._refused("does not add up"):
            amendment.action_submit()
        rest.write({"amount_type": "fixed", "amount_fixed": 900})
        self._sign(amendment)
        self.assertEqual(contract.amount_total, 1200)
        self.assertEqual(contract.plan_difference, 0)
        self.assertEqual(contract.amount_invoiced, 300)
        self.assertEqual(contract.amount_remaining, 900)
        self.assertEqual(invoice.installment_ids.amount, 300)
        self.assertFalse(amendment.installment_ids.filtered("date_due"))
        self.assertEqual(amendment.amount_remaining, 0)

    def test_spread_difference(self):
        line = self._prepare_line_vals(price_unit=1000, tax_ids=False)
        contract = self._create_signed(line_ids=[Command.create(line)])
        self._bill(contract)
        amendment = self._change_line(self._draft(contract), price_unit=1234.56)
        amendment.installment_ids = [
            Command.create({"name": "Last", "date": self._days(90), "percentage": 10})
        ]
        amendment.action_spread_difference()
        self.assertEqual(amendment.plan_difference, 0)
        self.assertEqual(min(amendment.installment_ids.mapped("amount")), 116.82)
        self.assertIn(300, amendment.installment_ids.mapped("amount"))
        self._sign(amendment)
        self.assertEqual(contract.plan_difference, 0)
        amendment = self._change_line(self._draft(contract), price_unit=100)
        with self._refused("can take the difference"):
            amendment.action_spread_difference()

    def test_billed_between_draft_and_effect(self):
        contract = self._create_signed(
            line_ids=[
                Command.create(self._prepare_line_vals(price_unit=1000, tax_ids=False))
            ]
        )
        amendment = self._change_line(self._draft(contract, 10), price_unit=2000)
        self._sign(amendment)
        self._bill(contract)
        with freeze_time(self._days(10)):
            self._run_renew()
        self.assertEqual(amendment.state, "in_force")
        amounts = contract.installment_ids.sorted("amount").mapped("amount")
        # The deposit stays; what its share of the new value is more falls due.
        self.assertEqual(amounts, [300, 300, 1400])
        self.assertEqual(contract.plan_difference, 0)
        verification = self.env["crm.contract.verification"]
        self.assertFalse(verification._get_problems(contract))
        # What billing has no part in is a difference.
        self._tamper(contract.installment_ids[-1], name="Another name")
        self.assertIn("Another name", "".join(verification._get_problems(contract)))

    def test_billed_more_between_draft_and_effect(self):
        """What is too much comes off the last rows; the others stay as they are."""
        line = self._prepare_line_vals(price_unit=1000, tax_ids=False)
        shares = ((0, 30), (60, 30), (90, 30), (120, 10))
        contract = self._create_signed(
            line_ids=[Command.create(line)],
            installment_ids=[
                Command.create(
                    {"name": "Part", "date": self._days(days), "percentage": share}
                )
                for days, share in shares
            ],
        )
        self._sign(self._change_line(self._draft(contract, 10), price_unit=500))
        self._bill(contract)
        with freeze_time(self._days(10)):
            self._run_renew()
        rows = contract.installment_ids.sorted("date_due")
        self.assertEqual(rows.mapped("amount"), [300, 150, 50])
        self.assertEqual(rows.mapped("amount_type"), ["fixed", "percent", "fixed"])
        self.assertEqual(contract.plan_difference, 0)

    def test_below_what_is_billed(self):
        contract = self._create_signed(
            line_ids=[
                Command.create(self._prepare_line_vals(price_unit=1000, tax_ids=False))
            ]
        )
        self._bill(contract)
        amendment = self._change_line(self._draft(contract), price_unit=200)
        amendment.installment_ids.sorted("id")[1:].unlink()
        with self._refused("leaves"):
            amendment.action_submit()
        deposit = amendment.installment_ids
        deposit.write({"amount_type": "fixed", "amount_fixed": 200})
        with self._refused("stays at"):
            amendment.action_submit()

    def test_end(self):
        contract = self._create_running()
        for day in (self._days(5), self._days(35)):
            self._bill(contract, day)
        amendment = self._draft(contract)
        amendment.write({"duration": 0, "date_end": self._days(40)})
        with self._refused("billed until"):
            amendment.action_submit()
        amendment.write({"date_end": contract.date_end + relativedelta(months=2)})
        self._sign(amendment)
        self.assertEqual(contract.date_end, amendment.date_end)
        self.assertEqual(contract.amount_total, amendment.amount_total)
        self.assertEqual(len(self._check_tiled(contract)), 13)

    def test_dates(self):
        contract = self._create_running()
        for days, words in ((-5, "before the contract begins"), (400, "ends on")):
            amendment = self._change_line(self._draft(contract, days), price_unit=1)
            with self._refused(words):
                amendment.action_submit()

    def test_what_stays(self):
        contract = self._create_running()
        amendment = self._change_line(self._draft(contract), price_unit=1)
        amendment.partner_id = self.env["res.partner"].create(
            {"name": "Other", "street": "x"}
        )
        with self._refused("new contract"):
            amendment.action_submit()

    def test_clauses(self):
        contract = self._create_running()
        signed_text = contract._get_text_document()
        amendment = self._draft(contract)
        clause = amendment.clause_ids
        clause.body = "<p>Liable for {{ object.number }} without a limit.</p>"
        second = self._create_clause("Notices", "<p>In writing.</p>")
        amendment.clause_ids = [Command.create({"template_id": second.id})]
        # What is signed tells the whole text, placeholders resolved.
        texts = [
            change["new"]
            for change in self.env["crm.contract.changes"]._get_printed(amendment)
        ]
        self.assertIn(f"Liable for {contract.number} without a limit.", texts[0])
        self.assertIn("In writing.", texts[1])
        self._sign(amendment)
        self.assertEqual(len(contract.clause_ids), 2)
        frozen = contract.clause_ids.sorted("id").mapped("body_frozen")
        self.assertIn(f"Liable for {contract.number} without", frozen[0])
        self.assertIn("In writing", frozen[1])
        self.assertEqual(contract._get_text_document(), signed_text)
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        self._tamper(contract.clause_ids[0], body="<p>Liable for nothing.</p>")
        self.assertTrue(self.env["crm.contract.verification"]._get_problems(contract))

    def test_milestones(self):
        contract = self._create_signed(
            milestone_ids=[
                Command.create({"name": name, "date_deadline": self._days(10)})
                for name in ("Design", "Handover")
            ],
        )
        design, handover = contract.milestone_ids.sorted("id")
        design.action_done()
        amendment = self._draft(contract)
        copied = amendment.milestone_ids.sorted("id")
        with self._refused("on the contract"):
            amendment.milestone_ids.action_done()
        copied[1].date_deadline = self._days(50)
        copied[0].unlink()
        with self._refused("is done and has to stay"):
            amendment.action_submit()
        amendment.milestone_ids = [
            Command.create({"name": "Design", "date_deadline": self._days(10)})
        ]

    def test_plan_names_milestones_of_the_contract(self):
        contract = self._create_signed(
            milestone_ids=[Command.create({"name": "Design"})],
        )
        amendment = self._draft(contract)
        amendment.milestone_ids = [Command.create({"name": "Handover"})]
        rest = amendment.installment_ids.sorted("id")[1]
        handover = amendment.milestone_ids.sorted("id")[1]
        rest.write({"trigger": "milestone", "milestone_id": handover.id})
        changes = self.env["crm.contract.changes"]._get_printed(amendment)
        self.assertIn("Handover", [change["new"] for change in changes])
        self._sign(amendment)
        row = contract.installment_ids.sorted("id")[1]
        self.assertEqual(row.milestone_id.name, "Handover")
        self.assertEqual(row.milestone_id.contract_id, contract)

    def test_annexes(self):
        contract = self._create_running(
            document_ids=[Command.create({"name": "Plan of the site", "file": "AAAA"})]
        )
        annex = contract.document_ids._filter_content()
        amendment = self._draft(contract)
        amendment.document_ids._filter_content().unlink()
        amendment.document_ids = [Command.create({"name": "New", "file": "BBBB"})]
        self._sign(amendment)
        self.assertEqual(contract.document_ids._filter_content().name, "New")
        # What was signed can be proven later: its annex is still there.
        self.assertEqual(annex.kind, "former")
        with self._refused("can't be changed or deleted"):
            annex.unlink()

    def test_content_stays_locked(self):
        contract = self._create_running()
        self._sign(self._change_line(self._draft(contract), price_unit=110))
        with self._refused("is locked"):
            contract.line_ids[0].price_unit = 1
        with self._refused("is locked"):
            contract.with_user(self.user).clause_ids.unlink()
        context = {"crm_contract.unlocked": contract.ids, "unlocked": True}
        with self._refused("is locked"):
            contract.with_context(**context).name = "Other"

    def test_contract_is_not_in_force(self):
        for contract, words in (
            (self._create_contract(), "not in force"),
            (self._in_state("ended"), "not in force"),
        ):
            with self._refused(words):
                self._draft(contract)
        amendment = self._draft(self._create_running())
        with self._refused("amendment itself"):
            self._draft(amendment)

    def test_contract_ends_first(self):
        contract = self._create_running()
        pending = self._amend(contract, 20, name="Other title")
        draft = self._draft(contract, 30)
        self._end(contract.with_user(self.manager))
        self.assertEqual(pending.state, "superseded")
        self.assertEqual(pending.version_id.state, "withdrawn")
        with self._refused("not in force"):
            draft.action_submit()
        self.assertNotEqual(contract.name, "Other title")

    def test_downtime_until_after_the_end(self):
        """The core's daily job is first, and ends the contract."""
        contract = self._create_running()
        amendment = self._draft(contract, 31)
        self._sign(self._change_line(amendment, price_unit=200))
        self.env.flush_all()
        with freeze_time(self._days(400)), self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(contract.end_reason, "expired")
        # It took effect before the end, and is over with its contract.
        self.assertEqual(amendment.state, "superseded")
        self.assertEqual(amendment.version_id.state, "signed")
        rows = self._check_tiled(contract)
        self.assertAlmostEqual(sum(row[2] for row in rows), amendment.amount_total, 2)

    def test_suspended(self):
        contract = self._create_running()
        contract.action_suspend()
        amendment = self._amend(contract, name="Other title")
        self.assertEqual(amendment.state, "signed")
        contract.action_resume()
        self.assertEqual(amendment.state, "in_force")
        self.assertEqual(contract.name, "Other title")
        self._check_tiled(contract)

    def test_rights(self):
        contract = self._create_running()
        for user in (self.reader, self.accountant, self.salesman):
            with self._refused("", AccessError):
                contract.with_user(user)._amend(self.today)
        for name, value in (
            ("date_effective", self.today),
            ("kind", "amendment"),
            ("base_version_id", False),
            ("amount_signed", 1.0),
        ):
            with self.subTest(name), self._refused(""):
                contract.with_user(self.manager).write({name: value})

    def test_copy_is_a_contract(self):
        amendment = self._draft(self._create_running())
        copied = amendment.copy()
        self.assertEqual(copied.kind, "contract")
        self.assertFalse(copied.date_effective)
        self.assertNotEqual(copied.line_ids.content_key, amendment.line_ids.content_key)


class TestAmendmentLifeCycle(AmendmentCommon):
    """An agreement is signed and in force; it is neither started nor ended."""

    # By the design: what changes a signed text, and from which states.
    TABLE = {
        "take_effect": ({"signed"}, "in_force"),
        "supersede": ({"signed", "in_force"}, "superseded"),
        "revive": ({"superseded"}, "in_force"),
        "reinstate": ({"superseded"}, "signed"),
    }
    STATES = (
        "draft", "review", "to_sign", "signed", "in_force", "superseded", "cancelled",
    )  # fmt: skip

    def test_own_transitions(self):
        amendment = self._draft(self._create_running(), 10).sudo()
        for name, (sources, target) in self.TABLE.items():
            for state in self.STATES:
                with self.subTest(transition=name, state=state):
                    self._tamper(amendment, state=state)
                    if state in sources:
                        amendment._transition(name)
                        self.assertEqual(amendment.state, target)
                    else:
                        with self._refused("is in the state"):
                            amendment._transition(name)

    def test_is_not_performed(self):
        amendment = self._amend(self._create_running(), 10, name="Other")
        for name in ("start", "suspend", "resume", "end", "reopen"):
            with self._refused("changes another contract"):
                amendment.sudo()._perform(name)
        self.assertEqual(amendment.state, "signed")

    def test_says_what_it_waits_for(self):
        contract = self._create_running()
        amendment = self._amend(contract, 10, name="Other")
        self.assertIn("In force from", amendment.state_note)
        successor = self._renew(contract)
        self._sign(successor)
        self.assertIn("Begins on", successor.state_note)
        self._run("renew", 10)
        self.assertEqual(amendment.state, "in_force")
        self.assertFalse(amendment.state_note)

    def test_reopened_with_its_contract(self):
        contract = self._create_running()
        amendment = self._amend(contract, 0, name="Other")
        pending = self._amend(contract, 20, name="Third")
        self._end(contract.with_user(self.manager))
        self.assertEqual(amendment.state, "superseded")
        termination = self.env["crm.contract.termination"].with_user(self.manager)
        termination._reopen(contract, "By mistake")
        self.assertEqual(amendment.state, "in_force")
        self.assertEqual(pending.state, "signed")
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_search_of_what_is_performed(self):
        contract = self._create_running()
        amendment = self._draft(contract)
        both = contract | amendment
        model = self.env["crm.contract"]
        domain = [("id", "in", both.ids)]
        found = model.search([*domain, ("performs", "=", True)])
        self.assertEqual(found, contract)
        found = model.search([*domain, ("performs", "=", False)])
        self.assertEqual(found, amendment)
        self.assertEqual(both.mapped("performs"), [True, False])
