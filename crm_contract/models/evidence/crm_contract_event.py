import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...tools.canonical import short_hash
from ...tools.event_chain import write_event
from .crm_contract_event_head import Link

KINDS = [
    ("imported", "Taken over"),
    ("submitted", "Submitted"),
    ("found", "Findings on submission"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("recalled", "Recalled"),
    ("withdrawn", "Withdrawn"),
    ("cancelled", "Cancelled"),
    ("sent", "Sent for signature"),
    ("opened", "Opened"),
    ("read", "Read to the end"),
    ("signed", "Signed"),
    ("declined", "Declined"),
    ("handed_over", "Handed over"),
    ("expired", "Expired"),
    ("request_withdrawn", "Signature request withdrawn"),
    ("authorised", "Authority to sign"),
    ("registered", "Signatures registered"),
    ("completed", "Signed by both sides"),
    ("sealed", "Sealed"),
    ("timestamped", "Time-stamped"),
    ("mailed", "Mailed"),
    ("stored", "File stored"),
    ("effective", "In force"),
    ("superseded", "Superseded"),
    ("amended", "Amended"),
    ("renewed", "Renewed"),
    ("started", "Started"),
    ("suspended", "Suspended"),
    ("resumed", "Resumed"),
    ("ended", "Ended"),
    ("reopened", "Reopened"),
    ("obligation_done", "Obligation fulfilled"),
    ("obligation_accepted", "Obligation accepted"),
    ("obligation_refused", "Obligation not accepted"),
    ("obligation_waived", "Obligation waived"),
    ("obligation_reopened", "Obligation reopened"),
    ("dispute_opened", "Dispute opened"),
    ("dispute_moved", "Dispute taken further"),
    ("dispute_interrupted", "Limitation interrupted"),
    ("dispute_settled", "Dispute settled"),
    ("dispute_closed", "Dispute closed"),
    ("dispute_reopened", "Dispute reopened"),
    ("stamp_applied", "Company seal asked for"),
    ("stamp_out", "Company seal taken out"),
    ("stamp_returned", "Company seal returned"),
    ("scanned", "Scanned"),
    ("filed", "Filed"),
    ("lent", "Lent"),
    ("returned", "Returned"),
    ("destroyed", "Destroyed"),
    ("verified", "Verified"),
]


class CrmContractEvent(models.Model):
    """One link of the evidence chain of a contract: what happened, by whom, to what.

    Each event holds the hash of the one before it, so that none can be changed, left
    out or moved without breaking what follows. Rows are only ever added, and by code
    alone. The order is that of the numbers; the date is what the clock of the server
    said.
    """

    _name = "crm.contract.event"
    _description = "Contract event"
    _order = "contract_id, number desc"
    _rec_name = "kind"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    number = fields.Integer(string="No.", required=True, readonly=True, aggregator=None)
    kind = fields.Selection(KINDS, string="Event", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    version_id = fields.Many2one(
        "crm.contract.version",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The text that it happened to.",
    )
    user_id = fields.Many2one("res.users", required=True, readonly=True)
    actor = fields.Char(
        string="Who", required=True, readonly=True, help="As written into the event."
    )
    content = fields.Text(
        required=True,
        readonly=True,
        prefetch=False,
        help="Canonical JSON, in UTF-8, that the hash was taken of.",
    )
    content_hash = fields.Char(
        string="Hash", required=True, readonly=True, help="SHA-256 of the content."
    )
    content_hash_short = fields.Char(
        string="Short hash", compute="_compute_content_hash_short"
    )

    _number_uniq = models.UniqueIndex(
        "(contract_id, number)",
        "Something else happened to the contract at the same time. Try again.",
    )

    @api.depends("content_hash")
    def _compute_content_hash_short(self):
        for event in self:
            event.content_hash_short = short_hash(event.content_hash)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Events are written by what happens to a contract.")
            )
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Events of contracts can't be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Events of contracts can't be deleted."))

    @api.model
    def _add(self, contract, kind, facts=None, version=None, actor=None):
        """Write one event of a contract, see `_add_many`; return it."""
        contract.ensure_one()
        return self._add_many([(contract, kind, facts, version, actor)])

    @api.model
    def _add_many(self, entries):
        """Write events, in the order given, into the chains of their contracts.

        Called by server code that has checked the rights. Contracts are serialised: who
        comes second at the same moment is retried by the server.

        :param entries: list of `(contract, kind, facts, version, actor)`: `facts` a
            flat dict of str, int, float, bool, None or lists of them; `version` the
            text that it happened to, by default the one at hand; `actor` who, as it is
            to be read later, by default the name of the user
        :return: the events, in the same order
        :raise UserError: for a draft that was never submitted, of which there is nothing
            to prove, and which may be deleted
        """
        contracts = self.env["crm.contract"].union(*(entry[0] for entry in entries))
        if not contracts:
            return self.browse()
        self._check_submitted(contracts)
        contracts._serialise()
        last = self._get_last(contracts)
        rows = []
        for contract, kind, facts, version, actor in entries:
            vals = self._prepare_vals(
                contract, kind, facts, version, actor, last.get(contract.id, Link())
            )
            last[contract.id] = Link(vals["number"], vals["content_hash"])
            rows.append(vals)
        self.env["crm.contract.event.head"]._note(last)
        # sudo: events are written by code alone
        return self.sudo().create(rows)

    def _prepare_vals(self, contract, kind, facts, version, actor, last):
        # sudo: what happened is told whole, whoever it happened through
        contract = contract.sudo()
        version = contract.version_id if version is None else version.sudo()
        now = fields.Datetime.now()
        actor = actor or self.env.user.name
        text, digest = write_event(
            {
                "contract": {
                    "key": contract.content_key,
                    "number": contract.number or None,
                },
                "number": last.number + 1,
                "kind": kind,
                "date": f"{now.isoformat()}Z",
                "actor": actor,
                "version": version.content_hash or None,
                "facts": facts or {},
                "previous": last.content_hash,
            }
        )
        return {
            "contract_id": contract.id,
            "company_id": contract.company_id.id,
            "number": last.number + 1,
            "kind": kind,
            "date": now,
            "version_id": version.id,
            "user_id": self.env.uid,
            "actor": actor,
            "content": text,
            "content_hash": digest,
        }

    @api.model
    def _get_clock(self):
        """Return the present moment, or that of the newest event if that is later (UTC).

        What is over stays over while the clock of the server is put back.
        """
        self.flush_model(["date"])
        rows = self.env.execute_query(
            SQL("SELECT date FROM crm_contract_event ORDER BY id DESC LIMIT 1")
        )
        return max([fields.Datetime.now(), *(date for (date,) in rows)])

    def _read_content(self):
        """Return what an event says, as it was written (dict, empty if unreadable)."""
        self.ensure_one()
        try:
            said = json.loads(self.content)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _get_facts(self):
        """Return the facts that an event was written with (dict)."""
        return self._read_content().get("facts", {})

    @api.model
    def _get_last(self, contracts):
        """Return the newest event of each contract: `{contract id: Link}`.

        As kept beside the chain, where that is not behind: what was cut off, or written
        anew at the end, is not followed.
        """
        self.flush_model(["contract_id", "number", "content_hash"])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT ON (contract_id) contract_id, number, content_hash"
                " FROM (SELECT contract_id, number, content_hash, 0 AS place"
                " FROM crm_contract_event_head WHERE contract_id IN %(ids)s"
                " UNION ALL SELECT contract_id, number, content_hash, 1"
                " FROM crm_contract_event WHERE contract_id IN %(ids)s) AS known"
                " ORDER BY contract_id, number DESC, place",
                ids=tuple(contracts.ids),
            )
        )
        return {contract_id: Link(*link) for contract_id, *link in rows}

    @api.model
    def _check_submitted(self, contracts):
        # sudo: the state alone is asked for
        drafts = contracts.sudo().filtered(
            lambda contract: contract.state == "draft" and not contract.number
        )
        if drafts:
            raise UserError(
                self.env._(
                    "%s was never submitted: there is nothing to prove yet.",
                    ", ".join(drafts.mapped("display_name")),
                )
            )
