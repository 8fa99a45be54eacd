from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form

from .common import RenewalCommon


class TestQuotation(RenewalCommon):
    """Renewals that are offered as a quotation, and bill by themselves all the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user(
            "contract_seller",
            "sales_team.group_sale_salesman,crm_contract.crm_contract_group_user",
        )

    def _open_renew(self, contracts, user=None, **vals):
        model = self.env["crm.contract.renew"].with_user(user or self.seller)
        return model.create({"contract_ids": [Command.set(contracts.ids)], **vals})

    def _quote(self, contract, user=None, **vals):
        self._open_renew(contract, user, make_quotation=True, **vals).action_renew()
        return contract.renewal_ids, contract.renewal_ids.sudo().order_ids

    def _create_running(self, **vals):
        return super()._create_running(user=self.seller, **vals)

    def test_lines(self):
        recurring = self._prepare_line_vals(
            name="Fee", price_unit=100, quantity=2, discount=10, is_recurring=True
        )
        one_off = self._prepare_line_vals(
            name="Set-up", price_unit=500, sequence=20, charge="term"
        )
        contract = self._create_running(
            line_ids=[
                Command.create({"display_type": "line_section", "name": "Service"}),
                Command.create(recurring),
                Command.create(one_off),
            ],
            installment_ids=[
                Command.create({"name": "All", "date": self.today, "percentage": 100})
            ],
        )
        successor, order = self._quote(contract, uplift="percent", percent=10)
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.contract_id, successor)
        self.assertEqual(order.partner_id, self.customer)
        self.assertEqual(order.user_id, self.seller)
        section, fee, setup = order.order_line.sorted("id")
        self.assertEqual(section.display_type, "line_section")
        self.assertEqual((fee.product_uom_qty, fee.discount), (24, 10))
        self.assertAlmostEqual(fee.price_unit, 110)
        self.assertIn("monthly", fee.name)
        self.assertEqual((setup.product_uom_qty, setup.price_unit), (1, 550))
        self.assertEqual(fee.tax_ids, self.tax)
        self.assertAlmostEqual(order.amount_untaxed, successor.amount_untaxed)
        self.assertEqual(
            [line.sale_line_id for line in successor.line_ids.sorted("id")],
            [section.browse(), fee, setup],
        )

    def test_steps_and_parts_of_periods(self):
        """Where periods differ, the sum is that of the contract."""
        line = self._prepare_line_vals(
            price_unit=100,
            is_recurring=True,
            tax_ids=False,
            step_ids=[Command.create({"date_from": self._days(90), "price_unit": 170})],
        )
        contract = self._create_running(
            line_ids=[Command.create(line)], renewal_duration=400, renewal_unit="day"
        )
        successor, order = self._quote(contract)
        self.assertGreater(order.order_line.product_uom_qty, 12)
        self.assertAlmostEqual(order.amount_untaxed, successor.amount_untaxed, places=1)

    def test_opportunity_is_linked(self):
        successor, order = self._quote(self._create_running(), make_opportunity=True)
        self.assertTrue(order.opportunity_id)
        self.assertEqual(order.opportunity_id, successor.opportunity_id)

    def test_currency_of_the_contract(self):
        currency = self.env.ref("base.EUR")
        currency.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "rate": 2, "company_id": self.company.id}
        )
        contract = self._create_running(currency_id=currency.id)
        with self._refused("needs a pricelist in EUR"):
            self._quote(contract)
        self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": currency.id, "company_id": self.company.id}
        )
        _successor, order = self._quote(contract)
        self.assertEqual(order.currency_id, currency)
        self.assertEqual(order.order_line.price_unit, 100)

    def test_several_at_once(self):
        contracts = self._create_running() | self._create_running(name="Second")
        self._quote(contracts)
        for successor in contracts.renewal_ids:
            [order] = successor.sudo().order_ids
            self.assertEqual(successor.line_ids.sale_line_id.order_id, order)

    def _count_invoices(self):
        return self.env["account.move"].sudo().search_count([])

    def test_nothing_is_billed_by_the_order(self):
        before = self._count_invoices()
        successor, order = self._quote(self._create_running())
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertEqual(successor.state, "draft")
        self.assertEqual(self._count_invoices(), before)
        with self._refused("", UserError):
            order._create_invoices()
        with self._refused("payment plan of its contract"):
            self.env["sale.advance.payment.inv"].create(
                {
                    "sale_order_ids": [Command.set(order.ids)],
                    "advance_payment_method": "percentage",
                    "amount": 50,
                }
            ).create_invoices()
        self.assertEqual(self._count_invoices(), before)

    def test_billed_once_by_the_renewal(self):
        """Confirmed or not: each period is billed by the ledger, and counted once."""
        for is_confirmed in (False, True):
            contract = self._create_running(
                date_start=self._days(-365), duration=0, date_end=self._days(-1),
                notice_period=0,
            )  # fmt: skip
            successor, order = self._quote(contract)
            if is_confirmed:
                order.action_confirm()
            self._sign(successor)
            self.assertEqual(successor.state, "running")
            row = successor.installment_ids.sorted("period_start")[0]
            invoice = row.sudo()._create_invoices()
            self.assertEqual(invoice.invoice_line_ids.sale_line_ids, order.order_line)
            invoice.action_post()
            # The order is done with what recurs as soon as the ledger bills it.
            self.assertEqual(order.order_line.qty_invoiced, 12)
            self.assertEqual(order.order_line.product_uom_qty, 12)

    def test_lines_without_product(self):
        """They can't be quoted: the dialog says so, and renews without a quotation."""
        contract = self._create_running(
            line_ids=[
                Command.create(
                    {"name": "On call", "price_unit": 50, "is_recurring": True}
                )
            ]
        )
        wizard = self._open_renew(contract, make_quotation=True)
        self.assertIn("On call", wizard.line_ids.problem)
        with self._refused("On call"):
            self._quote(contract)
        wizard.make_quotation = False
        self.assertFalse(wizard.line_ids.problem)

    def test_frameworks_are_not_quoted(self):
        contract = self._create_running()
        self._tamper(contract, is_framework=True)
        with self._refused("framework"):
            self._quote(contract)

    def test_only_for_who_may_create_orders(self):
        contract = super()._create_running()
        form = Form(self.env["crm.contract.renew"].with_user(self.user))
        self.assertFalse(form.can_quote)
        self.assertTrue(form._get_modifier("make_quotation", "invisible"))
        with self._refused("", AccessError):
            self._quote(contract, user=self.user)
        self.assertFalse(contract.sudo().renewal_ids)
        seller = self.env["crm.contract.renew"].with_user(self.seller)
        self.assertTrue(seller.new({}).can_quote)
