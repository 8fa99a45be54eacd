from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Add how many contracts wait for the user's decision."""
        info = super().session_info()
        if self.env.user._is_internal():
            tasks = self.env["crm.contract.approval.task"]
            info["contract_approval_count"] = tasks.get_my_count()
        return info
