from werkzeug.exceptions import TooManyRequests

from odoo.exceptions import UserError
from odoo.http import Controller, request, route

from ..models.satisfaction.crm_contract_survey import SCORES

PATH = "/contract/survey/<string:token>"
# How often an address may come within ten minutes.
LIMIT, MINUTES = 60, 10


class ContractSurvey(Controller):
    """Where somebody of a customer says how content he is, by a key of his own."""

    @route(PATH, type="http", auth="public", website=True, sitemap=False,
           methods=["GET"])  # fmt: skip
    def ask(self, token, score=None, **_kwargs):
        """Show the question; nothing is stored by it, since programs follow links too."""
        self._check_not_too_often()
        row = request.env["crm.contract.survey"]._find(token)
        chosen = int(score) if score in map(str, SCORES) else 0
        return self._show(row, token, chosen)

    @route(PATH, type="http", auth="public", website=True, sitemap=False,
           methods=["POST"])  # fmt: skip
    def answer(self, token, score=None, comment="", **_kwargs):
        """Take the answer."""
        self._check_not_too_often()
        surveys = request.env["crm.contract.survey"]
        problem = ""
        try:
            surveys._answer(token, score, comment)
        except UserError as error:
            problem = str(error)
        return self._show(surveys._find(token), token, 0, problem)

    def _check_not_too_often(self):
        address = request.httprequest.remote_addr
        attempts = request.env["crm.contract.attempt"]
        if not attempts._allow("survey", address, LIMIT, MINUTES):
            raise TooManyRequests

    def _show(self, row, token, chosen, problem=""):
        live = bool(row) and row._is_live()
        answered = bool(row) and row.state == "answered"
        values = {
            "token": token,
            "chosen": chosen,
            "problem": problem,
            "state": "ask" if live else "thanks" if answered else "gone",
            "company": row.company_id.name if row else "",
            "subject": live and row.contract_id.name,
            "scores": list(SCORES),
        }
        lang = row.person_id.lang if row else None
        if lang:
            request.update_context(lang=lang)
        response = request.render("crm_contract.survey_page", values)
        if not row:
            response.status_code = 404
        # The address holds a key.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        return response
