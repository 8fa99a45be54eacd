from odoo import models


class CrmContract(models.Model):
    _inherit = "crm.contract"

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Give mails to the customer a button that leads to the page of the contract.

        The contact of the contract gets a link; others of theirs log in.
        """
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        if len(self) != 1 or not self.env["crm.contract.portal"]._is_shown(self):
            return groups
        page = f"{self.get_base_url()}/my/contracts/{self.id}"
        customer_id, button = self.sudo().partner_id.id, {"url": page}

        def is_customer(data):
            if data["id"] != customer_id or data["type"] == "user":
                return False
            # A key is made when a mail goes to the customer, not before.
            links = self.env["crm.contract.link"]
            button["url"] = links._get_for(self, self.sudo().partner_id)._get_url()
            return True

        for name, _is_member, data in groups:
            if name == "portal":
                data.update(
                    active=True, has_button_access=True, button_access={"url": page}
                )
        given = {"active": True, "has_button_access": True, "button_access": button}
        return [("contract_customer", is_customer, given), *groups]
