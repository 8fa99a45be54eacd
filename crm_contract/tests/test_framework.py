from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.fields import Command

from .common import ContractCommon


class TestFramework(ContractCommon):
    """Orders are called off against a framework, up to its ceiling."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user(
            "contract_seller",
            "sales_team.group_sale_salesman,crm_contract.crm_contract_group_user",
        )

    @contextmanager
    def _refused(self, text):
        with self.assertRaisesRegex(UserError, text), self.env.cr.savepoint():
            yield

    def _create_framework(self, sign=True, **vals):
        vals = {
            "is_framework": True,
            "amount_ceiling": 1000,
            "installment_ids": False,
            "line_ids": False,
            **vals,
        }
        contract = self._create_contract(user=self.seller, **vals)
        return self._sign(contract) if sign else contract

    def _create_order(self, contract, price, **vals):
        line = {"product_id": self.product.id, "price_unit": price}
        return (
            self.env["sale.order"]
            .with_user(self.seller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "contract_id": contract.id,
                    "order_line": [Command.create(line)],
                    **vals,
                }
            )
        )

    def test_up_to_the_ceiling(self):
        contract = self._create_framework()
        self.assertEqual(contract.amount_total, 1000)
        first = self._create_order(contract, 600)
        first.action_confirm()
        self.assertEqual(contract.amount_ordered, 600)
        self.assertEqual(contract.amount_ceiling_left, 400)
        self.assertFalse(contract.is_ceiling_near)
        second = self._create_order(contract, 401)
        self.assertIn("exceeds the ceiling", second.contract_warning)
        with self._refused("1,000.00.*600.00 is ordered.*401.00 exceeds it by.*1.00"):
            second.action_confirm()
        second.order_line.price_unit = 400
        self.assertIn("is left of the ceiling", second.contract_warning)
        second.action_confirm()
        self.assertTrue(contract.is_ceiling_near)
        near = contract.search([("is_ceiling_near", "=", True)])
        self.assertEqual(near, contract)

    def test_warning_keeps_the_secrets_of_others(self):
        """Whoever names a contract on an order is told of their own customer's alone."""
        contract = self._create_framework()
        stranger = self.customer.copy({"name": "Stranger"})
        order = self._create_order(contract, 1500)
        self.assertIn("exceeds the ceiling", order.contract_warning)
        order.partner_id = stranger
        self.assertFalse(order.contract_warning)

    def test_every_way_beyond(self):
        contract = self._create_framework()
        order = self._create_order(contract, 1000)
        order.action_confirm()
        line = order.order_line
        for change in (
            lambda: line.write({"product_uom_qty": 2}),
            lambda: line.write({"price_unit": 1001}),
            lambda: order.write(
                {"order_line": [Command.create({"product_id": self.product.id})]}
            ),
            lambda: self._create_order(contract, 1).write({"state": "sale"}),
            lambda: self._create_order(contract, 1, state="sale"),
        ):
            with self._refused("ceiling"):
                change()

    def test_moved_to_a_framework(self):
        contract = self._create_framework()
        order = self._create_order(contract.browse(), 1001)
        order.action_confirm()
        with self._refused("ceiling"):
            order.contract_id = contract

    def test_cancelled_order_frees(self):
        contract = self._create_framework()
        order = self._create_order(contract, 1000)
        order.action_confirm()
        order._action_cancel()
        self.assertEqual(contract.amount_ordered, 0)
        self._create_order(contract, 1000).action_confirm()

    def test_only_while_in_force(self):
        contract = self._create_framework(sign=False)
        order = self._create_order(contract, 10)
        with self._refused("not signed"):
            order.action_confirm()
        self._sign(contract)
        order.action_confirm()
        contract.action_suspend()
        with self._refused("not running"):
            self._create_order(contract, 10).action_confirm()

    def test_warn_only(self):
        self.company.contract_ceiling_policy = "warn"
        contract = self._create_framework()
        self._create_order(contract, 1500).action_confirm()
        self.assertEqual(contract.activity_ids.user_id, self.seller)
        self.assertIn("ceiling", contract.message_ids[0].body)
        self.assertEqual(contract.amount_ceiling_left, -500)

    def test_warned_of_what_is_added_alone(self):
        self.company.contract_ceiling_policy = "warn"
        contract = self._create_framework()
        contract.activity_schedule("mail.mail_activity_data_todo", summary="Overdue")
        order = self._create_order(contract, 1500)
        order.action_confirm()
        self.assertEqual(len(contract.activity_ids), 2)
        logged = len(contract.message_ids)
        order.order_line.price_unit = 1400
        order.client_order_ref = "Their number"
        self.assertEqual(len(contract.message_ids), logged)
        order.order_line.price_unit = 1600
        self.assertEqual(len(contract.message_ids), logged + 1)
        self.assertEqual(len(contract.activity_ids), 2)

    def test_lowered_above_the_ceiling(self):
        self.company.contract_ceiling_policy = "warn"
        contract = self._create_framework()
        order = self._create_order(contract, 1500)
        order.action_confirm()
        self.company.contract_ceiling_policy = "refuse"
        order.order_line.price_unit = 1400
        with self._refused("ceiling"):
            order.order_line.price_unit = 1401

    def test_lines_are_taken_together(self):
        contract = self._create_framework()
        order = self._create_order(contract, 600)
        order.order_line = [
            Command.create({"product_id": self.product.id, "price_unit": 400})
        ]
        order.action_confirm()
        first, second = order.order_line
        order.write(
            {
                "order_line": [
                    Command.update(first.id, {"price_unit": 700}),
                    Command.update(second.id, {"price_unit": 300}),
                ]
            }
        )
        self.assertEqual(contract.amount_ordered, 1000)

    def test_whatever_raises_the_price(self):
        contract = self._create_framework()
        order = self._create_order(contract, 1000)
        order.order_line = [
            Command.create({"product_id": self.product.id, "price_unit": -500})
        ]
        order.action_confirm()
        discount = order.order_line[1]
        dear = self.product.copy({"list_price": 5000})
        dozen = self.env.ref("uom.product_uom_dozen")
        for change in (
            lambda: discount.sudo().write({"product_id": dear.id, "price_unit": 501}),
            lambda: order.order_line[0].write(
                {"product_uom_id": dozen.id, "price_unit": 12000}
            ),
        ):
            with self._refused("ceiling"):
                change()
        self.assertEqual(contract.amount_ordered, 500)

    def test_of_its_customer_alone(self):
        contract = self._create_framework()
        stranger = self.customer.copy({"name": "Stranger Inc"})
        order = self._create_order(contract, 10, partner_id=stranger.id)
        with self._refused("framework for Customer Corp"):
            order.action_confirm()
        branch = self.customer.copy({"name": "Branch", "is_company": False})
        branch.parent_id = self.customer
        order.partner_id = branch
        order.action_confirm()
        with self._refused("framework for Customer Corp"):
            order.sudo().partner_id = stranger

    def test_invoiced_and_cancelled_stays(self):
        contract = self._create_framework()
        order = self._create_order(contract, 600)
        order.action_confirm()
        invoice = order._create_invoices().with_user(self.accountant)
        invoice.action_post()
        order._action_cancel()
        self.assertEqual(contract.amount_ordered, 600)
        self.assertEqual(contract.amount_ordered_invoiced, 600)
        with self._refused("ceiling"):
            self._create_order(contract, 401).action_confirm()
        reversal = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        credit = self.env["account.move"].browse(reversal.reverse_moves()["res_id"])
        credit.with_user(self.accountant).action_post()
        self.env.invalidate_all()
        self.assertEqual(contract.amount_ordered_invoiced, 0)
        self.assertEqual(contract.amount_ordered, 0)

    def test_without_contract_rights(self):
        contract = self._create_framework()
        order = self._create_order(contract, 1001).with_user(self.salesman)
        order.sudo().user_id = self.salesman
        with self._refused("ceiling"):
            order.action_confirm()
        order.order_line.price_unit = 1000
        order.action_confirm()
        self.assertEqual(contract.amount_ordered, 1000)

    def test_new_call_off(self):
        context = self._create_framework().action_new_call_off()["context"]
        self.assertEqual(context["default_partner_id"], self.customer.id)
        self.assertNotIn("default_payment_term_id", context)
        self.assertTrue(all(context.values()))

    def test_paid_online(self):
        contract = self._create_framework()
        order = self._create_order(contract, 1001, require_payment=True)
        archived = {"active_test": False}
        provider = self.env["payment.provider"].sudo().search([], limit=1)
        method = self.env["payment.method"].with_context(**archived).search([], limit=1)
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "reference": "FRAMEWORK",
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "sale_order_ids": [Command.set(order.ids)],
                    "state": "done",
                }
            )
        )
        transaction._check_amount_and_confirm_order()
        self.assertEqual(order.state, "draft")
        self.assertIn("Paid", order.activity_ids.summary)
        self.assertIn("ceiling", order.activity_ids.note)
        order.order_line.price_unit = 1000
        transaction._check_amount_and_confirm_order()
        self.assertEqual(order.state, "sale")

    def test_invoiced_from_the_order(self):
        contract = self._create_framework()
        order = self._create_order(contract, 600)
        order.action_confirm()
        invoice = order._create_invoices()
        self.assertTrue(invoice)
        invoice.with_user(self.accountant).action_post()
        self.assertEqual(contract.amount_ordered_invoiced, 600)

    def test_other_currency(self):
        currency = self.env.ref("base.EUR")
        currency.active = True
        currency.rate_ids.create(
            {
                "name": self._days(-1),
                "rate": 2,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        contract = self._create_framework(currency_id=currency.id)
        self._create_order(contract, 400).action_confirm()
        self.assertEqual(contract.amount_ordered, 800)
        with self._refused("ceiling"):
            self._create_order(contract, 101).action_confirm()

    def test_submission(self):
        contract = self._create_framework(
            sign=False,
            amount_ceiling=0,
            line_ids=[Command.create(self._prepare_line_vals(is_recurring=True))],
            installment_ids=[Command.create({"name": "I", "percentage": 100})],
        )
        with self.assertRaises(UserError) as error:
            contract.action_submit()
        for word in ("ceiling", "payment plan", "recurring"):
            self.assertIn(word, str(error.exception))

    def test_price_list_does_not_block_orders(self):
        order = self._create_order(self.env["crm.contract"], 100)
        order.action_new_contract()
        order.contract_id.is_framework = True
        self.assertFalse(order.order_line._get_billed_by_contract())
