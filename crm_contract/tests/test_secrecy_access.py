from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from .common import ContractCommon


@tagged("post_install", "-at_install")
class TestSecrecyAccess(ContractCommon, HttpCase):
    """Who looked is recorded once, kept for its time, and changed by nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.looks = cls.env["crm.contract.access"]
        cls.user.group_ids |= cls.env.ref("base.group_allow_export")

    def _get_looks(self, contract, kind=None):
        looks = self.looks.search([("contract_id", "=", contract.id)])
        return looks.filtered(lambda look: not kind or look.kind == kind)

    def test_opening_is_one_insert(self):
        contract = self._create_contract()
        spec = {"name": {}, "line_ids": {"fields": {"name": {}}}}
        contract.web_read({"name": {}})
        contract.web_search_read([("id", "=", contract.id)], {"name": {}})
        self.assertFalse(self._get_looks(contract), "lists record nothing")
        contract.web_read(spec)
        contract.web_read(spec)
        look = self._get_looks(contract)
        self.assertEqual(len(look), 1)
        self.assertEqual((look.kind, look.user_id), ("opened", self.user))
        self.assertEqual(look.company_id, contract.company_id)
        contract.with_user(self.manager).web_read(spec)
        self.assertEqual(
            self._get_looks(contract).user_id, self.user | self.manager, "each once"
        )

    def test_an_insert_is_one_query(self):
        contract = self._create_contract()
        self.assertTrue(contract.sudo().display_name, "into the cache")
        with self.assertQueryCount(1):
            self.looks.with_user(self.user)._note(contract, "opened", minutes=5)

    def test_export_mail_and_reveal(self):
        contracts = self._create_contract() | self._create_contract()
        contracts.export_data(["name"])
        for contract in contracts:
            self.assertEqual(self._get_looks(contract).kind, "exported")
        file = self.env["ir.attachment"].create({"name": "x", "raw": b"x"})
        self.env["mail.mail"].create(
            {
                "model": "crm.contract",
                "res_id": contracts[0].id,
                "attachment_ids": file.ids,
            }
        )
        self.assertTrue(self._get_looks(contracts[0], "mailed"))
        self.assertFalse(self._get_looks(contracts[1], "mailed"))

    @mute_logger("odoo.http")
    def test_downloads_and_prints(self):
        contract = self._submit(self._create_contract())
        document = contract.sudo()._get_text_document()
        self.authenticate(self.user.login, self.user.login)
        url = f"/web/content/crm.contract.document/{document.id}/file"
        for _time in range(2):
            self.assertEqual(self.url_open(url).status_code, 200)
        look = self._get_looks(contract, "downloaded")
        self.assertEqual(
            (len(look), look.user_id, look.ip), (1, self.user, "127.0.0.1")
        )
        # What hangs on it as well, but not what its page shows by itself.
        other = self._create_contract()
        file = self.env["ir.attachment"].create(
            {"name": "a.txt", "raw": b"a", "res_model": other._name, "res_id": other.id}
        )
        self.url_open(f"/web/image/{file.id}")
        self.assertFalse(self._get_looks(other, "downloaded"))
        self.assertEqual(self.url_open(f"/web/content/{file.id}").content, b"a")
        self.assertEqual(self._get_looks(other, "downloaded").user_id, self.user)
        # Nor by RPC without a trace; sizes are none.
        third = self._submit(self._create_contract())
        text = third.sudo()._get_text_document().with_user(self.user)
        text.with_context(bin_size=True).read(["file"])
        self.assertFalse(self._get_looks(third, "downloaded"))
        self.assertTrue(text.read(["file"])[0]["file"])
        self.assertEqual(self._get_looks(third, "downloaded").user_id, self.user)
        fifth = self._submit(self._create_contract())
        text = fifth.sudo()._get_text_document().with_user(self.user)
        self.assertTrue(text.copy_data()[0]["file"])
        self.assertEqual(self._get_looks(fifth, "downloaded").user_id, self.user)
        fourth = self._create_contract()
        file.sudo().res_id = fourth.id
        file.with_user(self.user).read(["datas"])
        self.assertEqual(self._get_looks(fourth, "downloaded").user_id, self.user)
        report = "crm_contract.report_contract_summary"
        self.url_open(f"/report/html/{report}/{contract.id}")
        self.assertEqual(self._get_looks(contract, "printed").user_id, self.user)

    def test_nobody_changes_it(self):
        contract = self._create_contract()
        self.looks._note(contract, "opened")
        look = self._get_looks(contract)
        for rows in (look, look.sudo(), look.with_user(self.manager)):
            for act in (
                lambda rows=rows: rows.write({"kind": "printed"}),
                lambda rows=rows: rows.unlink(),
                lambda rows=rows: rows.create({"kind": "opened"}),
            ):
                with self.assertRaises(UserError):
                    act()
        for user in (self.user, self.reader):
            with self.assertRaises(AccessError):
                look.with_user(user).read(["name"])
        # It outlives what it is about, and who looked.
        user = self._create_user("leaver", "crm_contract.crm_contract_group_user")
        self.looks.with_user(user)._note(contract.sudo(), "opened")
        last = self._get_looks(contract)[0]
        name = user.name
        user.unlink()
        contract.sudo().unlink()
        self.env.invalidate_all()
        self.assertTrue(look.exists().name)
        self.assertFalse(look.contract_id or last.user_id)
        self.assertEqual(last.user_name, name)

    def test_kept_for_its_time(self):
        contract = self._create_contract()
        self.looks._note(contract, "opened")
        self.looks._note(contract, "printed")
        old, new = self._get_looks(contract).sorted("id")
        self.company.contract_access_days = 10
        self.env.flush_all()
        long_ago = fields.Datetime.now() - timedelta(days=11)
        self.env.cr.execute(
            SQL(
                "UPDATE crm_contract_access SET date = %s WHERE id = %s",
                long_ago,
                old.id,
            )
        )
        self.company.contract_access_days = 0
        self.env.flush_all()
        self.looks._gc_accesses()
        self.assertTrue(old.exists())
        self.company.contract_access_days = 10
        self.env.flush_all()
        self.looks._gc_accesses()
        self.assertEqual((old | new).exists(), new)
        with self.assertRaises(UserError):
            self.company.contract_access_days = -1

    def test_a_manager_is_told_of_many(self):
        self.company.contract_access_limit = 3
        contract = self._create_contract()
        looks = self.looks.with_user(self.user)
        for number in range(6):
            looks._note(contract, "revealed", field=f"f{number}")
            told = contract.sudo().activity_ids.filtered(
                lambda row: "protected" in (row.summary or "")
            )
            self.assertEqual(len(told), int(number >= 3), "once an hour")
        self.assertNotEqual(told.user_id, self.user)
        self.assertIn(self.user.name, str(told.note))
        self.assertTrue(self._get_looks(contract, "alarm"))
