from datetime import datetime, time, timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command

from .test_installment import LedgerCommon

SUBTYPE = "crm_contract.mt_contract_"


class TestNotice(LedgerCommon):
    """News of a contract, to those who follow that kind of news, and to nobody else."""

    def _follow(self, contract, *names):
        """Let the reader follow kinds of news of a contract."""
        subtypes = [self.env.ref(f"{SUBTYPE}{name}").id for name in names]
        contract.sudo().message_subscribe(self.reader.partner_id.ids, subtypes)

    def _get_news(self, contract):
        """Return the kinds of news that the reader was told, oldest first."""
        self.env.cr.flush()
        told = contract.sudo().message_ids.filtered(
            lambda message: self.reader.partner_id in message.notified_partner_ids
        )
        return [
            message.subtype_id.get_external_id()[message.subtype_id.id].rsplit("_")[-1]
            for message in told.sorted("id")
        ]

    def _with_tracking(self, contract):
        return contract.with_context(
            tracking_disable=False, mail_notrack=False, mail_create_nolog=False
        )

    def test_life_cycle(self):
        contract = self._with_tracking(self._create_contract())
        self._follow(contract, "submitted", "approved", "ended")
        self.env.cr.flush()
        self._send_to_review(contract)
        self.assertEqual(self._get_news(contract), ["submitted"])
        contract._action_approve()
        self.assertEqual(self._get_news(contract), ["submitted", "approved"])
        contract.action_withdraw()
        self.assertEqual(self._get_news(contract), ["submitted", "approved"])

    def test_billed_and_overdue(self):
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": "All", "percentage": 100, "date": self.today})
            ]
        )
        other = self._create_signed()
        self._follow(contract, "billed", "overdue")
        row = contract.installment_ids
        invoice = self._invoice(row).with_user(self.accountant)
        invoice.invoice_date_due = self._days(-3)
        self.assertFalse(self._get_news(contract), "A draft is not billed")
        self._post(invoice, self._days(-3))
        self.assertEqual(self._get_news(contract), ["billed"])
        row.sudo()._advance_overdue()
        self.assertEqual(self._get_news(contract), ["billed", "overdue"])
        bodies = " ".join(contract.sudo().message_ids.mapped("body"))
        self.assertIn("1,150.00", bodies)
        before = other.sudo().message_ids
        self._post(self._invoice(other.installment_ids[:1]).with_user(self.accountant))
        self.assertEqual(other.sudo().message_ids, before, "Nobody follows it")

    def test_nobody_follows_by_default(self):
        contract = self._create_contract()
        for name in ("submitted", "approved", "billed", "overdue"):
            subtype = self.env.ref(f"{SUBTYPE}{name}")
            self.assertFalse(subtype.default)
            self.assertTrue(subtype.internal, "Customers are not told")
            self.assertNotIn(subtype, contract.message_follower_ids.subtype_ids)


class TestDigest(LedgerCommon):
    """Figures of contracts in Odoo's digest: those that its reader may see."""

    def _get_kpi(self, name, user, days=0):
        """Return a figure of the day so many days from now."""
        day = datetime.combine(self._days(days), time.min)
        self.env.flush_all()
        digest = self.env["digest.digest"].create(
            {"name": "Contracts", "company_id": self.company.id, name: True}
        )
        digest = digest.with_user(user).with_context(
            start_datetime=day, end_datetime=day + timedelta(days=1)
        )
        return digest[f"{name}_value"]

    def test_signed(self):
        self._create_signed()
        self._create_signed(user_id=self.manager.id, user=self.manager)
        for user, count in ((self.user, 1), (self.reader, 2)):
            self.assertEqual(self._get_kpi("kpi_contract_signed", user), count)
            self.assertEqual(self._get_kpi("kpi_contract_amount", user), 1150 * count)
            self.assertEqual(self._get_kpi("kpi_contract_signed", user, -1), 0)

    def test_ended(self):
        self._in_state("ended")
        self.assertEqual(self._get_kpi("kpi_contract_ended", self.reader), 1)

    def test_became_overdue(self):
        row = self._create_row()
        invoice = self._invoice(row).with_user(self.accountant)
        invoice.invoice_date_due = self._days(-3)
        self._post(invoice, self._days(-3))
        kpi = "kpi_contract_overdue"
        self.assertEqual(self._get_kpi(kpi, self.accountant, -3), row.amount_open)
        self.assertEqual(self._get_kpi(kpi, self.accountant, -2), 0)

    def test_not_for_everybody(self):
        with self.assertRaises(AccessError):
            self._get_kpi("kpi_contract_signed", self.salesman)

    def test_each_figure_opens_something(self):
        digest = self.env["digest.digest"].search([], limit=1)
        actions = digest._compute_kpis_actions(self.company, self.reader)
        names = [name for name in digest._fields if name.startswith("kpi_contract_")]
        for name in names:
            if not name.endswith("_value"):
                self.assertTrue(self.env.ref(actions[name].split("?")[0]), name)
