from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .test_ledger import RecurringCommon
from .test_shared_invoice import SharedInvoiceCommon


def _prepare_fixed(*rows):
    """Return commands that create fixed installments, of (name, amount, day)."""
    return [
        Command.create(
            {"name": name, "amount_type": "fixed", "amount_fixed": amount, "date": day}
        )
        for name, amount, day in rows
    ]


class BooksCommon(SharedInvoiceCommon):
    """A contract of 575 (500 and 15 % tax) in a single row."""

    def _create_single(self, price=500, **vals):
        row = {"name": "All", "percentage": 100, "date": self.today}
        line = self._prepare_line_vals(price_unit=price, **vals.pop("line", {}))
        return self._create_signed(
            line_ids=[Command.create(line)],
            installment_ids=[Command.create(row)],
            **vals,
        ).installment_ids

    def _bill_changed(self, price):
        """Return the row of 575 whose draft invoice was changed, and posted."""
        row = self._create_single()
        invoice = self._invoice(row)
        self._set_price(invoice, row, price)
        return row, self._post(invoice)

    def _as_accountant(self, records):
        return records.with_user(self.accountant)

    def _assert_figures(self, row, **expected):
        for name, value in expected.items():
            self.assertAlmostEqual(row[f"amount_{name}"], value, msg=name)

    def _write_lines(self, move, deleted, *prices):
        """Replace lines of a draft by new ones, in one change as a form does."""
        lines = [
            Command.create(
                {
                    "name": f"New {price}",
                    "price_unit": price,
                    "tax_ids": [Command.set(self.tax.ids)],
                }
            )
            for price in prices
        ]
        self._as_accountant(move).write(
            {"invoice_line_ids": [*map(Command.delete, deleted.ids), *lines]}
        )

    def _get_lines(self, move, row):
        return self._as_accountant(move).invoice_line_ids.filtered(
            lambda line: row in line.installment_id + line.credited_installment_id
        )


