from odoo.fields import Command

from odoo.addons.crm_contract.tests.common_defaults import DefaultsCommon

from .test_amend import AmendmentCommon


class TestStrangeDefaults(DefaultsCommon, AmendmentCommon):
    """Renewals, amendments and ends take nothing from what a client's context proposes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user(
            "contract_seller",
            "sales_team.group_sale_salesman,crm_contract.crm_contract_group_user",
        )

    def _strange(self, record, user=None):
        return record.with_user(user or self.user).with_context(**self.strange)

    def test_renewal(self):
        contract = self._create_running(user=self.seller)
        last = self._get_last_ids()
        wizard = self.env["crm.contract.renew"].with_user(self.seller)
        wizard = wizard.create(
            {
                "contract_ids": [Command.set(contract.ids)],
                "make_opportunity": True,
                "make_quotation": True,
            }
        )
        self._strange(wizard, self.seller).action_renew()
        renewal = contract.renewal_ids
        self.assertFalse(renewal.sudo().order_ids.contract_id - renewal)
        self._assert_clean(
            last,
            (
                "crm.contract",
                "crm.contract.line",
                "crm.contract.clause",
                "crm.lead",
                "sale.order",
                "sale.order.line",
            ),
        )

    def test_defaults_of_the_dialog(self):
        """What opens a dialog is not for the order that the dialog makes."""
        contract = self._create_running(user=self.seller)
        wizards = self.env["crm.contract.renew"].with_user(self.seller)
        wizard = wizards.with_context(
            default_contract_ids=contract.ids,
            default_make_quotation=True,
            default_contract_id=contract.id,
            default_note="For the dialog",
        ).create({})
        wizard.action_renew()
        order = contract.renewal_ids.sudo().order_ids
        self.assertEqual(order.contract_id, contract.renewal_ids)
        self.assertNotIn("dialog", order.note or "")

    def test_amendments(self):
        contract = self._create_running()
        last = self._get_last_ids()
        wizard = self.env["crm.contract.amend"].with_user(self.user)
        wizard = wizard.create({"contract_id": contract.id, "reason": "More sites"})
        action = self._strange(wizard).action_amend()
        first = contract.browse(action["res_id"]).with_user(self.user)
        second = self._change_line(self._draft(contract), quantity=2)
        self._change_line(first, price_unit=110)
        clause = {"name": "Data", "body": "<p>Kept.</p>"}
        self._strange(first).write(
            {
                "clause_ids": [
                    Command.create({**clause, "category_id": self.category.id})
                ],
                "milestone_ids": [
                    Command.create({"name": "Move", "user_id": self.user.id})
                ],
                "line_ids": [Command.create(self._prepare_line_vals(name="Set-up"))],
                "installment_ids": [
                    Command.create(
                        {"name": "All", "date": self.today, "percentage": 100}
                    )
                ],
                "task_ids": [Command.create({"name": "Tell all", "days": 3})],
            }
        )
        self._strange(first).action_submit()
        self._strange(self._open_sign(first)).action_sign()
        self.assertEqual(first.state, "in_force")
        self.assertIn("Data", contract.clause_ids.mapped("name"))
        self._strange(second).action_rebase()
        self.assertIn("Data", second.clause_ids.mapped("name"))
        self._assert_clean(
            last,
            (
                "crm.contract",
                "crm.contract.change.task",
                "crm.contract.clause",
                "crm.contract.installment",
                "crm.contract.line",
                "crm.contract.milestone",
                "crm.contract.mrr.movement",
                "mail.activity",
            ),
        )

    def test_end_with_a_penalty(self):
        for owed_by in ("customer", "us"):
            contract = self._create_running()
            last = self._get_last_ids()
            wizard = self._open_end(
                contract,
                reason="terminated",
                note="Closed",
                penalty="fixed",
                penalty_fixed=500,
                penalty_owed_by=owed_by,
                penalty_clause_id=contract.clause_ids.id,
            )
            self._strange(wizard).action_end()
            self._assert_clean(last, ["account.move"])

    def test_reminders(self):
        contract = self._create_running()
        days = (contract.date_deadline - self.today).days
        self.type.rung_ids[0].days = days + 1
        last = self._get_last_ids()
        reminders = self._strange(self.env["crm.contract.rung.fired"])
        reminders.sudo()._fire(contract)
        self._assert_clean(last, ["crm.contract.rung.fired", "mail.activity"])
