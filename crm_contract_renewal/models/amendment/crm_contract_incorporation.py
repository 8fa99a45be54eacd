from datetime import date

from odoo import api, fields, models

from odoo.addons.crm_contract.tools.in_force import in_force

from .crm_contract_amendment import OWN_CONTENT

# What billing decides of the rows of a plan that was amended.
BALANCED = ("amount_type", "percentage", "amount_fixed")


class CrmContract(models.Model):
    """Incorporation: a signed amendment changes its contract on its day."""

    _inherit = "crm.contract"

    amount_signed = fields.Monetary(
        string="Value as first signed",
        readonly=True,
        copy=False,
        help="Contract value before the first amendment.",
        owned=True,
    )

    def _get_frozen_content(self):
        """Of a contract that was amended, it is what holds by the signed versions."""
        amendments = self.env["crm.contract.incorporation"]._get_incorporated(self)
        if not amendments:
            return super()._get_frozen_content()
        agreed = self.env["crm.contract.version"]._get_agreed_so_far(self, amendments)
        content = in_force(agreed, date.max)
        for name in OWN_CONTENT:
            content["fields"].pop(name, None)
        return content

    def _on_signed(self):
        amendments = self.filtered(lambda contract: contract._is_amendment())
        super(CrmContract, self - amendments)._on_signed()
        self.env["crm.contract.incorporation"]._follow_signature(amendments)

    def action_resume(self):
        result = super().action_resume()
        # sudo: amendments of the contract take effect whoever resumes it
        waiting = self.sudo().amendment_ids
        service = self.env["crm.contract.incorporation"]
        service._incorporate(waiting.filtered_domain(service._get_due_domain()))
        return result

    def _action_end(self, reason, date, settle=False):
        # sudo: amendments of the contract, whoever ends it
        pending = self.sudo()._get_pending_amendments()
        # What was to hold by then is billed, whichever daily job is first.
        due = pending.filtered(lambda row: row.date_effective <= date)
        service = self.env["crm.contract.incorporation"]
        for amendment in due.filtered_domain(service._get_due_domain()):
            service._try(amendment)
        result = super()._action_end(reason, date, settle=settle)
        pending = pending.filtered(lambda row: row.state == "signed")
        in_force = self.sudo().amendment_ids.filtered(lambda c: c.state == "in_force")
        (pending | in_force)._transition("supersede")
        # What never took effect is no part of what was agreed in the end.
        self.env["crm.contract.reinstatement"]._set_aside(pending)
        return result

    def _action_reopen(self):
        """What was in force until the end is so again; what was to be, will be."""
        result = super()._action_reopen()
        incorporated = self.env["crm.contract.incorporation"]._get_incorporated(self)
        incorporated._transition("revive", active=True)
        self.env["crm.contract.reinstatement"]._reinstate(self)
        return result


class CrmContractVerification(models.AbstractModel):
    _inherit = "crm.contract.verification"

    @api.model
    def _get_departures(self, contract):
        """Leave out what billing changed of a plan that was amended meanwhile.

        Rows that are billed stay as they are, and the last ones balance the plan.
        """
        departures = super()._get_departures(contract)
        if not self.env["crm.contract.incorporation"]._get_incorporated(contract):
            return departures
        return [change for change in departures if not _is_balance(change)]


def _is_balance(change):
    path = change.path
    return path[0] == "installment_ids" and (len(path) == 2 or path[2] in BALANCED)
