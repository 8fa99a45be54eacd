from odoo import api, models
from odoo.fields import Command

from odoo.addons.crm_contract.models.contract.crm_contract_content_mixin import (
    CONTENT_ORDER,
)


class CrmContractOffer(models.AbstractModel):
    """Renewals in sales: the opportunities and the quotations of successors."""

    _name = "crm.contract.offer"
    _description = "Offer of a renewal"

    @api.model
    def _make_opportunities(self, renewals):
        """Put renewals into the pipeline, with their value as expected revenue."""
        leads = (
            renewals._without_defaults()
            .env["crm.lead"]
            .create(
                [
                    {
                        "name": self.env._("Renewal: %s", renewal.name),
                        "type": "opportunity",
                        "partner_id": renewal.partner_id.id,
                        "user_id": renewal.user_id.id,
                        "team_id": renewal.team_id.id,
                        "company_id": renewal.company_id.id,
                        "expected_revenue": renewal.amount_company,
                        "date_deadline": renewal.origin_id.date_deadline,
                    }
                    for renewal in renewals
                ]
            )
        )
        for renewal, lead in zip(renewals, leads, strict=True):
            renewal.opportunity_id = lead

    @api.model
    def _get_quotation_refusal(self, contract):
        """Return why no quotation can be made of the lines (str, empty if it can)."""
        if contract.is_framework:
            return self.env._(
                "%s is a framework: orders are called off against its renewal. Renew it "
                "without a quotation.",
                contract.display_name,
            )
        # sudo: the lines that are renewed, see `crm.contract.renewal`
        version = contract._get_present_version().sudo()
        without = _get_lines(version).filtered(
            lambda line: not line.display_type and not line.product_id
        )
        if without:
            return self.env._(
                "A quotation needs a product on each line, and these have none: "
                "%(lines)s. Renew %(contract)s without a quotation.",
                lines=", ".join(line.name.partition("\n")[0] for line in without),
                contract=contract.display_name,
            )
        is_foreign = contract.currency_id != contract.company_id.currency_id
        if is_foreign and not self._get_pricelist(contract):
            return self.env._(
                "A quotation in %(currency)s needs a pricelist in %(currency)s. Make "
                "one, or renew %(contract)s without a quotation.",
                currency=contract.currency_id.name,
                contract=contract.display_name,
            )
        return ""

    @api.model
    def _get_pricelist(self, contract):
        """Return the pricelist that gives an order the currency of the contract.

        It is the customer's, or any other; the prices are those of the contract.
        """
        company, currency = contract.company_id, contract.currency_id
        own = contract.partner_id.with_company(company).property_product_pricelist
        if own.currency_id == currency or (not own and currency == company.currency_id):
            return own
        return own.search(
            [
                ("currency_id", "=", currency.id),
                ("company_id", "in", (False, company.id)),
            ],
            limit=1,
        )

    @api.model
    def _make_quotations(self, renewals):
        """Offer renewals to their customers: a draft order of each one's lines.

        The ledger of the contract bills these lines, confirmed or not: the link of the
        lines keeps the order from billing them again.

        :return: the orders, in the order of the renewals
        :raise AccessError: for users who may not create orders
        """
        orders = (
            renewals._without_defaults()
            .env["sale.order"]
            .create([self._prepare_quotation_vals(renewal) for renewal in renewals])
        )
        for renewal, order in zip(renewals, orders, strict=True):
            order_lines = order.order_line.sorted("id")
            for line, order_line in zip(_get_lines(renewal), order_lines, strict=True):
                if not line.display_type:
                    # sudo: the link to the order is owned by the bridge
                    line.sudo().sale_line_id = order_line
        return orders

    @api.model
    def _prepare_quotation_vals(self, renewal):
        """Return create values of the order that offers a renewal."""
        return {
            "contract_id": renewal.id,
            "origin": renewal.origin_id.number,
            "partner_id": renewal.partner_id.id,
            "partner_invoice_id": renewal.partner_invoice_id.id,
            "partner_shipping_id": renewal.partner_shipping_id.id,
            "opportunity_id": renewal.opportunity_id.id,
            "user_id": renewal.user_id.id,
            "team_id": renewal.team_id.id,
            "company_id": renewal.company_id.id,
            "pricelist_id": self._get_pricelist(renewal).id,
            "fiscal_position_id": renewal.fiscal_position_id.id,
            "payment_term_id": renewal.payment_term_id.id,
            # What is paid online with the order would be billed with it.
            "require_payment": False,
            "order_line": [
                Command.create(line._prepare_quotation_line_vals())
                for line in _get_lines(renewal)
            ],
        }


def _get_lines(contract):
    return contract.line_ids._filter_content().sorted(CONTENT_ORDER)


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _prepare_quotation_line_vals(self):
        """Return create values of the order line that offers this line."""
        self.ensure_one()
        if self.display_type:
            return {
                "sequence": self.sequence,
                "display_type": self.display_type,
                "name": self.name,
            }
        quantity, price_unit = self._get_quoted_terms()
        return {
            "sequence": self.sequence,
            "name": self._get_quoted_name(),
            "product_id": self.product_id.id,
            "product_uom_qty": quantity,
            "product_uom_id": self.product_uom_id.id,
            "price_unit": price_unit,
            "discount": self.discount,
            "tax_ids": [Command.set(self.tax_ids.ids)],
            "analytic_distribution": self.analytic_distribution,
        }

    def _get_quoted_terms(self):
        """Return quantity and price per unit (floats) of the whole term.

        A recurring line counts each period, as its invoices do; where periods differ,
        by a step or a part of one, the price is their mean.
        """
        recurrence = self._get_recurrence()
        if not recurrence or not recurrence.end:
            return self.quantity, self.price_unit
        billed = self._get_billable_periods(recurrence.end, recurrence=recurrence)
        quantities = sum(quantity for _period, _days, quantity, _price in billed)
        if not quantities:
            return self.quantity, self.price_unit
        value = sum(
            quantity * price * days / period.full_days
            for period, days, quantity, price in billed
        )
        return quantities, value / quantities

    def _get_quoted_name(self):
        if not self.is_recurring:
            return self.name
        line = self.with_context(lang=self.contract_id._get_print_lang())
        return f"{self.name}\n{line._get_recurrence_text()}"
