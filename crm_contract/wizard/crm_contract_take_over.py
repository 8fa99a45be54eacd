from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.records import one


class CrmContractTakeOver(models.TransientModel):
    """Takes over contracts that were signed before they came into this system.

    They go through the same doors as others: submission and signature.
    """

    _name = "crm.contract.take.over"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Take over signed contracts"

    contract_ids = fields.Many2many(
        "crm.contract", string="Contracts", default=lambda self: self._get_selected()
    )
    date = fields.Date(
        string="Signed on", help="Empty: the start date of each contract."
    )
    signed_by_customer = fields.Char(
        string="For the customer", help="Empty: the signatory of each contract."
    )
    signed_by_company = fields.Char(
        string="For us", help="Empty: the signatory of each contract."
    )
    result = fields.Html(readonly=True)

    @api.model
    def _get_selected(self):
        return self.env["crm.contract"].browse(self.env.context.get("active_ids"))

    @api.constrains("date")
    def _check_date(self):
        for wizard in self:
            today = wizard.contract_ids.company_id._get_today()
            if wizard.date and wizard.date > today:
                raise ValidationError(
                    self.env._("A signature can't lie in the future.")
                )

    def action_take_over(self):
        """Submit and sign each contract; tell what could not be taken over, and why."""
        one(self)
        if not self.env.user.has_group("crm_contract.crm_contract_group_manager"):
            raise AccessError(self.env._("Only contract managers take contracts over."))
        failures, done = [], self.contract_ids.browse()
        for contract in self.contract_ids:
            try:
                with self.env.cr.savepoint():
                    self._take_over(contract)
                done |= contract
            except UserError as error:
                failures.append((contract, str(error)))
        self.result = self._describe_result(done, failures)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Taken over"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _take_over(self, contract):
        self._check_not_doubled(contract)
        contract.action_submit()
        if contract.state != "to_sign":
            raise UserError(
                self.env._("It waits for its approval; take it over after that.")
            )
        today = contract.company_id._get_today()
        contract._action_sign(
            self.date or min(contract.date_start, today),
            self.signed_by_customer or contract.customer_signatory_id.name,
            self.signed_by_company or contract.company_signatory_id.name,
            contract.content_hash,
        )
        self.env["crm.contract.event"]._add(
            contract, "imported", {"date_signed": contract.date_signed}
        )
        contract._message_log(
            body=self.env._("Taken over: signed before it came into this system.")
        )

    def _check_not_doubled(self, contract):
        """Refuse a contract that is there already, from an earlier import perhaps."""
        twin = contract.search(
            [
                ("id", "!=", contract.id),
                ("company_id", "=", contract.company_id.id),
                ("commercial_partner_id", "=", contract.commercial_partner_id.id),
                ("name", "=", contract.name),
                ("date_start", "=", contract.date_start),
                ("state", "not in", ("draft", "cancelled")),
            ],
            limit=1,
        )
        if twin:
            raise UserError(
                self.env._(
                    "%s has the same customer, title and first day, and is there "
                    "already. Delete this draft, or give it a title of its own.",
                    twin.display_name,
                )
            )

    def _describe_result(self, done, failures):
        """Return the outcome per contract (Markup)."""
        texts = [
            Markup("<li>%s</li>")
            % self.env._(
                "%(contract)s: %(reason)s",
                contract=contract._get_html_link(),
                reason=reason,
            )
            for contract, reason in failures
        ]
        return Markup("<p>%s</p><ul>%s</ul>") % (
            self.env._(
                "%(done)s contracts were taken over, %(failed)s were not.",
                done=len(done),
                failed=len(failures),
            ),
            Markup().join(texts),
        )
