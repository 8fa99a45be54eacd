import base64
import hashlib
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..models.evidence import crm_contract_public_check
from .common import PDF, ContractCommon


class PublicCheckCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.check = cls.env["crm.contract.public.check"]

    def _ask(self, code):
        public = self.env.ref("base.public_user")
        return self.check.with_user(public)._get_state(code, "192.0.2.1")

    def _get_code(self, contract):
        return self.check._get_url(contract).rpartition("/")[2]


class TestPublicCheck(PublicCheckCommon):
    """Strangers hear yes or no: yes only for what is offered for signature, or signed."""

    def _submit_text(self, text, **vals):
        """Submit a contract whose printed text is of its own; return it, and its hash."""
        model = self.env.registry["crm.contract"]
        contract = self._create_contract(**vals)
        with patch.object(model, "_render_text", lambda contract: text):
            self._submit(contract)
        return contract, hashlib.sha256(text).hexdigest()

    def test_life(self):
        model = self.env.registry["crm.contract"]
        with patch.object(model, "_start_review", lambda contracts: contracts):
            contract, digest = self._submit_text(b"%PDF own text")
        code = self._get_code(contract)
        self.assertEqual([self._ask(code), self._ask(digest)], ["differs"] * 2)
        contract._action_approve()
        self.assertEqual([self._ask(code), self._ask(digest)], ["matches"] * 2)
        self._open_sign(contract, file="AAAA").action_sign()
        signed = hashlib.sha256(base64.b64decode("AAAA")).hexdigest()
        for asked in (code, digest, signed, contract.content_hash, code.upper()):
            self.assertEqual(self._ask(asked), "matches")
        self._end(contract, reason="completed")
        self.assertEqual(self._ask(digest), "matches")

    def test_withdrawn_and_cancelled(self):
        contract, digest = self._submit_text(b"%PDF first")
        code = self._get_code(contract)
        contract.action_withdraw()
        self.assertEqual([self._ask(code), self._ask(digest)], ["differs"] * 2)
        contract.name = "Another title"
        self._submit(contract)
        self.assertEqual([self._ask(code), self._ask(digest)], ["differs"] * 2)
        code = self._get_code(contract)
        self.assertEqual(self._ask(code), "matches")
        contract.action_cancel()
        self.assertEqual(self._ask(code), "differs")

    def test_annex_is_no_contract(self):
        data = base64.b64encode(b"annex")
        contract = self._create_contract(
            document_ids=[fields.Command.create({"name": "Annex.txt", "file": data})]
        )
        self._submit(contract)
        digest = hashlib.sha256(b"annex").hexdigest()
        self.assertEqual(self._ask(digest), "differs")

    def test_what_is_no_code(self):
        for code in (
            "",
            "x",
            "0" * 31,
            "0" * 63,
            "%" * 32,
            "0" * 32 + "' OR 1=1",
            "é" * 64,
        ):
            self.assertEqual(self._ask(code), "unreadable", code)
        for code in ("0" * 32, "f" * 64):
            self.assertEqual(self._ask(code), "differs")

    def test_switched_off(self):
        contract, digest = self._submit_text(b"%PDF own text")
        code = self._get_code(contract)
        self.assertTrue(self.check._get_qr(contract))
        self.company.contract_public_check = False
        self.assertEqual([self._ask(code), self._ask(digest)], ["differs"] * 2)
        self.assertFalse(self.check._get_qr(contract))
        self.env["res.company"].search([]).contract_public_check = False
        self.assertFalse(self.check._is_on())

    def test_code_is_printed(self):
        contract = self._create_contract()
        render = self.env["ir.actions.report"]._render_qweb_html
        report = "crm_contract.action_report_contract"
        draft = render(report, contract.ids)[0]
        self.assertNotIn(b"data:image/png;base64", draft)
        self._submit(contract)
        before = contract.content_hash
        html = render(report, contract.ids)[0].decode()
        self.assertIn(self.check._get_qr(contract), html)
        self.assertEqual(self._hash(contract), before)

    def test_rate(self):
        limit = crm_contract_public_check.LIMIT
        attempts = self.env["crm.contract.attempt"]
        for _number in range(limit):
            self.assertTrue(attempts._allow("check", "192.0.2.9", limit, 10))
        self.assertFalse(attempts._allow("check", "192.0.2.9", limit, 10))
        self.assertTrue(attempts._allow("check", "192.0.2.8", limit, 10))
        self.assertTrue(attempts._allow("other", "192.0.2.9", limit, 10))
        rows = attempts.sudo().search([("purpose", "=", "check")])
        self.assertNotIn("192.0.2.9", rows.mapped("key"))
        later = fields.Datetime.now() + timedelta(minutes=11)
        with patch.object(fields.Datetime, "now", lambda *args: later):
            self.assertTrue(attempts._allow("check", "192.0.2.9", limit, 10))
        with patch.object(crm_contract_public_check, "LIMIT", 0):
            self.assertEqual(self._ask("0" * 64), "later")

    def test_rate_of_everybody(self):
        attempts = self.env["crm.contract.attempt"]
        allowed = [attempts._allow("one", f"192.0.2.{n}", 1, 10) for n in range(102)]
        self.assertEqual(allowed, [True] * 100 + [False] * 2)
        later = fields.Datetime.now() + timedelta(days=2)
        with patch.object(fields.Datetime, "now", lambda *args: later):
            attempts._gc_attempts()
        self.assertFalse(attempts.sudo().search([("purpose", "=", "one")]))


@tagged("post_install", "-at_install")
class TestPublicPage(HttpCase, PublicCheckCommon):
    def _open(self, code=""):
        answer = self.url_open(f"/contract/verify{code}")
        for state in ("matches", "differs", "unreadable", "later"):
            if f'data-state="{state}"' in answer.text:
                return answer, state
        return answer, None

    def test_page(self):
        contract = self._submit(self._create_contract())
        url = self.check._get_url(contract)
        answer, state = self._open("/" + url.rpartition("/")[2])
        self.assertEqual(state, "matches")
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        for private in (contract.number, contract.name, self.customer.name):
            self.assertNotIn(private, answer.text)
        digest = hashlib.sha256(PDF).hexdigest()
        self.assertEqual(self._open(f"?code={digest}")[1], "matches")
        self.assertEqual(self._open(f"?code={'0' * 64}")[1], "differs")
        self.assertEqual(self._open("?code=<script>")[1], "unreadable")
        self.assertNotIn("<script>alert", self._open("?code=<script>alert(1)")[0].text)
        self.assertIsNone(self._open()[1])

    def test_too_often(self):
        self.patch(crm_contract_public_check, "LIMIT", 2)
        states = [self._open("/" + "0" * 32)[1] for _number in range(3)]
        self.assertEqual(states, ["differs", "differs", "later"])
        self.assertEqual(self._open("/" + "0" * 32)[0].status_code, 429)

    def test_off(self):
        self.env["res.company"].search([]).contract_public_check = False
        self.assertEqual(self._open()[0].status_code, 404)
