import re

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

    def test_way_from_the_public_page(self):
        """The code on the paper leads to the public page; a keeper gets on from there."""
        contract = self._submit(self._create_contract())
        url = self.env["crm.contract.public.check"]._get_url(contract)
        path = url[url.index("/contract/verify") :]
        self.assertNotIn("/contract/paper/", self.url_open(path).text)
        stranger = self._create_user("contract_page_passer_by")
        for user, is_shown in (
            (self.keeper, True),
            (self.reader, True),
            (self.portal, False),
            (stranger, False),
        ):
            self._open("0" * 12, user)
            page = self.url_open(path)
            self.assertIn('data-state="matches"', page.text)
            self.assertEqual("/contract/paper/" in page.text, is_shown, user.login)
        self._open("0" * 12, self.keeper)
        [way] = re.findall(r'href="(/contract/paper/[^"]+)"', self.url_open(path).text)
        self.assertIn("This is the approved version.", self.url_open(way).text)
        nothing = self.url_open("/contract/verify?code=<script>")
        self.assertNotIn("/contract/paper/", nothing.text)

    def test_who_sees_it(self):
        contract = self._submit(self._create_contract())
        page = self.url_open(f"/contract/paper/{contract.content_hash}")
        self.assertIn("/web/login", page.url)
        for user in (self.portal, self._create_user("contract_page_stranger")):
            page = self._open(contract.content_hash, user)
            self.assertNotIn(contract.number, page.text)
            self.assertNotIn("approved version.", page.text)
