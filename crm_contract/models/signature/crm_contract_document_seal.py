import base64

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...tools import seal as sealing
from ...tools.canonical import file_hash
from ...tools.seal_key import SealError
from ...tools.time_stamp import read_time

LEVELS = [("none", "Not sealed"), *sealing.LEVELS.items()]
# What a job adds later, once.
_ONCE = frozenset({"is_waiting", "date_stamped", "stamped_by", "token"})


class CrmContractDocumentSeal(models.Model):
    """The seal on a stored file: whose, since when, and a time stamp that came later.

    Rows are only ever added, by code alone, when the file is stored. The file itself
    never changes: a time stamp that was not to be had at that moment is one over its
    hash, kept here and in the chain of events.
    """

    _name = "crm.contract.document.seal"
    _description = "Seal on a contract document"
    _order = "id desc"
    _rec_name = "document_id"

    document_id = fields.Many2one(
        "crm.contract.document", required=True, readonly=True, ondelete="restrict"
    )
    contract_id = fields.Many2one(
        related="document_id.contract_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="document_id.company_id", store=True, index=True
    )
    level = fields.Selection(LEVELS, required=True, readonly=True)
    reason = fields.Char(readonly=True, help="Why there is no seal.")
    signer = fields.Char(string="Sealed by", readonly=True)
    serial = fields.Char(string="Serial number", readonly=True)
    fingerprint = fields.Char(
        readonly=True, help="SHA-256 of the certificate of the seal."
    )
    date = fields.Datetime(
        string="Sealed on", readonly=True, help="By the clock of this server."
    )
    sha256 = fields.Char(string="SHA-256 of the file", required=True, readonly=True)
    is_waiting = fields.Boolean(string="Waits for a time stamp", readonly=True)
    date_stamped = fields.Datetime(string="Time-stamped on", readonly=True)
    stamped_by = fields.Char(readonly=True)
    token = fields.Binary(
        string="Time stamp of the file",
        attachment=False,
        readonly=True,
        prefetch=False,
        help="RFC 3161, over the SHA-256 of the file: it came after the seal.",
    )

    token_name = fields.Char(compute="_compute_token_name")

    _document_uniq = models.UniqueIndex(
        "(document_id)", "The seal of this file is noted already."
    )
    # Looked up by the daily job.
    _waiting_idx = models.Index("(id) WHERE is_waiting")

    @api.depends("document_id", "level", "signer", "date_stamped")
    def _compute_display_name(self):
        levels = dict(self._fields["level"]._description_selection(self.env))
        for row in self:
            parts = [levels.get(row.level), row.reason or row.signer]
            if row.date_stamped:
                parts.append(
                    self.env._(
                        "time stamp of %(date)s UTC by %(name)s",
                        date=row.date_stamped,
                        name=row.stamped_by,
                    )
                )
            elif row.is_waiting:
                parts.append(self.env._("waits for a time stamp"))
            row.display_name = ", ".join(filter(None, parts))

    @api.depends("document_id.name")
    def _compute_token_name(self):
        for row in self:
            row.token_name = f"{row.document_id.name}.tst"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_written_by_code()
        return super().create(vals_list)

    def write(self, vals):
        self._check_written_by_code()
        if not _ONCE.issuperset(vals) or not all(self.mapped("is_waiting")):
            raise UserError(self.env._("Seals of files can't be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Seals of files can't be deleted."))

    def _check_written_by_code(self):
        if not self.env.su:
            raise AccessError(
                self.env._("Seals are noted when signed contracts are stored.")
            )

    @api.model
    def _add(self, document):
        """Note the seal that a stored file has, or why it has none; return it."""
        service = self.env["crm.contract.seal"]
        # sudo: written by code alone
        return self.sudo().create(
            {
                "document_id": document.id,
                "sha256": document.sha256,
                **self._read_seal(document, service),
            }
        )

    @api.model
    def _read_seal(self, document, service):
        company = document.company_id
        problem = service._get_problem(company)
        try:
            status = sealing.read_seal(document._get_file())
        except SealError as error:
            status, problem = None, problem or service._explain(error)
        if not status:
            sentence = self.env._("The file could not be sealed.")
            return {"level": "none", "reason": problem or sentence}
        return {
            "level": status.level,
            "signer": status.name,
            "serial": status.serial,
            "fingerprint": status.fingerprint,
            "date": status.date,
            "date_stamped": status.date_stamped,
            "stamped_by": status.stamped_by,
            "is_waiting": status.level == "b" and bool(service._get_url(company)),
        }

    def _describe_facts(self):
        """Return the seal as the chain of events tells it (flat dict)."""
        self.ensure_one()
        return {
            "sha256": self.sha256,
            "level": sealing.LEVELS[self.level],
            "signer": self.signer,
            "serial": self.serial,
            "fingerprint": self.fingerprint,
            "date": self.date and str(self.date),
            "stamped": self.date_stamped and str(self.date_stamped) or None,
            "stamped_by": self.stamped_by or None,
        }

    @api.model
    def _get_waiting_domain(self):
        return Domain("is_waiting", "=", True)

    @api.model
    def _get_unreachable(self, rows):
        """Return whose time-stamp server does not answer now: `{row: reason}`.

        It is asked once, so that an outage costs a run seconds and not hours.
        """
        service, reasons, failures = self.env["crm.contract.seal"], {}, {}
        for row in rows:
            url = service._get_url(row.company_id)
            if url and url not in reasons:
                reasons[url] = self._get_outage(service, row)
            if reasons.get(url):
                failures[row] = reasons[url]
        return failures

    @api.model
    def _get_outage(self, service, row):
        try:
            service._ask_stamp(row.company_id, file_hash(b""))
        except SealError as error:
            return self.env._("The time-stamp server failed: %s", error.detail)
        return ""

    def _advance_stamp(self):
        """Have a file stamped that waits for it; called by the job."""
        self.ensure_one()
        service = self.env["crm.contract.seal"]
        if not service._get_url(self.company_id):
            # Nobody is asked any more. sudo: written by code alone
            self.sudo().is_waiting = False
            return
        try:
            token = service._ask_stamp(self.company_id, self.sha256)
            stamp = read_time(token, bytes.fromhex(self.sha256))
        except SealError as error:
            raise UserError(
                self.env._("The time-stamp server failed: %s", error.detail)
            ) from error
        # sudo: written by code alone, whoever has the job try again
        self.sudo().write(
            {
                "token": base64.b64encode(token),
                "date_stamped": stamp["date"],
                "stamped_by": stamp["name"],
                "is_waiting": False,
            }
        )
        self.env["crm.contract.event"]._add(
            self.contract_id,
            "timestamped",
            {
                "sha256": self.sha256,
                "date": str(stamp["date"]),
                "token": base64.b64encode(token).decode(),
            },
            version=self.document_id.version_id,
            actor=stamp["name"],
        )

    def _read_token(self):
        """Return the time stamp of the file, as DER (bytes, empty without one)."""
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).token or b"")

    def _get_stamp_problems(self):
        """Return whether the time stamp of its own is one of the file (list of str)."""
        self.ensure_one()
        try:
            stamp = read_time(
                self._read_token(), bytes.fromhex(self.document_id.sha256)
            )
        except SealError as error:
            if error.reason == "missing":
                return []
            return [
                self.env._(
                    "The time stamp of “%s” is not one of this file.",
                    self.document_id.name,
                )
            ]
        if stamp["date"] == self.date_stamped:
            return []
        return [
            self.env._(
                "The time stamp of “%s” says another time than was noted.",
                self.document_id.name,
            )
        ]


class CrmContractDocument(models.Model):
    _inherit = "crm.contract.document"

    seal_ids = fields.One2many(
        "crm.contract.document.seal", "document_id", string="Electronic seals"
    )
    seal_description = fields.Char(
        string="Electronic seal", compute="_compute_seal_description"
    )

    @api.depends("seal_ids.level", "seal_ids.date_stamped", "seal_ids.is_waiting")
    def _compute_seal_description(self):
        for document in self:
            document.seal_description = document.seal_ids[:1].display_name
