from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command

from .common import ContractCommon


class TestEvaluation(ContractCommon):
    """What a year came to, on paper."""

    def _evaluate(self, **vals):
        model = self.env["crm.contract.evaluation"].with_user(self.manager)
        return model.create({"year": str(self.today.year), **vals})

    def test_page(self):
        signed = self._create_signed()
        gone = self._create_signed()
        self._create_contract()
        self._end(gone, reason="completed")
        evaluation = self._evaluate(
            pages=1,
            lessons="<p>Ask for the deposit first.</p>",
            note_ids=[Command.create({"contract_id": gone.id, "lesson": "Too late"})],
        )
        page = evaluation._get_page()
        numbers = {label: (number, amount) for label, number, amount in page["rows"]}
        self.assertEqual(numbers["Signed"], (2, 2 * signed.amount_company))
        self.assertEqual(numbers["Fulfilled"][0], 1)
        self.assertEqual(numbers["Ended early"][0], 0)
        self.assertEqual(numbers["Disputes begun"], (0, None))
        self.assertFalse(page["is_empty"])
        # The largest one, and the one with a lesson
        self.assertEqual(
            [major["contract"] for major in page["majors"]], [signed, gone]
        )
        html = self._print(evaluation)
        for text in ("Ask for the deposit first.", "Too late", signed.number):
            self.assertIn(text, html)

    def _print(self, evaluation):
        report = self.env["ir.actions.report"].with_user(self.manager)
        name = "crm_contract.report_contract_evaluation"
        return report._render_qweb_html(name, evaluation.ids)[0].decode()

    def test_nothing(self):
        evaluation = self._evaluate(year="1999")
        self.assertTrue(evaluation._get_page()["is_empty"])
        self.assertIn("No contract was signed", self._print(evaluation))

    def test_bad_input(self):
        for year in ("x", "99", "2999", "٢٠٢٦"):
            with self.assertRaisesRegex(ValidationError, "is no year"):
                self._evaluate(year=year)
        with self.assertRaisesRegex(ValidationError, "get a page"):
            self._evaluate(pages=51)
        with self.assertRaises(AccessError):
            self.env["crm.contract.evaluation"].with_user(self.user).search([])
