from odoo.exceptions import UserError

from .common import ContractCommon


class TestWayOut(ContractCommon):
    """Refusals name what is possible; what has consequences is asked."""

    def test_deletion(self):
        """Each state has a way out of its own, and it is one that works."""
        contract = self._submit(self._create_contract())
        with self.assertRaisesRegex(UserError, "Cancel it instead"):
            contract.unlink()
        contract.action_cancel()
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            contract.unlink()
        contract.active = False
        running = self._create_running()
        with self.assertRaisesRegex(UserError, "End it instead"):
            running.unlink()
        running._action_end("completed", self.today)
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            running.unlink()
        running.active = False

    def test_archiving_a_customer_is_asked(self):
        running = self._create_running()
        partners = self.customer.with_user(self.archivist)
        action = partners.action_archive()
        self.assertTrue(self.customer.active)
        dialogs = self.env[action["res_model"]].with_user(self.archivist)
        dialog = dialogs.with_context(**action["context"]).create({})
        self.assertIn("1 contracts with Customer Corp are in force", dialog.question)
        dialog.action_confirm()
        self.assertFalse(self.customer.active)
        self.assertEqual(running.state, "running")

    def test_archiving_is_not_asked_without_contracts(self):
        self._create_contract()
        self.assertFalse(self.customer.with_user(self.archivist).action_archive())
        self.assertFalse(self.customer.active)

    def test_code_is_not_asked(self):
        self._create_running()
        self.customer.with_user(self.archivist).sudo().action_archive()
        self.assertFalse(self.customer.active)

    def test_empty_list(self):
        """Who may not make contracts is not asked to."""
        for user, asked in ((self.user, True), (self.reader, False)):
            contracts = self.env["crm.contract"].with_user(user)
            text = contracts.get_empty_list_help("<p>Make your first contract</p>")
            self.assertEqual("Make your first" in text, asked)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archivist = cls._create_user(
            "contract_archivist", "base.group_user,base.group_partner_manager"
        )

    def _create_running(self):
        contract = self._submit(self._create_contract())
        contract._action_sign(self.today, "A", "B", contract.content_hash)
        self.assertEqual(contract.state, "running")
        return contract
