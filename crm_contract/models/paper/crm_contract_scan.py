from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.pdf_text import read_pdf_text
from ...tools.scan_text import compare_texts, strip_running, tokens

SIDES = [
    ("customer", "Customer"),
    ("company", "Our company"),
    ("both", "Both sides"),
]
COMPARISONS = [
    ("same", "Same words"),
    ("differs", "Differs"),
    ("none", "No text to compare"),
]
# Differences that are told one by one.
MOST_TOLD = 20


class CrmContractScan(models.Model):
    """The scan of a paper that one side, or both, signed: whose, and what it says.

    Rows are only ever added. The file is a document of the contract, with its hash.
    """

    _name = "crm.contract.scan"
    _description = "Scan of a signed paper"
    _order = "id desc"
    _rec_name = "document_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    version_id = fields.Many2one(
        "crm.contract.version",
        string="Text",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    document_id = fields.Many2one(
        "crm.contract.document",
        string="File",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    sha256 = fields.Char(related="document_id.sha256", string="SHA-256")
    side = fields.Selection(SIDES, string="Signed by", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Added by", readonly=True)
    date = fields.Datetime(string="Added on", readonly=True)
    comparison = fields.Selection(
        COMPARISONS,
        required=True,
        readonly=True,
        help="Whether the text layer of the scan says what the approved text says.",
    )
    differences = fields.Text(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Scans are added on their contract."))
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Scans of signed papers can't be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Scans of signed papers can't be deleted."))

    @api.model
    def _add(self, contract, side, name, data):
        """Store a scan of the text at hand, compared with it; return its row.

        Differences are told, and keep nobody from going on.

        :param side: key of `SIDES`
        :param data: bytes of the file
        :raise UserError: while there is no approved text
        """
        contract.check_access("write")
        if (
            contract.state in ("draft", "review", "cancelled")
            or not contract.version_id
        ):
            raise UserError(
                self.env._(
                    "%s is not approved: there is no paper to be signed.",
                    contract.display_name,
                )
            )
        documents = self.env["crm.contract.document"]
        document = documents._store(contract, "scan", name, data)
        return self._keep(contract, side, document)

    @api.model
    def _keep(self, contract, side, document):
        """Add the row of a file that is stored with the contract, and tell of it."""
        comparison, changes = self._compare(contract, document)
        # sudo: made by code alone
        row = self.sudo().create(
            {
                "contract_id": contract.id,
                "version_id": document.version_id.id,
                "document_id": document.id,
                "side": side,
                "user_id": self.env.uid,
                "date": fields.Datetime.now(),
                "comparison": comparison,
                "differences": "\n".join(changes),
            }
        )
        facts = {
            "side": side,
            "sha256": document.sha256,
            "name": document.name,
            "comparison": comparison,
        }
        self.env["crm.contract.event"]._add(
            contract, "scanned", facts, version=document.version_id
        )
        row._post()
        return row

    def _post(self):
        """Tell of the scan in the messages of the contract."""
        labels = dict(self._fields["comparison"]._description_selection(self.env))
        body = Markup("<p>%s</p>") % self.env._(
            "Scan “%(name)s”: %(result)s.",
            name=self.document_id.name,
            result=labels[self.comparison],
        )
        if self.differences:
            body += Markup("<ul>%s</ul>") % Markup().join(
                Markup("<li>%s</li>") % line for line in self.differences.splitlines()
            )
        self.contract_id.message_post(body=body)

    @api.model
    def _compare(self, contract, document):
        """Return how the scan compares with the text (key), and what differs (list)."""
        # sudo: the stored files of the contract, whoever adds a scan
        scanned = read_pdf_text(document.sudo()._get_file())
        text = contract.sudo()._get_text_document()
        if not text or not scanned or not tokens(" ".join(scanned)):
            return "none", []
        frozen = read_pdf_text(text._get_file())
        if not frozen:
            return "none", []
        changes = compare_texts(
            "\n".join(strip_running(frozen)), "\n".join(strip_running(scanned))
        )
        told = [self._describe(change) for change in changes[:MOST_TOLD]]
        if len(changes) > MOST_TOLD:
            told.append(self.env._("%s more differences", len(changes) - MOST_TOLD))
        if len(frozen) != len(scanned):
            told.append(
                self.env._(
                    "The text has %(text)s pages, the scan %(scan)s.",
                    text=len(frozen),
                    scan=len(scanned),
                )
            )
        return ("differs" if told else "same"), told

    @api.model
    def _describe(self, change):
        return self.env._(
            "After “%(before)s”: “%(frozen)s” in the text, “%(scanned)s” in the scan",
            before=change.before,
            frozen=change.frozen[:200],
            scanned=change.scanned[:200],
        )
