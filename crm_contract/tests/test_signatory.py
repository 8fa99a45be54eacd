import base64
import struct
import zlib
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..tools import typed
from .common_doctest import check_doctests
from .common_signature import FACTS, PDF_LETTER, SignatureCommon, draw

TOKENS = ("access_token", "code", "code_date", "code_tries", "code_sent")


def make_bomb(width=30_000, height=30_000):
    """Return a PNG of few bytes and many pixels, in base64."""

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    data = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows)
            + chunk(b"IEND", b""))  # fmt: skip
    return base64.b64encode(data)


class TestSignatory(SignatureCommon):
    """Nobody acts as a signatory but through the doors, and these let nobody else in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.admin.company_ids = [Command.link(cls.company.id)]

    def setUp(self):
        super().setUp()
        self.request = self._send()
        self.customer = self._side(self.request, "customer")
        self.ours = self._side(self.request, "company")

    def _assert_unsigned(self):
        self.env.invalidate_all()
        self.assertEqual(self.customer.state, "invited")
        self.assertFalse(self.customer.signature or self.customer.date_signed)
        self.assertEqual(self.request.contract_id.state, "to_sign")

    def test_token_is_nobodys_to_read(self):
        for user in self.user + self.manager + self.admin:
            row = self.customer.with_user(user)
            for name in TOKENS:
                with self.subTest(user=user.login, name=name):
                    with self.assertRaises(UserError):
                        row.read([name])
                    with self.assertRaises(UserError):
                        row.search([(name, "!=", False)])
                    with self.assertRaises(UserError):
                        row.export_data([name])
                    with self.assertRaises(UserError):
                        row._read_group([], [name])
            self.assertFalse(set(TOKENS) & set(row.read()[0]))
            self.assertFalse(set(TOKENS) & set(row.fields_get()))

    def test_no_client_writes_what_a_signatory_does(self):
        names = self.customer._get_owned_fields()
        self.assertLessEqual(
            {"state", "signature", "signed_name", "date_signed", "access_token", "ip",
             "consent_text", "signed_hash", "identified_by", "date_read", "code"},
            names,
        )  # fmt: skip
        for user in self.user + self.manager + self.admin:
            draft = self._request(user=user)
            for name in sorted(names):
                with (
                    self.subTest(user=user.login, name=name),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    draft.signatory_ids.write({name: False})
            for vals in ({"state": "signed"}, {"access_token": "known"},
                         {"signed_name": "Me"}, {"date_signed": fields.Datetime.now()}):  # fmt: skip
                row = {**self._prepare_signatory(), **vals, "request_id": draft.id}
                for make in (
                    lambda row=row, draft=draft: draft.signatory_ids.create(row),
                    lambda vals=vals, draft=draft: draft.signatory_ids.with_context(
                        **{f"default_{name}": value for name, value in vals.items()}
                    ).create(
                        {"request_id": draft.id, "name": "A", "email": "a@b.example"}
                    ),
                ):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        make()

    def test_no_client_writes_the_life_of_a_request(self):
        names = self.request._get_owned_fields()
        self.assertLessEqual(
            {"state", "content_hash", "text_sha256", "text_id", "version_id",
             "document_id", "date_sent"}, names
        )  # fmt: skip
        for user in self.user + self.manager + self.admin:
            draft = self._request(user=user)
            for name in sorted(names):
                with (
                    self.subTest(user=user.login, name=name),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    draft.write({name: False})

    def test_token(self):
        token = self.customer.access_token
        rows = self.env["crm.contract.signatory"].with_user(
            self.env.ref("base.public_user")
        )
        self.assertEqual(
            rows.browse(self.customer.id)._get_by_token(token), self.customer
        )
        self.assertGreaterEqual(len(token), 40)
        for id_, guess in (
            (self.customer.id, self.ours.access_token),
            (self.ours.id, token),
            (self.customer.id, ""),
            (self.customer.id, None),
            (self.customer.id, token[:-1]),
            (0, token),
            (2**31 - 1, token),
        ):
            self.assertFalse(rows.browse(id_)._get_by_token(guess))

    def test_drafts_have_no_token(self):
        draft = self._request()
        for row in draft.sudo().signatory_ids:
            self.assertFalse(row.access_token)
            self.assertFalse(row._get_by_token(""))
            self.assertFalse(row._get_by_token(False))

    def test_who_is_logged_in(self):
        rows = self.env["crm.contract.signatory"]
        contract = self.request.contract_id
        self.assertEqual(rows._get_of_user(contract, self.manager), self.ours)
        for user in (
            self.user,
            self.admin,
            self.portal,
            self.env.ref("base.public_user"),
        ):
            self.assertFalse(rows._get_of_user(contract, user))
        colleague = self.user.partner_id
        self.customer.partner_id = colleague
        self.assertFalse(rows._get_of_user(contract, self.user))
        self.customer.partner_id = self.signatory
        self.portal.partner_id = self.signatory
        self.assertEqual(rows._get_of_user(contract, self.portal), self.customer)

    def test_backend_is_for_the_user_himself(self):
        self._sign_as(self.customer)
        dialogs = self.env["crm.contract.signatory.sign"]
        for user in (self.user, self.user_all, self.admin):
            request = self.request.with_user(user)
            self.assertFalse(request.can_sign)
            with self.assertRaises(UserError):
                request.action_open_sign()
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                dialogs.with_user(user).create(
                    {"signatory_id": self.ours.id, "name": "Me", "has_agreed": True,
                     "content_hash": self.request.content_hash}
                ).action_sign()  # fmt: skip
        request = self.request.with_user(self.manager)
        self.assertTrue(request.can_sign)
        action = request.action_open_sign()
        dialog = dialogs.with_user(self.manager).with_context(**action["context"])
        dialog = dialog.create({"signature": draw()})
        self.assertEqual(dialog.name, self.manager.name)
        with self.assertRaisesRegex(UserError, "Tick that you agree"):
            dialog.action_sign()
        dialog.has_agreed = True
        # The dialog of somebody else is not for others.
        with self.assertRaises(AccessError):
            dialog.with_user(self.admin).sudo(False).action_sign()
        dialog.action_sign()
        self.assertEqual(self.ours.identified_by, "backend")
        self.assertEqual(self.request.state, "done")

    def test_customer_does_not_sign_in_the_backend(self):
        """Not even whom the customer's signatory happens to be a contact of."""
        dialogs = self.env["crm.contract.signatory.sign"].with_user(self.admin)
        with self.assertRaises(AccessError):
            dialogs.create({"signatory_id": self.customer.id, "name": "Sam"})

    def test_backend_declines(self):
        self._sign_as(self.customer)
        dialogs = self.env["crm.contract.signatory.sign"].with_user(self.manager)
        dialog = dialogs.create({"signatory_id": self.ours.id})
        with self.assertRaisesRegex(UserError, "Say why"):
            dialog.action_decline()
        dialog.reason = "Too cheap"
        dialog.action_decline()
        self.assertEqual(
            (self.request.state, self.request.reason), ("declined", "Too cheap")
        )

    def test_signs_what_was_shown(self):
        good = {
            "content_hash": self.request.content_hash,
            "text_sha256": self.request.text_sha256,
        }
        for vals, message in (
            ({"content_hash": "0" * 64}, "changed since"),
            ({"text_sha256": "0" * 64}, "changed since"),
            ({"content_hash": None}, "changed since"),
            ({"content_hash": good["text_sha256"]}, "changed since"),
            ({"consent": ""}, "Tick that you agree"),
            ({"consent": "0" * 64}, "agree to changed"),
            ({"name": "  "}, "Enter your name"),
            ({"name": None}, "Enter your name"),
            ({"name": {"a": 1}}, "Enter your name"),
        ):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, message):
                self._sign_as(self.customer, **{**good, **vals})
        self._assert_unsigned()

    def test_pictures(self):
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        blank = base64.b64encode(base64.b64decode(draw())[:40])
        for name, picture in {
            "svg": base64.b64encode(svg),
            "gif": draw("GIF"),
            "bomb": make_bomb(),
            "wide": make_bomb(4_000_001, 1),
            "large": "A" * 50_000_000,
            "cut": blank,
            "no base64": "<script>",
            "a list": ["x"],
        }.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "can't be used"):
                self._sign_as(self.customer, signature=picture)
        self._assert_unsigned()

    def test_name_is_text(self):
        self._sign_as(
            self.customer,
            name=" <script>alert(1)</script>\u202e \0 Sam\nSignatory ",
            signature=None,
            facts={**FACTS, "user_agent": "<b>\n" + "x" * 5000, "ip": "1" * 500},
        )
        self.assertEqual(
            self.customer.signed_name, "<script>alert(1)</script> Sam Signatory"
        )
        self.assertLessEqual(len(self.customer.user_agent), 500)
        self.assertLessEqual(len(self.customer.ip), 45)
        message = self.request.contract_id.message_ids[0]
        self.assertNotIn("<script>", message.body)

    def test_declines(self):
        with self.assertRaisesRegex(UserError, "Say why"):
            self.customer._decline(" ", FACTS)
        self.customer._decline("Too expensive\n<b>", FACTS)
        self.assertEqual(self.request.state, "declined")
        self.assertEqual(self.request.contract_id.state, "to_sign")
        self.assertEqual(
            (self.customer.state, self.ours.state), ("declined", "withdrawn")
        )
        with self.assertRaisesRegex(UserError, "declined"):
            self._sign_as(self.customer)
        with self.assertRaisesRegex(UserError, "declined"):
            self.customer._hand_over("A", "a@customer.example", None, "", None, FACTS)
        self.assertIn(
            "Signature declined",
            self.request.contract_id.activity_ids.mapped("summary"),
        )
        events = self._get_events(self.request)
        self.assertEqual(events[-1]["kind"], "declined")
        self.assertEqual(events[-1]["facts"]["reason"], "Too expensive\n<b>")

    def test_hands_over(self):
        token = self.customer.access_token
        new = self.customer._hand_over(
            "Col League", "col@customer.example", base64.b64decode(PDF_LETTER),
            "letter.pdf", self._days(5), FACTS
        )  # fmt: skip
        self.assertEqual(new.state, "invited")
        self.assertEqual((new.capacity, new.former_id), ("authorised", self.customer))
        self.assertNotEqual(new.access_token, token)
        with self.assertRaisesRegex(UserError, "handed this over"):
            self._sign_as(self.customer)
        self._sign_as(new)
        self._sign_as(self.ours)
        self.assertEqual(self.request.contract_id.signed_by_customer, "Col League")
        kinds = [row["kind"] for row in self._get_events(self.request)]
        self.assertIn("handed_over", kinds)

    def test_hands_over_badly(self):
        self.type.signature_needs_letter = True
        letter = base64.b64decode(PDF_LETTER)
        for args, message in (
            (
                ("", "col@customer.example", letter, "l.pdf", None),
                "name of your colleague",
            ),
            (("Col", "nowhere", letter, "l.pdf", None), "no mail address"),
            (("Col", '"><b>@a.example', letter, "l.pdf", None), "no mail address"),
            (("Col", "", letter, "l.pdf", None), "no mail address"),
            (("Col", self.manager.email, letter, "l.pdf", None), "takes part already"),
            (
                ("Col", "sam@customer.example", letter, "l.pdf", None),
                "takes part already",
            ),
            (("Col", self.user.email, letter, "l.pdf", None), "one of our users"),
            (("Col", "col@customer.example", None, "", None), "attach the letter"),
            (
                ("Col", "col@customer.example", b"<svg/>", "l.svg", None),
                "has to be a PDF",
            ),
            (("Col", "col@customer.example", letter * 500_000, "l.pdf", None), "10 MB"),
            (
                ("Col", "col@customer.example", letter, "l.pdf", self._days(-1)),
                "expired",
            ),
        ):
            with self.subTest(message), self.assertRaisesRegex(UserError, message):
                self.customer._hand_over(*args, FACTS)
            self._assert_unsigned()
            self.assertEqual(len(self.request.signatory_ids), 2)

    def test_clock_moved_back(self):
        self._sign_as(self.customer)
        earlier = fields.Datetime.now() - timedelta(hours=1)
        with freeze_time(earlier), self.assertRaisesRegex(UserError, "clock"):
            self._sign_as(self.ours)

    def test_expired_by_the_day(self):
        """Before any job ran, and whatever time zone the server has."""
        self.request.sudo().date_expiry = self._days(-1)
        with self.assertRaisesRegex(UserError, "time to sign is over"):
            self._sign_as(self.customer)

    def test_expired_and_the_clock_put_back(self):
        """What is over is not offered again by a clock that is wrong."""
        self.request.sudo().date_expiry = self._days(5)
        with freeze_time(fields.Datetime.now() + timedelta(days=7)):
            self.env["crm.contract.event"]._add(self.request.contract_id, "verified")
        with self.assertRaisesRegex(UserError, "time to sign is over"):
            self._sign_as(self.customer)
        self.request.sudo().date_expiry = self._days(9)
        self.customer.sudo().letter_until = self._days(5)
        with self.assertRaisesRegex(UserError, "letter of authority has expired"):
            self._sign_as(self.customer)

    def test_doctests(self):
        check_doctests(self, typed)

    def test_opened_and_read_count_once(self):
        with freeze_time("2030-01-01 10:00:00"):
            self.request.sudo().date_expiry = False
            self.customer._open(FACTS)
            self.customer._read(FACTS)
        with freeze_time("2030-01-02 10:00:00"):
            self.customer._open(FACTS)
            self.customer._read(FACTS)
        self.assertEqual(str(self.customer.date_opened), "2030-01-01 10:00:00")
        self.assertEqual(str(self.customer.date_read), "2030-01-01 10:00:00")
        kinds = [row["kind"] for row in self._get_events(self.request)]
        self.assertEqual(kinds, ["sent", "opened", "read"])
        self.ours._open(FACTS)
        self.assertEqual(self.ours.state, "waiting")


