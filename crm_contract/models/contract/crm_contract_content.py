from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.canonical import content_hash, short_hash
from ...tools.difference import content_difference
from .crm_contract_content_mixin import CONTENT_ORDER


class CrmContract(models.Model):
    """Content: what both sides agree on, its lock, hash, difference and verification."""

    _inherit = "crm.contract"

    content_hash = fields.Char(
        readonly=True,
        copy=False,
        help="SHA-256 of the canonical content as submitted.",
    )
    content_hash_short = fields.Char(
        string="Content hash", compute="_compute_content_hash_short"
    )
    document_ids = fields.One2many(
        "crm.contract.document", "contract_id", string="Documents"
    )
    document_count = fields.Integer(compute="_compute_document_count")

    @api.depends("content_hash")
    def _compute_content_hash_short(self):
        for contract in self:
            contract.content_hash_short = short_hash(contract.content_hash)

    @api.depends("document_ids")
    def _compute_document_count(self):
        for contract in self:
            contract.document_count = len(contract.document_ids)

    @api.model
    def _get_content_fields(self):
        """Extended by satellites whose fields are part of what is agreed."""
        return (
            "name",
            "company_id",
            "type_id",
            "template_id",
            "lang_id",
            "partner_id",
            "partner_invoice_id",
            "partner_shipping_id",
            "customer_signatory_id",
            "company_signatory_id",
            "customer_bank_id",
            "company_bank_id",
            "currency_id",
            "fiscal_position_id",
            "payment_term_id",
            "date_start",
            "date_end",
            "is_open_ended",
            "duration",
            "duration_unit",
            "notice_period",
            "notice_unit",
            "preamble",
            "dispute_method",
            "dispute_institution",
            "dispute_place",
        )

    @api.model
    def _get_content_children(self):
        """Extended by satellites whose rows are part of what is agreed."""
        return (
            "line_ids",
            "milestone_ids",
            "installment_ids",
            "clause_ids",
            "document_ids",
        )

    def _check_content_editable(self):
        locked = self.filtered(
            lambda contract: (
                contract.state != "draft" and not contract._is_content_unlocked()
            )
        )
        if not locked:
            return
        raise UserError(
            self.env._(
                "The content of %(contracts)s is locked. Before the signature, recall it"
                " to draft; after the signature, make an amendment.",
                contracts=", ".join(locked.mapped("display_name")),
            )
        )

    def _get_hashed_content(self):
        """Return what the content hash is taken over: content and frozen data."""
        self.ensure_one()
        return {
            "content": self._get_content(),
            "number": self.number,
            "parties": self.parties_frozen,
            "preamble": str(self.preamble_frozen or ""),
            "clauses": [
                str(row.body_frozen or "")
                for row in self.clause_ids.sorted(CONTENT_ORDER)
            ],
        }

    def _compute_hash(self):
        self.ensure_one()
        return content_hash(self._get_hashed_content())

    def _check_content_unchanged(self):
        """Raise UserError if the content is not the one that was submitted."""
        changed = self.filtered(
            lambda contract: contract._compute_hash() != contract.content_hash
        )
        if changed:
            raise UserError(
                self.env._(
                    "The content of %(contracts)s changed after it was submitted. Recall"
                    " it to draft and submit it again.",
                    contracts=", ".join(changed.mapped("display_name")),
                )
            )

    def action_verify(self):
        """Recompute the hashes of record and files and tell whether they still match."""
        self.ensure_one()
        problems = self._get_verification_problems()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if problems else "success",
                "sticky": bool(problems),
                "title": self.env._("Verification"),
                "message": "\n".join(problems)
                or self.env._(
                    "Record and files are the ones with the content hash %s.",
                    self.content_hash_short,
                ),
            },
        }

    def _get_verification_problems(self):
        """Return what does not match the frozen state (list of str)."""
        self.ensure_one()
        if not self.content_hash:
            return [self.env._("The contract was not submitted yet.")]
        problems = []
        if self._compute_hash() != self._get_expected_hash():
            problems.append(self.env._("The record is not the one that was submitted."))
        problems += [
            self.env._("The file %s is not the one that was stored.", document.name)
            for document in self.document_ids
            if not document._is_intact()
        ]
        return problems

    def _get_expected_hash(self):
        """Return the hash that the content has if nobody tampered with it.

        Extended by satellites that let an amendment change a signed contract.
        """
        self.ensure_one()
        return self.content_hash

    def _get_content_changes(self, old):
        """Return readable changes of the content since an older canonical content.

        :param old: as returned by `_get_content`
        :return: list of dicts with `label`, `old` and `new` (str, empty for nothing)
        """
        self.ensure_one()
        return [
            self._describe_change(change)
            for change in content_difference(old, self._get_content())
            if change.path[-1] != "sequence"
        ]

    def _get_agreed_changes(self):
        """Return what the contract changes of another one, as `_get_content_changes`.

        Extended by satellites; of a contract of its own it is nothing.
        """
        self.ensure_one()
        return []

    def _describe_change(self, change):
        *path, name = change.path
        labels, model, rows = [], self, self
        for child, key in zip(path[::2], [*path[1::2], name], strict=False):
            field = model._fields[child]
            model = self.env[field.comodel_name]
            rows = rows[child].filtered(lambda row, key=key: row.content_key == key)
            row_name = (rows[:1].display_name or "").partition("\n")[0]
            labels += [field._description_string(self.env), row_name]
        label = " / ".join(filter(None, labels))
        if len(path) % 2:
            return {
                "label": label,
                "old": change.old and model._describe_content_row(change.old) or "",
                "new": change.new and model._describe_content_row(change.new) or "",
            }
        field = model._fields[name]
        return {
            "label": " / ".join(
                filter(None, (label, field._description_string(self.env)))
            ),
            "old": model._describe_content_value(field, change.old),
            "new": model._describe_content_value(field, change.new),
        }
