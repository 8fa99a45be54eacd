from odoo.fields import Command

from .test_installment import LedgerCommon


class AgeingCommon(LedgerCommon):
    def _create_owed(self, days, **vals):
        """Return a row whose invoice was due so many days ago."""
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": "All", "percentage": 100, "date": self.today})
            ],
            **vals,
        )
        row = contract.installment_ids
        invoice = self._invoice(row).with_user(self.accountant)
        invoice.invoice_date_due = self._days(-days)
        self._post(invoice, self._days(-days))
        return row


class TestAgeing(AgeingCommon):
    """What customers owe, by the days that it is overdue."""

    def _get_ageing(self, user=None, domain=()):
        ageing = self.env["crm.contract.ageing"].with_user(user or self.accountant)
        return ageing.search(list(domain))

    def test_buckets(self):
        for days, bucket in (
            (-1, "000"),
            (0, "000"),
            (1, "001"),
            (30, "001"),
            (31, "031"),
            (60, "031"),
            (61, "061"),
            (91, "091"),
            (180, "091"),
            (181, "181"),
        ):
            row = self._create_owed(days)
            line = self._get_ageing(domain=[("contract_id", "=", row.contract_id.id)])
            self.assertEqual((line.bucket, line.installment_id), (bucket, row))
            self.assertEqual(line.days_overdue, max(days, 0))
            self.assertEqual(line.amount_open, 1150)

    def test_what_is_not_owed(self):
        row = self._create_row()
        self.assertFalse(self._get_ageing())
        invoice = self._invoice(row)
        self.assertFalse(self._get_ageing(), "A draft is not owed")
        self._post(invoice)
        self.assertTrue(self._get_ageing())
        self._pay(invoice, 1000)
        self.assertAlmostEqual(self._get_ageing().amount_open, 150)
        self._pay(invoice, 150)
        self.assertFalse(self._get_ageing())

    def test_credited(self):
        row = self._create_owed(5)
        self._credit(row.invoice_id)
        self.assertFalse(self._get_ageing())

    def test_currency(self):
        yen = self._activate_yen(100)
        line = self._prepare_line_vals(price_unit=1000)
        self._create_owed(5, currency_id=yen.id, line_ids=[Command.create(line)])
        line = self._get_ageing()
        self.assertEqual(line.currency_id, yen)
        self.assertEqual(line.company_currency_id, self.company.currency_id)
        self.assertEqual(line.amount_open, 1150)
        self.assertAlmostEqual(line.amount_company, 11.5)

    def test_customer_is_the_company_that_owes(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.customer.id, "lang": "en_US"}
        )
        self._create_owed(5, partner_id=branch.id)
        self._create_owed(40)
        groups = self.env["crm.contract.ageing"]._read_group(
            [("company_id", "=", self.company.id)],
            ["partner_id"],
            ["amount_company:sum", "days_overdue:max"],
        )
        self.assertEqual(groups, [(self.customer, 2300, 40)])

    def test_owed_on_the_customer(self):
        """The company and its people show what the company owes, as far as one sees it."""
        self.assertEqual(self.customer.contract_amount_owed, 0)
        self._create_owed(5)
        self._create_owed(5, user_id=self.manager.id, user=self.manager)
        partners = self.customer | self.signatory
        for user, amount in ((self.user, 1150), (self.accountant, 2300)):
            owed = partners.with_user(user).mapped("contract_amount_owed")
            self.assertEqual(owed, [amount, amount], user.login)
        action = self.signatory.with_user(self.accountant).action_view_contracts_owed()
        self.assertEqual(len(self._get_ageing(domain=action["domain"])), 2)

    def test_who_sees_what(self):
        self._create_owed(5)
        self._create_owed(5, user_id=self.manager.id, user=self.manager)
        for user, count in (
            (self.user, 1),
            (self.user_all, 2),
            (self.manager, 2),
            (self.reader, 2),
            (self.accountant, 2),
        ):
            self.assertEqual(len(self._get_ageing(user)), count, user.login)
        self.assertFalse(
            self.env["crm.contract.ageing"].with_user(self.portal).has_access("read")
        )

    def test_other_company(self):
        self._create_owed(5)
        company = self._create_company("Other Ltd")
        accountant = self._create_user(
            "other_accountant", "account.group_account_invoice", company
        )
        ageing = self.env["crm.contract.ageing"].with_user(accountant)
        self.assertFalse(
            ageing.with_context(allowed_company_ids=company.ids).search([])
        )

    def test_opens_the_invoice(self):
        row = self._create_owed(5)
        self.assertEqual(
            self._get_ageing().action_view_invoice()["res_id"], row.invoice_id.id
        )
