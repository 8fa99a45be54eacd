import json

from odoo.exceptions import UserError
from odoo.http import Controller, content_disposition, request, route


class ContractRegister(Controller):
    """The register of contracts, of what a list shows or of all."""

    @route("/crm_contract/register", type="http", auth="user")
    def register(self, domain="[]", ids="[]", company_ids="[]"):
        """Answer with a spreadsheet of the contracts that the user may read.

        :param domain: JSON of the domain that the list has
        :param ids: JSON of the ids that are selected
        :param company_ids: JSON of the companies that the user has chosen
        """
        try:
            values = [json.loads(text) for text in (domain, ids, company_ids)]
        except ValueError:
            values = [None]
        if not all(isinstance(value, list) for value in values) or not all(
            type(number) is int for value in values[1:] for number in value
        ):
            raise UserError(request.env._("The filter of the list can't be read."))
        domain, ids, companies = values
        register = request.env["crm.contract.register"]
        if companies:
            register = register.with_context(allowed_company_ids=companies)
        name, content = register._export(domain, ids)
        return request.make_response(
            content,
            headers=[
                (
                    "Content-Type",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
