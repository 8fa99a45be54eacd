from datetime import date

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain

# Values are near each other within this share.
NEAR = 0.2
SHOWN = 5


class CrmContractSimilar(models.AbstractModel):
    """Contracts that look like one that is drafted: it may be there already."""

    _name = "crm.contract.similar"
    _description = "Similar contracts"

    @api.model
    def _get_note(self, contract):
        """Return what drafts are told of contracts like them (Markup, empty if none)."""
        if contract.state != "draft" or contract.origin_id or not contract.partner_id:
            return False
        found = self._find(contract)
        if not found:
            return False
        links = [
            Markup('<a href="/odoo/contracts/%s">%s</a> (%s)')
            % (
                other.id,
                other.display_name,
                other.currency_id.format(other.amount_total),
            )
            for other in found
        ]
        return Markup("%s %s") % (
            self.env._("Looks like a contract that is there already:"),
            Markup(", ").join(links),
        )

    @api.model
    def _find(self, contract):
        """Return contracts like one, those that the user may read (at most five).

        Same customer and type, terms that overlap, and a value in the same currency that
        differs by no more than a fifth.
        """
        amount = abs(contract.amount_total)
        last = contract.date_end or date(9999, 12, 31)
        first = contract.date_start or date(1900, 1, 1)
        customer = contract.partner_id.commercial_partner_id
        domain = (
            Domain("commercial_partner_id", "in", customer._origin.ids)
            & Domain("type_id", "in", contract.type_id._origin.ids)
            & Domain("id", "not in", contract._origin.ids)
            & Domain("state", "not in", ("cancelled", "ended"))
            & Domain("kind", "=", "contract")
            & (Domain("date_start", "=", False) | Domain("date_start", "<=", last))
            & (Domain("date_end", "=", False) | Domain("date_end", ">=", first))
        )
        if amount:
            domain &= (
                Domain("amount_total", ">=", amount * (1 - NEAR))
                & Domain("amount_total", "<=", amount * (1 + NEAR))
                & Domain("currency_id", "in", contract.currency_id.ids)
            )
        return self.env["crm.contract"].search(domain, limit=SHOWN)
