from werkzeug.exceptions import TooManyRequests

from odoo.http import Controller, request, route

from ..models.obligation.crm_contract_obligation_feed import LIMIT, MINUTES, PATH


class ContractCalendar(Controller):
    """The obligations of somebody, for a calendar that can't log in."""

    @route(
        f"{PATH}/<string:token>.ics",
        type="http",
        auth="public",
        sitemap=False,
        save_session=False,
        methods=["GET"],
    )
    def calendar(self, token, **_kwargs):
        """Return the calendar of whoever the key belongs to."""
        address = request.httprequest.remote_addr
        attempts = request.env["crm.contract.attempt"]
        if not attempts._allow("obligation_feed", address, LIMIT, MINUTES):
            raise TooManyRequests
        data = request.env["crm.contract.obligation.feed"]._read(token)
        if data is None:
            # Not raised: that a wrong key was tried has to be remembered.
            return request.make_response(
                b"", [("Cache-Control", "no-store")], status=404
            )
        return request.make_response(
            data,
            [
                ("Content-Type", "text/calendar; charset=utf-8"),
                # The address holds a key: no cache, no index.
                ("Cache-Control", "no-store"),
                ("X-Robots-Tag", "noindex, nofollow"),
                ("Referrer-Policy", "no-referrer"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
