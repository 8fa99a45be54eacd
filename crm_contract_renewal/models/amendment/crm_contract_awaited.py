from datetime import timedelta

from odoo import models

from odoo.addons.crm_contract.tools.line_history import bills_alike


class CrmContractLine(models.Model):
    """What signed amendments that are still to take effect will change of a line."""

    _inherit = "crm.contract.line"

    def _get_changing_days(self):
        days = super()._get_changing_days()
        for amendment in self.contract_id._get_pending_amendments():
            texts = amendment.base_version_id, amendment.version_id
            before, after = (text._get_content() for text in texts)
            if not bills_alike(*map(self._find_content, (before, after))):
                days.append(amendment.date_effective)
            ends = before["fields"].get("date_end"), after["fields"].get("date_end")
            if amendment.date_end and ends[0] != ends[1]:
                days.append(amendment.date_end + timedelta(days=1))
        return days

    def _find_content(self, content):
        """Return the row of a chain in the content of a version, None without one."""
        keys = set(self.mapped("content_key"))
        rows = content["children"]["line_ids"]
        return next((row for row in rows if row["key"] in keys), None)
