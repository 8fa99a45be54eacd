from odoo import api, models


class CrmContractWorth(models.AbstractModel):
    """What contracts come to in the currency of their company, at the rate of a day.

    The rate that is kept with a contract may be older than the rates.
    """

    _name = "crm.contract.worth"
    _description = "Value of contracts on a day"

    @api.model
    def _reckon(self, contract, day=None):
        """Return the value of a contract, taxes included (float), None without a rate.

        It is the contract value, of a framework the ceiling; without an end, that of a
        year.

        :param day: date of the rate, today by default
        """
        # sudo: rates, whoever asks
        contract = contract.sudo()
        company, currency = contract.company_id, contract.currency_id
        if not currency._has_rate_of(company):
            return None
        amount = contract.amount_total
        if contract.is_framework:
            amount = max(amount, contract.amount_ceiling)
        return currency._convert(
            amount, company.currency_id, company, day or company._get_today()
        )
