import base64
import io
import re

from PIL import Image
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

from odoo import api, models
from odoo.fields import Domain

PATH = "/contract/verify"
# Of the hash of a version, in the QR code: 128 bits are not guessed, and fewer dots are
# read from worse paper.
PRINTED = 32
_CODE = re.compile(rf"[0-9a-f]{{{PRINTED}}}|[0-9a-f]{{64}}")
_DOT = 6
# Questions of an address in ten minutes.
LIMIT = 60


class CrmContractPublicCheck(models.AbstractModel):
    """Whether a paper or a file is what was approved or signed: yes or no, to anybody.

    Asked by the code that is printed on each page, or by the SHA-256 of a file, which
    the browser takes: the file stays with the visitor.
    """

    _name = "crm.contract.public.check"
    _description = "Public verification of contracts"

    @api.model
    def _is_on(self):
        """Return whether any company lets strangers ask."""
        # sudo: the switch alone
        companies = self.env["res.company"].sudo()
        return bool(
            companies.search_count([("contract_public_check", "=", True)], limit=1)
        )

    @api.model
    def _get_state(self, code, address):
        """Return the answer to a stranger (str).

        :param code: as printed, or the SHA-256 of a file, in hexadecimal
        :param address: of who asks
        :return: `matches`, `differs`, `unreadable` for what is no code, or `later` for
            who asks too often
        """
        code = "".join((code or "").split()).lower()
        if not self.env["crm.contract.attempt"]._allow("check", address, LIMIT, 10):
            return "later"
        if not _CODE.fullmatch(code):
            return "unreadable"
        return "matches" if self._matches(code) else "differs"

    @api.model
    def _matches(self, code):
        """Return whether a text is offered for signature or signed, or a file is of one.

        Drafts, texts in review and those that were taken back are none.
        """
        # sudo: yes or no, to strangers
        versions = self.env["crm.contract.version"].sudo()
        documents = self.env["crm.contract.document"].sudo()
        # A range, for the index: hexadecimal digits sort alike everywhere.
        hashes = Domain("content_hash", ">=", code) & Domain(
            "content_hash", "<=", code.ljust(64, "f")
        )
        if versions.search_count(hashes & self._get_holding_domain(), limit=1):
            return True
        files = Domain("sha256", "=", code) & Domain("kind", "in", ("text", "signed"))
        holding = Domain("version_id", "any", self._get_holding_domain())
        return bool(documents.search_count(files & holding, limit=1))

    @api.model
    def _get_holding_domain(self):
        """Return the domain of versions that strangers are told of."""
        return Domain(
            [
                ("kind", "=", "submission"),
                ("state", "in", ("submitted", "signed")),
                ("company_id.contract_public_check", "=", True),
                ("contract_id.state", "not in", ("draft", "review", "cancelled")),
            ]
        )

    @api.model
    def _get_url(self, contract):
        """Return what the printed code of a contract leads to (str)."""
        code = contract.version_id.content_hash[:PRINTED]
        return f"{contract.get_base_url()}{PATH}/{code}"

    @api.model
    def _get_qr(self, contract):
        """Return the code to print on each page (`data:` address of a PNG).

        Empty for what was not submitted, and where the company does not want it.
        """
        # sudo: the switch and the hash, for whoever prints the contract
        contract = contract.sudo()
        if not contract.version_id or not contract.company_id.contract_public_check:
            return ""
        return self._draw(self._get_url(contract))

    @api.model
    def _draw(self, text):
        code = QRCode(None, QRErrorCorrectLevel.M)
        code.addData(text)
        code.make()
        size = code.getModuleCount()
        image = Image.new("1", (size, size), 1)
        for row in range(size):
            for column in range(size):
                if code.isDark(row, column):
                    image.putpixel((column, row), 0)
        data = io.BytesIO()
        image.resize((size * _DOT, size * _DOT)).save(data, "PNG")
        return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