class TestDifference(BooksCommon):
    """What is invoiced is not what the row says: it is told, and decided on."""

    def test_invoiced_less(self):
        row, _invoice = self._bill_changed(450)
        contract = row.contract_id
        self._assert_figures(row, invoiced=517.5, open=517.5, rest=57.5)
        self._assert_figures(contract, invoiced=517.5, remaining=57.5)
        self.assertEqual(row.state, "invoiced")
        self.assertTrue(row.has_difference)
        for amount in ("575.00", "517.50"):
            self.assertIn(amount, row.difference)
            self.assertIn(amount, contract.ledger_notice)
        self._bill(row)
        self.assertEqual(self._get_booked(), 517.5, "Nobody decided to bill it")

    def test_bill_the_rest(self):
        row, invoice = self._bill_changed(450)
        wizard = self._open_decision(row)
        self.assertAlmostEqual(wizard.amount, 57.5)
        wizard.action_apply()
        rest = row.billing_line_ids.move_id - invoice.sudo()
        self.assertEqual((rest.move_type, rest.state), ("out_invoice", "draft"))
        self.assertAlmostEqual(rest.amount_total, 57.5)
        self._assert_figures(row, invoiced=575, rest=0)
        self.assertFalse(row.has_difference)
        self.assertFalse(row.contract_id.ledger_notice)
        with self.assertRaisesRegex(UserError, "what the row says"):
            self._as_accountant(row).action_bill_rest()
        self._pay(invoice)
        self.assertEqual(row.state, "invoiced")
        self._pay(self._post(rest))
        self.assertEqual((row.state, row.amount_paid), ("paid", 575))

    def test_invoiced_more(self):
        row, invoice = self._bill_changed(550)
        self._assert_figures(row, invoiced=632.5, rest=-57.5)
        self._assert_figures(row.contract_id, invoiced=632.5, remaining=-57.5)
        self._as_accountant(row).action_bill_rest()
        note = row.billing_line_ids.move_id - invoice.sudo()
        self.assertEqual(note.move_type, "out_refund")
        self.assertAlmostEqual(note.amount_total, 57.5)
        self._assert_figures(row, invoiced=575, rest=0)
        self.assertEqual(self._get_booked(), 575)

    def _open_decision(self, row, user=None, **vals):
        row = row.with_user(user or self.accountant)
        action = row.action_decide_difference()
        wizard = row.env[action["res_model"]].browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def test_waive(self):
        row, _invoice = self._bill_changed(450)
        contract = row.contract_id
        with self.assertRaisesRegex(UserError, "Say why"):
            self._open_decision(row, decision="waive", reason=" ").action_apply()
        with self.assertRaises(AccessError):
            row.with_user(self.user)._waive("Mine")
        self._open_decision(row, decision="waive", reason="Goodwill").action_apply()
        self._assert_figures(row, waived=57.5, rest=0, invoiced=517.5)
        self.assertFalse(row.has_difference)
        self.assertEqual(row.waived_by_id, self.accountant)
        self.assertEqual(row.waived_reason, "Goodwill")
        self.assertEqual(row.date_waived, self.today)
        self.assertEqual(contract.amount_remaining, 0)
        message = contract.message_ids[:1]
        self.assertIn("Goodwill", message.body)
        self.assertEqual(message.author_id, self.accountant.partner_id)
        self._as_accountant(row).action_undo_waive()
        self._assert_figures(row, waived=0, rest=57.5)

    def test_waive_what_is_due(self):
        rows = self._create_shared()
        self._as_accountant(rows[0])._waive("As agreed by phone")
        self._assert_states(rows, "waived", "due", "due")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 184)
        self.assertEqual(rows.contract_id.amount_remaining, 0)
        with self.assertRaisesRegex(UserError, "decided not to invoice"):
            self._as_accountant(rows[0]).action_create_invoice()
        with self.assertRaisesRegex(UserError, "nothing to waive"):
            self._as_accountant(rows[0])._waive("Again")

    def test_no_client_waives(self):
        row = self._create_single()
        for name in ("amount_waived", "waived_by_id", "waived_reason", "share_ids"):
            with self.assertRaises(AccessError):
                row.with_user(self.manager).write({name: False})

    def test_linked_by_hand(self):
        """An invoice of 600 that was linked to a row of 1,000."""
        row = self._create_single(1000, line={"tax_ids": False})
        invoice = self._create_by_hand(600, tax_ids=False)
        self._link(row, invoice)
        self._assert_figures(row, invoiced=600, rest=400, open=600)
        self._assert_figures(row.contract_id, invoiced=600, remaining=400)
        self._link(row, self._create_by_hand(400, tax_ids=False))
        self._assert_figures(row, invoiced=1000, rest=0)
        self.assertFalse(row.has_difference)

    def _create_by_hand(self, price, **line):
        vals = {"name": "By hand", "price_unit": price, **line}
        return self._as_accountant(self.env["account.move"]).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create(vals)],
            }
        )

    def _link(self, rows, invoice):
        action = self._as_accountant(rows).action_link_invoice()
        wizard = self._as_accountant(self.env[action["res_model"]])
        wizard = wizard.browse(action["res_id"])
        wizard.invoice_id = invoice
        wizard.action_link()

    def test_one_line_for_several_rows(self):
        rows = self._create_shared()
        invoice = self._create_by_hand(180, tax_ids=[Command.set(self.tax.ids)])
        self._link(rows, invoice)
        self.assertEqual(rows.mapped("amount_invoiced"), [41.4, 82.8, 82.8])
        self.assertEqual(invoice.installment_ids, rows)
        self.assertEqual(rows.contract_id.amount_invoiced, 207)
        self._post(invoice)
        self._pay(invoice, 103.5)
        self.assertEqual(rows.mapped("amount_paid"), [20.7, 41.4, 41.4])

    def test_other_customer(self):
        row = self._create_single()
        invoice = self._invoice(row)
        stranger = self.customer.copy({"name": "Stranger Inc"})
        self._as_accountant(invoice).partner_id = stranger
        self.assertTrue(row.has_difference)
        self.assertIn("Stranger Inc", row.difference)
        self._bill(row)
        self.assertEqual(row.billing_line_ids.move_id, invoice.sudo())
        self._as_accountant(invoice).partner_id = self.customer
        self.assertFalse(row.has_difference)

    def test_line_is_deleted_from_the_draft(self):
        rows = self._create_shared()
        invoice = self._invoice(rows)
        self._get_lines(invoice, rows[1]).unlink()
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 0, 92])
        self._assert_figures(rows.contract_id, invoiced=138, remaining=92)


