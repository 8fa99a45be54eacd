from odoo.http import Controller, request, route


class ContractPaper(Controller):
    """What a keeper who scans the code of a paper wants to know."""

    @route(
        "/contract/paper/<string:code>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def paper(self, code):
        """Say whether the paper is the approved version, and show the register."""
        found = request.env["crm.contract.paper"].look_up(code)
        rows = request.env["crm.contract.sealing"].browse(found.get("sealing_ids", []))
        return request.render("crm_contract.paper_page", {"found": found, "rows": rows})
