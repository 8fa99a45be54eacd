from datetime import timedelta

from odoo import models

from odoo.addons.crm_contract.tools.line_history import line_histories

from .crm_contract_line_version import with_beginning

_DAY = timedelta(days=1)


class CrmContractLine(models.Model):
    """What signed amendments that are still to take effect will change of a line."""

    _inherit = "crm.contract.line"

    def _get_changing_days(self):
        days = super()._get_changing_days()
        pending = self.contract_id._get_pending_amendments()
        if pending:
            days += self._get_awaited_days(pending)
            days += _get_days_after_moved_ends(pending)
        return days

    def _get_awaited_days(self, pending):
        """Return the days of amendments from which a chain is charged otherwise (list).

        An amendment that one signed after it overrules changes nothing.
        """
        # sudo: versions of amendments that whoever bills may not see
        contract = self.contract_id.sudo()
        begun = self.env["crm.contract.incorporation"]._get_incorporated(contract)
        agreed = self.env["crm.contract.version"]._get_agreed_so_far(
            contract, begun | pending
        )
        histories = line_histories(
            with_beginning(agreed), contract.date_start, contract.date_end or None
        )
        found = set()
        for key in set(self.mapped("content_key")) & set(histories):
            for span in histories[key].spans:
                found |= {span.first, span.last and span.last + _DAY}
        return sorted(found & set(pending.mapped("date_effective")))


def _get_days_after_moved_ends(pending):
    """Return the days after the last ones of amendments that move the end (list)."""
    days = []
    for amendment in pending:
        texts = amendment.base_version_id, amendment.version_id
        ends = {text._get_content()["fields"].get("date_end") for text in texts}
        if amendment.date_end and len(ends) > 1:
            days.append(amendment.date_end + _DAY)
    return days