class TestLinesKeepTheirRow(BooksCommon):
    """Split, merged, replaced: new lines of a draft bill what the old ones billed."""

    def test_split(self):
        rows = self._create_shared()
        invoice = self._invoice(rows)
        line = self._get_lines(invoice, rows[1])
        new = {
            "name": "Second half",
            "price_unit": 30,
            "tax_ids": [Command.set(self.tax.ids)],
        }
        half = {"quantity": 1, "price_unit": 50}
        self._as_accountant(invoice).write(
            {
                "invoice_line_ids": [
                    Command.update(line.id, half),
                    Command.create(new),
                ]
            }
        )
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 92, 92])
        self.assertFalse(invoice.contract_loose)

    def test_merged(self):
        rows = self._create_shared()
        invoice = self._invoice(rows)
        lines = self._as_accountant(invoice).invoice_line_ids
        self._write_lines(invoice, lines, 190)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.mapped("amount_invoiced"), [43.7, 87.4, 87.4])

    def test_replaced(self):
        rows = self._create_shared()
        invoice = self._invoice(rows)
        self._write_lines(invoice, self._get_lines(invoice, rows[1]), 70, 5)
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 86.25, 92])
        self.assertEqual(self._get_booked(), 46 + 86.25 + 92)

    def test_more_than_the_ledger(self):
        """Travel expenses are no row of the ledger."""
        rows = self._create_shared()
        invoice = self._invoice(rows)
        self._write_lines(invoice, rows.browse(), 20)
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 92, 92])
        self.assertIn("New 20", self._as_accountant(invoice).contract_loose)
        self._pay(self._post(invoice), 126.5)
        self.assertEqual(rows.mapped("amount_paid"), [23, 46, 46])


