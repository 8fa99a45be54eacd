from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmContractSearch(models.AbstractModel):
    """Where contracts are found: each place by an index of its own."""

    _name = "crm.contract.search"
    _description = "Search of contracts"

    @api.model
    def _named(self, text):
        """Return the query of the contracts whose title, number or customer has a text.

        What is found is not what may be read: callers search by it, with the rights of
        who asks.

        :param text: part of it (str)
        :return: SQL of a query of ids in brackets
        """
        return self._unite(
            [
                Domain("name", "ilike", text),
                Domain("number", "ilike", text),
                Domain("partner_id.display_name", "ilike", text),
            ]
        )

    @api.model
    def _unite(self, domains):
        """Return the query of the contracts for which one of the domains holds (SQL)."""
        contracts = self.env["crm.contract"].with_context(active_test=False)
        queries = [
            contracts._search(domain, bypass_access=True).select() for domain in domains
        ]
        return SQL("(%s)", SQL(" UNION ").join(queries))
