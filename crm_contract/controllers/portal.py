import functools

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers import portal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.portal.crm_contract_portal import LinkExpiredError, Visit
from ..models.portal.crm_contract_portal_message import MAX_FILES, MAX_SIZE

# The address holds a key: it goes to no other site, into no index, no cache, no frame.
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
# A stored file is shown in the browser if it is one that runs nothing.
SHOWN_TYPES = {b"%PDF-": "application/pdf"}


def _visited(endpoint):
    """Give a route the `Visit` in the place of id and key of its address.

    Whoever is shown nothing gets the answer that says so, and the route is not called.
    """

    def route(self, contract_id, access_token=None, visit=None, **kwargs):
        # What an address calls a visit is none.
        visit = self._visit_contract(contract_id, access_token)
        return endpoint(self, visit, **kwargs) if isinstance(visit, Visit) else visit

    functools.update_wrapper(route, endpoint)
    # What a route takes is read from its signature: that of this one.
    del route.__wrapped__
    return route


class ContractPortal(portal.CustomerPortal):
    """Contracts for their customers: list, page, files, messages."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        contracts = request.env["crm.contract.portal"]
        if "contract_count" in counters:
            values["contract_count"] = contracts._count()
        if "contract_to_sign_count" in counters:
            values["contract_to_sign_count"] = contracts._count(
                [("state", "=", "to_sign")]
            )
        return values

    @http.route(
        ["/my/contracts", "/my/contracts/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_contracts(
        self, page=1, sortby="", filterby="", search="", search_in="", **kwargs
    ):
        """List the contracts of the visitor's company."""
        contracts = request.env["crm.contract.portal"]
        sortings, filters = contracts._get_sortings(), contracts._get_filters()
        inputs = contracts._get_inputs()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        search_in = search_in if search_in in inputs else "all"
        domain = list(filters[filterby]["domain"])
        if search:
            domain += list(contracts._get_search_domain(search_in, search[:200]))
        pager = portal_pager(
            url="/my/contracts",
            url_args={
                "sortby": sortby,
                "filterby": filterby,
                "search": search,
                "search_in": search_in,
            },
            total=contracts._count(domain),
            page=page,
            step=self._items_per_page,
        )
        rows = contracts._get_list(
            domain, sortings[sortby]["order"], self._items_per_page, pager["offset"]
        )
        request.session["my_contracts_history"] = [row["id"] for row in rows][:100]
        values = {
            **self._prepare_portal_layout_values(),
            "contracts": rows,
            "page_name": "contract",
            "pager": pager,
            "default_url": "/my/contracts",
            "searchbar_sortings": sortings,
            "sortby": sortby,
            "searchbar_filters": filters,
            "filterby": filterby,
            "searchbar_inputs": inputs,
            "search_in": search_in,
            "search": search,
        }
        return request.render("crm_contract.portal_my_contracts", values)

    @http.route(
        "/my/contracts/<int:contract_id>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    @_visited
    def portal_contract_page(self, visit, message="", **kwargs):
        """Show a contract to its customer."""
        looks = request.env["crm.contract.access"]
        looks._note(visit.contract, "opened", minutes=5)
        return self._render_contract(visit, message=message)

    @http.route(
        "/my/contracts/<int:contract_id>/ask",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    @_visited
    def portal_contract_ask(self, visit, kind="question", text="", **kwargs):
        """Take a question or a request of the customer."""
        try:
            files = self._read_files()
            request.env["crm.contract.portal"]._ask(visit, kind, text, files)
        except UserError as error:
            return self._render_contract(visit, error=str(error), written=text)
        return request.redirect(
            self._get_contract_url(visit, message="sent") + "#discussion"
        )

    @http.route(
        "/my/contracts/<int:contract_id>/confirm",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    @_visited
    def portal_contract_confirm(
        self, visit, obligation_id=None, answer="yes", text="", **kwargs
    ):
        """Take what the customer says of an obligation."""
        try:
            request.env["crm.contract.portal"]._confirm(
                visit, obligation_id, answer, text
            )
        except MissingError:
            return self._render_contract(
                visit, error=request.env._("There is nothing to confirm any more.")
            )
        except UserError as error:
            return self._render_contract(visit, error=str(error))
        return request.redirect(
            self._get_contract_url(visit, message="confirmed") + "#obligations"
        )

    @http.route(
        "/my/contracts/<int:contract_id>/document/<int:document_id>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    @_visited
    def portal_contract_document(self, visit, document_id, download=None, **kwargs):
        """Return the stored bytes of a file of the contract."""
        documents = request.env["crm.contract.portal"]._get_documents(visit.contract)
        document = documents.filtered(lambda row: row.id == document_id)
        if not document:
            raise NotFound()
        request.env["crm.contract.access"]._note(document, "downloaded", minutes=1)
        return self._make_file_response(document._get_file(), document.name, download)

    @http.route(
        "/my/contracts/<int:contract_id>/file/<int:attachment_id>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    @_visited
    def portal_contract_file(self, visit, attachment_id, **kwargs):
        """Return a file that came with a message."""
        portals = request.env["crm.contract.portal"]
        file = portals._get_message_file(visit.contract, attachment_id)
        if not file:
            raise NotFound()
        return self._make_file_response(file.raw or b"", file.name, download=True)

    @http.route(
        "/my/contracts/<int:contract_id>/renew_link",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def portal_contract_renew_link(self, contract_id, access_token=None, **kwargs):
        """Mail a new link to the person whose link is not valid any more."""
        link = request.env["crm.contract.link"]._find(contract_id, access_token)
        if not link:
            return request.redirect("/my")
        sent = link._send_new()
        return self._render_closed("sent" if sent else "wait")

    def _visit_contract(self, contract_id, access_token):
        """Return the `Visit`, or the answer for somebody who is shown nothing."""
        portals = request.env["crm.contract.portal"]
        try:
            visit = portals._visit(contract_id, access_token)
        except LinkExpiredError:
            return self._render_closed("expired", contract_id, access_token)
        except MissingError:
            # The same for what there is and what there is not.
            return self._refuse_contract(access_token)
        except AccessError as error:
            return self._render_closed("closed", message=str(error))
        if visit.how == "link":
            visit.link._note_opened()
            self._use_language(visit.partner)
        return visit

    def _read_files(self):
        """Return the files that come with a message: list of (name, bytes).

        No more of them than it takes to know that they are too many, or too large.
        """
        files, left = [], MAX_SIZE + 1
        for file in request.httprequest.files.getlist("files")[: MAX_FILES + 1]:
            if file.filename:
                data = file.read(left)
                left -= len(data)
                files.append((file.filename, data))
        return files

    def _refuse_contract(self, access_token):
        if access_token or not request.env.user._is_public():
            return self._secure(request.redirect("/my"))
        path = request.httprequest.path
        return request.redirect(f"/web/login?redirect={path}")

    def _use_language(self, partner):
        """Speak the language of whoever a mail went to, unless the visitor chose one."""
        if request.env.user._is_public() and "frontend_lang" not in request.cookies:
            lang = partner.lang
            if lang and request.env["res.lang"]._get_data(code=lang):
                request.update_context(lang=lang)

    def _get_contract_url(self, visit, suffix="", **query):
        token = visit.link.access_token
        pairs = {**query, **({"access_token": token} if token else {})}
        url = f"/my/contracts/{visit.contract.id}{suffix}"
        return f"{url}?{'&'.join(f'{key}={pairs[key]}' for key in pairs)}"

    def _render_contract(self, visit, message="", error="", written=""):
        page = request.env["crm.contract.portal"]._get_page(visit)
        token = page["token"]
        values = {
            "page": page,
            "contract_page": page,
            "page_name": "contract",
            "res_company": page["company"],
            "query": f"?access_token={token}" if token else "",
            "no_breadcrumbs": visit.how == "link" and request.env.user._is_public(),
            "message": message,
            "error": error,
            "written": written,
            "backend_url": f"/odoo/crm.contract/{visit.contract.id}",
        }
        self._add_pager(values, visit)
        return self._secure(request.render("crm_contract.portal_contract_page", values))

    def _add_pager(self, values, visit):
        history = request.session.get("my_contracts_history", [])
        if visit.how != "login" or visit.contract.id not in history:
            return
        position = history.index(visit.contract.id)
        before, after = history[:position][-1:], history[position + 1 : position + 2]
        values["prev_record"] = before and f"/my/contracts/{before[0]}"
        values["next_record"] = after and f"/my/contracts/{after[0]}"

    def _render_closed(self, reason, contract_id=None, token=None, message=""):
        values = {
            "reason": reason,
            "message": message,
            "renew_url": contract_id and f"/my/contracts/{contract_id}/renew_link",
            "token": token,
            "no_breadcrumbs": True,
        }
        response = request.render("crm_contract.portal_contract_closed", values)
        response.status_code = 200 if reason == "sent" else 403
        return self._secure(response)

    def _make_file_response(self, data, name, download=False):
        """Return bytes as a file that a browser runs nothing of."""
        mimetype = SHOWN_TYPES.get(data[:5], "application/octet-stream")
        inline = mimetype == "application/pdf" and not download
        headers = {
            **HEADERS,
            "Content-Type": mimetype,
            "Content-Length": str(len(data)),
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": content_disposition(
                name, disposition_type="inline" if inline else "attachment"
            ),
        }
        return request.make_response(data, headers=list(headers.items()))

    def _secure(self, response):
        response.headers.update(HEADERS)
        return response
