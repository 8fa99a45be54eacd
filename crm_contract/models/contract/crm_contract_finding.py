import json
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.canonical import file_hash
from .crm_contract_checklist import Missing

FINDING_KINDS = [
    ("authority", "Authority to sign"),
    ("counterparty", "Counterparty"),
    ("split", "Split contracts"),
    ("playbook", "Playbook"),
]
# What of a finding is kept as it was told
_TOLD = ("kind", "key", "message", "quote", "advice")


class Finding(NamedTuple):
    """A finding as approvers see it: what was known on submission, what came since.

    `status` is "known", "new" (not known then) or "gone" (does not hold any more).
    """

    status: str
    message: str
    quote: str
    advice: str


class CrmContractFinding(models.Model):
    """What spoke against a contract when it was submitted, and did not keep it back.

    Kept with the version, in the words in which it was told. Rows are only ever added,
    and by code alone; an event of the chain has their hash.
    """

    _name = "crm.contract.finding"
    _description = "Finding on submission"
    _order = "id desc"
    _rec_name = "message"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    version_id = fields.Many2one(
        "crm.contract.version",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="What was submitted.",
    )
    partner_id = fields.Many2one(related="contract_id.partner_id")
    type_id = fields.Many2one(related="contract_id.type_id")
    contract_state = fields.Selection(related="contract_id.state", string="State")
    kind = fields.Selection(FINDING_KINDS, required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    message = fields.Text(string="Finding", required=True, readonly=True)
    quote = fields.Text(string="Quoted text", readonly=True)
    advice = fields.Text(string="Why, and what to do", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Submitted by", required=True, readonly=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Findings are kept by submissions alone."))
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("What was known on submission can't be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was known on submission can't be deleted."))

    @api.model
    def _keep(self, findings):
        """Keep what was told of contracts with the versions that were just made.

        :param findings: {contract: list of `Missing`}
        """
        rows = [
            {
                "contract_id": contract.id,
                "company_id": contract.company_id.id,
                "version_id": contract.version_id.id,
                "user_id": self.env.uid,
                **{name: item._asdict()[name] for name in _TOLD},
            }
            for contract, found in findings.items()
            for item in found
        ]
        if not rows:
            return
        # sudo: kept by code alone, after the checks of the submission
        kept = self.sudo().create(rows)
        self.env["crm.contract.event"]._add_many(
            [
                (
                    contract,
                    "found",
                    {"count": len(own), "hash": own._hash()},
                    None,
                    None,
                )
                for contract, own in kept.grouped("contract_id").items()
            ]
        )

    def _hash(self):
        """Return the SHA-256 of what is kept of a submission (str).

        The chain has nothing else of it: it is handed out, and findings are for us.
        """
        told = [
            [row[name] or "" for name in _TOLD]
            for row in self.sorted(lambda row: (row.kind, row.key, row.id))
        ]
        return file_hash(json.dumps(told, ensure_ascii=False).encode())

    @api.model
    def _get_rows(self, version):
        """Return what was kept with a version (sudo)."""
        # sudo: told to whoever submits or decides on the contract
        return self.sudo().search([("version_id", "=", version.id)], order="id")

    @api.model
    def _get_kept(self, version):
        """Return what was known of a version (list of `Finding`)."""
        return [row._as_finding("known") for row in self._get_rows(version)]

    def _as_finding(self, status):
        return Finding(status, self.message, self.quote or "", self.advice or "")

    @api.model
    def _get_items(self, contract):
        """Return the same as `crm.contract.checklist.get_items` tells it (list)."""
        checklist = self.env["crm.contract.checklist"]
        return [
            checklist._describe(
                Missing(
                    row.message,
                    contract,
                    refuses=False,
                    quote=row.quote or "",
                    advice=row.advice or "",
                )
            )
            for row in self._get_rows(contract.version_id)
        ]

    @api.model
    def _compare(self, contract):
        """Return what was known on submission and what holds now (list of `Finding`).

        In the language of whoever asks, as far as it still holds.
        """
        now = self.env["crm.contract.checklist"]._get_findings(contract)[contract]
        known = {row.key: row for row in self._get_rows(contract.version_id)}
        found = [
            Finding(
                "known" if item.key in known else "new",
                item.message,
                item.quote,
                item.advice,
            )
            for item in now
        ]
        keys = {item.key for item in now}
        return found + [
            row._as_finding("gone") for key, row in known.items() if key not in keys
        ]
