import base64
import io
import os
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..tools.secret_file import FRAME, is_protected
from ..tools.secret_master import make_line
from .common_secrecy import SecrecyCommon

PLANTED = b"Planted in a file 110105194912310028"
LONG = PLANTED + bytes(range(256)) * (3 * FRAME // 256) + b"the end"


@tagged("post_install", "-at_install")
class TestSecrecyFiles(SecrecyCommon, HttpCase):
    """Files of contracts are ciphertext where they lie, and themselves for who may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._turn_on()

    def _attach(self, contract, data=PLANTED, **vals):
        return self.env["ir.attachment"].create(
            {
                "name": "planted.txt",
                "raw": data,
                "res_model": "crm.contract",
                "res_id": contract.id,
                **vals,
            }
        )

    def _get_bytes(self, attachment):
        with open(attachment._full_path(attachment.store_fname), "rb") as file:
            return file.read()

    def _get_file(self, document):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", document._name),
                ("res_field", "=", "file"),
                ("res_id", "=", document.id),
            ]
        )

    def _assert_protected(self, attachment, data):
        self.assertTrue(is_protected(attachment.store_fname))
        self.assertFalse(attachment.index_content or attachment.db_datas)
        self.assertEqual(attachment.contract_text, "protected")
        self.assertNotIn(PLANTED[:20], self._get_bytes(attachment))
        self.assertNotEqual(attachment.checksum, attachment._compute_checksum(data))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(attachment.raw, data)
        self.assertEqual(attachment.file_size, len(data))

    def test_stored_texts_and_annexes(self):
        contract = self._create_contract()
        annex = self.env["crm.contract.document"].create(
            {
                "contract_id": contract.id,
                "name": "annex.txt",
                "file": base64.b64encode(LONG),
            }
        )
        self._assert_protected(self._get_file(annex), LONG)
        self.assertTrue(annex._is_intact())
        self._submit(contract)
        text = contract.sudo()._get_text_document()
        self._assert_protected(self._get_file(text), text._get_file())
        problems = self.env["crm.contract.verification"]._get_problems(contract.sudo())
        self.assertFalse(problems)
        # Into a successor: its own file, and nobody sees that they are the same.
        copied = contract.copy()
        mine, other = self._get_file(annex), self._get_file(copied.document_ids)
        self._assert_protected(other, LONG)
        self.assertNotEqual(mine.checksum, other.checksum)
        self.assertNotEqual(mine.store_fname, other.store_fname)

    def test_equal_files_of_a_contract_are_one(self):
        contract, other = self._create_contract(), self._create_contract()
        files = [self._attach(each) for each in (contract, contract, other)]
        self.assertEqual(files[0].store_fname, files[1].store_fname)
        self.assertNotEqual(files[0].store_fname, files[2].store_fname)
        files[0].unlink()
        self.env.invalidate_all()
        self.assertEqual(files[1].raw, PLANTED)
        copied = files[1].copy({"res_id": other.id})
        self.assertEqual(copied.store_fname, files[2].store_fname)
        plain = self._attach(contract, res_model="res.partner", res_id=self.customer.id)
        self.assertFalse(is_protected(plain.store_fname))
        self.assertIn("Planted", plain.index_content)

    def test_moved_files(self):
        contract, other = self._create_contract(), self._create_contract()
        file = self._attach(contract, res_model="res.partner", res_id=self.customer.id)
        self.assertFalse(is_protected(file.store_fname))
        file.write({"res_model": "crm.contract", "res_id": contract.id})
        self._assert_protected(file, PLANTED)
        first = file.store_fname
        file.res_id = other.id
        self._assert_protected(file, PLANTED)
        self.assertNotEqual(file.store_fname, first)
        file.write({"res_model": "res.partner", "res_id": self.customer.id})
        self.env.invalidate_all()
        self.assertFalse(is_protected(file.store_fname))
        self.assertEqual(file.raw, PLANTED)

    def test_a_file_of_another_is_refused(self):
        contract, other = self._create_contract(), self._create_contract()
        mine, theirs = self._attach(contract, LONG), self._attach(other, b"theirs")
        self._tamper(theirs, store_fname=mine.store_fname)
        with self.assertRaisesRegex(UserError, "planted.txt"):
            theirs.read(["raw"])
        self._tamper(theirs, checksum=mine.checksum)
        with self.assertRaises(UserError):
            theirs.read(["raw"])
        path = mine._full_path(mine.store_fname)
        stored = self._get_bytes(mine)
        for wrong in (stored[:-1], stored[: FRAME + 50], b"", stored[::-1]):
            with open(path, "wb") as file:
                file.write(wrong)
            self.env.invalidate_all()
            with self.assertRaises(UserError):
                mine.read(["raw"])
            self.assertEqual(self._get_bytes(mine), wrong, "left as it is")

    @mute_logger("odoo.http")
    def test_over_http(self):
        contract = self._create_contract()
        file = self._attach(contract, LONG)
        self.authenticate(self.user.login, self.user.login)
        url = f"/web/content/{file.id}"
        response = self.url_open(f"{url}?download=1")
        self.assertEqual(response.content, LONG)
        self.assertIn("planted.txt", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["Content-Length"], str(len(LONG)))
        for first, last in ((0, 9), (FRAME - 5, FRAME + 5), (len(LONG) - 7, len(LONG))):
            part = self.url_open(url, headers={"Range": f"bytes={first}-{last}"})
            self.assertEqual(part.status_code, 206)
            self.assertEqual(part.content, LONG[first : last + 1])
        etag = response.headers["ETag"]
        again = self.url_open(url, headers={"If-None-Match": etag})
        self.assertEqual(again.status_code, 304)
        picture = self._attach(contract, self._draw(), name="a.png")
        shown = self.url_open(f"/web/image/{picture.id}?width=8&height=8")
        self.assertTrue(shown.content.startswith(b"\x89PNG"))

    def _draw(self):
        from PIL import Image

        result = io.BytesIO()
        Image.new("RGB", (32, 32), "white").save(result, "PNG")
        return result.getvalue()

    def test_on_off_and_other_keys(self):
        self._turn_off()
        contract = self._create_contract()
        file = self._attach(contract, LONG)
        self.assertFalse(is_protected(file.store_fname))
        signed = self._sign(contract)
        text = self._get_file(signed.sudo()._get_text_document())
        digest = signed.version_id.content_hash
        self._turn_on()
        self.assertEqual(self.secrecy._get_state(), "on")
        self._assert_protected(file, LONG)
        first = file.store_fname
        self.job._rotate()
        self.env.invalidate_all()
        self.assertEqual(file.raw, LONG, "not reached yet")
        self.job._run()
        self._assert_protected(file, LONG)
        self.assertNotEqual(file.store_fname, first)
        self.assertTrue(is_protected(text.store_fname))
        self.assertFalse(
            self.env["crm.contract.verification"]._get_problems(signed.sudo())
        )
        self._turn_off()
        self.assertEqual(self.secrecy._get_state(), "off")
        self.assertFalse(is_protected(file.store_fname))
        self.assertIn("Planted", file.index_content)
        self.env.invalidate_all()
        self.assertEqual(file.raw, LONG)
        self.assertEqual(signed.version_id.content_hash, digest)

    def test_a_lost_key(self):
        contract = self._create_contract()
        file = self._attach(contract, LONG)
        stored = self._get_bytes(file)
        self.env.flush_all()
        self._use_masters(make_line("k9"))
        with self.assertRaisesRegex(UserError, "planted.txt.*“k1” is missing"):
            file.read(["raw"])
        with self.assertRaises(UserError):
            self._attach(contract, b"new")
        self.job._turn_off()
        self.job._run()
        self.assertEqual(self._get_bytes(file), stored)
        self.assertIn("planted.txt", self.job._describe())
        self.assertTrue(self._attach(contract, b"in clear, as the settings say"))

    def test_nothing_is_left_of_a_failure(self):
        contract = self._create_contract()
        with (
            patch("odoo.addons.crm_contract.tools.secret_file.os.replace") as replace,
            self.assertRaises(OSError),
        ):
            replace.side_effect = OSError("disk full")
            self._attach(contract, b"never there")
        folders = os.listdir(self.env["ir.attachment"]._filestore())
        for folder in folders:
            if folder.startswith("cs"):
                path = os.path.join(self.env["ir.attachment"]._filestore(), folder)
                self.assertFalse([name for name in os.listdir(path) if "." in name])
