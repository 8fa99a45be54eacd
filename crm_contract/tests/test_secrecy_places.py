import base64
import os
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from ..models.secrecy.ir_attachment import CARRIERS, COMPOSERS
from ..tools.secret_file import FRAME, FileReader, is_protected
from .common_secrecy import SecrecyCommon
from .common_signature import SignatureCommon, draw

PLANTED = b"%PDF-1.4 Planted in what goes by 110105194912310028"
# Bytes that stand in the database, and why a thief may have them.
IN_CLEAR = {
    ("crm.contract.document.seal", "token"): "a time stamp: a hash, and who stamped it",
}


@tagged("post_install", "-at_install")
class TestSecrecyPlaces(SecrecyCommon, SignatureCommon, HttpCase):
    """Wherever a file of a contract lies on its way, it lies there protected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._turn_on()
        cls.contract = cls._create_contract(cls).sudo(False).with_env(cls.env)
        cls.attachments = cls.env["ir.attachment"]

    def setUp(self):
        super().setUp()
        # All that is written to the file store
        plain = self.env.registry["ir.attachment"]._full_path
        self.written = set()

        def note(attachments, path):
            self.written.add(plain(attachments, path))
            return plain(attachments, path)

        self.patch(self.env.registry["ir.attachment"], "_full_path", note)

    def _assert_nowhere(self, *texts):
        """Nothing that was written, garbage included, has one of the texts in it."""
        self.env.flush_all()
        paths = [path for path in self.written if os.path.isfile(path)]
        self.assertTrue(paths)
        for path in paths:
            with open(path, "rb") as file:
                content = file.read()
            for text in texts or (PLANTED[10:],):
                self.assertNotIn(text, content, path)
        self.env.cr.execute(
            "SELECT count(*) FROM ir_attachment WHERE db_datas LIKE %s"
            " OR index_content LIKE %s",
            [b"%Planted in what%", "%Planted in what%"],
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def _attach(self, model, res_id=0, data=PLANTED, **vals):
        return self.attachments.create(
            {"name": "p.pdf", "raw": data, "res_model": model, "res_id": res_id, **vals}
        )

    def _get_models(self):
        return [
            model
            for name, model in self.env.registry.items()
            if name.startswith("crm.contract") and not model._abstract
        ]

    def test_every_binary_field_and_every_model(self):
        """Whoever adds one is told here, before a thief is."""
        wrong, found = [], 0
        watched = self.env.registry["crm.contract.file.mixin"]
        for model in self.env.registry.values():
            for name, field in model._fields.items():
                ours = any(part.startswith("crm_contract") for part in field._modules)
                if field.type != "binary" or not ours or not field.store:
                    continue
                found += 1
                if not field.attachment and (model._name, name) not in IN_CLEAR:
                    wrong.append(f"{model._name}.{name} is a column in clear")
                if field.attachment and not self.attachments._get_file_place(
                    model._name, 0
                ):
                    wrong.append(f"the files of {model._name}.{name} are in clear")
                kept = field.attachment and not model._transient
                if kept and not issubclass(model, watched):
                    wrong.append(f"who reads {model._name}.{name} leaves no trace")
        self.assertGreater(found, 9)
        models = self._get_models()
        self.assertGreater(len(models), 50)
        wrong += [
            f"attachments of {model._name} are in clear"
            for model in models
            for number in (0, False, 999_999_999)
            if not self.attachments._get_file_place(model._name, number)
        ]
        self.assertFalse(wrong)

    def test_the_job_reaches_what_is_protected(self):
        """What is asked of the database is what is asked of each record."""
        self._turn_off()
        message = self.contract.message_post(body="With a file")
        other = self.customer.message_post(body="Not ours")
        parent = self._attach("mail.message", message.id)
        places = [
            (self.contract._name, self.contract.id, True),
            (self.contract._name, 999_999_999, None),
            ("crm.contract.type", self.type.id, True),
            ("crm.contract.sign", 5, True),
            ("mail.message", message.id, True),
            ("mail.message", other.id, False),
            (self.attachments._name, parent.id, True),
            (COMPOSERS[0], 0, True),
            ("res.partner", self.customer.id, False),
        ]
        files = [self._attach(*place[:2]) for place in places]
        self.attachments.flush_model()
        self.job._turn_on()
        sql = self.job._get_files_left_sql()
        rows = self.env.execute_query(SQL("SELECT id FROM ir_attachment WHERE %s", sql))
        left = {number for [number] in rows}
        for file, (model, number, protected) in zip(files, places, strict=True):
            with self.subTest(model=model, number=number):
                self.assertEqual(file.id in left, bool(protected))
                if protected is not None:
                    place = self.attachments._get_file_place(model, number)
                    self.assertEqual(bool(place), protected)
        self.job._run()
        self.assertEqual(self.secrecy._get_state(), "on")
        for file, (_model, _number, protected) in zip(files, places, strict=True):
            self.assertEqual(is_protected(file.store_fname), bool(protected))
            self.assertEqual(file.raw, PLANTED)

    def test_mail_composer_and_chatter(self):
        composed = self._attach(COMPOSERS[0])
        self.assertTrue(is_protected(composed.store_fname))
        picture = base64.b64encode(base64.b64decode(draw()) + PLANTED)
        composed.thumbnail = picture
        message = self.contract.message_post(body="Look", attachment_ids=composed.ids)
        self.assertEqual(composed.res_id, self.contract.id)
        self.assertEqual(composed.raw, PLANTED)
        self.contract.message_post(body="So", attachments=[("a.pdf", PLANTED + b"2")])
        composer = self.env[COMPOSERS[0]].create(
            {
                "model": "crm.contract",
                "res_ids": str(self.contract.ids),
                "body": "Look at this, too",
                "attachment_ids": [
                    Command.create(
                        {"name": "n.pdf", "raw": PLANTED + b"3", "res_id": 0,
                         "res_model": COMPOSERS[0]}
                    )
                ],
            }
        )  # fmt: skip
        composer._action_send_mail()
        self._assert_nowhere()
        self.assertIn(composed, message.attachment_ids)
        # For somebody else it is Odoo's own again.
        plain = self._attach(COMPOSERS[0], data=b"not ours")
        self.customer.message_post(body="Hello", attachment_ids=plain.ids)
        self.assertFalse(is_protected(plain.store_fname))
        self.assertEqual(plain.raw, b"not ours")

    def test_report_in_a_mail(self):
        """What a template prints hangs on the message, in the queue of mails as well."""
        template = self.env["mail.template"].create(
            {
                "name": "With the contract",
                "model_id": self.env["ir.model"]._get_id("crm.contract"),
                "email_to": "chris@customer.example",
                "report_template_ids": self.env.ref(
                    "crm_contract.action_report_contract"
                ).ids,
            }
        )
        mail = self.env["mail.mail"].browse(template.send_mail(self.contract.id))
        printed = mail.attachment_ids.raw
        self.assertEqual(mail.attachment_ids.res_model, "mail.message")
        self.assertIn(self.contract.name.encode(), printed)
        self._assert_nowhere(printed[100:200])

    def test_letters_and_signatures(self):
        request = self._request()
        row = request.signatory_ids.filtered(lambda each: each.side == "customer")
        row.write({"letter": base64.b64encode(PLANTED), "capacity": "authorised"})
        request.action_send()
        signatory = self._side(request, "customer")
        self._sign_as(signatory)
        self.env.flush_all()
        self.env.invalidate_all()
        signature = base64.b64decode(signatory.signature)
        self.assertEqual(base64.b64decode(signatory.letter), PLANTED)
        self._assert_nowhere(PLANTED[10:], signature[16:60])
        dialog = self.env["crm.contract.signatory.sign"].new({})
        self.assertTrue(dialog._fields["signature"].attachment)
        # It is evidence: nobody puts another one in its place.
        files = self.attachments.search(
            [("res_model", "=", row._name), ("res_field", "!=", False)]
        )
        self.assertEqual(len(files), 2)
        for vals in ({"raw": b"x"}, {"res_field": False}, {"res_id": 0}):
            with self.assertRaisesRegex(UserError, "on the record it belongs to"):
                files[0].with_user(self.manager).write(vals)
        with self.assertRaises(UserError):
            files[0].with_user(self.manager).unlink()
        loose = self._attach(row._name, row.id)
        with self.assertRaises(UserError):
            loose.with_user(self.manager).res_field = "letter"

    def test_large_photos_are_evidence(self):
        """A letter that was photographed stays as its hash says."""
        photo = draw("JPEG", size=(2500, 1800))
        request = self._request()
        row = request.signatory_ids[:1]
        row.letter = photo
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(row.letter, photo)
        row.letter = photo = draw("JPEG", size=(2600, 1800))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(row.letter, photo)

    def test_carriers_that_name_each_other(self):
        one, two = self._attach("res.partner", 1), self._attach("res.partner", 1)
        one.write({"res_model": "ir.attachment", "res_id": two.id})
        two.write({"res_model": "ir.attachment", "res_id": one.id})
        for row in (one, two):
            row.raw = PLANTED + b"again"
            self.assertFalse(is_protected(row.store_fname))
        self.assertEqual(set(CARRIERS) & set(self.env.registry), set(CARRIERS))

    @mute_logger("odoo.http")
    def test_ranges_take_their_frames_alone(self):
        data = os.urandom(9 * FRAME + 100)
        file = self._attach("crm.contract", self.contract.id, data, name="f.bin")
        self.authenticate(self.user.login, self.user.login)
        url = f"/web/content/{file.id}"
        opened = []
        inner = FileReader._get_frame

        def count(reader, number):
            opened.append(number)
            return inner(reader, number)

        with patch.object(FileReader, "_get_frame", count):
            answer = self._ask_range(url, f"bytes={3 * FRAME + 10}-{4 * FRAME + 9}")
            self.assertEqual(answer.content, data[3 * FRAME + 10 : 4 * FRAME + 10])
            self.assertEqual(
                answer.headers["Content-Range"],
                f"bytes {3 * FRAME + 10}-{4 * FRAME + 9}/{len(data)}",
            )
            self.assertEqual(set(opened), {3, 4, 9})
            opened.clear()
            answer = self.opener.head(self.base_url() + url)
            self.assertEqual(set(opened), {9})
        etag = answer.headers["ETag"]
        self.assertEqual(answer.headers["Content-Length"], str(len(data)))
        self.assertEqual(answer.headers["Accept-Ranges"], "bytes")
        self.assertEqual(answer.content, b"")
        last = self._ask_range(url, "bytes=-100")
        self.assertEqual((last.status_code, last.content), (206, data[-100:]))
        same = self._ask_range(url, "bytes=0-4", **{"If-Range": etag})
        self.assertEqual((same.status_code, same.content), (206, data[:5]))
        changed = self._ask_range(url, "bytes=0-4", **{"If-Range": '"other"'})
        self.assertEqual((changed.status_code, changed.content), (200, data))
        beyond = self._ask_range(url, f"bytes={len(data)}-")
        self.assertEqual(beyond.status_code, 416)
        head = self.opener.head(self.base_url() + url, headers={"If-None-Match": etag})
        self.assertEqual(head.status_code, 304)

    def _ask_range(self, url, wanted, **headers):
        return self.url_open(url, headers={"Range": wanted, **headers})
