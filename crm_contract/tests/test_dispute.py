from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from .test_ageing import AgeingCommon
from .test_late_interest import LateInterestCommon


class DisputeCommon(AgeingCommon):
    """A contract whose invoice of 1150 was due ten days ago, and a dispute over it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lawyer = cls._create_user(
            "dispute_lawyer",
            "crm_contract.crm_contract_group_user_all,"
            "sales_team.group_sale_salesman_all_leads",
        )

    def _create_owed(self, days=10, **vals):
        return super()._create_owed(days, **vals)

    def _dispute(self, contract, user=None, **vals):
        disputes = self.env["crm.contract.dispute"].with_user(user or self.user)
        return disputes.create(
            {"name": "Outage", "contract_id": contract.id, "amount_claim": 500, **vals}
        )

    def _dispute_row(self, row, **vals):
        return self._dispute(
            row.contract_id, installment_ids=[Command.link(row.id)], **vals
        )

    def _get_kinds(self, contract):
        return contract.sudo().env["crm.contract.event"].search(
            [("contract_id", "=", contract.id)], order="number"
        ).mapped("kind")  # fmt: skip


class TestDispute(DisputeCommon):
    """What a dispute is about, how it goes on, and who may do so."""

    def test_opened(self):
        contract = self._create_signed()
        dispute = self._dispute(contract)
        self.assertRegex(dispute.number, r"^DSP/\d{4}/\d{4}$")
        self.assertEqual(dispute.state, "negotiation")
        self.assertEqual(dispute.user_id, self.user)
        self.assertEqual(dispute.stage_ids.mapped("state"), ["negotiation"])
        self.assertIn("dispute_opened", self._get_kinds(contract))
        self.assertEqual(self.customer.contract_dispute_count, 1)

    def test_needs_a_signed_contract(self):
        with self.assertRaisesRegex(ValidationError, "not signed"):
            self._dispute(self._create_contract())

    def test_other_contracts_and_customers(self):
        row = self._create_owed()
        stranger = self.customer.copy({"name": "Other"})
        signatory = self.signatory.copy({"parent_id": stranger.id})
        other = self._create_owed(
            partner_id=stranger.id, customer_signatory_id=signatory.id
        )
        twin = self._create_owed()
        contract = row.contract_id
        for name, stranger in (
            ("invoice_ids", other.invoice_id),
            ("invoice_ids", twin.invoice_id),
            ("installment_ids", other),
            ("installment_ids", twin),
        ):
            with (
                self.subTest(name=name),
                self.assertRaisesRegex(ValidationError, "another contract or customer"),
            ):
                self._dispute(
                    contract, self.lawyer, **{name: [Command.link(stranger.id)]}
                )
        with self.assertRaisesRegex(ValidationError, "another contract"):
            self._dispute(contract, clause_id=twin.contract_id.clause_ids[:1].id)
        # Nor later, around the form.
        dispute = self._dispute(contract, self.lawyer)
        with self.assertRaisesRegex(ValidationError, "another contract or customer"):
            dispute.write({"invoice_ids": [Command.link(other.invoice_id.id)]})
        with self.assertRaisesRegex(UserError, "can't be changed"):
            dispute.write({"contract_id": other.contract_id.id})

    def test_invoice_of_another_customer_without_contract(self):
        contract = self._create_signed()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "invoice_line_ids": [
                        Command.create({"name": "x", "price_unit": 10})
                    ],
                }
                for partner in (stranger, self.customer)
            ]
        )
        with self.assertRaisesRegex(ValidationError, "another contract or customer"):
            self._dispute(
                contract, self.lawyer, invoice_ids=[Command.link(moves[0].id)]
            )
        moves.action_post()
        dispute = self._dispute(
            contract, self.lawyer, invoice_ids=[Command.link(moves[1].id)]
        )
        self.assertTrue(moves[1].is_disputed)
        dispute.action_withdraw("Paid")
        self.assertFalse(moves[1].is_disputed)

    def test_rows_that_are_not_invoiced(self):
        row = self._create_row()
        with self.assertRaisesRegex(ValidationError, "not invoiced"):
            self._dispute_row(row)

    def test_owned(self):
        dispute = self._dispute(self._create_signed())
        for name, value in (
            ("state", "settled"),
            ("number", "X"),
            ("outcome", "Won"),
            ("date_closed", self.today),
            ("pay", "credit"),
            ("date_limitation", self.today),
        ):
            with self.subTest(name=name), self.assertRaises(AccessError):
                dispute.write({name: value})
        with self.assertRaises(AccessError):
            dispute.stage_ids.write({"date_start": self._days(-99)})
        interruptions = dispute.env["crm.contract.dispute.interruption"]
        with self.assertRaises(AccessError):
            interruptions.create(
                {"dispute_id": dispute.id, "kind": "demand", "date": self.today}
            )
        with self.assertRaisesRegex(UserError, "withdraw"):
            dispute.with_user(self.manager).sudo().unlink()
        with self.assertRaises(AccessError):
            self._dispute(dispute.contract_id, number="X")
        with self.assertRaisesRegex(UserError, "another one"):
            dispute.copy()

    def test_rights(self):
        dispute = self._dispute(self._create_signed(), self.user)
        for user in (self.reader, self.accountant):
            self.assertTrue(dispute.with_user(user).has_access("read"))
            self.assertFalse(dispute.with_user(user).has_access("write"))
        stranger = self._create_user(
            "dispute_stranger", "crm_contract.crm_contract_group_user"
        )
        self.assertFalse(dispute.with_user(stranger).has_access("read"))
        with self.assertRaises(AccessError):
            dispute.with_user(stranger).action_withdraw("No")
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.base.models.ir_rule"),
        ):
            self._dispute(dispute.contract_id, stranger)
        with self.assertRaises(AccessError):
            dispute.with_user(self.accountant).action_withdraw("No")
        dispute.user_id = stranger
        self.assertTrue(dispute.with_user(stranger).has_access("write"))

    def test_ladder(self):
        dispute = self._dispute(self._create_signed(), date_opened=self.today)
        dispute.action_escalate("mediate", body="Chamber", note="They refused")
        dispute.action_escalate("sue", reference="1 C 23/26")
        self.assertEqual(dispute.state, "court")
        stages = dispute.stage_ids.sorted("id")
        self.assertEqual(stages.mapped("state"), ["negotiation", "mediation", "court"])
        self.assertEqual(stages[0].outcome, "They refused")
        self.assertEqual(
            (stages[1].body, stages[2].reference), ("Chamber", "1 C 23/26")
        )
        with self.assertRaisesRegex(UserError, "is possible from"):
            dispute.action_escalate("arbitrate")
        with self.assertRaisesRegex(UserError, "step"):
            dispute.action_escalate("nonsense")
        dispute.action_decide("Dismissed")
        self.assertEqual((dispute.state, dispute.outcome), ("decided", "Dismissed"))
        self.assertFalse(dispute.is_open)
        with self.assertRaisesRegex(UserError, "is closed"):
            dispute.amount_claim = 1
        dispute.action_reopen("Appeal")
        self.assertEqual((dispute.state, dispute.outcome), ("negotiation", False))
        kinds = self._get_kinds(dispute.contract_id)
        self.assertEqual(
            [kind for kind in kinds if kind.startswith("dispute")],
            ["dispute_opened", *["dispute_moved"] * 2, "dispute_closed",
             "dispute_reopened"],
        )  # fmt: skip

    def test_forum_of_the_contract(self):
        for method, allowed, refused in (
            ("arbitration", "arbitrate", "sue"),
            ("court", "sue", "arbitrate"),
            ("mediation", "sue", "arbitrate"),
        ):
            contract = self._create_signed(dispute_method=method)
            dispute = self._dispute(contract)
            with self.assertRaisesRegex(UserError, "provides for"):
                dispute.action_escalate(refused)
            dispute.action_escalate(allowed)

    def test_forum_of_the_type(self):
        self.type.dispute_forum = "arbitration"
        dispute = self._dispute(self._create_signed())
        with self.assertRaisesRegex(UserError, "Arbitration"):
            dispute.action_escalate("sue")
        self.type.dispute_forum = False
        dispute.invalidate_recordset()
        dispute.action_escalate("sue")

    def test_agreed_institution(self):
        contract = self._create_signed(
            dispute_method="arbitration", dispute_institution="CIETAC"
        )
        dispute = self._dispute(contract)
        dispute.action_escalate("arbitrate")
        self.assertEqual(dispute.stage_ids.sorted("id")[-1].body, "CIETAC")

    def test_days(self):
        dispute = self._dispute(self._create_signed())
        with self.assertRaisesRegex(ValidationError, "future"):
            dispute.action_escalate("mediate", date=self._days(1))
        with self.assertRaisesRegex(ValidationError, "can't be before"):
            dispute.action_escalate("mediate", date=self._days(-1))
        with self.assertRaisesRegex(ValidationError, "before the contract was signed"):
            self._dispute(dispute.contract_id, date_opened=self._days(-1))
        with self.assertRaisesRegex(ValidationError, "future"):
            self._dispute(dispute.contract_id, date_opened=self._days(1))

    def test_clause_is_quoted_as_it_was(self):
        contract = self._create_signed()
        dispute = self._dispute(contract, clause_id=contract.clause_ids[:1].id)
        self.assertEqual(dispute.clause_quote.strip(), "Liable to the limit.")

    def test_amendment(self):
        """An amendment is no contract of its own; what it amends can be disputed."""
        contract = self._create_signed()
        contract.sudo().performs = False
        with self.assertRaisesRegex(ValidationError, "no contract of its own"):
            self._dispute(contract)

    def test_disputed_obligation_is_not_waived(self):
        contract = self._create_signed(
            milestone_ids=[
                Command.create({"name": "Report", "date_deadline": self._days(-100)})
            ]
        )
        row = contract.milestone_ids.obligation_ids
        health = self.env["crm.contract.health"]
        found = health._find_ids(
            health._get_check("obligation_stuck"), self.company, 10
        )
        self.assertIn(row.id, found)
        dispute = self._dispute(contract, obligation_ids=[Command.link(row.id)])
        with self.assertRaisesRegex(UserError, "settle or withdraw the dispute"):
            row.with_user(self.manager).action_waive("No need")
        dispute.action_withdraw("No")
        row.with_user(self.manager).action_waive("No need")
        self.assertEqual(row.state, "waived")

    def test_succession(self):
        dispute = self._dispute(self._create_signed(), user_id=self.lawyer.id)
        self.lawyer.sudo().active = False
        self.assertEqual(dispute.user_id, self.user)

    def test_other_company(self):
        company = self._create_company("Elsewhere Ltd")
        outsider = self._create_user(
            "dispute_outsider", "crm_contract.crm_contract_group_manager", company
        )
        dispute = self._dispute(self._create_signed())
        mine = dispute.with_user(outsider).with_context(allowed_company_ids=company.ids)
        self.assertFalse(mine.has_access("read"))
        with self.assertRaisesRegex(ValidationError, "no employee"):
            dispute.sudo().user_id = outsider

    def test_first_page(self):
        row = self._create_owed()
        contract = row.contract_id
        since = self.today - timedelta(days=900)
        dispute = self._dispute_row(
            row, date_deadline=self._days(3), date_accrued=since
        )
        page = contract.env["crm.contract.overview"].get_overviews(contract.ids)[0]
        figures = {each["key"]: each["amount"] for each in page["figures"]}
        self.assertEqual((figures["disputed"], figures["overdue"]), (1150, 0))
        duty = next(d for d in page["duties"] if d["res_model"] == dispute._name)
        self.assertEqual(duty["why"], "Dispute (Negotiation): Outage")
        keys = [event["key"] for event in page["events"]]
        self.assertIn("dispute", keys)
        self.assertIn("limitation", keys)
        notes = contract.env["crm.contract.file"]._get_page(contract)["notes"]
        self.assertTrue(any("Outage" in note for note in notes), notes)

    def test_told_with_the_next_contract(self):
        dispute = self._dispute(self._create_signed())
        draft = self._create_contract()
        checklist = draft.env["crm.contract.checklist"]
        told = [each["message"] for each in checklist.get_items(draft.id)]
        self.assertEqual(
            told, [f"Disputes with Customer Corp are open: {dispute.number}."]
        )
        self._submit(draft)
        self.assertEqual(draft.state, "to_sign", "It does not refuse")
        dispute.action_settle("Agreed")
        other = self._create_contract()
        self.assertFalse(checklist.get_items(other.id))


class TestDisputedMoney(DisputeCommon):
    """What is disputed is not overdue, not dunned, bears no interest: until the end."""

    def test_overdue_and_back(self):
        row = self._create_owed()
        contract, invoice = row.contract_id, row.invoice_id
        self.assertEqual((row.amount_overdue, contract.amount_overdue), (1150, 1150))
        dispute = self._dispute_row(row)
        self.assertTrue(row.is_disputed and invoice.sudo().is_disputed)
        self.assertEqual((row.amount_overdue, contract.amount_overdue), (0, 0))
        self.assertEqual((row.is_overdue, row.amount_open), (False, 1150))
        self.assertTrue(invoice.sudo().no_followup)
        self.assertEqual(
            self.customer.with_user(self.manager).contract_amount_owed, 1150
        )
        found = self.env["account.move"].search([("is_disputed", "=", True)])
        self.assertEqual(found, invoice.with_env(self.env))
        before = self._get_told(contract)
        dispute.action_withdraw("Their mistake")
        self.assertFalse(row.is_disputed or invoice.sudo().is_disputed)
        self.assertEqual((row.amount_overdue, contract.amount_overdue), (1150, 1150))
        self.assertFalse(invoice.sudo().no_followup)
        told = self._get_told(contract) - before
        self.assertIn("Payment overdue", told.summary)

    def test_named_by_its_invoice(self):
        row = self._create_owed()
        dispute = self._dispute(
            row.contract_id, self.lawyer, invoice_ids=[Command.link(row.invoice_id.id)]
        )
        self.assertEqual(dispute.installment_ids, row)
        self.assertEqual(row.contract_id.amount_overdue, 0)
        dispute.write(
            {"invoice_ids": [Command.clear()], "installment_ids": [Command.clear()]}
        )
        self.assertEqual(row.contract_id.amount_overdue, 1150)

    def test_job_tells_nobody(self):
        row = self._create_owed()
        self._dispute_row(row)
        contract = row.contract_id
        before = self._get_told(contract)
        self.assertFalse(row.search(row._get_become_overdue_domain()) & row)
        row._advance_overdue()
        self.assertEqual(self._get_told(contract), before)

    def test_ageing_shows_it_apart(self):
        row = self._create_owed(40)
        ageing = self.env["crm.contract.ageing"].with_user(self.accountant)
        domain = [("contract_id", "=", row.contract_id.id)]
        self.assertEqual(ageing.search(domain).bucket, "031")
        dispute = self._dispute_row(row)
        self.env.invalidate_all()
        line = ageing.search(domain)
        self.assertEqual((line.bucket, line.days_overdue), ("900", 0))
        self.assertEqual((line.amount_open, line.is_disputed), (1150, True))
        dispute.action_withdraw("No")
        self.env.invalidate_all()
        self.assertEqual(ageing.search(domain).bucket, "031")

    def test_two_disputes_over_a_row(self):
        row = self._create_owed()
        first, second = self._dispute_row(row), self._dispute_row(row)
        first.action_withdraw("No")
        self.assertTrue(row.is_disputed)
        second.action_withdraw("No")
        self.assertEqual(row.amount_overdue, 1150)

    def test_shared_by_two_contracts(self):
        """Of an invoice of two contracts, what is not disputed stays overdue."""
        rows = self._create_row() | self._create_row()
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": row.name,
                            "price_unit": 1150,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for row in rows
                ],
            }
        )
        for row, line in zip(rows, move.invoice_line_ids, strict=True):
            line.sudo().installment_id = row
        move.write(
            {"invoice_date": self._days(-10), "invoice_date_due": self._days(-10)}
        )
        move.action_post()
        self.assertEqual(rows.mapped("amount_overdue"), [1150, 1150])
        dispute = self._dispute(
            rows[0].contract_id, self.lawyer, invoice_ids=[Command.link(move.id)]
        )
        self.assertEqual(dispute.installment_ids, rows[0])
        self.assertEqual(rows.mapped("amount_overdue"), [0, 1150])
        self.assertTrue(move.is_disputed)
        self.assertFalse(move.no_followup, "The rest is dunned")

    def test_suspension(self):
        """What is disputed stays so, whatever the contract does meanwhile."""
        row = self._create_owed()
        dispute = self._dispute_row(row)
        contract = row.contract_id
        contract.action_suspend()
        self.assertEqual((row.amount_overdue, row.is_disputed), (0, True))
        contract.action_resume()
        dispute.action_withdraw("No")
        self.assertEqual(row.amount_overdue, 1150)

    def test_termination_and_archive(self):
        """An ended contract is not closed or destroyed while something is disputed."""
        row = self._create_owed()
        self._pay(row.invoice_id)
        contract = row.contract_id
        dispute = self._dispute_row(row)
        self._end(contract, reason="terminated", note="Enough")
        closing = self.env["crm.contract.closing"].sudo()

        def is_clear():
            points = closing._get_points(contract.sudo())[contract]
            return next(point.is_done for point in points if point.key == "disputes")

        archive = contract.sudo().archive_ids
        self.assertFalse(is_clear())
        self.assertIn("A dispute is open.", archive._get_obstacles()[archive])
        dispute.action_settle("Agreed")
        self.assertTrue(is_clear())
        self.assertNotIn("A dispute is open.", archive._get_obstacles()[archive])
        self.assertFalse(row.is_disputed)

    def test_dispute_of_an_ended_contract(self):
        row = self._create_owed()
        self._end(row.contract_id)
        self._dispute_row(row)
        self.assertEqual(row.contract_id.amount_overdue, 0)

    def test_credit_note_by_hand(self):
        """A disputed row that accounting credits owes nothing, before and after."""
        row = self._create_owed()
        dispute = self._dispute_row(row)
        self._credit(row.invoice_id)
        self.assertEqual((row.amount_overdue, row.amount_open), (0, 0))
        dispute.action_settle("Credited by accounting")
        self.assertEqual((row.amount_overdue, row.amount_open), (0, 0))


class TestDisputeSettlement(DisputeCommon):
    """What was agreed is drafted in the books, once, and can be taken back."""

    def _settle(self, dispute, *args):
        return dispute.with_user(self.user).action_settle("Agreed", None, *args)

    def test_credit(self):
        row = self._create_owed()
        dispute = self._dispute_row(row)
        self._settle(dispute, "credit", 230.0)
        note = dispute.sudo().settlement_move_ids
        self.assertEqual((note.move_type, note.state), ("out_refund", "draft"))
        self.assertEqual(note.amount_total, 230)
        self.assertEqual(note.amount_tax, 30, "15 % of 200, as it was billed")
        self.assertEqual(note.invoice_line_ids.credited_installment_id, row)
        # Until it is posted, nobody is dunned for what was given up.
        self.assertEqual((row.is_disputed, row.amount_overdue), (True, 0))
        with self.assertRaisesRegex(UserError, "booked already"):
            dispute.action_draft_settlement("credit", 1.0)
        note.with_user(self.accountant).action_post()
        self.assertEqual((row.is_disputed, row.amount_credited), (False, 230))
        self.assertEqual((row.amount_overdue, row.amount_rest), (920, 0))
        with self.assertRaisesRegex(UserError, "is posted"):
            dispute.action_undo_settlement()
        with self.assertRaisesRegex(UserError, "booked already"):
            dispute.action_reopen("Again")

    def test_credit_never_more_than_billed(self):
        row = self._create_owed()
        dispute = self._dispute_row(row)
        with self.assertRaisesRegex(UserError, "more than what is invoiced"):
            self._settle(dispute, "credit", 1150.01)
        self.assertEqual(dispute.state, "negotiation")
        self._settle(dispute, "credit", 1150.0)
        dispute.sudo().settlement_move_ids.with_user(self.accountant).action_post()
        self.assertEqual((row.amount_open, row.amount_overdue), (0, 0))
        other = self._dispute_row(row)
        with self.assertRaisesRegex(UserError, "more than what is invoiced"):
            self._settle(other, "credit", 1.0)

    def test_undo(self):
        row = self._create_owed()
        dispute = self._dispute_row(row)
        self._settle(dispute, "credit", 100.0)
        note = dispute.sudo().settlement_move_ids
        dispute.action_undo_settlement()
        self.assertEqual((note.state, dispute.pay), ("cancel", False))
        self.assertEqual((row.is_disputed, row.amount_overdue), (False, 1150))
        dispute.action_draft_settlement("credit", 50.0)
        live = dispute.sudo().settlement_move_ids - note
        self.assertEqual((live.amount_total, live.state), (50, "draft"))

    def test_draft_deleted_by_accounting(self):
        row = self._create_owed()
        dispute = self._dispute_row(row)
        self._settle(dispute, "credit", 100.0)
        dispute.sudo().settlement_move_ids.with_user(self.accountant).unlink()
        self.assertFalse(dispute.pay)
        self.assertEqual((row.is_disputed, row.amount_overdue), (False, 1150))

    def test_penalty(self):
        contract = self._create_signed()
        dispute = self._dispute(contract, raised_by="ours")
        self._settle(dispute, "penalty", 300.0)
        row = dispute.settlement_row_ids
        self.assertEqual((row.amount, row.trigger), (300, "dispute"))
        invoice = dispute.sudo().settlement_move_ids
        self.assertEqual((invoice.move_type, invoice.state), ("out_invoice", "draft"))
        self.assertEqual((invoice.amount_total, invoice.amount_tax), (300, 0))
        before = contract.amount_invoiced
        self.assertEqual((contract.amount_extra, before), (300, 0))
        dispute.action_undo_settlement()
        self.assertEqual((row.state, invoice.state), ("cancelled", "cancel"))
        self.assertEqual(contract.amount_extra, 0)
        with self.assertRaisesRegex(UserError, "Nothing was drafted"):
            dispute.action_undo_settlement()

    def test_compensation(self):
        dispute = self._dispute(self._create_signed())
        self._settle(dispute, "compensation", 75.0)
        note = dispute.sudo().settlement_move_ids
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 75))
        self.assertEqual(dispute.settlement_row_ids.amount, -75)

    def test_arguments(self):
        dispute = self._dispute(self._create_signed())
        for args in (("credit", 0.0), ("penalty", -5.0), (None, 5.0), ("x", 5.0)):
            with self.subTest(args=args), self.assertRaises(UserError):
                self._settle(dispute, *args)
        with self.assertRaisesRegex(UserError, "outcome"):
            dispute.action_settle()
        self.assertTrue(dispute.is_open)

    def test_dialog(self):
        row = self._create_owed()
        dispute = self._dispute_row(row)
        dialog = dispute.env["crm.contract.dispute.step"].create(
            {"dispute_id": dispute.id, "step": "settle", "note": "Half of it"}
        )
        self.assertEqual(dialog.amount_most, 1150)
        dialog.write({"pay": "credit", "amount": 575})
        dialog.action_do()
        self.assertEqual(dispute.outcome, "Half of it")
        self.assertEqual(dispute.sudo().settlement_move_ids.amount_total, 575)


class TestLimitation(DisputeCommon):
    """Until when a claim can be brought, and who is told."""

    @classmethod
    def setUpClass(cls):
        freezer = freeze_time("2026-01-31 12:00")
        freezer.start()
        cls.addClassCleanup(freezer.stop)
        super().setUpClass()

    def _remind(self, dispute, day):
        """Run the job on a day; return the new activities."""
        with freeze_time(f"{day} 12:00"):
            self.env.invalidate_all()
            before = dispute.sudo().activity_ids
            rows = self.env["crm.contract.dispute"].search(
                dispute._get_reminder_domain()
            )
            for row in rows & dispute:
                row._advance_reminder()
            return dispute.sudo().activity_ids - before

    def test_years(self):
        contract = self._create_signed()
        dispute = self._dispute(contract, date_accrued=date(2025, 6, 1))
        self.assertEqual(dispute.date_limitation, date(2028, 6, 1))
        self.type.limitation_years = 5
        other = self._dispute(contract, date_accrued=date(2025, 6, 1))
        self.assertEqual(other.date_limitation, date(2030, 6, 1))
        self.assertEqual(dispute.date_limitation, date(2028, 6, 1), "As it was opened")

    def test_interruption(self):
        dispute = self._dispute(self._create_signed(), date_accrued=date(2025, 6, 1))
        with self.assertRaisesRegex(ValidationError, "runs from"):
            dispute.action_interrupt("demand", date(2025, 5, 31), "Letter")
        dispute.action_interrupt("demand", date(2026, 1, 15), "Letter")
        self.assertEqual(dispute.date_limitation, date(2029, 1, 15))
        self.assertIn("dispute_interrupted", self._get_kinds(dispute.contract_id))
        row = dispute.interruption_ids
        for change in (
            lambda: row.sudo().write({"note": "x"}),
            lambda: row.sudo().unlink(),
        ):
            with self.assertRaises(UserError):
                change()

    def test_barred(self):
        dispute = self._dispute(self._create_signed(), date_accrued=date(2020, 6, 1))
        self.assertEqual(dispute.date_limitation, date(2023, 6, 1))
        with self.assertRaisesRegex(ValidationError, "barred"):
            dispute.action_interrupt("demand", None, "Letter")
        dispute.action_interrupt("acknowledged", None, "They owe it")
        self.assertEqual(dispute.date_limitation, date(2029, 1, 31))

    def test_proceedings(self):
        dispute = self._dispute(self._create_signed(), date_accrued=date(2025, 6, 1))
        dispute.action_escalate("sue")
        self.assertFalse(dispute.date_limitation or dispute.date_reminder)
        with freeze_time("2026-05-01 12:00"):
            dispute.action_escalate("negotiate")
        self.assertEqual(dispute.date_limitation, date(2029, 5, 1))

    def test_ladder(self):
        """Owner 180 and 90 days ahead, then the one above as well, and when it is over."""
        dispute = self._dispute(
            self._create_signed(), self.user_all, date_accrued=date(2025, 6, 1)
        )
        end = date(2028, 6, 1)
        self.assertEqual(dispute.date_reminder, end - timedelta(days=180))
        told = self._remind(dispute, end - timedelta(days=181))
        self.assertFalse(told)
        told = self._remind(dispute, end - timedelta(days=180))
        self.assertEqual(told.user_id, self.user_all)
        self.assertIn("Barred after", told.summary)
        self.assertFalse(self._remind(dispute, end - timedelta(days=180)), "Once")
        # What was missed while no job ran is made up by one.
        told = self._remind(dispute, end - timedelta(days=20))
        self.assertEqual(told.user_id, self.user, "The salesperson, above the owner")
        told = self._remind(dispute, end + timedelta(days=1))
        self.assertIn("Passed", told.summary)
        self.assertFalse(self._remind(dispute, end + timedelta(days=400)))

    def test_owner_is_gone(self):
        dispute = self._dispute(self._create_signed(), date_accrued=date(2025, 6, 1))
        dispute.sudo().user_id = False
        told = self._remind(dispute, date(2028, 1, 1))
        self.assertTrue(told.user_id)

    def test_deadline(self):
        dispute = self._dispute(self._create_signed(), date_deadline=date(2026, 3, 10))
        dispute.deadline_note = "Answer"
        self.assertEqual(dispute.date_reminder, date(2026, 3, 3))
        told = self._remind(dispute, "2026-03-03")
        self.assertEqual(told.summary, "Answer: Outage")
        dispute.action_withdraw("No", date(2026, 1, 31))
        self.assertFalse(dispute.date_reminder)

    def test_health(self):
        contract = self._create_signed()
        dispute = self._dispute(contract, date_accrued=date(2020, 6, 1))
        dispute.sudo().user_id = False
        health = self.env["crm.contract.health"]
        for name in ("dispute_nobody", "dispute_barred"):
            check = health._get_check(name)
            self.assertIn(dispute.id, health._find_ids(check, self.company, 10), name)


class TestDisputedInterest(LateInterestCommon):
    """Interest on an invoice of 1150, 0.05 % a day, that is disputed for some days."""

    def _dispute(self, invoice, day):
        with freeze_time(f"{day} 12:00"):
            row = invoice.sudo().installment_ids
            disputes = self.env["crm.contract.dispute"].with_user(self.user)
            return disputes.create(
                {
                    "name": "Outage",
                    "contract_id": row.contract_id.id,
                    "date_opened": day,
                    "installment_ids": [Command.link(row.id)],
                }
            )

    def _withdraw(self, dispute, day, interest=False):
        with freeze_time(f"{day} 12:00"):
            dispute.action_withdraw("No", interest=interest)

    def test_disputed_days_bear_none(self):
        invoice = self._create_overdue()
        # 1 to 9 February: 9 days of 0.575.
        dispute = self._dispute(invoice, "2026-02-10")
        self.assertEqual(self._accrued(invoice, "2026-02-20"), 5.18)
        self.assertEqual(self._accrued(invoice, "2026-03-20"), 5.18)
        self._withdraw(dispute, "2026-02-19")
        self.assertEqual(self._accrued(invoice, "2026-02-19"), 5.18)
        self.assertEqual(self._accrued(invoice, "2026-02-20"), 5.75)

    def test_disputed_without_reason(self):
        invoice = self._create_overdue()
        dispute = self._dispute(invoice, "2026-02-10")
        self._withdraw(dispute, "2026-02-19", interest=True)
        # 20 days, as if nothing had been disputed.
        self.assertEqual(self._accrued(invoice, "2026-02-20"), 11.5)

    def test_charged_before(self):
        invoice = self._create_overdue()
        charged = self._charge(invoice, "2026-02-05")
        self.assertEqual(charged.amount, 2.88)
        dispute = self._dispute(invoice, "2026-02-10")
        # 6 to 9 February alone.
        self.assertEqual(self._accrued(invoice, "2026-02-20"), 2.3)
        self._withdraw(dispute, "2026-02-14")
        # And 15 to 20 February.
        self.assertEqual(self._accrued(invoice, "2026-02-20"), 5.75)

    def test_taken_up_again(self):
        invoice = self._create_overdue()
        dispute = self._dispute(invoice, "2026-02-02")
        self._withdraw(dispute, "2026-02-05")
        with freeze_time("2026-02-10 12:00"):
            dispute.action_reopen("New facts")
        self._withdraw(dispute, "2026-02-12")
        # 1, 6 to 9, 13 to 20 February: 13 days of 0.575.
        self.assertEqual(self._accrued(invoice, "2026-02-20"), 7.48)
