from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from .common_end import TODAY, EndCommon


@freeze_time(TODAY)
class TestReopen(EndCommon):
    """An end that is taken back, and a ledger without gap or double billing."""

    WHOLE = [(1, 1, 31), (2, 1, 28), (3, 1, 31), (4, 1, 30)]

    def _tiles(self, contract):
        return [row[:3] for row in self._periods(contract)]

    def test_by_managers_with_a_reason(self):
        contract = self._create_fee()
        self._terminate(contract)
        for user in (self.user, self.user_all, self.reader, self.accountant):
            with self._refused("", AccessError):
                self._reopen(contract, user=user)
            with self._refused("", AccessError):
                self.env["crm.contract.termination"].with_user(user)._reopen(
                    contract.with_user(user), "Why not"
                )
        with self._refused("Say why"):
            self._reopen(contract, reason=" ")
        with self._refused("", AccessError):
            contract.with_user(self.manager).write({"state": "running"})
        self._reopen(contract)
        self.assertEqual(contract.state, "running")
        self.assertFalse(contract.end_reason)
        self.assertFalse(contract.date_ended)
        self.assertFalse(contract.termination_id)
        self.assertIn("Both changed their minds", contract.message_ids[0].body)
        self.assertTrue(contract.date_next_rung)

    def test_what_the_end_told(self):
        """What is to be done after an end that came by itself, goes with the end."""
        ended = self.env.ref("crm_contract.mail_activity_type_ended")
        contract = self._terminate(self._create_fee(), date(2026, 3, 20))
        self._run_on("renew", "2026-03-21")
        self.assertEqual(contract.state, "ended")
        self.assertIn(ended, contract.sudo().activity_ids.activity_type_id)
        with freeze_time("2026-03-21"):
            self._reopen(contract)
        self.assertEqual(contract.state, "running")
        self.assertNotIn(ended, contract.sudo().activity_ids.activity_type_id)

    def test_nothing_was_billed(self):
        contract = self._create_fee()
        before = self._periods(contract)
        self._terminate(contract)
        self.assertEqual(len(self._periods(contract)), 3)
        self._reopen(contract)
        self.assertEqual(self._periods(contract), before)

    def test_the_short_period_was_billed(self):
        """The rest of the month is a row of its own, and stays one."""
        contract = self._create_fee()
        self._terminate(contract)
        self._bill(self._row_of(contract, 3))
        self._reopen(contract)
        parts = [(3, 1, 10, 100, "invoiced"), (3, 11, 31, 210, "planned")]
        self.assertEqual(self._periods(contract)[2:4], parts)
        self.assertEqual(len(self._periods(contract)), 13)
        ledger = self.env["crm.contract.ledger"]
        ledger._rebuild(contract, date(2026, 3, 20))
        ledger._extend(contract, date(2026, 1, 1))
        self.assertEqual(self._periods(contract)[2:4], parts)
        # Ended and reopened once more, in the rest
        with freeze_time("2026-03-20"):
            self._terminate(contract, date(2026, 3, 20))
            self.assertEqual(self._periods(contract)[-1][:4], (3, 11, 20, 100))
            self._bill(self._row_of(contract, 3)[1])
            self._reopen(contract)
        self.assertEqual(
            [row[1:4] for row in self._periods(contract)[2:5]],
            [(1, 10, 100), (11, 20, 100), (21, 31, 110)],
        )

    def test_billed_in_full_whatever_the_days(self):
        contract = self._create_fee(line={"prorate": False})
        self._terminate(contract)
        self._bill(self._row_of(contract, 3))
        self._reopen(contract)
        self.assertEqual(
            self._periods(contract)[2:4],
            [(3, 1, 10, 310, "invoiced"), (4, 1, 30, 310, "planned")],
        )

    def _create_billed(self, months=(3, 4)):
        """Return a contract that is terminated when months were billed before."""
        contract = self._create_fee()
        invoices = [self._bill(self._row_of(contract, month)) for month in months]
        self._terminate(contract)
        return contract, invoices

    def _post_settlement(self, contract):
        for move in self._get_settlement(contract).with_user(self.accountant):
            move.invoice_date = TODAY
            move.action_post()
        self.env.invalidate_all()

    def test_draft_credit_notes(self):
        contract, _invoices = self._create_billed()
        with self._refused("settled by drafts"):
            self._reopen(contract)
        self._get_settlement(contract).button_cancel()
        self._reopen(contract)
        # The invoices stand, and nothing of their periods is billed again.
        self.assertEqual(self._tiles(contract)[:4], self.WHOLE)
        self.assertEqual(self._get_net(contract), 620)

    def test_posted_credit_notes(self):
        contract, _invoices = self._create_billed()
        self._post_settlement(contract)
        self.assertEqual(self._get_net(contract), 100)
        self.assertEqual(self._row_of(contract, 4).state, "cancelled")
        self._reopen(contract)
        self.assertEqual(
            self._periods(contract)[2:5],
            [
                (3, 1, 10, 100, "invoiced"),
                (3, 11, 31, 210, "planned"),
                (4, 1, 30, 310, "planned"),
            ],
        )
        self._bill(self._row_of(contract, 3)[1] + self._row_of(contract, 4))
        self.assertEqual(self._get_net(contract), 620)
        self.assertEqual(len(self._periods(contract)), 13)

    def test_suspended_days_stay_billed(self):
        """Three of March were suspended after they were billed, and stay so."""
        contract = self._create_fee()
        self._bill(self._row_of(contract, 3))
        with freeze_time("2026-03-04"):
            contract.action_suspend()
        with freeze_time("2026-03-07"):
            contract.action_resume()
        self._terminate(contract)
        self._post_settlement(contract)
        self.assertEqual(self._get_net(contract), 100)
        self._reopen(contract)
        self.assertEqual(
            self._periods(contract)[2:4],
            [(3, 1, 10, 100, "invoiced"), (3, 11, 31, 210, "planned")],
        )

    def test_posted_credit_notes_stay_posted(self):
        contract, _invoices = self._create_billed(months=(3,))
        self._post_settlement(contract)
        credit_note = self._get_settlement(contract).with_user(self.accountant)
        self._reopen(contract)
        with self._refused("can't come back"):
            credit_note.button_draft()

    def test_credit_for_another_reason(self):
        contract = self._create_fee()
        invoice = self._bill(self._row_of(contract, 3))
        credit_note = invoice._reverse_moves([{"invoice_date": TODAY}])
        credit_note.invoice_line_ids.price_unit = 50
        credit_note.action_post()
        self._terminate(contract, settle=False)
        self._reopen(contract)
        self.assertEqual(self._tiles(contract)[:4], self.WHOLE)
        credit_note.button_draft()

    def test_invoices_that_stand(self):
        contract = self._create_fee()
        self._bill(self._row_of(contract, 3))
        self._terminate(contract, settle=False)
        self._reopen(contract)
        self.assertEqual(self._tiles(contract)[:4], self.WHOLE)

    def test_billed_anew(self):
        """A draft invoice was cancelled and billed anew up to the end."""
        contract = self._create_fee()
        invoice = self._invoice(self._row_of(contract, 3) + self._row_of(contract, 4))
        self._terminate(contract)
        self.assertEqual(invoice.sudo().mapped("state"), ["cancel", "cancel"])
        with self._refused("can't come back"):
            invoice.with_user(self.accountant).button_draft()
        self._bill(self._row_of(contract, 3))
        self._reopen(contract)
        self.assertEqual(
            self._periods(contract)[2:5],
            [
                (3, 1, 10, 100, "invoiced"),
                (3, 11, 31, 210, "planned"),
                (4, 1, 30, 310, "planned"),
            ],
        )

    def test_plan_is_live_again(self):
        contract = self._create_with_plan()
        first, second = contract.installment_ids._filter_plan()
        self._bill(first)
        self._terminate(contract)
        self.assertEqual((first.state, second.state), ("invoiced", "cancelled"))
        self._reopen(contract)
        self.assertEqual((first.state, second.state), ("invoiced", "planned"))

    def test_completed(self):
        contract = self._create_fee()
        self._end(contract.with_user(self.manager))
        self._reopen(contract)
        self.assertEqual(self._tiles(contract)[:4], self.WHOLE)

    def test_recurring_revenue_did_not_churn(self):
        contract = self._create_fee()
        self._terminate(contract)
        with freeze_time("2026-03-25"):
            self._reopen(contract)
        movements = self.env["crm.contract.mrr.movement"]
        domain = [("contract_id", "=", contract.id)]
        log = movements.search(domain, order="number")
        self.assertEqual(
            log.mapped(lambda row: (row.date, row.kind, row.amount_mrr)),
            [
                (date(2026, 1, 1), "new", 310),
                (date(2026, 3, 11), "churn", -310),
                (date(2026, 3, 11), "churn", 310),
            ],
        )
        self.assertEqual(sum(log.mapped("amount_mrr")), 310)
        with freeze_time("2026-04-10"):
            self._terminate(contract, date(2026, 4, 10))
        log = movements.search(domain, order="number")
        self.assertEqual((len(log), log[-1].amount_mrr), (4, -310))
        self.assertFalse(sum(log.mapped("amount_mrr")))

    def test_over(self):
        contract = self._create_fee()
        self._run_on("advance", "2027-01-01", "crm_contract")
        self.assertEqual(contract.end_reason, "expired")
        with freeze_time("2027-01-01"), self._refused("Copy it to a new contract"):
            self._reopen(contract)
        # An expired one whose term is not over after all
        with freeze_time("2026-12-31"):
            self._reopen(contract)
        self.assertEqual(contract.state, "running")

    def test_successor_took_its_place(self):
        contract = self._create_fee()
        contract.sudo()._action_end("superseded", TODAY)
        with self._refused("can't be reopened"):
            self._reopen(contract)
        amendment = self._create_fee()._amend(TODAY, "Cheaper")
        amendment.line_ids.price_unit = 300
        self._sign(amendment)
        self.assertEqual(amendment.state, "in_force")
        with self._refused("has not ended"):
            self._reopen(amendment)
        with self._refused("has not ended"):
            self._reopen(self._create_fee())

    def _terminate_with_penalty(self, contract, owed_by, day=TODAY):
        self._terminate(
            contract,
            day,
            penalty="fixed",
            penalty_fixed=500,
            penalty_owed_by=owed_by,
            penalty_clause_id=contract.clause_ids.id,
        )
        return self._get_settlement(contract).with_user(self.accountant)

    def test_penalty_has_to_be_undone(self):
        for owed_by in ("customer", "us"):
            contract = self._create_fee()
            move = self._terminate_with_penalty(contract, owed_by)
            with self._refused("settled by drafts"):
                self._reopen(contract)
            move.invoice_date = TODAY
            move.action_post()
            with self._refused("Reverse it first"):
                self._reopen(contract)
            move._reverse_moves([{"invoice_date": TODAY}], cancel=True)
            self._reopen(contract)
            rows = contract.sudo().installment_ids
            penalty = rows.filtered(lambda row: row.trigger == "penalty")
            self.assertEqual(len(penalty), owed_by == "customer")
            self.assertEqual(penalty.filtered("is_cancelled"), penalty)
            # A second end can be settled with a penalty again.
            again = self._terminate_with_penalty(contract, owed_by)
            self.assertEqual(again.state, "draft")

    def test_take_a_termination_back(self):
        contract = self._create_fee(renewal_mode="automatic")
        before = self._periods(contract)
        self._bill(self._row_of(contract, 3))
        self._terminate(contract, date(2026, 3, 20))
        self.assertEqual(contract.state, "running")
        with self._refused("", AccessError):
            self._reopen(contract, user=self.user)
        with self._refused("settled by drafts"):
            self._reopen(contract)
        self._post_settlement(contract)
        self._reopen(contract)
        self.assertFalse(contract.date_termination)
        self.assertFalse(contract.renewal_decision)
        self.assertTrue(contract.date_next_rung)
        self.assertEqual(
            self._periods(contract)[2:4],
            [(3, 1, 20, 200, "invoiced"), (3, 21, 31, 110, "planned")],
        )
        self.assertEqual(self._periods(contract)[4:], before[3:])
        self._run_on("renew", "2026-03-21")
        self.assertEqual(contract.state, "running")
        self._run_on("renew", "2026-10-05")
        self.assertTrue(contract.renewal_ids)

    @mute_logger("odoo.sql_db")
    def test_dialog_says_what_stands_against_it(self):
        contract, _invoices = self._create_billed()
        wizard = (
            self.env["crm.contract.reopen"]
            .with_user(self.manager)
            .create({"contract_id": contract.id, "reason": "x"})
        )
        self.assertIn("settled by drafts", wizard.refusal)
        self.assertFalse(wizard.is_ahead)