class TestOneTimeCode(SignatureCommon):
    """Where the type asks for it, the mail box is asked as well as the link."""

    def setUp(self):
        super().setUp()
        self.type.signature_needs_code = True
        self.request = self._send()
        self.customer = self._side(self.request, "customer")
        test_mode = self.enter_registry_test_mode()
        test_mode.__enter__()
        self.addCleanup(test_mode.__exit__, None, None, None)

    def test_signs_with_the_code(self):
        with self.assertRaisesRegex(UserError, "not valid any more"):
            self._sign_as(self.customer, code="")
        self.customer._send_code(FACTS)
        code = self.customer.code
        self.assertRegex(code, r"^\d{6}$")
        self._sign_as(self.customer, code=f" {code[:3]} {code[3:]} ")
        self.assertEqual(self.customer.identified_by, "code")
        self.assertFalse(self.customer.code)

    def test_wrong_codes(self):
        """That they count, whatever becomes of their transactions, a real server shows."""
        self.customer._send_code(FACTS)
        self.env.flush_all()
        code = self.customer.code
        wrong = "000000" if code != "000000" else "111111"
        for guess in (wrong, "", None, code[:5], f"{code}0"):
            with self.assertRaisesRegex(UserError, "not the code"):
                self._sign_as(self.customer, code=guess)
        self.customer.code_tries = 5
        self.env.flush_all()
        for guess in (wrong, code):
            with self.assertRaisesRegex(UserError, "Too many wrong codes"):
                self._sign_as(self.customer, code=guess)
        self.assertEqual(self.customer.state, "invited")

    def test_old_code(self):
        self.customer._send_code(FACTS)
        code = self.customer.code
        self.customer.code_date -= timedelta(minutes=11)
        with self.assertRaisesRegex(UserError, "not valid any more"):
            self._sign_as(self.customer, code=code)

    def test_sendings_are_limited(self):
        self.customer._send_code(FACTS)
        with self.assertRaisesRegex(UserError, "a moment ago"):
            self.customer._send_code(FACTS)
        for _number in range(9):
            self.customer.code_date -= timedelta(minutes=2)
            self.customer._send_code(FACTS)
        self.customer.code_date -= timedelta(minutes=2)
        with self.assertRaisesRegex(UserError, "Too many codes"):
            self.customer._send_code(FACTS)

    def test_handing_over_needs_it_too(self):
        """Who has the link alone does not send the contract to himself."""
        args = ("Col", "col@customer.example", None, "", None, FACTS)
        with self.assertRaisesRegex(UserError, "not valid any more"):
            self.customer._hand_over(*args)
        self.customer._send_code(FACTS)
        new = self.customer._hand_over(*args, code=self.customer.code)
        self.assertTrue(new.needs_code)

    def test_no_code_in_the_backend(self):
        self.customer._send_code(FACTS)
        self._sign_as(self.customer, code=self.customer.code)
        dialogs = self.env["crm.contract.signatory.sign"].with_user(self.manager)
        ours = self._side(self.request, "company")
        dialogs.create({"signatory_id": ours.id, "has_agreed": True}).action_sign()
        self.assertEqual(self.request.state, "done")
