from odoo import api, models


class ReportConsolidated(models.AbstractModel):
    """The text of a contract as amended, made of what was signed."""

    _name = "report.crm_contract_renewal.report_consolidated"
    _description = "Contract text as amended"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return what the report shows: the text of a day, of each contract.

        :param data: `{"date": ISO date, "ids": [...]}`; today, and `docids`, without it
        """
        data = data or {}
        contracts = self.env["crm.contract"].browse(docids or data.get("ids"))
        contracts.check_access("read")
        versions = self.env["crm.contract.version"]
        arguments = self.env["crm.contract.arguments"]
        day = arguments._read_date("date", data.get("date") or False, default=False)
        day = day or contracts[:1].company_id._get_today()
        return {
            "docs": [versions._get_text_on(contract, day) for contract in contracts],
            "text_day": day,
            "amendments_of": {
                contract.number: versions._get_on(contract, day)[1:].contract_id
                for contract in contracts
            },
        }
