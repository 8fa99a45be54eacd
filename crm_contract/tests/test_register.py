import io
import json
import re
from datetime import date, datetime

from freezegun import freeze_time
from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged

from ..tools import sheet
from .common import ContractCommon
from .common_doctest import check_doctests


def read(content):
    """Return the rows of a file: `[{heading: cell}]`."""
    [head, *rows] = load_workbook(io.BytesIO(content)).active.iter_rows()
    names = [cell.value for cell in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


class TestSheet(TransactionCase):
    def test_doctests(self):
        check_doctests(self, sheet)


@tagged("post_install", "-at_install")
class TestRegister(HttpCase, ContractCommon):
    """The register: what its reader may read, as numbers, dates and harmless texts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exporter = cls.env.ref("base.group_allow_export")
        for user in (cls.user, cls.reader, cls.manager, cls.accountant):
            user.group_ids |= cls.exporter
        cls.register = cls.env["crm.contract.register"]
        cls.schedule = cls.env["crm.contract.schedule"]

    def _read(self, contracts, user=None):
        register = self.register.with_user(user or self.reader)
        _name, content = register._export([("id", "in", contracts.ids)])
        return read(content)

    def test_cells(self):
        contract = self._create_signed(date_end=self._days(364))
        [row] = self._read(contract)
        self.assertEqual(row["Contract no."].value, contract.number)
        self.assertEqual(row["Customer"].value, "Customer Corp")
        self.assertEqual(row["Registration no."].value, "HRB 4711")
        self.assertEqual(row["Contract value"].value, 1150)
        self.assertEqual(row["Contract value"].number_format, "#,##0.00")
        self.assertEqual(row["Taxes"].value, 150)
        midnight = datetime.combine(self.today, datetime.min.time())
        self.assertEqual(row["Signed on"].value, midnight)
        self.assertEqual(row["From"].value, midnight)
        self.assertEqual(row["State"].value, "Running")
        self.assertEqual(row["Kind"].value, "Contract")
        self.assertEqual(row["Responsible"].value, self.user.name)
        self.assertIsNone(row["Ended on"].value)
        looks = self.env["crm.contract.access"].search(
            [("contract_id", "=", contract.id), ("kind", "=", "exported")]
        )
        self.assertEqual(looks.user_id, self.reader, "It is on record")

    def test_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        contract = self._create_contract()
        register = self.register.with_user(self.reader).with_context(lang="zh_CN")
        _name, content = register._export([("id", "=", contract.id)])
        [row] = read(content)
        self.assertIn("草稿", [cell.value for cell in row.values()])

    def test_formulas_stay_texts(self):
        name = '=HYPERLINK("http://evil.example","x")'
        contract = self._create_contract(name=name)
        [row] = self._read(contract)
        cell = row["Name"]
        self.assertEqual((cell.value, cell.data_type), (name, "s"))
        self.assertTrue(cell.quotePrefix)

    def test_open_ended_and_without_a_term(self):
        contract = self._create_contract(is_open_ended=True, date_end=False)
        other = self._create_contract(date_start=False, date_end=False, duration=0)
        rows = self._read(contract | other)
        self.assertEqual([row["Until"].value for row in rows], ["Open-ended", None])

    def test_nothing_matches(self):
        [row] = self._read(self.env["crm.contract"])
        self.assertEqual(row["Contract no."].value, "No contract matches.")

    def test_rights(self):
        mine = self._create_contract()
        theirs = self._create_contract(user_id=self.manager.id, user=self.manager)
        self.assertEqual(len(self._read(mine | theirs, self.user)), 1)
        self.assertEqual(len(self._read(mine | theirs, self.accountant)), 2)
        with self.assertRaises(AccessError):
            self._read(mine, self.salesman)
        self.user.group_ids -= self.exporter
        with self.assertRaises(AccessError):
            self._read(mine, self.user)

    def test_bad_filter(self):
        for domain in ([["nothing", "=", 1]], [["name", "whatever", 1]], [7], ["&"]):
            with self.assertRaises(UserError):
                self.register.with_user(self.reader)._export(domain)

    def test_route(self):
        mine = self._create_contract()
        theirs = self._create_contract(user_id=self.manager.id, user=self.manager)
        self.user.password = "register-of-tests"
        self.authenticate(self.user.login, "register-of-tests")
        url = "/crm_contract/register"
        answer = self.url_open(f"{url}?ids={json.dumps((mine | theirs).ids)}")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        [row] = read(answer.content)
        self.assertEqual(row["Name"].value, mine.name)
        for bad in ("domain={", "domain=7", 'ids=["x"]', "domain=[[%22x%22,1]]"):
            self.assertIn(self.url_open(f"{url}?{bad}").status_code, (400, 422), bad)
        self.authenticate(None, None)
        answer = self.url_open(url, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)

    def _get_mails(self):
        return self.env["mail.mail"].search([("subject", "ilike", "Register of contr")])

    def _run(self, day):
        """Run the step on a day; return the new mails."""
        before = self._get_mails()
        with freeze_time(f"{day} 12:00:00"):
            [step] = (s for s in self.schedule._get_steps() if s.name == "register")
            due = step.records.search(step.domain()) & self.company
            for company in due:
                step.work(company)
        return self._get_mails() - before

    def test_mail(self):
        contract = self._create_signed(sign={"date": self.today})
        self._tamper(contract, date_signed=date(2024, 2, 29))
        theirs = self._create_contract(user_id=self.manager.id, user=self.manager)
        self._tamper(theirs, date_signed=date(2024, 2, 1))
        self.assertFalse(self._run("2024-03-01"), "Nobody wants it")
        self.company.contract_register_user_ids = self.user | self.reader
        mails = self._run("2024-03-01")
        rows = {
            mail.recipient_ids: [
                row["Name"].value for row in read(mail.attachment_ids.raw)
            ]
            for mail in mails
        }
        self.assertEqual(len(rows[self.user.partner_id]), 1)
        self.assertEqual(len(rows[self.reader.partner_id]), 2)
        self.assertFalse(self._run("2024-03-31"), "Once a month")
        mails = self._run("2024-04-02")
        self.assertEqual(len(mails), 2)
        self.assertFalse(mails.attachment_ids)
        self.assertIn("No contract was signed in March 2024", mails[0].body_html)
        file = self.env["ir.attachment"].search(
            [("name", "like", "February 2024.xlsx")]
        )
        mails = self._get_mails()
        mails.unlink()
        self.assertFalse(file.exists(), "It goes with the mail")

    def test_mail_to_nobody_who_may(self):
        self.company.contract_register_user_ids = self.salesman
        with self.assertRaisesRegex(UserError, re.escape(self.salesman.name)):
            self._run("2024-03-01")
        self.company.contract_register_user_ids |= self.reader
        [mail] = self._run("2024-03-01")
        self.assertIn(self.salesman.name, mail.body_html)
