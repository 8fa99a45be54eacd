from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.difference import content_difference
from ...tools.records import one
from ...tools.version import READ, field_name, read_name, shared_content
from .crm_contract_parties import PARTY_FIELDS

# Entries that a version keeps as people read them: texts, and figures that follow.
TEXTS = ("preamble", "body")
FIGURES = (
    "amount",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "price_subtotal",
    "price_total",
)


class CrmContract(models.Model):
    """Content: what both sides agree on, its lock, hash, difference and verification."""

    _inherit = "crm.contract"

    version_id = fields.Many2one(
        "crm.contract.version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="What was submitted last, unless it was taken back to draft.",
    )
    version_ids = fields.One2many(
        "crm.contract.version",
        "contract_id",
        string="Versions",
        domain=[("kind", "=", "submission")],
        readonly=True,
        copy=False,
    )
    content_hash = fields.Char(
        related="version_id.content_hash",
        help="SHA-256 of what was submitted: content, resolved texts, parties and files.",
    )
    document_ids = fields.One2many(
        "crm.contract.document", "contract_id", string="Documents"
    )

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
        # The message names them.
        locked.check_access("read")
        raise UserError(
            self.env._(
                "The content of %(contracts)s is locked. Before the signature, recall it"
                " to draft; after the signature, make an amendment.",
                contracts=", ".join(locked.mapped("display_name")),
            )
        )

    def _get_read_values(self):
        names = ("currency_id", "payment_term_id", "partner_id",
                 "customer_signatory_id", "company_signatory_id")  # fmt: skip
        figures = ("amount_untaxed", "amount_tax", "amount_total")
        return {
            **super()._get_read_values(),
            **self._get_read_names(*names),
            **{name: self[name] for name in (*PARTY_FIELDS, *figures)},
            "preamble": str(self._resolve_placeholders(self.preamble)[0]),
        }

    def _prepare_version_vals(self):
        """Return what is submitted, as `crm.contract.version._add` takes it.

        Extended by satellites whose contracts are texts of another one.
        """
        self.ensure_one()
        contract = self.with_context(lang=self._get_print_lang())
        return {
            "contract_id": self.id,
            "company_id": self.company_id.id,
            "agreement_id": self.id,
            "envelope": {
                "number": self.number,
                "kind": self.kind,
                "lang": self._get_print_lang(),
                "content": contract._get_content(read=True),
            },
        }

    def _get_frozen_content(self):
        """Return the content that is frozen and shown, None if nothing is.

        It is that of the version at hand. Extended by satellites in which several
        versions make up what a contract says.
        """
        self.ensure_one()
        return self.version_id._get_content() if self.version_id else None

    def _get_frozen_fields(self):
        """Return the frozen values of the contract, names as in a version (dict)."""
        return (self._get_frozen_content() or {}).get("fields", {})

    def _get_frozen_rows(self, name):
        """Return the frozen values of the rows of a part: {content key: values}."""
        children = (self._get_frozen_content() or {}).get("children", {})
        return {row["key"]: row["fields"] for row in children.get(name, ())}

    def _new_from_content(self, content):
        """Return a contract in memory that says what a content says, to be printed.

        It has the number and the day of signature of this one.
        """
        self.ensure_one()
        contract = self.new(
            {
                **self._prepare_new_vals(content),
                "number": self.number,
                "date_signed": self.date_signed,
                "state": self.state,
            }
        )
        milestones = {row.content_key: row for row in contract.milestone_ids}
        keys = {
            row["key"]: row["fields"].get("milestone_id")
            for row in content["children"].get("installment_ids", ())
        }
        for row in contract.installment_ids:
            row.milestone_id = milestones.get(keys[row.content_key])
        return contract

    def _get_departures(self):
        """Return where the record says something else than what is frozen.

        What a later release added to the content is not compared.

        :return: list of `Change`, from what is frozen to what the record says
        """
        self.ensure_one()
        frozen = self._get_frozen_content()
        if frozen is None:
            return []
        # sudo: the whole content, parts included
        return content_difference(*shared_content(frozen, self.sudo()._get_content()))

    def _check_content_unchanged(self):
        """Raise UserError if record or files are not what was submitted."""
        changed = self.filtered(
            lambda contract: (
                not contract.version_id
                or contract._get_broken_proofs()
                or contract._get_departures()
            )
        )
        if changed:
            raise UserError(
                self.env._(
                    "The content of %(contracts)s changed after it was submitted. Recall"
                    " it to draft and submit it again.",
                    contracts=", ".join(changed.mapped("display_name")),
                )
            )

    def action_view_versions(self):
        """Open the versions in which the contract was submitted."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_version_action"
        )
        domain = [("contract_id", "=", self.id), ("kind", "=", "submission")]
        return dict(action, domain=domain, context={"one_contract": True})

    def action_verify(self):
        """Tell whether what was submitted, its files and the record are unchanged."""
        one(self)
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
                    "Versions, record and files are the ones with the content hash %s.",
                    self.version_id.content_hash_short,
                ),
            },
        }

    def _get_verification_problems(self):
        """Return what does not match the frozen state (list of str)."""
        self.ensure_one()
        if not self.version_id:
            return [self.env._("The contract was not submitted yet.")]
        return self._get_broken_proofs() or self._describe_departures()

    def _get_broken_proofs(self):
        """Return which versions and files are not as they were stored (list of str)."""
        self.ensure_one()
        problems = [
            self.env._("The stored content of %s was changed.", version.display_name)
            for version in self.version_ids
            if not version._is_intact()
        ]
        problems += [
            self.env._("The file %s is not the one that was stored.", document.name)
            for document in self.document_ids
            if not document._is_intact()
        ]
        if not problems and not self.version_id._names_number():
            problems.append(self.env._("The number is not the one that was submitted."))
        return problems

    def _describe_departures(self):
        """Return what the record says otherwise than what was agreed (list of str)."""
        return [
            self.env._(
                "The record is not the one that was submitted. %(label)s: “%(old)s” was "
                "submitted, “%(new)s” is there now.",
                **self._describe_change(change),
            )
            for change in self._get_departures()
        ]

    def _describe_changes(self, changes):
        """Return changes of the content in readable form.

        :param changes: list of `Change`, as of `content_difference`
        :return: list of dicts with `label`, `old` and `new` (str, empty for nothing);
            what follows from another change is left out
        """
        paths = {change.path for change in changes}
        return [
            self._describe_change(change)
            for change in changes
            if change.path[-1] != "sequence" and not _follows(change, paths)
        ]

    def _get_agreed_changes(self):
        """Return what the contract changes of another one, as `_describe_changes`.

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
            # The name alone: what a row is called elsewhere tells its contract.
            row_name = rows[:1]["name" if "name" in model._fields else "display_name"]
            row_name = (row_name or "").partition("\n")[0]
            labels += [field._description_string(self.env), row_name]
        label = " / ".join(filter(None, labels))
        if len(path) % 2:
            return {
                "label": label,
                "old": change.old and model._describe_content_row(change.old) or "",
                "new": change.new and model._describe_content_row(change.new) or "",
            }
        field = model._fields[field_name(name)]
        return {
            "label": " / ".join(
                filter(None, (label, field._description_string(self.env)))
            ),
            "old": model._describe_entry(name, change.old),
            "new": model._describe_entry(name, change.new),
        }


def _follows(change, paths):
    """Return whether a change only says again what another one says.

    A name follows from the relation, a text with placeholders is shown resolved, and
    figures follow from whatever else changes beside them.
    """
    *parent, name = change.path
    plain, read = (*parent, field_name(name)), (*parent, read_name(name))
    if name.endswith(READ):
        is_text = plain[-1] in TEXTS
        return not is_text and (plain in paths or _has_others(plain, paths))
    return name in TEXTS and read in paths


def _has_others(path, paths):
    if path[-1] not in FIGURES:
        return False
    parent = path[:-1]
    return any(
        other[: len(parent)] == parent and field_name(other[-1]) not in FIGURES
        for other in paths
    )
