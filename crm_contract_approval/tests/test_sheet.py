from odoo.fields import Command

from .common import ApprovalCommon


class TestSheet(ApprovalCommon):
    """What the approver sees: figures, changes, deviations, precedents, the draft."""

    def test_figures(self):
        contract = self._send(
            line_ids=[Command.create(self._prepare_line_vals(discount=12.5))]
        )
        task = self._task(contract).with_user(self.lawyer)
        self.assertIn("12.5 %", task.figures)
        self.assertIn("Overdue", task.figures)
        self.assertTrue(task.text_file)

    def test_open_amounts_of_the_customer(self):
        self.policy.active = False
        self._create_signed()
        self.policy.active = True
        contract = self._send()
        figures = dict(
            row[:2]
            for row in self._task(contract).with_user(self.lawyer)._get_figures()
        )
        self.assertEqual(figures["Contracts with the customer"], "1")
        self.assertNotIn("$ 0.00", figures["Not paid yet under them"])

    def test_disputes_with_the_customer(self):
        self.policy.active = False
        signed = self._create_signed()
        self.policy.active = True
        disputes = self.env["crm.contract.dispute"].with_user(self.user)
        dispute = disputes.create({"name": "Outage", "contract_id": signed.id})
        task = self._task(self._send()).with_user(self.lawyer)
        figures = {name: (value, bad) for name, value, bad in task._get_figures()}
        self.assertEqual(figures["Open disputes"], (dispute.number, True))
        dispute.action_settle("Agreed")
        names = [row[0] for row in task._get_figures()]
        self.assertNotIn("Open disputes", names)

    def test_changes_since_the_last_decision(self):
        contract = self._send()
        self.assertFalse(self._task(contract).changes)
        self._decide(contract, self.lawyer, "reject", comment="Longer")
        contract.name = "Maintenance of both plants"
        contract.clause_ids.body = "<p>Liable to twice the limit.</p>"
        self._submit(contract)
        changes = self._task(contract).with_user(self.lawyer).changes
        self.assertIn("<ins>both", changes)
        self.assertIn("twice", changes)
        self.assertNotIn("Duration", changes)

    def test_deviations_and_precedents(self):
        text = "<p>Liable to <b>half</b> the limit.</p>"
        clauses = [
            Command.create({"template_id": self.clause.id, "body": text}),
        ]
        first = self._send(clause_ids=clauses)
        task = self._task(first).with_user(self.lawyer)
        self.assertIn("<ins>", task.deviations)
        self.assertIn("never accepted before", task.precedents)
        self._approve_all(first)
        again = self._task(self._send(clause_ids=clauses)).with_user(self.lawyer)
        self.assertIn(first.number, again.precedents)
        other = self.customer.copy({"name": "Another customer"})
        vals = {"partner_id": other.id, "customer_signatory_id": False}
        elsewhere = self._send(clause_ids=clauses, **vals)
        precedents = self._task(elsewhere).with_user(self.lawyer).precedents
        self.assertIn("others 1 times", precedents)
        self.assertNotIn(first.number, precedents)

    def test_other_than_the_template(self):
        template = self.env["crm.contract.template"].create(
            {
                "name": "Template",
                "title": "Maintenance",
                "type_id": self.type.id,
                "lang_id": self.lang_en.id,
                "duration": 24,
                "clause_ids": [Command.set(self.clause.ids)],
                "line_ids": [
                    Command.create({"product_id": self.product.id, "quantity": 3})
                ],
            }
        )
        contract = self._send(template_id=template.id, clause_ids=False, duration=12)
        changes = self._task(contract).with_user(self.lawyer)._get_template_changes()
        labels = {change["label"] for change in changes}
        self.assertEqual(labels, {"Duration", "Service content"})
        html = self._task(contract).with_user(self.lawyer).template_changes
        self.assertIn("24", html)

    def test_without_template(self):
        self.assertFalse(self._task(self._send()).template_changes)
