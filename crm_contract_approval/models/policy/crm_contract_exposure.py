from odoo import api, models

from odoo.addons.crm_contract.tools.recurrence import Recurrence

from ...tools.exposure import Fee, Price, reckon

MONTHS = 12


class CrmContractExposure(models.AbstractModel):
    """What a contract may come to: the value that the thresholds of steps compare."""

    _name = "crm.contract.exposure"
    _description = "Exposure of a contract"

    @api.model
    def _reckon(self, contract, months=MONTHS):
        """Return the exposure of a contract (`tools.exposure.Exposure`), taxes included.

        It is in the currency of the contract, and never less than the contract value:
        that of a framework is its ceiling.

        :param months: months that are counted at least
        """
        exposure = reckon(self._get_fees(contract), months, contract.date_end or None)
        if contract.is_framework:
            # A price list: what is called off is known by the ceiling alone.
            exposure = exposure._replace(value=0, gross=0)
        return exposure._replace(
            value=max(exposure.value, contract.amount_total),
            gross=max(exposure.gross, contract.amount_total),
        )

    @api.model
    def _get_margin(self, contract):
        """Return the margin of a contract in percent, None if it is not known.

        It is known from the costs of the products, if all of them have one.
        """
        lines = contract.line_ids.filtered(lambda line: not line.display_type)
        # sudo: costs, told as a margin to the policy and to whoever approves
        costs = [self._get_cost(line) for line in lines.sudo()]
        revenue = sum(lines.mapped("price_subtotal"))
        if not revenue or None in costs:
            return None
        return 100 * (revenue - sum(costs)) / revenue

    @api.model
    def _get_cost(self, line):
        """Return the cost of a line in the contract's currency, None if unknown."""
        contract = line.contract_id
        company = contract.company_id
        product = line.product_id.with_company(company)
        if not product.standard_price:
            return None
        price = product.uom_id._compute_price(
            product.standard_price, line.product_uom_id or product.uom_id
        )
        return company.currency_id._convert(
            price * line.quantity,
            contract.currency_id,
            company,
            contract.date_start or company._get_today(),
        )

    @api.model
    def _convert(self, contract, amount):
        """Return an amount of the contract in the currency of its company, of today.

        The rate that is kept with the contract may be older than the rates.
        """
        company = contract.company_id
        return contract.currency_id._convert(
            amount, company.currency_id, company, company._get_today()
        )

    @api.model
    def _get_fees(self, contract):
        """Return what the lines of a contract charge (list of `Fee`)."""
        lines = contract.line_ids._filter_content()
        return [
            self._get_fee(line)
            for line in lines.filtered(lambda line: not line.display_type)
        ]

    @api.model
    def _get_fee(self, line):
        price = self._get_price(line, line.quantity, line.price_unit)
        if not line.is_recurring or line.recurrence_interval < 1:
            return Fee(price)
        contract = line.contract_id
        start = (
            line.date_start or contract.date_start or contract.company_id._get_today()
        )
        return Fee(
            price,
            Recurrence(
                start,
                line.recurrence_interval,
                line.recurrence_unit,
                # The end of the contract is no end of its fees: it may be renewed.
                line.date_end or None,
                line.date_anchor or None,
            ),
            tuple(
                (step.date_from, self._get_price(line, step.quantity, step.price_unit))
                for step in line.step_ids
            ),
            line.free_periods,
        )

    @api.model
    def _get_price(self, line, quantity, price_unit):
        amounts = {"quantity": quantity, "price_unit": price_unit}
        return Price(
            line._get_amounts(**amounts, discount=0)[1], line._get_amounts(**amounts)[1]
        )
