from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestTrueUp(AmendmentCommon):
    """Days that are billed when an amendment takes effect, brought to its terms.

    A monthly fee of 100 from January 1st on; all until June 30th is billed.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-06-10"))

    def _create_billed(self, **vals):
        contract = self._create_running(date_start=date(2026, 1, 1), **vals)
        self._bill(contract, date(2026, 6, 10))
        return contract

    def _settle(self, contract, day, sign=True, **vals):
        amendment = self._draft(contract)
        amendment.write({"date_effective": day, "billed_days": "settle"})
        self._change_line(amendment, **vals)
        if sign:
            self._sign(amendment)
            with freeze_time(day):
                self._incorporate(contract)
        return amendment

    def _incorporate(self, contract):
        due = contract.sudo().amendment_ids.filtered_domain(
            self.env["crm.contract.incorporation"]._get_due_domain()
        )
        self.env["crm.contract.incorporation"]._incorporate(due)

    def _get_differences(self, contract):
        """Return (first day of June, last one, amount) of each true-up."""
        rows = contract.sudo().installment_ids.filtered(
            lambda row: row.trigger == "true_up" and row.amount
        )
        return sorted(
            (row.period_start.day, row.period_end.day, row.amount) for row in rows
        )

    def test_dearer(self):
        contract = self._create_billed()
        amendment = self._settle(contract, date(2026, 6, 16), False, price_unit=160)
        self.assertIn("30.00", amendment.billed_beyond)
        self.assertIn("in addition", amendment.billed_beyond)
        # 600 until June, 15 days of 60 more, and 6 months of 160.
        self.assertEqual(amendment.amount_total, 1590)
        self._sign(amendment)
        self.assertFalse(self._get_differences(contract))
        with freeze_time("2026-06-16"):
            self._incorporate(contract)
            self.assertEqual(self._get_differences(contract), [(16, 30, 30)])
            self.assertEqual(contract.amount_total, 1590)
            self._check_tiled(contract)
            [invoice] = self._bill(contract, date(2026, 6, 16))
        self.assertEqual(invoice.amount_total, 30)
        self.assertIn(amendment.number, invoice.invoice_line_ids.name)
        row = invoice.invoice_line_ids.installment_id
        self.assertEqual((row.trigger, row.state), ("true_up", "invoiced"))
        self.assertEqual(row.base_id.period_end, date(2026, 6, 30))
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_cheaper(self):
        contract = self._create_billed()
        amendment = self._settle(contract, date(2026, 6, 16), price_unit=40)
        self.assertEqual(amendment.amount_total, 570 + 6 * 40)
        self.assertEqual(contract.amount_total, 570 + 6 * 40)
        self.assertEqual(self._get_differences(contract), [(16, 30, -30)])

    def test_from_the_next_period(self):
        contract = self._create_billed()
        amendment = self._draft(contract)
        self.assertEqual(amendment.billed_days, "next")
        amendment.date_effective = date(2026, 6, 16)
        self._change_line(amendment, price_unit=160)
        self.assertIn("staying as they are", amendment.billed_beyond)
        self._sign(amendment)
        with freeze_time("2026-06-16"):
            self._incorporate(contract)
        self.assertFalse(self._get_differences(contract))
        self.assertEqual(contract.amount_total, 600 + 6 * 160)

    def test_the_type_proposes(self):
        self.type.billed_days = "settle"
        self.assertEqual(self._draft(self._create_billed()).billed_days, "settle")

    def test_is_content(self):
        contract = self._create_billed()
        amendment = self._settle(contract, date(2026, 6, 16), False, price_unit=160)
        self._sign(amendment)
        fields = amendment.version_id._get_content()["fields"]
        self.assertEqual(fields["billed_days"], "settle")
        with self._refused("is locked"):
            amendment.billed_days = "next"

    def test_letter(self):
        contract = self._create_billed()
        amendment = self._settle(contract, date(2026, 6, 16), False, price_unit=160)
        report = "crm_contract.action_report_contract"
        reports = self.env["ir.actions.report"]
        text = reports._render_qweb_html(report, amendment.ids)[0].decode()
        self.assertIn("brought to the new terms by the day", text)
        self.assertIn("30.00", text)
        self.assertNotIn("stay as invoiced", text.replace("paid once stays", ""))

    def test_two_in_one_period(self):
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 11), price_unit=160)
        self._settle(contract, date(2026, 6, 21), quantity=2)
        # 20 days of 60 more; 10 days of 320 instead of 160, of which 53.33 each.
        self.assertEqual(
            self._get_differences(contract), [(11, 30, 40), (21, 30, 53.34)]
        )
        self.assertAlmostEqual(contract.amount_total, 693.34 + 6 * 320, 2)

    def test_two_in_one_period_the_later_first(self):
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 21), quantity=2)
        self._settle(contract, date(2026, 6, 11), price_unit=160)
        self.assertEqual(
            self._get_differences(contract),
            [(11, 20, 20), (21, 30, 33.34), (21, 30, 40)],
        )
        self.assertAlmostEqual(contract.amount_total, 693.34 + 6 * 320, 2)

    def test_next_after_settled(self):
        """What was settled stays when a later amendment leaves billed days alone."""
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        amendment = self._settle(contract, date(2026, 6, 18), False, price_unit=200)
        amendment.billed_days = "next"
        self._sign(amendment)
        with freeze_time("2026-06-18"):
            self._incorporate(contract)
        self.assertEqual(self._get_differences(contract), [(16, 30, 30)])
        self.assertEqual(contract.amount_total, 630 + 6 * 200)

    def test_line_removed(self):
        contract = self._create_billed()
        amendment = self._draft(contract)
        line = self._prepare_line_vals(
            price_unit=10, is_recurring=True, tax_ids=False, name="New fee"
        )
        amendment.write(
            {
                "date_effective": date(2026, 6, 16),
                "billed_days": "settle",
                "line_ids": [
                    Command.delete(amendment.line_ids.id),
                    Command.create(line),
                ],
            }
        )
        self.assertIn("To be credited", amendment.billed_beyond)
        self._sign(amendment)
        with freeze_time("2026-06-16"):
            self._incorporate(contract)
        self.assertEqual(self._get_differences(contract), [(16, 30, -50)])
        self.assertAlmostEqual(contract.amount_total, amendment.amount_total, 2)

    def test_suspension_inside(self):
        """Suspended days stay as they were billed, on both sides."""
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        with freeze_time("2026-06-21"):
            contract.action_suspend()
        with freeze_time("2026-06-26"):
            contract.action_resume()
        self.assertEqual(self._get_differences(contract), [(16, 30, 20)])

    def test_suspension_after_it_was_billed(self):
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        with freeze_time("2026-06-16"):
            self._bill(contract, date(2026, 6, 16))
        with freeze_time("2026-06-21"):
            contract.action_suspend()
        with freeze_time("2026-06-26"):
            contract.action_resume()
        self.assertEqual(self._get_differences(contract), [(16, 30, -10), (16, 30, 30)])

    def test_early_end(self):
        contract = self._create_billed()
        contract.sudo().invoice_ids.action_post()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        with freeze_time("2026-06-20"):
            notes = contract._action_end("terminated", date(2026, 6, 20), settle=True)
        self.assertEqual(self._get_differences(contract), [(16, 30, 10)])
        # What was billed before the amendment, for the ten days after the end.
        self.assertEqual(notes.sudo().amount_total, 33.33)

    def test_early_end_with_draft_invoice(self):
        """The period is billed anew up to the end, by both terms."""
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        with freeze_time("2026-06-20"):
            contract._action_end("terminated", date(2026, 6, 20), settle=True)
        self.assertFalse(self._get_differences(contract))
        june = [row for row in self._periods(contract) if row[0].month == 6]
        self.assertEqual([row[2] for row in june], [50, 26.67])

    def test_credit_note_for_less(self):
        """The customer who is credited more than was billed since gets it back."""
        contract = self._create_billed()
        contract.sudo().invoice_ids.action_post()
        self._settle(contract, date(2026, 6, 16), price_unit=40)
        with freeze_time("2026-06-16"):
            [note] = self._bill(contract, date(2026, 6, 16))
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 30))
        row = note.invoice_line_ids.installment_id
        self.assertEqual(row.state, "invoiced")
        self.assertEqual(contract.amount_invoiced, 570)

    def test_invoice_in_part_credited(self):
        """An allowance on what was billed has nothing to do with the difference."""
        contract = self._create_billed()
        invoice = contract.sudo().invoice_ids.filtered(
            lambda move: (
                date(2026, 6, 1)
                in move.mapped("invoice_line_ids.installment_id.period_start")
            )
        )
        invoice.action_post()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        note = self.env["account.move"].browse(
            wizard.create({"journal_id": invoice.journal_id.id}).reverse_moves()[
                "res_id"
            ]
        )
        note.invoice_line_ids[:1].price_unit = 20
        note.action_post()
        self.env["crm.contract.ledger"]._rebuild(contract, date(2026, 6, 1))
        self.assertEqual(self._get_differences(contract), [(16, 30, 30)])

    def test_credited_for_good(self):
        """Who does not pay for the days does not pay more for them either."""
        contract = self._create_billed()
        contract.sudo().invoice_ids.action_post()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        row = contract.sudo().installment_ids.filtered(
            lambda row: row.period_start == date(2026, 6, 1)
        )
        with freeze_time("2026-06-16"):
            self._bill(contract, date(2026, 6, 16)).action_post()
        self.company.contract_credited = "keep"
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move",
            active_ids=row.billing_line_ids.move_id.ids,
        )
        journal = row.billing_line_ids.move_id.journal_id
        action = wizard.create({"journal_id": journal.id}).reverse_moves()
        note = self.env["account.move"].browse(action["res_id"])
        note.action_post()
        self.assertEqual(row.state, "waived")
        with freeze_time("2026-06-17"):
            self._advance()
        self.assertEqual(self._get_differences(contract), [(16, 30, -30), (16, 30, 30)])
        _job, step = self.env["crm.contract.job"]._find_step("true_up")
        self.assertFalse(_job._find(step))
        # It is billed again after all: by both terms, and the difference stays undone.
        with freeze_time("2026-06-18"):
            note.with_user(self.accountant).action_bill_credited_again()
        june = [row for row in self._periods(contract) if row[0].month == 6]
        self.assertEqual([row[2] for row in june], [50, 80])
        self.assertEqual(self._get_differences(contract), [(16, 30, -30), (16, 30, 30)])

    def _advance(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
        self.env.invalidate_all()

    def test_invoice_deleted(self):
        """A period that is not billed any more is charged by the new terms alone."""
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        row = contract.installment_ids.filtered(
            lambda row: row.period_start == date(2026, 6, 1)
        )
        row.sudo().billing_line_ids.move_id.unlink()
        self.env["crm.contract.ledger"]._rebuild(contract, date(2026, 6, 1))
        self.assertFalse(self._get_differences(contract))
        june = [row for row in self._periods(contract) if row[0].month == 6]
        self.assertEqual([row[2] for row in june], [50, 80])

    def test_invoice_deleted_after_it_was_billed(self):
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        row = contract.installment_ids.filtered(
            lambda row: row.period_start == date(2026, 6, 1)
        )
        with freeze_time("2026-06-16"):
            self._bill(contract, date(2026, 6, 16))
        row.sudo().billing_line_ids.move_id.unlink()
        self.env["crm.contract.ledger"]._rebuild(contract, date(2026, 6, 1))
        self.assertEqual(self._get_differences(contract), [(16, 30, -30), (16, 30, 30)])

    def test_other_taxes(self):
        """Each side is taxed as it was, or is to be."""
        contract = self._create_billed()
        tax = self.env["account.tax"].create({"name": "Ten", "amount": 10})
        self._settle(
            contract, date(2026, 6, 16), price_unit=160, tax_ids=[Command.set(tax.ids)]
        )
        self.assertEqual(self._get_differences(contract), [(16, 30, -50), (16, 30, 88)])

    def test_not_by_the_day(self):
        """A period that is billed whole is trued up where it begins, as a whole."""
        line = self._prepare_line_vals(
            price_unit=100, is_recurring=True, tax_ids=False, prorate=False, name="Fee"
        )
        contract = self._create_billed(line_ids=[Command.create(line)])
        with freeze_time("2026-07-02"):
            self._bill(contract, date(2026, 7, 2))
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        rows = contract.sudo().installment_ids.filtered(
            lambda row: row.trigger == "true_up"
        )
        self.assertEqual(rows.mapped("period_start"), [date(2026, 7, 1)])
        self.assertEqual(rows.amount, 60)

    def test_deriving_again_changes_nothing(self):
        contract = self._create_billed()
        self._settle(contract, date(2026, 6, 16), price_unit=160)
        before = contract.sudo().installment_ids
        values = before.read(["amount", "state"])
        self.env["crm.contract.ledger"]._rebuild(contract, date(2026, 1, 1))
        self.assertEqual(contract.sudo().installment_ids, before)
        self.assertEqual(before.read(["amount", "state"]), values)
