from odoo import models

# Days of the units of terms, as far as a rule has to know
_DAYS = {
    "day": 1,
    "week": 7,
    "month": 30,
    "quarter": 91,
    "half_year": 182,
    "year": 365,
}
_MONTHS = {
    "day": 1 / 30.4375,
    "week": 7 / 30.4375,
    "month": 1,
    "quarter": 3,
    "half_year": 6,
    "year": 12,
}


class CrmContractPlaybookRule(models.Model):
    """What rules compare of a contract: numbers and choices."""

    _inherit = "crm.contract.playbook.rule"

    def _get_number(self, contract):
        """Return the number that a rule compares (float), None if there is none."""
        return getattr(self, f"_get_{self.subject}")(contract)

    def _get_payment_days(self, contract):
        lines = contract.payment_term_id.line_ids
        return max(lines.mapped("nb_days"), default=None)

    def _get_notice_days(self, contract):
        return contract.notice_period * _DAYS[contract.notice_unit or "day"]

    def _get_term_months(self, contract):
        if contract.is_open_ended or not contract.duration:
            return None
        return contract.duration * _MONTHS[contract.duration_unit or "day"]

    def _get_late_rate(self, contract):
        per_year = contract.late_rate_unit == "year"
        return contract.late_rate / 365 if per_year else contract.late_rate

    def _get_late_cap(self, contract):
        return contract.late_cap or None

    def _get_discount(self, contract):
        return max(contract.line_ids.mapped("discount"), default=0.0)

    def _get_choice(self, contract):
        """Return what is chosen, as a rule may write it: its key and its names (set)."""
        name = "currency_id" if self.subject == "currency" else self.subject
        name = "payment_term_id" if name == "payment_term" else name
        value, field = contract[name], contract._fields[name]
        if not value:
            return set()
        if field.type == "many2one":
            names = {
                value.with_context(lang=code).display_name
                for code in (contract.lang_id.code, "en_US", self.env.lang)
            }
            return names | {value.with_context(lang="en_US").name}
        if field.type == "selection":
            return {value} | {
                dict(
                    field._description_selection(contract.with_context(lang=code).env)
                )[value]
                for code in (contract.lang_id.code, "en_US", self.env.lang)
            }
        return {value}
