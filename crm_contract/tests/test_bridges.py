from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form

from .common import ContractCommon


class BridgeCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user(
            "contract_seller",
            "sales_team.group_sale_salesman,crm_contract.crm_contract_group_user",
        )
        cls.lead = cls._create_lead()

    @classmethod
    def _create_lead(cls, **vals):
        return cls.env["crm.lead"].create(
            {
                "name": "Plant in Springfield",
                "type": "opportunity",
                "partner_id": cls.customer.id,
                "user_id": cls.seller.id,
                "company_id": cls.company.id,
                **vals,
            }
        )


class TestOpportunity(BridgeCommon):
    def _create_from_lead(self, lead=None, **vals):
        lead = lead or self.lead
        vals = self._prepare_contract_vals(opportunity_id=lead.id, **vals)
        return self.env["crm.contract"].with_user(self.seller).create(vals)

    def test_contract_from_an_opportunity(self):
        self.lead.tag_ids = self.env["crm.tag"].create({"name": "Plant"})
        context = self.lead.with_user(self.seller)._prepare_contract_context()
        vals = {
            name: value
            for name, value in self._prepare_contract_vals().items()
            if name not in ("name", "partner_id")
        }
        contract = (
            self.env["crm.contract"]
            .with_user(self.seller)
            .with_context(**context)
            .create(vals)
        )
        self.assertEqual(contract.opportunity_id, self.lead)
        self.assertEqual(contract.name, self.lead.name)
        self.assertEqual(contract.partner_id, self.customer)
        self.assertEqual(contract.user_id, self.seller)
        self.assertEqual(contract.tag_ids, self.lead.tag_ids)
        self.assertEqual(self.lead.contract_count, 1)
        self.assertEqual(contract.line_ids.company_id, self.company)

    def test_actions(self):
        lead = self.lead.with_user(self.seller)
        contract = self._create_from_lead()
        self.assertEqual(
            lead.action_new_contract()["context"]["default_opportunity_id"], lead.id
        )
        action = lead.action_view_contracts()
        self.assertEqual(contract.search(action["domain"]), contract)
        self.assertEqual(contract.action_view_opportunity()["res_id"], lead.id)

    def test_signature_wins(self):
        contract = self._create_from_lead()
        self._submit(contract)
        self.assertNotEqual(self.lead.won_status, "won")
        self._open_sign(contract).action_sign()
        self.assertEqual(self.lead.won_status, "won")

    def test_signature_tells_of_what_the_user_may_not_write(self):
        """Somebody else's opportunity is his to win; he is told that it is time."""
        self.lead.user_id = self.manager
        for user in (self.user, self.seller):
            contract = self._create_contract(user)
            contract.sudo().opportunity_id = self.lead
            self._sign(contract)
            self.assertNotEqual(self.lead.won_status, "won")
            told = self.lead.activity_ids
            self.assertEqual(told.user_id, self.manager)
            self.assertIn(contract.name, " ".join(told.mapped("summary")))
        self.lead.user_id = self.seller
        contract = self._create_contract(self.seller)
        contract.opportunity_id = self.lead
        self._sign(contract)
        self.assertEqual(self.lead.won_status, "won")

    def test_opportunity_of_somebody_else(self):
        """The signature wins it: who may not write it can't link it."""
        self.lead.user_id = self.manager
        contract = self._create_contract(self.seller)
        with self.assertRaises(AccessError):
            contract.opportunity_id = self.lead
        with self.assertRaises(AccessError):
            self._create_from_lead()
        self.lead.user_id = self.seller
        contract.opportunity_id = self.lead
        self.assertEqual(self.lead.contract_ids, contract)

    def test_setting_off(self):
        self.company.contract_win_opportunity = False
        self._sign(self._create_from_lead())
        self.assertNotEqual(self.lead.won_status, "won")

    def test_merge_keeps_contracts(self):
        other = self._create_lead(name="Twin")
        contracts = self._create_from_lead() + self._create_from_lead(other)
        self._sign(contracts[1])
        leads = (self.lead + other).with_user(self.seller)
        merged = leads.merge_opportunity()
        self.assertEqual(contracts.opportunity_id, merged)
        self.assertEqual(merged.contract_ids, contracts.sorted("id", reverse=True))

    def test_salesman_without_contracts(self):
        """Who has no right to contracts works with leads as before."""
        other = self._create_lead(name="Twin")
        contracts = self._create_from_lead() + self._create_from_lead(other)
        leads = (self.lead + other).with_user(self.salesman)
        leads.sudo().user_id = self.salesman
        self.env.invalidate_all()
        Form(leads[0])
        leads.read()
        self.assertFalse(leads[0].contract_count)
        leads.copy()
        merged = leads.merge_opportunity()
        self.assertEqual(contracts.opportunity_id, merged)


