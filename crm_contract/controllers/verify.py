from werkzeug.exceptions import NotFound

from odoo.http import Controller, request, route

from ..models.evidence.crm_contract_public_check import PATH


class ContractVerify(Controller):
    """Where anybody may ask whether a paper or a file is what it claims to be."""

    @route(
        [PATH, f"{PATH}/<string:code>"],
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def verify(self, code=None, **_kwargs):
        """Answer for a printed code or the SHA-256 of a file: it matches, or does not."""
        check = request.env["crm.contract.public.check"]
        if not check._is_on():
            raise NotFound
        address = request.httprequest.remote_addr
        state = check._get_state(code, address) if code else ""
        response = request.render(
            "crm_contract.verify_page",
            {
                "state": state,
                "code": code or "",
                "paper_path": request.env["crm.contract.paper"]._get_path(code),
            },
        )
        if state == "later":
            response.status_code = 429
        # The address names a contract.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        return response
