import logging
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import seal as sealing
from ...tools import seal_settings
from ...tools.canonical import file_hash
from ...tools.seal_key import SealError
from ...tools.server_options import get_option
from ...tools.time_stamp import ask_token

_logger = logging.getLogger(__name__)

# Seconds that a time-stamp server may take.
LIMIT = 5.0
# Days before its certificate ends from which on people are told.
NOTICE_DAYS = 30
PDF = b"%PDF-"


class CrmContractSeal(models.AbstractModel):
    """The final file of a contract that was signed by request, and the seal over it.

    The key belongs to the server: its environment or configuration file names it, see
    `tools/server_options.py`. A seal is never what a signature waits for: without a key
    that can be used, the file stays unsealed, which its evidence page says.
    """

    _name = "crm.contract.seal"
    _description = "Seals on signed contracts"

    @api.model
    def _make_final(self, request):
        """Return the file that is kept and mailed, once everybody has signed.

        The bytes of the text that was shown, with the evidence pages after them and one
        seal over the whole.

        :param request: `crm.contract.signature.request` with all signatures
        :return: `(file name, bytes)`
        :raise UserError: if the text or the pages can't be had; nobody has signed then
        """
        text = request.text_id._get_file()
        if file_hash(text) != request.text_sha256:
            raise UserError(
                self.env._(
                    "The stored text is damaged and can't be signed. Tell who sent you "
                    "the contract."
                )
            )
        return self._get_final_name(request), self._seal_final(request, text)

    @api.model
    def _get_final_name(self, request):
        contract = request.contract_id
        seals = self.with_context(lang=contract._get_print_lang())
        return seals.env._("%s (signed)", contract._get_print_name()) + ".pdf"

    @api.model
    def _seal_final(self, request, text):
        company = request.company_id
        problem = self._get_problem(company)
        pages = self._render_pages(request, problem)
        if not (text.startswith(PDF) and pages.startswith(PDF)):
            # Where nothing is printed, as in tests, there is no page to add and no seal.
            return text
        if problem:
            return self._add_pages(text, pages)
        try:
            return self._seal(company, self._add_pages(text, pages))
        except SealError as error:
            # Never what a signature waits for; the page must not promise a seal.
            _logger.error("A signed contract could not be sealed: %s", error)
            pages = self._render_pages(request, self._explain(error))
            return self._add_pages(text, pages)

    @api.model
    def _add_pages(self, text, pages):
        try:
            return sealing.add_pages(text, pages)
        except SealError as error:
            _logger.error("Evidence pages could not be added: %s", error)
            raise UserError(
                self.env._(
                    "The evidence pages could not be added to the text; the server's log "
                    "says why. Nothing was signed: try again, or tell who sent you the "
                    "contract."
                )
            ) from error

    @api.model
    def _render_pages(self, request, problem):
        """Return the evidence pages (bytes of a PDF).

        :param problem: why there is no seal, empty if there is one (str)
        """
        # sudo: evidence of all signatories, who see it on the file they get
        reports = request.env["ir.actions.report"].sudo()
        return reports._render_qweb_pdf(
            "crm_contract.action_report_signature_evidence",
            request.ids,
            data={"is_final": True, "seal_problem": problem},
        )[0]

    @api.model
    def _seal(self, company, pdf):
        """Return a sealed file: at the best level that is to be had now.

        :raise SealError: if there is no seal to be had
        """
        key = self._get_key(company)
        result, level, lost = sealing.seal(
            pdf,
            key,
            # Read by whoever opens the file, wherever he is.
            reason=f"Signed contract / 已签署合同 ({company.name})",
            url=self._get_url(company),
            seconds=LIMIT,
            roots=self._get_roots(company),
        )
        if lost:
            _logger.warning(
                "A seal has the level %s only: %s", sealing.LEVELS[level], lost
            )
        return result

    @api.model
    def _get_key(self, company):
        """Return the key of a company (`SealKey`), as of now.

        :raise SealError: `none` if there is none, else why it can't be used
        """
        if seal_settings.is_set(company.id) and not sealing.is_installed():
            raise SealError("missing")
        key = seal_settings.get_key(company.id)
        key.check(fields.Datetime.now())
        return key

    @api.model
    def _get_url(self, company):
        """Return the address of the time-stamp server, empty without one (str)."""
        return get_option("seal_timestamp_url", company.id)

    @api.model
    def _get_roots(self, company):
        """Return the certificates that are trusted beside that of the key (DER)."""
        path = get_option("seal_roots", company.id)
        if not path:
            return ()
        try:
            with open(path, "rb") as file:
                certificates = x509.load_pem_x509_certificates(file.read())
        except (OSError, ValueError) as error:
            # Costs a level at most.
            _logger.warning("Certificates of %s can't be read: %s", path, error)
            return ()
        return tuple(row.public_bytes(Encoding.DER) for row in certificates)

    @api.model
    def _get_problem(self, company):
        """Return why files of a company are not sealed now, empty if they are (str)."""
        try:
            self._get_key(company)
        except SealError as error:
            return self._explain(error)
        return ""

    @api.model
    def _has_key(self, company):
        """Return whether a key is set for a company, whatever it is worth."""
        return seal_settings.is_set(company.id)

    @api.model
    def _get_finding(self, company):
        """Return what an administrator has to do about the key of a company (str).

        Empty if it can be used for a while, and if none is set.
        """
        if not self._has_key(company):
            return ""
        problem = self._get_problem(company)
        if problem:
            return problem
        until = self._get_key(company).valid_until
        if until > fields.Datetime.now() + timedelta(days=NOTICE_DAYS):
            return ""
        return self.env._(
            "The certificate of the seal ends on %s: have another one made.",
            until.date(),
        )

    @api.model
    def _explain(self, error):
        """Return a SealError as a sentence that stands on settings and pages (str)."""
        texts = {
            "none": self.env._("No key is set on the server."),
            "missing": self.env._(
                "The Python package pyHanko is not installed on the server."
            ),
            "unreadable": self.env._("The key file can't be read."),
            "password": self.env._(
                "The password of the key file is wrong, or it is damaged."
            ),
            "empty": self.env._(
                "The key file or token holds no key with its certificate."
            ),
            "token-missing": self.env._(
                "The Python package python-pkcs11 is not installed on the server."
            ),
            "token-unnamed": self.env._(
                "The settings of the server do not name token and key."
            ),
            "module": self.env._("The library of the token can't be loaded."),
            "token": self.env._("The token is not there, or does not answer."),
            "pin": self.env._("The PIN of the token is wrong, or it is locked."),
            "early": self.env._("The certificate of the key is not valid yet."),
            "expired": self.env._("The certificate of the key has expired."),
        }
        return texts.get(error.reason) or self.env._("The file could not be sealed.")

    @api.model
    def _describe(self, company):
        """Return what files of a company are sealed with now.

        :return: dict: `problem` (str, why not; then nothing else), `name`, `serial`,
            `fingerprint`, `algorithm`, `is_self_signed`, `valid_until` (datetime, UTC),
            `url` of the time-stamp server
        """
        try:
            key = self._get_key(company)
        except SealError as error:
            return {"problem": self._explain(error)}
        return {
            "problem": "",
            "name": key.name,
            "serial": key.serial,
            "fingerprint": key.fingerprint,
            "algorithm": key.algorithm,
            "is_self_signed": key.is_self_signed,
            "valid_until": key.valid_until,
            "url": self._get_url(company),
        }

    @api.model
    def _note(self, request):
        """Note the seal on the final file of a request that was just stored.

        :return: the `crm.contract.document.seal`, empty for a file without pages
        """
        document = request.document_id
        seals = self.env["crm.contract.document.seal"]
        if not document._get_file().startswith(PDF):
            return seals
        row = seals._add(document)
        if row.level != "none":
            self.env["crm.contract.event"]._add(
                request.contract_id,
                "sealed",
                row._describe_facts(),
                version=document.version_id,
                actor=row.signer,
            )
        elif self._has_key(request.company_id):
            request.contract_id.message_post(
                body=self.env._("Signed without a seal: %s", row.reason)
            )
        return row

    @api.model
    def _ask_stamp(self, company, sha256):
        """Return a time stamp over the hash of a file, as DER.

        :raise SealError: if there is none to be had
        """
        return ask_token(self._get_url(company), bytes.fromhex(sha256), LIMIT)

    @api.model
    def _get_problems(self, document):
        """Return what is wrong with the seal of a stored file (list of str).

        Empty for files that were never sealed, and where seals can't be looked at.
        """
        # sudo: whoever may read the document may know
        row = document.sudo().seal_ids[:1]
        # What has none is not read.
        data = row and document._get_file()
        if not data:
            return []
        problems = self._get_text_problems(document, data)
        if row.level != "none":
            problems += self._get_seal_problems(document, row, data)
        if row.token:
            problems += row._get_stamp_problems()
        return problems

    @api.model
    def _get_text_problems(self, document, data):
        """The file begins with the bytes of the text that was signed."""
        texts = document.version_id.document_ids.filtered(
            lambda other: other.kind == "text"
        )
        text = texts.sorted("id")[-1:]
        shown = text and text._get_file()
        if not shown or data.startswith(shown):
            return []
        return [
            self.env._(
                "“%s” does not begin with the text that was signed.", document.name
            )
        ]

    @api.model
    def _get_seal_problems(self, document, row, data):
        name = document.name
        try:
            status = sealing.read_seal(data)
        except SealError as error:
            if error.reason == "missing":
                _logger.warning("Seals are not looked at: %s", error)
                return []
            return [self.env._("“%s” can't be read as the file that was sealed.", name)]
        if not status:
            return [self.env._("The seal of “%s” was taken away.", name)]
        problems = []
        if status.fingerprint != row.fingerprint:
            problems.append(
                self.env._(
                    "“%(file)s” was sealed with another key: that of %(name)s (serial "
                    "number %(serial)s).",
                    file=name,
                    name=status.name,
                    serial=status.serial,
                )
            )
        if status.others:
            problems.append(
                self.env._(
                    "“%(file)s” was sealed or signed again, by %(names)s.",
                    file=name,
                    names=", ".join(status.others),
                )
            )
        if not status.is_intact:
            problems.append(
                self.env._("The seal of “%s” is broken: the file was changed.", name)
            )
        elif not status.is_whole:
            problems.append(
                self.env._("Something was added to “%s” after it was sealed.", name)
            )
        return problems