class TestCreditDecision(BooksCommon):
    """A posted credit note says whether its rows are billed again."""

    def test_setting(self):
        self.company.contract_credited = "keep"
        rows, invoice = self._create_billed()
        note = self._credit_rows(invoice, rows[0])
        self.assertEqual(note.contract_credit, "keep")
        self._assert_states(rows, "waived", "invoiced", "invoiced")
        self._bill(rows)
        self._assert_figures(rows.contract_id, invoiced=184, remaining=0)
        note.action_bill_credited_again()
        self.assertEqual(note.contract_credit, "again")
        self.assertIn("Bill again", rows.contract_id.message_ids[:1].body)
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            note.action_keep_credited()

    def test_decided_on_the_draft(self):
        rows, invoice = self._create_billed()
        note = self._draft_credit(invoice, rows[0])
        note.action_keep_credited()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        note.action_post()
        self._assert_states(rows, "waived", "invoiced", "invoiced")

    def test_in_part(self):
        rows, invoice = self._create_billed()
        note = self._draft_credit(invoice, rows[1])
        self._set_price(note, rows[1], 20)
        note.action_post()
        self._assert_figures(rows[1], invoiced=69, credited=23, rest=23)
        self.assertTrue(rows[1].has_difference)
        note.action_keep_credited()
        self._assert_figures(rows[1], invoiced=69, rest=0)
        self.assertFalse(rows[1].has_difference)

    def test_of_another_amount(self):
        """An invoice that was made out for more, or less: nothing follows it."""
        for price in (600, 300):
            row = self._create_single()
            invoice = self._invoice(row)
            self._as_accountant(invoice).invoice_line_ids.price_unit = price
            note = self._credit_rows(self._post(invoice), row)
            note.action_keep_credited()
            self.assertEqual((row.state, row.amount_rest), ("waived", 0))
            self._bill(row)
            self.assertEqual(row.amount_invoiced, 0)
            note.action_bill_credited_again()
            self.assertEqual((row.state, row.amount_rest), ("due", row.amount))
            # Once more, for another amount again
            invoice = self._invoice(row)
            self._as_accountant(invoice).invoice_line_ids.price_unit = price
            self._credit_rows(self._post(invoice), row).action_keep_credited()
            self.assertEqual((row.state, row.amount_rest), ("waived", 0))

    def test_of_another_amount_again_and_then_kept(self):
        """What is billed again is the row, however much was credited before."""
        for price in (600, 300):
            row = self._create_single()
            invoice = self._invoice(row)
            self._as_accountant(invoice).invoice_line_ids.price_unit = price
            self._credit_rows(self._post(invoice), row).action_bill_credited_again()
            invoice = self._post(self._invoice(row))
            self.assertEqual(row.amount_invoiced, row.amount)
            self._credit_rows(invoice, row).action_keep_credited()
            self.assertEqual((row.state, row.amount_rest), ("waived", 0))
            self._bill(row)
            self.assertEqual(row.amount_invoiced, 0)

    def test_who_decides(self):
        rows, invoice = self._create_billed()
        note = self._credit_rows(invoice, rows[0])
        with self.assertRaises(AccessError):
            note.with_user(self.manager).action_keep_credited()
        with self.assertRaises(AccessError):
            note.write({"contract_credit": "keep"})
        with self.assertRaisesRegex(UserError, "takes back no row"):
            self._as_accountant(invoice).action_keep_credited()

    def test_line_of_the_note_is_replaced(self):
        row = self._create_single()
        invoice = self._post(self._invoice(row))
        note = self._draft_credit(invoice)
        self._write_lines(note, note.invoice_line_ids, 100)
        note.action_post()
        self._assert_figures(row, credited=115, invoiced=460, rest=115)

    def test_line_of_the_note_is_for_nobody_knows_what(self):
        rows, invoice = self._create_billed()
        note = self._draft_credit(invoice)
        self._write_lines(note, note.invoice_line_ids[:1], 10)
        note.invoice_line_ids.filtered("credited_installment_id").unlink()
        self._write_lines(note, note.invoice_line_ids, 15)
        note.action_post()
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 92, 92])
        self.assertIn("New 15", note.contract_loose)
        for decide in (note.action_keep_credited, note.action_bill_credited_again):
            with self.assertRaisesRegex(UserError, "New 15.*lower the lines"):
                decide()
        self.assertFalse(note.contract_credit)

    def test_a_line_of_the_note_is_of_no_row(self):
        """What is decided holds for the rows; the rest is said not to."""
        rows, invoice = self._create_billed()
        note = self._draft_credit(invoice, rows[0])
        self._write_lines(note, rows.browse(), 15)
        note.action_post()
        note.action_keep_credited()
        self._assert_states(rows, "waived", "invoiced", "invoiced")
        self.assertRegex(
            rows.contract_id.message_ids[:1].body, "nothing is billed again.*New 15"
        )

    def test_nothing_was_paid(self):
        rows, invoice = self._create_billed()
        self._credit_rows(invoice, rows[0])
        self.assertEqual(rows.contract_id.amount_paid, 0)

    def test_paid_before_it_was_credited(self):
        """The money stays with the row until it is paid back or set off."""
        rows, invoice = self._create_billed()
        self._pay(invoice)
        note = self._credit_rows(invoice, rows[0])
        self.assertEqual(rows.mapped("amount_paid"), [46, 92, 92])
        self.assertEqual(rows.mapped("amount_open"), [-46, 0, 0])
        self._pay(note)
        self.assertEqual(rows.mapped("amount_paid"), [0, 92, 92])
        self.assertEqual(rows.contract_id.amount_paid, 184)


