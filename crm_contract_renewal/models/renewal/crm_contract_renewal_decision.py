from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from odoo.addons.crm_contract.models.satisfaction.crm_contract_survey import LOW
from odoo.addons.crm_contract.tools.period import shift

from ..deadline.crm_contract import IN_FORCE

DECISIONS = [
    ("renew", "Renew"),
    ("renegotiate", "Renegotiate"),
    ("expire", "Let expire"),
]
_TAKEN_BACK = {"date_taken_back", "taken_back_by_id"}


class CrmContractRenewalDecision(models.Model):
    """What was decided for the time after a term, why, and by whom.

    Rows are only ever added, and by code alone. One that is taken back stays; the
    contract leads to the one that holds for its present deadline.
    """

    _name = "crm.contract.renewal.decision"
    _description = "Renewal decision"
    _order = "id desc"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True
    )
    date_deadline = fields.Date(
        string="Deadline", help="Renewal deadline that it was taken for."
    )
    date_end = fields.Date(string="End of the term")
    decision = fields.Selection(DECISIONS, required=True)
    reason = fields.Text(string="Reason of the decision")
    competitor = fields.Char(string="Lost to")
    date_decided = fields.Date(string="Decided on", required=True)
    user_id = fields.Many2one("res.users", string="Decided by")
    date_taken_back = fields.Date(string="Taken back on")
    taken_back_by_id = fields.Many2one("res.users", string="Taken back by")

    @api.depends("decision", "reason", "competitor")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Tell what was decided, why, and to whom the customer is lost."""
        labels = dict(self._fields["decision"]._description_selection(self.env))
        lost = self._fields["competitor"]._description_string(self.env)
        for record in self:
            parts = [labels.get(record.decision, "")]
            if record.reason:
                parts.append(record.reason)
            if record.competitor:
                parts.append(f"{lost}: {record.competitor}")
            record.display_name = " – ".join(parts)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Renewal decisions are recorded by their dialog.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if not set(vals) <= _TAKEN_BACK:
            raise UserError(self.env._("Renewal decisions can't be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Renewal decisions can't be deleted."))

    @api.model
    def _decide(self, contracts, decision, reason="", competitor=""):
        """Record a decision on contracts, see `crm.contract._decide_renewal`."""
        contracts.check_access("write")
        self._check_can_decide(contracts)
        # sudo: owned by code, after the checks
        decisions = self.sudo().create(
            [
                {
                    "contract_id": contract.id,
                    "date_deadline": contract.date_deadline,
                    "date_end": contract.date_end,
                    "decision": decision,
                    "reason": reason,
                    "competitor": competitor,
                    "date_decided": contract.company_id._get_today(),
                    "user_id": self.env.uid,
                }
                for contract in contracts
            ]
        )
        for record in decisions:
            record.contract_id.renewal_decision_id = record
        contracts._close_reminders()
        if decision == "renew":
            decisions._go_on_open_ended()

    @api.model
    def _check_can_decide(self, contracts):
        wrong = contracts.filtered(
            lambda contract: contract.state not in IN_FORCE or contract._is_amendment()
        )
        if wrong:
            raise UserError(
                self.env._(
                    "%s is not in force: there is nothing to decide.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )
        self._check_not_terminated(contracts)

    @api.model
    def _check_not_terminated(self, contracts):
        terminated = contracts.filtered(
            lambda contract: contract.termination_id.end_reason == "terminated"
        )
        if terminated:
            raise UserError(
                self.env._(
                    "%s is terminated: a contract manager can take that back first.",
                    ", ".join(terminated.mapped("display_name")),
                )
            )

    def _go_on_open_ended(self):
        """Look at open-ended contracts that go on again a year later."""
        for contract in self.contract_id.filtered("is_open_ended"):
            today = contract.company_id._get_today()
            following = contract.date_review
            while following <= today:
                following = shift(following, 1, "year")
            if following == contract.date_review:
                following = shift(following, 1, "year")
            # The decision is on record, and the next review asks for another one.
            contract.write({"date_review": following, "renewal_decision_id": False})
            contract._message_log(
                body=self.env._(
                    "The contract goes on; the next review is on %s.",
                    format_date(self.env, following),
                )
            )

    @api.model
    def _reopen(self, contracts):
        """Take back what was decided on contracts, as long as nothing came of it.

        :raise UserError: if a contract is terminated, or renewed
        """
        self._check_not_terminated(contracts)
        contracts.check_access("write")
        if contracts._get_live_renewals():
            raise UserError(
                self.env._("Cancel the renewal first, then take the decision back.")
            )
        contracts.renewal_decision_id._take_back()

    def _take_back(self):
        """Let the contracts be undecided; it stays on record who decided, and what."""
        # sudo: owned by code, after the checks
        decisions = self.sudo()
        decisions.write(
            {
                "date_taken_back": self.contract_id.company_id._get_today(),
                "taken_back_by_id": self.env.uid,
            }
        )
        decisions.contract_id.renewal_decision_id = False

    @api.model
    def _get_risks_of(self, contracts):
        """Return the risks of each contract ({contract: list of str})."""
        # sudo: what `_get_risks` looks at as well, read of all of them at once
        known = contracts.sudo()
        known.invoice_ids.matched_payment_ids.mapped("date")
        known.origin_id.mapped("amount_company")
        known.dispute_ids.mapped("is_open")
        scores = self.env["crm.contract.survey"]._get_scores(contracts)
        return {
            contract: [
                *self._get_risks(contract),
                *self._get_risks_of_score(scores.get(contract)),
            ]
            for contract in contracts
        }

    @api.model
    def _get_risks_of_score(self, score):
        """Return what the customer's answers say (list of str); None without any."""
        if score and score.last <= LOW:
            return [self.env._("The customer is not content: %s.", score.tell())]
        if score and score.trend < 0:
            return [
                self.env._(
                    "The customer is less content than before: %s.", score.tell()
                )
            ]
        return []

    @api.model
    def _get_risks(self, contract):
        """Return what speaks for a customer leaving, or not paying (list of str).

        Extended by satellites that know more about customers.
        """
        reasons = []
        if contract.amount_overdue > 0:
            reasons.append(self.env._("Invoices are overdue."))
        disputes = self.env["crm.contract.dispute"]._get_open(contract)
        if contract in disputes:
            numbers = ", ".join(disputes[contract].mapped("number"))
            reasons.append(self.env._("Disputes are open: %s.", numbers))
        # sudo: dates of payments, which salespeople may not see
        late = contract.sudo().invoice_ids.filtered(lambda move: move._was_paid_late())
        if late:
            reasons.append(self.env._("%s invoices were paid late.", len(late)))
        # sudo: the value alone of a predecessor that may belong to somebody else
        before = contract.origin_id.sudo().amount_company
        if contract.kind == "renewal" and before > contract.amount_company:
            reasons.append(self.env._("The value is lower than in the term before."))
        return reasons


class AccountMove(models.Model):
    _inherit = "account.move"

    def _was_paid_late(self):
        """Return whether a payment came after the invoice fell due."""
        self.ensure_one()
        return self.payment_state in ("paid", "in_payment") and any(
            payment.date > self.invoice_date_due for payment in self.matched_payment_ids
        )
