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
        with self._refused("1,001.00.*1,000.00"):
            second.action_confirm()
        second.order_line.price_unit = 400
        self.assertIn("is left of the ceiling", second.contract_warning)
        second.action_confirm()
        self.assertTrue(contract.is_ceiling_near)
        near = contract.search([("is_ceiling_near", "=", True)])
        self.assertEqual(near, contract)

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
