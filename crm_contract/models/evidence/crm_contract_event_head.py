from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class Link(NamedTuple):
    """The event that another one follows."""

    number: int = 0
    content_hash: str | None = None


class CrmContractEventHead(models.Model):
    """Number and hash of the newest event of each contract, beside the chain.

    Nothing follows the last event that would name it: this does, so that an end that was
    cut off is missed. The next event follows what stands here, not what is left of the
    chain, and the gap stays for good.
    """

    _name = "crm.contract.event.head"
    _description = "Newest event of a contract"
    _log_access = False
    _rec_name = "contract_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="restrict"
    )
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    content_hash = fields.Char(required=True, readonly=True)

    _contract_uniq = models.UniqueIndex(
        "(contract_id)", "A contract has one newest event."
    )

    def init(self):
        # The table of events is made by then.
        self.pool.post_init(self._begin)

    @api.model
    def _begin(self):
        """Begin with what there is; a row that is missed later is not made up."""
        self.env.cr.execute(
            """
            INSERT INTO crm_contract_event_head (contract_id, number, content_hash)
            SELECT DISTINCT ON (contract_id) contract_id, number, content_hash
              FROM crm_contract_event
             WHERE NOT EXISTS (SELECT FROM crm_contract_event_head)
             ORDER BY contract_id, number DESC
            """
        )

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("It is written along with the events."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("It is written along with the events."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("It is written along with the events."))

    @api.model
    def _note(self, links):
        """Keep the newest events: `{contract id: Link}`."""
        if not links:
            return
        rows = SQL(", ").join(
            SQL("(%s, %s, %s)", contract_id, *link)
            for contract_id, link in links.items()
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_contract_event_head (contract_id, number, content_hash)"
                " VALUES %s ON CONFLICT (contract_id) DO UPDATE"
                " SET number = EXCLUDED.number, content_hash = EXCLUDED.content_hash",
                rows,
            )
        )

    @api.model
    def _get(self, contracts):
        """Return what is kept of contracts: `{contract id: Link}`."""
        if not contracts:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT contract_id, number, content_hash FROM crm_contract_event_head"
                " WHERE contract_id IN %s",
                tuple(contracts.ids),
            )
        )
        return {contract_id: Link(*link) for contract_id, *link in rows}
