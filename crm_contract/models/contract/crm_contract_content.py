from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.records import one
from .crm_contract_parties import PARTY_FIELDS


class CrmContract(models.Model):
    """Content: what both sides agree on, its lock and its versions."""

    _inherit = "crm.contract"

    version_id = fields.Many2one(
        "crm.contract.version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="What was submitted last, unless it was taken back to draft.",
        owned=True,
    )
    version_ids = fields.One2many(
        "crm.contract.version",
        "contract_id",
        string="Versions",
        domain=[("kind", "=", "submission")],
        readonly=True,
        copy=False,
        owned=True,
    )
    content_hash = fields.Char(
        related="version_id.content_hash",
        help="SHA-256 of what was submitted: content, resolved texts, parties and files.",
    )
    document_ids = fields.One2many(
        "crm.contract.document", "contract_id", string="Documents"
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
            "preamble": str(
                self.env["crm.contract.placeholder"]._resolve(self, self.preamble)[0]
            ),
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
        return self.env["crm.contract.secrecy"]._get_shown(self).get("fields", {})

    def _get_frozen_rows(self, name):
        """Return the frozen values of the rows of a part: {content key: values}."""
        shown = self.env["crm.contract.secrecy"]._get_shown(self)
        children = shown.get("children", {})
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

    def action_view_versions(self):
        """Open the versions in which the contract was submitted."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_version_action"
        )
        domain = [("contract_id", "=", self.id), ("kind", "=", "submission")]
        return dict(action, domain=domain, context={"one_contract": True})

    def action_download_evidence(self):
        """Download events, texts and files, with a program that verifies them."""
        one(self)
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/contract/evidence/{self.id}/archive",
            "target": "download",
        }

    def action_verify(self):
        """Tell whether what was submitted, its files and the record are unchanged."""
        one(self)
        verification = self.env["crm.contract.verification"]
        problems = verification._get_problems(self)
        verification._note_result(self, problems)
        notes = verification._get_notes(self)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if problems else "success",
                "sticky": bool(problems or notes),
                "title": self.env._("Verification"),
                "message": "\n".join(problems + notes)
                or self.env._(
                    "Versions, record, files and events are the ones with the content "
                    "hash %s.",
                    self.version_id.content_hash_short,
                ),
            },
        }
