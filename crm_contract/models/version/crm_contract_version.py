import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.canonical import short_hash
from ...tools.difference import content_difference
from ...tools.in_force import Agreed
from ...tools.records import one
from ...tools.version import (
    FORMAT,
    is_intact,
    read_version,
    shared_content,
    write_version,
)

# What becomes known later, and is written once.
_ONCE = frozenset({"date_withdrawn", "date_signed", "date_effective", "position"})
KINDS = [
    ("submission", "Submission"),
    ("base", "Text that an amendment starts from"),
]
VERSION_STATES = [
    ("submitted", "Submitted"),
    ("withdrawn", "Withdrawn"),
    ("signed", "Signed"),
    ("base", "For comparison"),
]


class CrmContractVersion(models.Model):
    """What was submitted: content, resolved texts and parties as bytes, under a hash.

    Rows are only ever added, and by code alone. What decides, signs, proves, prints a
    past day or compares names a version and does not look at the contract. Proof is the
    hash of the stored bytes, never of a content that is made anew.
    """

    _name = "crm.contract.version"
    _description = "Contract version"
    _order = "contract_id, number desc"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    number = fields.Integer(string="No.", required=True, aggregator=None)
    kind = fields.Selection(KINDS, required=True, default="submission")
    format = fields.Integer(
        required=True,
        aggregator=None,
        help="How the content was written; see `tools/version.py`.",
    )
    content = fields.Text(
        required=True,
        # Never read along: it is as long as the contract.
        prefetch=False,
        help="Canonical JSON, in UTF-8, that the hash was taken of.",
    )
    content_hash = fields.Char(
        string="Hash", required=True, index=True, help="SHA-256 of the content."
    )
    content_hash_short = fields.Char(
        string="Short hash", compute="_compute_content_hash_short"
    )
    document_ids = fields.One2many("crm.contract.document", "version_id")
    base_id = fields.Many2one(
        "crm.contract.version",
        string="Based on",
        ondelete="restrict",
        index="btree_not_null",
        help="Version that it is compared with, or that was signed last before it.",
    )
    agreement_id = fields.Many2one(
        "crm.contract",
        string="Text of",
        required=True,
        ondelete="restrict",
        help="The contract whose text it is once it is in force.",
    )
    user_id = fields.Many2one("res.users", string="Submitted by", required=True)
    date = fields.Datetime(string="Submitted on", required=True)
    date_withdrawn = fields.Datetime(
        string="Withdrawn on", help="Recalled, rejected, cancelled or overtaken."
    )
    date_signed = fields.Date(string="Signed on")
    date_effective = fields.Date(
        string="In force from", help="First day on which it holds, once it is signed."
    )
    position = fields.Integer(
        string="Signature no.",
        aggregator=None,
        help="Its place among the signed versions of the contract.",
    )
    state = fields.Selection(
        VERSION_STATES, compute="_compute_state", store=True, index=True
    )

    changes = fields.Html(
        string="What changed since the version before",
        compute="_compute_changes",
        sanitize=False,
    )

    _number_uniq = models.UniqueIndex(
        "(contract_id, number)", "The contract has a version of this number already."
    )
    # What holds on a day is looked up by the contract, in the order of signatures.
    _position_uniq = models.UniqueIndex(
        "(agreement_id, position) WHERE position > 0",
        "Another version was signed at the same time. Try again.",
    )

    @api.depends("contract_id", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(contract)s, version %(number)s",
                contract=version.contract_id.display_name,
                number=version.number,
            )

    @api.depends("content_hash")
    def _compute_content_hash_short(self):
        for version in self:
            version.content_hash_short = short_hash(version.content_hash)

    @api.depends("kind", "date_signed", "date_withdrawn")
    def _compute_state(self):
        for version in self:
            if version.kind == "base":
                version.state = "base"
            elif version.date_withdrawn:
                version.state = "withdrawn"
            else:
                version.state = "signed" if version.date_signed else "submitted"

    @api.depends("contract_id", "number")
    @api.depends_context("lang")
    def _compute_changes(self):
        for version in self:
            before = version.contract_id.version_ids.filtered(
                lambda row, number=version.number: row.number < number
            )[:1]
            changes = self.env["crm.contract.changes"]._describe(
                version.contract_id,
                before._get_differences(version) if before else [],
            )
            version.changes = bool(changes) and self.env["ir.qweb"]._render(
                "crm_contract.message_content_changes", {"changes": changes}
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_written_by_code()
        return super().create(vals_list)

    def write(self, vals):
        self._check_written_by_code()
        known = any(row[name] for row in self for name in vals)
        if not _ONCE.issuperset(vals) or (known and not self._is_reinstated_by(vals)):
            raise UserError(self.env._("Versions of contracts can't be changed."))
        return super().write(vals)

    def _is_reinstated_by(self, vals):
        return vals == {"date_withdrawn": False} and all(self.mapped("date_signed"))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Versions of contracts can't be deleted."))

    def _check_written_by_code(self):
        if not self.env.su:
            raise AccessError(self.env._("Versions are made by submitting a contract."))

    @api.model
    def _freeze(self, contracts):
        """Make the version that each submitted contract is reviewed and signed in.

        The contracts are checked and locked by the submission.

        :return: the versions, in the order of the contracts
        """
        # sudo: versions are made by code alone; the contracts are read with the rights
        # of whoever submits
        return self.sudo()._add(
            [contract._prepare_version_vals() for contract in contracts]
        )

    @api.model
    def _add(self, vals_list):
        """Create versions from their envelopes, numbered, by the user, as of now.

        :param vals_list: create values, with an `envelope` (see `write_version`) in
            place of content, format and hash
        """
        numbers = dict(
            self._read_group(
                [("contract_id", "in", [vals["contract_id"] for vals in vals_list])],
                ["contract_id"],
                ["number:max"],
            )
        )
        numbers = {contract.id: number for contract, number in numbers.items()}
        rows = []
        for vals in vals_list:
            contract_id = vals["contract_id"]
            numbers[contract_id] = numbers.get(contract_id, 0) + 1
            text, digest = write_version(vals["envelope"])
            row = {key: vals[key] for key in vals if key != "envelope"}
            rows.append(
                {
                    "number": numbers[contract_id],
                    "format": FORMAT,
                    "content": text,
                    "content_hash": digest,
                    "user_id": self.env.uid,
                    "date": fields.Datetime.now(),
                    **row,
                }
            )
        return self.create(rows)

    def _withdraw(self):
        """Say that the versions are not offered for signature any more."""
        # sudo: written by code alone
        self.sudo().filtered(lambda row: not row.date_withdrawn).write(
            {"date_withdrawn": fields.Datetime.now()}
        )

    def _reinstate(self):
        """Say that signed versions that were withdrawn are part of what is agreed again."""
        # sudo: written by code alone
        self.sudo().write({"date_withdrawn": False})

    def _sign(self, date, date_effective):
        """Say that both sides signed the version, last of all of its contract so far.

        The caller has locked the contract that it is a text of.

        :param date: day of the last signature
        :param date_effective: first day on which it holds
        """
        self.ensure_one()
        [[last]] = self._read_group(
            [("agreement_id", "=", self.agreement_id.id)], [], ["position:max"]
        )
        self.write(
            {
                "date_signed": date,
                "date_effective": date_effective,
                "position": (last or 0) + 1,
            }
        )

    def _is_intact(self):
        """Return whether the stored bytes still have their hash."""
        self.ensure_one()
        # sudo: whether they do, whoever may read the contract may ask
        version = self.sudo()
        return is_intact(version.content, version.content_hash)

    def _names_number(self):
        """Return whether the contract still has the number it was submitted under."""
        self.ensure_one()
        # sudo: as in `_is_intact`
        return json.loads(self.sudo().content)["number"] == self.contract_id.number

    def _get_content(self):
        """Return the content of the version, as `content_difference` takes it.

        :raise ValueError: if a newer release wrote it
        """
        self.ensure_one()
        # sudo: what the contract says, for whoever may read the contract
        version = self.sudo()
        content = read_version(version.format, version.content)
        return version._name_milestones(content) if version.format == 1 else content

    def _name_milestones(self, content):
        """Let plan rows of the first release name their milestone by its key."""
        rows = content["children"].get("installment_ids", ())
        ids = {row["fields"].get("milestone_id") for row in rows}
        ids = {value for value in ids if isinstance(value, int)}
        milestones = self.env["crm.contract.milestone"].browse(ids).exists()
        keys = {milestone.id: milestone.content_key for milestone in milestones}
        for row in rows:
            value = row["fields"].get("milestone_id")
            row["fields"]["milestone_id"] = keys.get(value, value)
        return content

    def _get_agreed(self):
        """Return the signed versions as `tools.in_force` takes them (list of `Agreed`)."""
        return [
            Agreed(
                version.position,
                version.date_effective,
                version.base_id._get_content() if version.base_id else None,
                version._get_content(),
            )
            for version in self.sorted("position")
        ]

    def _get_differences(self, other):
        """Return what another version, or content, changes (list of `Change`).

        :param other: version, or content as of `_get_content`
        """
        content = other if isinstance(other, dict) else other._get_content()
        return content_difference(*shared_content(self._get_content(), content))

    def _is_framed_otherwise(self, envelope):
        """Return whether what the hash covers beside the content is not the same.

        That is number, kind and language, and what satellites add, such as the text that
        an amendment starts from. What only one of them can have is not compared.

        :param envelope: as of `crm.contract._prepare_version_vals`
        """
        self.ensure_one()
        # sudo: as in `_get_content`
        stored = json.loads(self.sudo().content)
        names = stored.keys() & envelope.keys() - {"content", "format"}
        return any((stored[name] or None) != (envelope[name] or None) for name in names)

    def action_view_text(self):
        """Open the printed text that was stored with the version."""
        one(self)
        return self.document_ids.filtered(lambda row: row.kind == "text")[
            :1
        ]._get_records_action()
