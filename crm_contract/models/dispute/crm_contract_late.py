from odoo import api, models

from ...tools.late_interest import disputed_interest


class CrmContractLateInterest(models.AbstractModel):
    """What is disputed bears no interest, unless the end of the dispute says so."""

    _inherit = "crm.contract.late.interest"

    @api.model
    def _get_claim_interest(self, invoice, terms, claim, since, until):
        interest = super()._get_claim_interest(invoice, terms, claim, since, until)
        spans = interest and self._get_disputed_spans(invoice, claim, until)
        if not spans:
            return interest
        return interest - disputed_interest(terms, claim, spans, since, until)

    @api.model
    def _get_disputed_spans(self, invoice, claim, until):
        """Return what of a claim was disputed when: list of (first, last, amount)."""
        spans = []
        whole = invoice.amount_total
        parts = invoice._get_parts().billed if invoice.installment_ids else {}
        for row in invoice.installment_ids:
            share = parts.get(row.id, 0.0) / whole if whole else 0.0
            spans += [
                (first, last, share * claim.amount)
                for first, last in row.dispute_ids._get_free_days(until)
            ]
        if not invoice.installment_ids:
            free = invoice.contract_dispute_ids._get_free_days(until)
            spans += [(first, last, claim.amount) for first, last in free]
        return spans


class CrmContractDispute(models.Model):
    _inherit = "crm.contract.dispute"

    def _get_free_days(self, until):
        """Return the days that bear no interest, each once: list of (first, last)."""
        free = []
        for stage in self.stage_ids.filtered(
            lambda one: not one.bears_interest and one.date_start <= until
        ).sorted("date_start"):
            last = min(stage.date_end or until, until)
            if free and stage.date_start <= free[-1][1]:
                free[-1] = (free[-1][0], max(free[-1][1], last))
            else:
                free.append((stage.date_start, last))
        return free