class TestMaturities(BooksCommon):
    """30 % at once and 70 % later: each part is late by itself."""

    def test_first_part_is_overdue(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "30 / 70",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": part, "nb_days": days}
                    )
                    for part, days in ((30, 0), (70, 60))
                ],
            }
        )
        row = self._create_single(1000, payment_term_id=terms.id)
        contract = row.contract_id
        invoice = self._post(self._invoice(row))
        self.assertFalse(row.is_overdue)
        self._let_pass(1)
        self.assertTrue(row.is_overdue)
        self._assert_figures(row, overdue=345, open=1150)
        self.assertEqual(contract.amount_overdue, 345)
        self._assert_ageing(row, {"001": 345, "000": 805})
        self._pay(invoice, 345)
        self.assertFalse(row.is_overdue)
        self._let_pass(61)
        self._assert_figures(row, overdue=805, paid=345)
        self.assertEqual(contract.amount_overdue, 805)

    def _let_pass(self, days):
        self.env.flush_all()
        frozen = freeze_time(f"{self._days(days)} 12:00")
        frozen.start()
        self.addCleanup(frozen.stop)
        row = self.env["crm.contract.installment"]
        for late in row.search(row._get_become_overdue_domain()):
            late._advance_overdue()

    def _assert_ageing(self, row, expected):
        """The database has its own clock: buckets are those of the real day."""
        lines = self.env["crm.contract.ageing"].search(
            [("installment_id", "=", row.id)]
        )
        self.assertEqual(sorted(lines.mapped("amount_open")), sorted(expected.values()))
        self.assertEqual(len(set(lines.mapped("date_payment"))), 2)


