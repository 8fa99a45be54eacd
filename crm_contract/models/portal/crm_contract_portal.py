from typing import NamedTuple

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain

# Before a text is approved, and once it is withdrawn, it is nobody's but ours.
HIDDEN_STATES = ("draft", "review", "cancelled")


class Visit(NamedTuple):
    """Somebody who looks at a contract (superuser's record), and as whom.

    `how` is "login" (a portal user of the customer), "link" (who got a link by mail) or
    "preview" (one of us: looks, and says nothing); `link` is that of the mail.
    """

    contract: models.BaseModel
    partner: models.BaseModel
    how: str
    link: models.BaseModel

    @property
    def can_write(self):
        return self.how != "preview"


class LinkExpiredError(AccessError):
    """The link was right once; whoever it was for may get a new one by mail."""

    def __init__(self, link, message):
        super().__init__(message)
        self.link = link


class CrmContractPortal(models.AbstractModel):
    """Which contracts customers see, and who a visitor is.

    Customers have no rights on any model of contracts: the pages get plain values that
    are named one by one (see `_get_page`), after the checks made here.
    """

    _name = "crm.contract.portal"
    _description = "Contracts for customers"

    @api.model
    def _get_shown_domain(self):
        """Return the domain of contracts that their customers may see."""
        return Domain("state", "not in", HIDDEN_STATES) & Domain("active", "=", True)

    @api.model
    def _is_shown(self, contract):
        """Return whether the customer of a contract may see it."""
        # sudo: the state alone
        contract = contract.sudo()
        return contract.active and contract.state not in HIDDEN_STATES

    @api.model
    def _get_domain(self):
        """Return the domain of the contracts of the user's own company.

        By the entity that contracts: neither those of a parent nor of a sister company.
        And by our companies that the user is a customer of, as orders are shown.
        """
        user = self.env.user
        return self._get_shown_domain() & Domain(
            [
                (
                    "commercial_partner_id",
                    "=",
                    user.partner_id.commercial_partner_id.id,
                ),
                ("company_id", "in", user.company_ids.ids),
            ]
        )

    @api.model
    def _visit(self, contract_id, token=None):
        """Return who looks at a contract.

        :param token: of a link, as sent by the visitor
        :return: `Visit`
        :raise MissingError: no such contract, or none that is shown, to this user
        :raise LinkExpiredError: a link that is not valid any more
        """
        user = self.env.user
        if user._is_internal():
            # Whatever link one of us got hold of: it is not his.
            return self._preview(contract_id)
        link = self.env["crm.contract.link"]._find(contract_id, token)
        if link:
            return self._visit_by_link(link)
        if user._is_public():
            raise MissingError(self.env._("This page does not exist."))
        # sudo: customers have no rights on the model; the domain is their right
        contract = self.env["crm.contract"].sudo()
        contract = contract.search(
            self._get_domain() & Domain("id", "=", contract_id), limit=1
        )
        if not contract:
            raise MissingError(self.env._("This page does not exist."))
        return Visit(contract, user.partner_id.sudo(), "login", link)

    def _visit_by_link(self, link):
        if not self._is_shown(link.contract_id):
            raise AccessError(
                self.env._("The contract is being revised, or was withdrawn.")
            )
        person, contract = link.partner_id, link.contract_id
        # The customer may be another one by now, or the person work elsewhere.
        is_theirs = person.commercial_partner_id == contract.commercial_partner_id
        if not is_theirs or not person.active:
            raise MissingError(self.env._("This page does not exist."))
        if not link.is_live:
            raise LinkExpiredError(link, self.env._("This link is not valid any more."))
        return Visit(contract, person, "link", link)

    def _preview(self, contract_id):
        contract = self.env["crm.contract"].browse(contract_id).exists()
        if not contract or not contract.has_access("read"):
            raise MissingError(self.env._("This page does not exist."))
        # sudo: what the customer sees, after the check that the user may read it all
        contract = contract.sudo()
        if not self._is_shown(contract):
            raise AccessError(
                self.env._("The customer does not see this contract as it is now.")
            )
        link = self.env["crm.contract.link"].sudo().browse()
        return Visit(contract, self.env.user.partner_id.sudo(), "preview", link)

    @api.model
    def _by_system(self, contract):
        """Return a contract for what the server does when a customer asks."""
        company = contract.company_id
        return contract.with_user(SUPERUSER_ID).with_company(company)

    # Lists

    @api.model
    def _get_sortings(self):
        """Return how the list can be sorted: {key: {"label", "order"}}."""
        return {
            "date": {"label": self.env._("Newest"), "order": "id desc"},
            "number": {"label": self.env._("Number"), "order": "number, id"},
            "name": {"label": self.env._("Title"), "order": "name, id"},
            "end": {
                "label": self.env._("End of the term"),
                "order": "date_end nulls last, id",
            },
        }

    @api.model
    def _get_filters(self):
        """Return what the list can be cut down to: {key: {"label", "domain"}}."""
        return {
            "all": {"label": self.env._("All"), "domain": []},
            "to_sign": {
                "label": self.env._("To sign"),
                "domain": [("state", "=", "to_sign")],
            },
            "live": {
                "label": self.env._("In force"),
                "domain": [
                    ("state", "not in", (*HIDDEN_STATES, "to_sign", *self._get_over()))
                ],
            },
            "over": {
                "label": self.env._("Over"),
                "domain": [("state", "in", self._get_over())],
            },
        }

    @api.model
    def _get_over(self):
        """Return the states of what does not hold any more, see satellites."""
        shelved = self.env["crm.contract"]._get_archivable_states()
        return [state for state in shelved if state not in HIDDEN_STATES]

    @api.model
    def _get_inputs(self):
        """Return what the list can be searched by: {key: {"input", "label"}}."""
        return {
            "all": {"input": "all", "label": self.env._("Search in all")},
            "number": {"input": "number", "label": self.env._("Search in number")},
            "name": {"input": "name", "label": self.env._("Search in title")},
        }

    @api.model
    def _get_search_domain(self, search_in, text):
        names = {"number": ("number",), "name": ("name",)}
        found = names.get(search_in, ("number", "name"))
        return Domain.OR(Domain(name, "ilike", text) for name in found)

    @api.model
    def _count(self, domain=()):
        """Return how many contracts the user is shown that are in a domain."""
        # sudo: as in `_visit`
        contracts = self.env["crm.contract"].sudo()
        return contracts.search_count(self._get_domain() & Domain(domain))

    @api.model
    def _get_list(self, domain, order, limit, offset):
        """Return rows of the list: contracts as `_describe_brief`, of the user alone."""
        # sudo: as in `_visit`
        contracts = self.env["crm.contract"].sudo()
        found = contracts.search(
            self._get_domain() & Domain(domain), order=order, limit=limit, offset=offset
        )
        return [self._describe_brief(contract) for contract in found]

    @api.model
    def _describe_brief(self, contract):
        """Return what a list tells of a contract that is shown (dict of plain values)."""
        fields = contract._fields
        return {
            "id": contract.id,
            "number": contract.number or "",
            "name": contract.name,
            "url": f"/my/contracts/{contract.id}",
            "kind": contract.kind,
            "kind_name": dict(fields["kind"]._description_selection(self.env)).get(
                contract.kind, ""
            ),
            "state": contract.state,
            "state_name": self._get_state_name(contract),
            "color": self._get_color(contract.state),
            "date_start": contract.date_start,
            "date_end": not contract.is_open_ended and contract.date_end,
            "amount_total": contract.amount_total,
            "currency": contract.currency_id,
        }

    @api.model
    def _get_state_name(self, contract):
        states = contract._fields["state"]._description_selection(self.env)
        return dict(states).get(contract.state, "")

    @api.model
    def _get_color(self, state):
        """Return the colour of a state's badge, as Bootstrap calls it (str)."""
        if state in ("to_sign", "suspended"):
            return "warning"
        return "secondary" if state in self._get_over() else "success"
