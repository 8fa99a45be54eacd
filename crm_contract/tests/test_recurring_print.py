from datetime import date

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import html2plaintext

from .common import ContractCommon


class TestRecurringPrint(ContractCommon):
    """Recurring lines in words; in tests Odoo renders the texts as HTML."""

    @classmethod
    def _patch_text(cls):
        pass

    @classmethod
    def _prepare_recurring_vals(cls, **vals):
        return cls._prepare_line_vals(
            **{"name": "Hosting", "price_unit": 100, "is_recurring": True, **vals}
        )

    def _create_recurring(self, *lines, **vals):
        return self._create_contract(
            **{
                "date_start": date(2026, 1, 15),
                "line_ids": [
                    Command.create(self._prepare_recurring_vals(**line))
                    for line in lines or [{}]
                ],
                "installment_ids": [],
                **vals,
            }
        )

    def _print(self, contract, report="report_contract"):
        reports = self.env["ir.actions.report"]
        html = reports._render_qweb_html(f"crm_contract.action_{report}", contract.ids)
        return " ".join(html2plaintext(html[0].decode()).replace("*", "").split())

    def test_rhythm(self):
        cases = {
            (1, "month", "advance"): "monthly, in advance",
            (1, "half_year", "arrears"): "half-yearly, in arrears",
            (3, "week", "arrears"): "every 3 weeks, in arrears",
        }
        line = self._create_recurring().line_ids
        for (interval, unit, billed_in), text in cases.items():
            line.write(
                {
                    "recurrence_interval": interval,
                    "recurrence_unit": unit,
                    "billed_in": billed_in,
                }
            )
            self.assertEqual(line.recurrence_text, text)
        line.is_recurring = False
        self.assertFalse(line.recurrence_text)

    def test_terms_of_a_line(self):
        text = self._print(
            self._create_recurring(
                {
                    "quantity": 2,
                    "date_start": date(2026, 2, 10),
                    "date_end": date(2027, 1, 31),
                    "date_anchor": date(2026, 2, 1),
                    "free_periods": 1,
                    "step_ids": [
                        Command.create(
                            {
                                "date_from": date(2026, 7, 1),
                                "quantity": 3,
                                "price_unit": 90.5,
                            }
                        )
                    ],
                }
            )
        )
        for part in (
            "200.00 per month",
            "From July 1, 2026 3",
            "271.50 per month",
            "monthly, in advance. Charged from February 10, 2026 to January 31, 2027.",
            "Periods are counted from February 1, 2026.",
            "The first period is free of charge.",
            "A part of a period is charged by its days.",
        ):
            self.assertIn(part, text)

    def test_other_terms_of_a_line(self):
        text = self._print(
            self._create_recurring(
                {
                    "prorate": False,
                    "free_periods": 2,
                    "billed_until": date(2026, 1, 31),
                    "recurrence_interval": 2,
                }
            )
        )
        for part in (
            "every 2 months, in advance. Charged for the term of the contract.",
            "Periods up to January 31, 2026 are paid already.",
            "The first 2 periods are free of charge.",
            "A part of a period is charged like a full one.",
            "per 2 months",
        ):
            self.assertIn(part, text)

    def test_values(self):
        contract = self._create_recurring(
            {}, {"is_recurring": False, "price_unit": 1000}
        )
        contract.installment_ids = [
            Command.create({"name": "All", "date": self.today, "percentage": 100})
        ]
        text = self._print(contract)
        for part in (
            "Contract value including taxes USD 2,530.00",
            "In words Two Thousand, Five Hundred And Thirty Dollars",
            "of which one-off fees USD 1,150.00",
            "of which recurring fees, over the term USD 1,380.00",
            "The one-off fees are paid by the following plan.",
            "Total 1,150.00",
        ):
            self.assertIn(part, text)

    def test_open_end(self):
        contract = self._create_recurring(is_open_ended=True)
        self.assertIn(
            "without an end: of the first twelve months USD 1,380.00",
            self._print(contract),
        )

    def test_day_of_the_invoice(self):
        one = self._print(self._create_recurring({"billed_in": "arrears"}))
        self.assertIn("invoiced in arrears, on the day after the last one", one)
        self.assertNotIn("Payment plan", one)
        both = self._print(self._create_recurring({"billed_in": "arrears"}, {}))
        self.assertIn("paid in advance are invoiced on the first day", both)
        self.assertIn("paid in arrears are invoiced on the day after", both)

    def test_one_off_contract_is_as_before(self):
        text = self._print(self._create_contract())
        self.assertIn("Payment plan", text)
        for part in ("Recurring", "of which", "per month", "Retention"):
            self.assertNotIn(part, text)

    @freeze_time("2026-06-20")
    def test_periods_are_not_in_the_plan(self):
        contract = self._create_recurring(
            {},
            {"is_recurring": False},
            installment_ids=[
                Command.create(
                    {"name": "Rest", "trigger": "signature", "percentage": 95}
                ),
                Command.create(
                    {
                        "sequence": 20,
                        "name": "Kept",
                        "date": date(2027, 1, 1),
                        "percentage": 5,
                        "is_retention": True,
                    }
                ),
            ],
        )
        self._sign(contract)
        self.assertGreater(len(contract.installment_ids), 2)
        plan = self.env["crm.contract.print"]._get_plan(contract)
        self.assertEqual(plan.mapped("name"), ["Rest", "Kept"])
        self.assertEqual(contract.plan_ids, plan)
        self.assertEqual(
            contract.open_period_ids, contract.installment_ids - contract.plan_ids
        )
        document = html2plaintext(contract._get_text_document()._get_file().decode())
        self.assertIn("Retention money", document)
        self.assertNotIn("Hosting 0", document)

    @freeze_time("2026-06-20")
    def test_summary(self):
        contract = self._sign(
            self._create_recurring({"recurrence_unit": "week"}, is_open_ended=True)
        )
        excerpt = self.env["crm.contract.print"]._get_ledger_excerpt(contract)
        self.assertEqual(len(excerpt["rows"]), 12)
        self.assertEqual(
            excerpt["rows"] + excerpt["later"],
            contract.installment_ids.sorted("date_due"),
        )
        text = self._print(contract, "report_contract_summary")
        self.assertIn("MRR without taxes 433.33", text)
        self.assertIn(f"Later periods ({len(excerpt['later'])})", text)
        self.assertNotIn("Paid periods", text)

    @freeze_time("2026-06-20")
    def test_summary_of_paid_periods(self):
        contract = self._sign(self._create_recurring())
        row = contract.installment_ids.sorted("date_due")[0]
        invoice = row.with_user(self.accountant)._create_invoices().sudo()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(row.state, "paid")
        excerpt = self.env["crm.contract.print"]._get_ledger_excerpt(contract)
        self.assertEqual(excerpt["paid"], row)
        self.assertNotIn(row, contract.open_period_ids)
        text = self._print(contract, "report_contract_summary")
        self.assertIn("Paid periods (1) 01/15/2026", text)

    def test_language_of_the_contract(self):
        """What the print says comes from the contract's language, not the user's."""
        self.env["res.lang"]._activate_lang("de_DE")
        contract = self._create_recurring(
            {"date_end": date(2026, 12, 31)},
            lang_id=self.env["res.lang"]._lang_get("de_DE").id,
        )
        self.assertIn("31. Dezember 2026", self._print(contract))
        line = contract.with_context(lang="zh_CN").line_ids
        sentences = line._get_recurrence_sentences()
        self.assertTrue(sentences.startswith(f"{line.recurrence_text}。"))

    def test_no_plan_without_one_off_fees(self):
        self.type.require_plan = True
        self._submit(self._create_recurring())
        with self.assertRaisesRegex(UserError, "plan is empty"):
            self._create_recurring({"is_recurring": False}).action_submit()

    def test_plan_without_one_off_fees(self):
        contract = self._create_recurring(
            installment_ids=[
                Command.create(
                    {"name": "All", "date": fields.Date.today(), "percentage": 100}
                )
            ]
        )
        with self.assertRaisesRegex(UserError, "lines that don't recur"):
            contract.action_submit()

    def test_dialog(self):
        line = self._create_recurring().line_ids
        action = line.action_open_recurrence()
        self.assertEqual((action["res_model"], action["res_id"]), (line._name, line.id))