@freeze_time("2026-01-10")
class TestRoundedGlobally(RecurringCommon):
    """The tax of a whole invoice is a cent other than the sum of its lines."""

    def test_cents(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self.tax.copy({"name": "Odd", "amount": 7.7})
        lines = [
            self._prepare_line_vals(
                price_unit=price, is_recurring=True, tax_ids=[Command.set(tax.ids)]
            )
            for price in (10.07, 20.07, 33.07)
        ]
        contract = self._create_signed(
            date_start=date(2026, 1, 1),
            line_ids=[Command.create(line) for line in lines],
            installment_ids=False,
        )
        rows = contract.installment_ids.filtered(lambda row: row.state == "due")
        self.assertEqual(len(rows), 3)
        invoice = self._invoice(rows)
        # 63.21 and 7.7 % of it: 4.867; line by line it is 0.78 + 1.55 + 2.55 = 4.88
        self.assertAlmostEqual(invoice.amount_total, 68.08)
        self.assertAlmostEqual(sum(rows.mapped("amount")), 68.09)
        self.assertAlmostEqual(sum(rows.mapped("amount_invoiced")), 68.08)
        self.assertAlmostEqual(contract.amount_invoiced, 68.08)
        self.assertFalse(any(rows.mapped("has_difference")))
        self._pay(self._post(invoice, date(2026, 1, 10)))
        self.assertEqual(set(rows.mapped("state")), {"paid"})
        self.assertAlmostEqual(contract.amount_paid, 68.08)


@freeze_time("2026-01-10")
class TestFreeAndNegative(RecurringCommon):
    """Rows of nothing need no invoice; those of less go to the customer."""

    def _create_lines(self, *lines, **vals):
        return self._create_signed(
            date_start=date(2026, 1, 1),
            line_ids=[
                Command.create(self._prepare_line_vals(**{"tax_ids": False, **line}))
                for line in lines
            ],
            **{"installment_ids": False, **vals},
        )

    def _run(self, contract):
        billing = self.env["crm.contract.billing"]
        return billing._bill(contract, billing._get_bill_domain(), date(2026, 1, 10))

    def test_free_share(self):
        """1 % of JPY 40."""
        yen = self._activate_yen(150)
        contract = self._create_lines(
            {"price_unit": 40},
            currency_id=yen.id,
            installment_ids=[
                Command.create({"name": str(p), "percentage": p, "date": "2026-01-05"})
                for p in (1, 99)
            ],
        )
        free, rest = contract.installment_ids.sorted("percentage")
        self.assertEqual((free.amount, free.state), (0, "free"))
        self.assertEqual((rest.amount, rest.state), (40, "due"))
        with self.assertRaisesRegex(UserError, "it is free"):
            free.action_create_invoice()
        [invoice] = self._run(contract)
        self.assertEqual(invoice.amount_total, 40)
        self.assertEqual(contract.amount_remaining, 0)

    def test_rebate_joins_the_invoice(self):
        contract = self._create_lines(
            {"price_unit": 100, "is_recurring": True},
            {"price_unit": -30, "is_recurring": True},
        )
        [invoice] = self._run(contract)
        self.assertEqual((invoice.move_type, invoice.amount_total), ("out_invoice", 70))
        rows = contract.installment_ids.filtered("is_billed")
        self.assertEqual(sorted(rows.mapped("amount_invoiced")), [-30, 100])
        self._pay(self._post(invoice, date(2026, 1, 10)), 35)
        self.assertEqual(sorted(rows.mapped("amount_paid")), [-15, 50])
        self._pay(invoice)
        self.assertEqual(set(rows.mapped("state")), {"paid"})

    def test_rebate_of_the_plan_joins_the_invoice(self):
        contract = self._create_lines(
            {"price_unit": 100},
            installment_ids=_prepare_fixed(
                ("Fee", 130, "2026-01-02"),
                ("Rebate", -30, "2026-01-03"),
            ),
        )
        fee, rebate = contract.installment_ids.sorted("date")
        self.assertEqual(self._run(fee.contract_id).amount_total, 100)
        self.assertEqual(rebate.amount_invoiced, -30)

    def test_credit_note(self):
        contract = self._create_lines(
            {"price_unit": 100},
            installment_ids=_prepare_fixed(
                ("Fee", 130, "2026-01-02"),
                ("Rebate", -30, "2026-01-12"),
            ),
        )
        fee, rebate = contract.installment_ids.sorted("date")
        self._run(contract)
        self.assertEqual((fee.state, rebate.state), ("invoiced", "planned"))
        with freeze_time("2026-01-12"):
            rebate._recompute_as_of_today("state")
            [note] = self._run(contract)
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 30))
        self.assertEqual((rebate.amount_invoiced, rebate.state), (-30, "invoiced"))
        self.assertEqual(contract.amount_invoiced, 100)
        note = self._post(note, date(2026, 1, 12))
        self._pay(note)
        self.assertEqual((rebate.amount_paid, rebate.state), (-30, "paid"))

    def test_rebate_waits_for_the_next_invoice(self):
        contract = self._create_lines(
            {"price_unit": 100, "is_recurring": True},
            {"price_unit": 100},
            installment_ids=_prepare_fixed(
                ("Fee", 130, "2026-01-02"),
                ("Rebate", -30, "2026-01-12"),
            ),
        )
        self._run(contract)
        rebate = contract.installment_ids.filtered(lambda row: row.amount < 0)
        billing = self.env["crm.contract.billing"]
        with freeze_time("2026-01-12"):
            rebate._recompute_as_of_today("state")
            self.assertEqual(rebate.state, "due")
            [step] = billing._get_steps()
            self.assertNotIn(contract.id, billing._find(step).ids)
        with freeze_time("2026-02-01"):
            [step] = billing._get_steps()
            self.assertIn(contract.id, billing._find(step).ids)
            [invoice] = self._run(contract)
        self.assertEqual(invoice.amount_total, 70)

    def test_free_line(self):
        """A discount of 100 % is signed, billed and extended like any other."""
        contract = self._create_lines(
            {"price_unit": 100, "is_recurring": True, "discount": 100},
            {"price_unit": 80, "is_recurring": True},
        )
        [invoice] = self._run(contract)
        self.assertEqual(invoice.amount_total, 80)
        with freeze_time("2027-01-10"):
            self.env["crm.contract.ledger"]._extend(contract)
        self.assertNotIn("due", contract.line_ids[:1].installment_ids.mapped("state"))


@freeze_time("2026-01-10")
class TestRateIsMissing(RecurringCommon):
    """Nothing is booked one to one because nobody entered a rate."""

    def test_missing(self):
        yen = self._activate_yen(150)
        line = self._prepare_line_vals(price_unit=40, is_recurring=True)
        contract = self._create_signed(
            date_start=date(2026, 1, 1),
            currency_id=yen.id,
            line_ids=[Command.create(line)],
            installment_ids=False,
        )
        yen.rate_ids.filtered(
            lambda one: one.company_id in (self.company, self.env["res.company"])
        ).unlink()
        row = contract.installment_ids.filtered(lambda row: row.state == "due")
        with self.assertRaisesRegex(UserError, "no exchange rate"):
            row.action_create_invoice()
        billing = self.env["crm.contract.billing"]
        problems = billing._get_problems(
            contract, billing._get_bill_domain(), date(2026, 1, 10)
        )
        self.assertIn("JPY", problems[contract])


