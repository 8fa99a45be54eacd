from odoo.tests import Form

from .common import ApprovalCommon


class TestFigures(ApprovalCommon):
    """Certificate, analysis and setting."""

    def _analyse(self, groupby, *aggregates, domain=()):
        self.env.flush_all()
        model = self.env["crm.contract.approval.report"].with_user(self.reader)
        return model._read_group(
            [("company_id", "=", self.company.id), *domain],
            [groupby],
            [*aggregates],
        )

    def test_analysis(self):
        first, second, third = self._send(), self._send(), self._send()
        self._approve_all(first)
        reason = self.env.ref("crm_contract_approval.reason_price")
        self._decide(second, self.lawyer2, "reject", comment="No", reason_id=reason.id)
        self._approve_all(self._submit(second))
        shares = dict(self._analyse("row_type", "first_pass:avg"))
        # The third is open: it counts for neither side.
        self.assertAlmostEqual(shares["submission"], 50)
        decisions = [("row_type", "=", "decision")]
        rejected = dict(self._analyse("approver_id", "rejected:avg", domain=decisions))
        self.assertEqual(rejected[self.lawyer], 0)
        self.assertEqual(rejected[self.lawyer2], 100)
        reasons = dict(self._analyse("reason_id", "__count"))
        self.assertEqual(reasons[reason], 1)
        waiting = dict(self._analyse("step_name", "waiting:sum"))
        self.assertEqual(waiting["Legal"], 1)
        self.assertTrue(third)

    def test_own_figures_alone(self):
        self._send(user=self.user_all)
        model = self.env["crm.contract.approval.report"]
        self.assertFalse(model.with_user(self.user).search([]))
        self.assertTrue(model.with_user(self.user_all).search([]))

    def test_certificate(self):
        contract = self._send()
        self.assertIn("Not approved", self._certify("watermark", contract))
        self._decide(contract, self.lawyer, comment="Read twice")
        self._decide(contract, self.boss)
        self.assertFalse(self._certify("watermark", contract))
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html(
                "crm_contract_approval.report_certificate", contract.ids
            )[0]
            .decode()
        )
        for text in (
            "Read twice",
            self.boss.name,
            contract.content_hash,
            "Test policy, version",
            contract.number,
        ):
            self.assertIn(text, html)

    def test_certificate_of_what_was_kept(self):
        contract = self._send()
        self._decide(contract, self.lawyer, comment="First")
        contract.action_recall()
        self._submit(contract)
        self._decide(contract, self.boss)
        rows = self._certify("rows", contract)
        self.assertEqual(
            [row["who"] for row in rows], [self.lawyer.name, self.boss.name]
        )

    def test_setting(self):
        report = self.env.ref("crm_contract_approval.action_report_certified")
        group = report.group_ids
        self.assertFalse(self.user.has_group(group.get_external_id()[group.id]))
        with Form(self.env["res.config.settings"]) as form:
            form.group_contract_certified = True
        form.record.execute()
        self.assertTrue(
            self.user.has_group(
                "crm_contract_approval.crm_contract_approval_group_certified"
            )
        )
