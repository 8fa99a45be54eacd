from werkzeug.exceptions import NotFound

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import ContractPortal

# As text in base64: more than any signature or letter that is taken, by far less than
# what a server chokes on.
MAX_SIGNATURE = 2_000_000
MAX_LETTER = 10 * 1024 * 1024


class ContractSigning(ContractPortal):
    """The page on which signatories read, sign, decline, and hand over.

    By the link that was mailed, whose key nobody guesses; or by the log-in of the
    signatory, from the page of the contract. What the server knows of the visitor is
    taken from the request alone.
    """

    def _find_signatory(self, signatory_id, token):
        """Return (signatory, how identified); raise NotFound, or UserError for others."""
        model = request.env["crm.contract.signatory"]
        signatory = model.browse(signatory_id)._get_by_token(token)
        if not signatory:
            raise NotFound()
        signatory = signatory.with_company(signatory.company_id)
        portals = request.env["crm.contract.portal"]
        return signatory, portals._identify(signatory, request.env.user)

    def _find_own_signatory(self, contract_id):
        """Return (signatory, "login") of the user; raise NotFound without one."""
        contract = request.env["crm.contract"].sudo().browse(contract_id).exists()
        model = request.env["crm.contract.signatory"]
        signatory = contract and model._get_of_user(contract, request.env.user)
        if not signatory:
            raise NotFound()
        return signatory.with_company(signatory.company_id), "login"

    def _find(self, signatory_id=None, token=None, contract_id=None):
        if contract_id is not None:
            return self._find_own_signatory(contract_id)
        return self._find_signatory(signatory_id, token)

    def _get_facts(self, by):
        return {
            "ip": request.httprequest.remote_addr or "",
            "user_agent": request.httprequest.user_agent.string or "",
            "by": by,
        }

    def _get_signing_url(self, signatory_id=None, token=None, contract_id=None):
        if contract_id is not None:
            return f"/my/contracts/{contract_id}/sign"
        return f"/contract/sign/{signatory_id}/{token}"

    def _routes(suffix="", methods=("POST",)):  # noqa: N805 (no method: names routes)
        return http.route(
            f"/contract/sign/<int:signatory_id>/<string:token>{suffix}",
            type="http",
            auth="public",
            website=True,
            methods=list(methods),
        )

    def _own_routes(suffix="", methods=("POST",)):  # noqa: N805
        return http.route(
            f"/my/contracts/<int:contract_id>/sign{suffix}",
            type="http",
            auth="user",
            website=True,
            methods=list(methods),
        )
