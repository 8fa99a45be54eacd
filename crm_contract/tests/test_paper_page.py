from odoo.tests import HttpCase, tagged

from .test_archive import ArchiveCommon


@tagged("post_install", "-at_install")
class TestPaperPage(ArchiveCommon, HttpCase):
    """What a telephone shows that scanned the code on a paper."""

    def _open(self, code, user):
        user.password = "secret of a test"
        self.authenticate(user.login, "secret of a test")
        return self.url_open(f"/contract/paper/{code}")

    def test_page(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        digest = contract.content_hash
        page = self._open(digest, self.keeper)
        self.assertIn("This is the approved version.", page.text)
        self.assertIn(contract.number, page.text)
        self.assertIn(f"contract-seal-register/{row.id}", page.text)
        contract.action_withdraw()
        page = self._open(digest, self.keeper)
        self.assertIn("was withdrawn", page.text)
        self.assertNotIn("This is the approved version.", page.text)
        page = self._open("<script>", self.keeper)
        self.assertIn("No contract has a text with this hash", page.text)
        self.assertNotIn("<script>alert", page.text)

    def test_who_sees_it(self):
        contract = self._submit(self._create_contract())
        page = self.url_open(f"/contract/paper/{contract.content_hash}")
        self.assertIn("/web/login", page.url)
        for user in (self.portal, self._create_user("contract_page_stranger")):
            page = self._open(contract.content_hash, user)
            self.assertNotIn(contract.number, page.text)
            self.assertNotIn("approved version.", page.text)
