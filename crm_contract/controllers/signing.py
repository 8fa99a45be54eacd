import json

from werkzeug.exceptions import NotFound

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import ContractPortal

# More text than any signature that is taken, by far less than what a server chokes on.
MAX_SIGNATURE = 2_000_000
MAX_LETTER = 10 * 1024 * 1024


def _route(suffix="", method="POST"):
    """Return the route of a step: with the key of a mail, or by log-in."""
    return http.route(
        [
            f"/contract/sign/<int:signatory_id>/<string:token>{suffix}",
            f"/my/contracts/<int:contract_id>/sign{suffix}",
        ],
        type="http",
        auth="public",
        website=True,
        methods=[method],
    )


class ContractSigning(ContractPortal):
    """The page on which signatories read, sign, decline, and hand over.

    By the link that was mailed, whose key nobody guesses; or by the log-in of the
    signatory, from the page of the contract. What the server knows of the visitor is
    taken from the request alone.
    """

    @_route(method="GET")
    def contract_signing_page(self, message="", **where):
        """Show what is to be signed, or why it can't be now."""
        return self._render_signing(where, message=message)

    @_route("/opened")
    def contract_signing_opened(self, **where):
        """Take note that a browser shows the page; whatever fetches links runs none."""
        return self._act(where, lambda row, facts: row._open(facts))

    @_route("/read")
    def contract_signing_read(self, **where):
        """Take note that the end of the text was shown."""
        return self._act(where, lambda row, facts: row._read(facts))

    @_route("/code")
    def contract_signing_code(self, **where):
        """Mail the signatory a one-time code."""
        return self._act(where, lambda row, facts: row._send_code(facts))

    @_route("/sign")
    def contract_signing_sign(
        self,
        name="",
        signature="",
        content_hash="",
        text_sha256="",
        consent="",
        code="",
        **where,
    ):
        """Sign what the page showed."""

        def sign(signatory, facts):
            if not isinstance(signature, str) or len(signature) > MAX_SIGNATURE:
                raise UserError(
                    request.env._(
                        "The picture of the signature is too large. Draw it, or take "
                        "one of at most 1 MB."
                    )
                )
            signatory._sign(
                name, signature, content_hash, text_sha256, consent, code, facts
            )

        return self._act(where, sign)

    @_route("/decline")
    def contract_signing_decline(self, reason="", **where):
        """Refuse to sign."""
        return self._act_and_show(where, lambda row, facts: row._decline(reason, facts))

    @_route("/hand_over")
    def contract_signing_hand_over(
        self, name="", email="", letter=None, letter_until="", code="", **where
    ):
        """Let a colleague sign in the place of the signatory."""

        def hand_over(signatory, facts):
            data, file_name = self._read_letter(letter)
            until = self._read_day(letter_until)
            signatory._hand_over(name, email, data, file_name, until, facts, code=code)

        return self._act_and_show(where, hand_over)

    @_route("/file/<int:document_id>", method="GET")
    def contract_signing_file(self, document_id, download=None, **where):
        """Return the stored bytes of a file that is signed, or was."""
        signatory, _by = self._find_signatory(**where)
        portals = request.env["crm.contract.portal"]
        page = portals._get_signing_page(signatory)
        if document_id not in [file["id"] for file in page.get("files", ())]:
            raise NotFound()
        document = request.env["crm.contract.document"].sudo().browse(document_id)
        request.env["crm.contract.access"]._note(document, "downloaded", minutes=1)
        return self._make_file_response(document._get_file(), document.name, download)

    # Who it is

    def _find_signatory(self, signatory_id=None, token=None, contract_id=None, **more):
        """Return (signatory, how identified), both by the server's own knowledge.

        :raise NotFound: a key or a log-in that is nobody's
        :raise UserError: somebody else, see `crm.contract.portal._identify`
        """
        model, user = request.env["crm.contract.signatory"], request.env.user
        if contract_id is None:
            signatory = model.browse(signatory_id)._get_by_token(token)
        else:
            # sudo: for its signatories; the user has to be one
            contract = request.env["crm.contract"].sudo().browse(contract_id)
            signatory = model._get_of_user(contract, user)
        if not signatory:
            raise NotFound()
        signatory = signatory.with_company(signatory.company_id)
        return signatory, request.env["crm.contract.portal"]._identify(signatory, user)

    def _get_facts(self, by):
        return {
            "ip": request.httprequest.remote_addr or "",
            "user_agent": request.httprequest.user_agent.string or "",
            "by": by,
        }

    def _get_path(self, signatory_id=None, token=None, contract_id=None, **more):
        if contract_id is None:
            return f"/contract/sign/{signatory_id}/{token}"
        return f"/my/contracts/{contract_id}/sign"

    # Answers

    def _do(self, where, step):
        signatory, by = self._find_signatory(**where)
        self._use_language(signatory)
        signatory = signatory.with_context(lang=request.env.lang)
        step(signatory, self._get_facts(by))

    def _act(self, where, step):
        """Do a step that a script of the page asks for; answer what became of it."""
        try:
            self._do(where, step)
            answer = {"done": True}
        except UserError as error:
            answer = {"error": str(error)}
        headers = [("Content-Type", "application/json")]
        return self._secure(request.make_response(json.dumps(answer), headers))

    def _act_and_show(self, where, step):
        """Do a step that a form of the page asks for; show the page as it is then."""
        try:
            self._do(where, step)
        except UserError as error:
            return self._render_signing(where, error=str(error))
        return self._secure(request.redirect(self._get_path(**where)))

    def _render_signing(self, where, message="", error=""):
        try:
            signatory, by = self._find_signatory(**where)
        except UserError as refused:
            return self._render_closed("closed", message=str(refused))
        except NotFound:
            if "contract_id" in where:
                return self._refuse_contract(None)
            response = self._render_closed("unknown")
            response.status_code = 404
            return response
        self._use_language(signatory)
        page = request.env["crm.contract.portal"]._get_signing_page(signatory)
        path = self._get_path(**where)
        values = {
            "page": page,
            "path": path,
            "by": by,
            "form_props": page.get("form") and self._get_form_props(page, path),
            "res_company": page["company"],
            "no_breadcrumbs": True,
            "message": message,
            "error": error,
        }
        return self._secure(request.render("crm_contract.signing_page", values))

    def _get_form_props(self, page, path):
        """Return what the form hands back, and where to (JSON)."""
        form = page["form"]
        return json.dumps(
            {
                "path": path,
                "name": form["name"],
                "contentHash": form["content_hash"],
                "textSha256": form["text_sha256"],
                "consent": form["consent"],
                "consentHash": form["consent_hash"],
                "needsCode": bool(form["needs_code"]),
            }
        )

    def _read_letter(self, letter):
        """Return (bytes, name) of an uploaded file, (None, "") without one."""
        if not getattr(letter, "filename", ""):
            return None, ""
        data = letter.read(MAX_LETTER + 1)
        if len(data) > MAX_LETTER:
            raise UserError(
                request.env._("The letter of authority has more than 10 MB.")
            )
        return data or None, letter.filename

    def _read_day(self, day):
        if not day:
            return None
        try:
            return fields.Date.to_date(day)
        except ValueError as error:
            raise UserError(
                request.env._("“%s” is no day: write it like 2026-12-31.", day[:20])
            ) from error