@freeze_time("2026-01-10")
class TestWholeLife(RecurringCommon):
    """Value, invoiced and to invoice add up, however far the ledger goes."""

    def test_beyond_the_horizon(self):
        contract = self._create_recurring(duration=36)
        self.assertEqual(contract.amount_total, 36000)
        self.assertEqual(contract.amount_remaining, 36000)
        self.assertEqual(sum(contract.installment_ids.mapped("amount")), 13000)
        row = self._get_rows(contract)[0]
        self._invoice(row)
        self.assertEqual(contract.amount_invoiced, 1000)
        self.assertEqual(contract.amount_remaining, 35000)
        with freeze_time("2027-01-10"):
            self.env["crm.contract.ledger"]._extend(contract)
            self.assertEqual(len(contract.installment_ids), 25)
            self.assertEqual(contract.amount_remaining, 35000)

    def test_draft(self):
        line = self._prepare_line_vals(is_recurring=True, tax_ids=False)
        contract = self._create_contract(
            date_start=date(2026, 1, 1),
            duration=36,
            line_ids=[Command.create(line)],
            installment_ids=False,
        )
        self.assertEqual(contract.amount_remaining, 36000)

    def test_without_an_end(self):
        line = self._prepare_line_vals(is_recurring=True, tax_ids=False)
        contract = self._create_signed(
            date_start=date(2024, 3, 1),
            is_open_ended=True,
            line_ids=[Command.create({**line, "billed_until": "2025-12-31"})],
            installment_ids=False,
        )
        self._invoice(self._get_rows(contract)[0])
        # The year from 1 March 2025: January and February, one of them invoiced.
        self.assertAlmostEqual(contract.percent_invoiced, 0.5)
        for text in ("03/01/2025", "02/28/2026", "2,000.00", "1,000.00"):
            self.assertIn(text, contract.billed_note)

    def test_interest_stands_apart(self):
        self.type.write({"late_rate": 1, "late_rate_unit": "day"})
        contract = self._create_recurring(duration=1)
        contract_row = contract.installment_ids
        invoice = self._post(self._invoice(contract_row), date(2026, 1, 10))
        with freeze_time("2026-01-20"):
            late = self.env["crm.contract.late.interest"].with_env(contract.env)
            late._charge(contract, date(2026, 1, 20))
        self.assertEqual(contract.amount_invoiced, 1000)
        self.assertEqual(contract.percent_invoiced, 1)
        self.assertAlmostEqual(contract.amount_extra, 100)
        self._pay(invoice)
        self.assertEqual(contract.percent_paid, 1)


class TestOrderMadeRecurring(SharedInvoiceCommon):
    """A line of an order that is billed every month is invoiced once for the order."""

    def test_counts_once(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": 1}
                    )
                ],
            }
        )
        order.action_confirm()
        action = order.action_new_contract()
        contract = self.env["crm.contract"].browse(action["res_id"])
        contract.write(
            {
                "type_id": self.type.id,
                "date_start": self._days(-100),
                "customer_signatory_id": self.signatory.id,
                "company_signatory_id": self.manager.id,
                "clause_ids": [Command.clear()],
            }
        )
        contract.line_ids.is_recurring = True
        self._sign(contract)
        rows = contract.installment_ids.filtered(lambda row: row.state == "due")
        self.assertGreater(len(rows), 3)
        line = order.order_line
        rows.action_create_invoice()
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (1, 0))
        for invoice in rows.invoice_id:
            self._post(invoice)
        self.assertEqual(line.qty_invoiced_posted, 1)
        self.assertEqual(line.untaxed_amount_to_invoice, 0)
        self.assertEqual(order.invoice_status, "invoiced")