class TestSaleOrder(BridgeCommon):
    def test_linking_takes_access_to_the_contract(self):
        """An order counts against the ceiling: nobody loads what he can't see."""
        foreign = self._create_signed(self.manager, sign={}, user_id=self.manager.id)
        seller = self._create_user(
            "contract_own_seller",
            "crm_contract.crm_contract_group_user,sales_team.group_sale_salesman",
        )
        for user in (seller, self.salesman):
            orders = self.env["sale.order"].with_user(user)
            vals = {"partner_id": self.customer.id}
            for link in (
                lambda orders=orders, vals=vals: orders.create(
                    dict(vals, contract_id=foreign.id)
                ),
                lambda orders=orders, vals=vals: orders.with_context(
                    default_contract_id=foreign.id
                ).create(vals),
                lambda orders=orders, vals=vals: orders.create(vals).write(
                    {"contract_id": foreign.id}
                ),
            ):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    link()
        foreign.user_id = seller
        order = orders.with_user(seller).create(vals)
        order.contract_id = foreign
        self.assertEqual(order.contract_id, foreign)

    def _create_order(self, **vals):
        return (
            self.env["sale.order"]
            .with_user(self.seller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "opportunity_id": self.lead.id,
                    "client_order_ref": "PO 7",
                    "order_line": [
                        Command.create(
                            {"name": "Part 1", "display_type": "line_section"}
                        ),
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_uom_qty": 10,
                                "price_unit": 90,
                                "discount": 10,
                            }
                        ),
                        Command.create({"name": "Note", "display_type": "line_note"}),
                    ],
                    **vals,
                }
            )
        )

    def _convert(self, order):
        action = order.action_new_contract()
        return self.env["crm.contract"].with_user(self.seller).browse(action["res_id"])

    def _complete(self, contract, percentages=(100,)):
        contract.write(
            {
                "type_id": self.type.id,
                "clause_ids": [Command.clear()],
                "installment_ids": [
                    Command.create(
                        {"name": f"{p} %", "percentage": p, "date": self.today}
                    )
                    for p in percentages
                ],
                "customer_signatory_id": self.signatory.id,
                "company_signatory_id": self.manager.id,
            }
        )
        return self._sign(contract)

    def test_values(self):
        order = self._create_order()
        contract = self._convert(order)
        self.assertEqual(contract.name, "PO 7")
        self.assertEqual(contract.partner_id, self.customer)
        self.assertEqual(contract.opportunity_id, self.lead)
        self.assertEqual(contract.user_id, order.user_id)
        self.assertEqual(contract.amount_total, order.amount_total)
        self.assertEqual(order.contract_id, contract)
        self.assertEqual(contract.sudo().order_ids, order)
        self.assertEqual(contract.order_count, 1)
        section, line, note = contract.line_ids
        self.assertEqual(section.display_type, "line_section")
        self.assertEqual(note.display_type, "line_note")
        self.assertEqual(
            (line.quantity, line.price_unit, line.discount, line.tax_ids),
            (10, 90, 10, self.tax),
        )
        self.assertEqual(line.sale_line_id, order.order_line[1])
        self.assertFalse((section + note).sale_line_id)
        self.assertEqual(order.action_view_contract()["res_id"], contract.id)

    def test_once(self):
        order = self._create_order()
        self._convert(order)
        with self.assertRaisesRegex(UserError, "belongs to the contract"):
            order.action_new_contract()

    def test_again_after_cancellation_or_deletion(self):
        order = self._create_order()
        self._convert(order).unlink()
        self.assertFalse(order.contract_id)
        self.assertTrue(self._convert(order))

    def test_again_after_the_contract_was_cancelled(self):
        order = self._create_order()
        first = self._convert(order)
        self.assertEqual(order.contract_state, "draft")
        first.action_cancel()
        second = self._convert(order)
        self.assertNotEqual(first, second)
        self.assertEqual(order.contract_id, second)
        with self.assertRaisesRegex(UserError, "belongs to the contract"):
            order.action_new_contract()

    def test_cancelled(self):
        order = self._create_order()
        order.action_cancel()
        with self.assertRaisesRegex(UserError, "is cancelled"):
            order.action_new_contract()

    def test_partly_invoiced(self):
        order = self._create_order()
        order.action_confirm()
        order.sudo()._create_invoices()
        with self.assertRaisesRegex(UserError, "invoiced in part"):
            order.action_new_contract()

    def test_contract_bills_instead_of_the_order(self):
        order = self._create_order()
        order.action_confirm()
        contract = self._complete(self._convert(order), (30, 70))
        with self.assertRaises(UserError):
            order.sudo()._create_invoices()
        first = contract.installment_ids.sorted("id")[0]
        first.action_create_invoice()
        line = order.order_line[1].sudo()
        self.assertEqual(line.qty_invoiced, 3)
        self.assertEqual(first.invoice_id.sudo().invoice_line_ids.sale_line_ids, line)
        contract.action_create_invoice()
        self.assertEqual(line.qty_invoiced, 10)
        self.assertEqual(order.sudo().invoice_status, "invoiced")
        self.assertEqual(order.sudo().invoice_ids, contract.sudo().invoice_ids)

    def test_invoiced_quantity_adds_up(self):
        order = self._create_order()
        order.action_confirm()
        contract = self._complete(self._convert(order), (33.3333, 33.3333, 33.3334))
        for row in contract.installment_ids:
            row.action_create_invoice()
        self.assertEqual(order.order_line[1].sudo().qty_invoiced, 10)

    def test_tiny_rows_count_no_quantity(self):
        order = self._create_order()
        order.order_line[1].product_uom_qty = 1
        order.action_confirm()
        contract = self._complete(self._convert(order), (0.1, 99.9))
        for row in contract.installment_ids:
            row.action_create_invoice()
        self.assertEqual(order.order_line[1].sudo().qty_invoiced, 1)
        invoiced = sum(contract.sudo().invoice_ids.mapped("amount_total"))
        self.assertAlmostEqual(invoiced, contract.amount_total)

    def test_other_lines_stay_with_the_order(self):
        order = self._create_order()
        order.action_confirm()
        contract = self._convert(order)
        extra = order.order_line.create(
            {"order_id": order.id, "product_id": self.product.id}
        )
        invoice = order.sudo()._create_invoices()
        lines = invoice.invoice_line_ids.filtered("product_id")
        self.assertEqual(lines.sale_line_ids, extra.sudo())
        self.assertFalse(contract.sudo().invoice_ids)

    def test_cancelled_contract_gives_the_lines_back(self):
        order = self._create_order()
        order.action_confirm()
        contract = self._convert(order)
        contract.action_cancel()
        self.assertTrue(order.sudo()._create_invoices())

    def test_down_payment_of_a_billed_order_is_refused(self):
        order = self._create_order()
        order.action_confirm()
        self._convert(order)
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "percentage",
                "amount": 50,
            }
        )
        with self.assertRaisesRegex(UserError, "payment plan of its contract"):
            wizard.create_invoices()

    def test_salesman_without_contracts(self):
        order = self._create_order()
        self._convert(order)
        order.sudo().user_id = self.lead.user_id = self.salesman
        order = order.with_user(self.salesman)
        self.env.invalidate_all()
        Form(order)
        order.read()
        order.action_confirm()
        order.copy()
        with self.assertRaises(AccessError):
            order.copy().action_new_contract()


