from odoo import models


class CrmContract(models.Model):
    """What dialogs and programs do about what comes next, see API.md."""

    _inherit = "crm.contract"

    def action_amend(self, date_effective=None, reason=None, requested_by=None):
        """Draft an amendment; open the dialog of it if no argument is given.

        :param date_effective: day from which it is to be in effect, "2026-12-31"
        :param reason: why; printed in the amendment letter
        :param requested_by: "us", "customer" or "both"; may be left out
        :return: the amendment, a draft with the present content of the contract
        :raise UserError: in one sentence, if the contract can't be amended
        """
        if date_effective is None and reason is None and requested_by is None:
            return self.env["crm.contract.interface"]._open_amend(self)
        return self.env["crm.contract.interface"]._amend(
            self, date_effective, reason, requested_by
        )

    def action_renew(self, uplift="none", **terms):
        """Draft the renewals of the contracts, all or none.

        :param uplift: how prices rise: "none", "percent" (with `percent`), "amount" (per
            unit, with `amount`), "index" (with `index_id`; `date_base` and `date_index`
            or `months_before`; `cap`, `floor` in percent) or "agreed", as each contract
            says; `rounding` is the step of new prices
        :param terms: the above, and `refresh_clauses` to take the present clauses of the
            library, `make_opportunity` and `make_quotation` for sales (bool)
        :return: the renewals, drafts in the order of the contracts
        :raise UserError: in one sentence, for the first that can't be renewed
        """
        return self.env["crm.contract.interface"]._renew(self, uplift, terms)

    def action_decide_renewal(self, decision=None, reason=None, competitor=None):
        """Record what follows the term of contracts.

        :param decision: "renew", "renegotiate" or "expire"
        :param reason: why; needed to let them expire
        :param competitor: to whom the customer is lost
        :return: the contracts
        :raise UserError: for contracts that are not in force, or terminated
        """
        self.env["crm.contract.interface"]._decide_renewal(
            self, decision, reason, competitor
        )
        return self