class TestPartnerAndInvoice(BridgeCommon):
    def test_counters(self):
        contact, other = self.env["res.partner"].create(
            [
                {"name": "Branch", "parent_id": self.customer.id, "type": "other"},
                {"name": "Other"},
            ]
        )
        self._create_signed()
        self._create_contract(partner_id=contact.id)
        partners = (self.customer + contact + other).with_user(self.user)
        self.assertEqual(partners.mapped("contract_count"), [2, 1, 0])
        self.assertEqual(partners.mapped("contract_amount"), [1150, 0, 0])
        action = partners[0].action_view_contracts()
        self.assertEqual(self.env["crm.contract"].search_count(action["domain"]), 2)

    def test_value_of_several_currencies(self):
        """Values of companies with other currencies are converted, not just added."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self._create_company("Euro Ltd")
        other.currency_id = euro
        rate = {"currency_id": euro.id, "company_id": self.company.id, "rate": 0.5}
        self.env["res.currency.rate"].create({"name": self.today, **rate})
        both = self.company | other
        user = self.user_all
        user.company_ids = both
        env = self.env(user=user, context={"allowed_company_ids": both.ids})
        here = self._create_signed(user=user)
        there = (
            env["crm.contract"]
            .with_company(other)
            .create(
                self._prepare_contract_vals(
                    company_id=other.id,
                    company_signatory_id=False,
                    line_ids=[
                        Command.create(
                            {"name": "Work", "price_unit": 100, "tax_ids": False}
                        )
                    ],
                )
            )
        )
        self.assertEqual(there.currency_id, euro)
        self._tamper(there, state="running")
        values = (here | there).sudo().mapped("amount_company")
        self.assertEqual(values, [1150, 100])
        partner = self.customer.with_env(env)
        # 100 euros are 200 dollars.
        self.assertEqual(partner.contract_amount, 1350)

    def test_value_of_contracts_in_several_currencies(self):
        """1,000 yen are 10, at the rate of the contract."""
        yen = self._activate_yen(100)
        self._create_signed()
        work = {"name": "Work", "price_unit": 1000, "tax_ids": False}
        self._create_signed(currency_id=yen.id, line_ids=[Command.create(work)])
        self.assertEqual(self.customer.with_user(self.user).contract_amount, 1160)

    def test_counters_of_own_contracts_only(self):
        self._create_signed(self.manager)
        self.assertFalse(self.customer.with_user(self.user).contract_count)
        self.assertEqual(self.customer.with_user(self.reader).contract_count, 1)

    def test_counters_cost_the_same_for_many(self):
        def count(size):
            partners = self.env["res.partner"].create(
                [{"name": f"P{index}"} for index in range(size)]
            )
            for partner in partners[:3]:
                self._create_contract(
                    partner_id=partner.id, customer_signatory_id=False
                )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partners.with_user(self.user).mapped("contract_count")
            return self.env.cr.sql_log_count - before

        count(3)
        self.assertLessEqual(count(60), count(5))

    def test_partner_of_others(self):
        """Who has no right to contracts reads partners and invoices as before."""
        contract = self._create_signed()
        contract.action_create_invoice()
        invoice = contract.sudo().invoice_ids
        invoice.invoice_user_id = self.salesman
        self.env.invalidate_all()
        Form(self.customer.with_user(self.salesman))
        invoice.with_user(self.salesman).read(["name", "contract_id"])
        Form(invoice.with_user(self.accountant))

    def test_links_of_the_invoice(self):
        contract = self._create_signed()
        contract.action_create_invoice()
        contract = contract.with_user(self.accountant)
        invoice = contract.sudo().invoice_ids
        self.assertEqual(contract.action_view_invoices()["res_id"], invoice.id)
        self.assertEqual(invoice.action_view_contract()["res_id"], contract.id)
        row = invoice.installment_ids
        self.assertEqual(row.action_view_invoice()["res_id"], invoice.id)
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017
            contract.sudo().unlink()
