from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.crm_contract.tools.period import shift

from .crm_contract import IN_FORCE

DECISIONS = [
    ("renew", "Renew"),
    ("renegotiate", "Renegotiate"),
    ("expire", "Let expire"),
]


class CrmContract(models.Model):
    """What was decided for the time after the term, and how it stands with the customer."""

    _inherit = "crm.contract"

    renewal_decision = fields.Selection(
        DECISIONS,
        string="Decision",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    renewal_reason = fields.Text(
        string="Reason of the decision", readonly=True, copy=False
    )
    renewal_competitor = fields.Char(string="Lost to", readonly=True, copy=False)
    date_decided = fields.Date(string="Decided on", readonly=True, copy=False)
    decided_by_id = fields.Many2one(
        "res.users", string="Decided by", readonly=True, copy=False
    )
    renewal_risk = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High")],
        string="Risk",
        compute="_compute_renewal_risk",
    )
    renewal_risk_reason = fields.Text(
        string="Why at risk", compute="_compute_renewal_risk"
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {
            "renewal_decision",
            "renewal_reason",
            "renewal_competitor",
            "date_decided",
            "decided_by_id",
        }

    def _compute_renewal_risk(self):
        for contract in self:
            reasons = contract._get_renewal_risks()
            contract.renewal_risk_reason = "\n".join(reasons)
            contract.renewal_risk = ("low", "medium", "high")[min(len(reasons), 2)]

    def _get_renewal_risks(self):
        """Return what speaks for the customer leaving, or not paying (list of str)."""
        self.ensure_one()
        reasons = []
        if self.amount_overdue > 0:
            reasons.append(self.env._("Invoices are overdue."))
        late = self._count_paid_late()
        if late:
            reasons.append(self.env._("%s invoices were paid late.", late))
        # sudo: the value alone of a predecessor that may belong to somebody else
        before = self.origin_id.sudo().amount_company
        if self.kind == "renewal" and before > self.amount_company:
            reasons.append(self.env._("The value is lower than in the term before."))
        return reasons

    def _count_paid_late(self):
        """Return how many invoices of the contract were paid after they fell due."""
        # sudo: dates of payments, which salespeople may not see
        invoices = self.sudo().invoice_ids.filtered(
            lambda move: move.payment_state in ("paid", "in_payment")
        )
        return sum(
            any(
                payment.date > invoice.invoice_date_due
                for payment in invoice.matched_payment_ids
            )
            for invoice in invoices
        )

    def _decide_renewal(self, decision, reason="", competitor=""):
        """Record what follows the term; the reminders are done with.

        :param decision: key of `DECISIONS`
        :raise UserError: for contracts that are not in force
        """
        self.check_access("write")
        self._check_can_decide_renewal()
        # sudo: owned by code, after the checks
        self.sudo().write(
            {
                "renewal_decision": decision,
                "renewal_reason": reason,
                "renewal_competitor": competitor,
                "date_decided": fields.Date.context_today(self),
                "decided_by_id": self.env.uid,
            }
        )
        self._close_reminders()
        self._go_on_open_ended(decision)

    def _check_can_decide_renewal(self):
        wrong = self.filtered(
            lambda contract: contract.state not in IN_FORCE or contract._is_amendment()
        )
        if wrong:
            raise UserError(
                self.env._(
                    "%s is not in force: there is nothing to decide.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )

    def _go_on_open_ended(self, decision):
        """Look at open-ended contracts that go on again a year later."""
        if decision != "renew":
            return
        today = fields.Date.context_today(self)
        for contract in self.filtered("is_open_ended"):
            following = contract.date_review
            while following <= today:
                following = shift(following, 1, "year")
            if following == contract.date_review:
                following = shift(following, 1, "year")
            # sudo: owned by code; the decision is on record
            contract.sudo().write({"date_review": following, "renewal_decision": False})
            contract._message_log(
                body=self.env._(
                    "The contract goes on; the next review is on %s.",
                    format_date(self.env, following),
                )
            )

    def action_reopen_decision(self):
        """Take the decision back, as long as nothing came of it."""
        self.check_access("write")
        if self._get_live_renewals():
            raise UserError(
                self.env._("Cancel the renewal first, then take the decision back.")
            )
        # sudo: owned by code, after the checks
        self.sudo().write(self._prepare_no_decision_vals())

    @api.model
    def _prepare_no_decision_vals(self):
        return {
            "renewal_decision": False,
            "renewal_reason": False,
            "renewal_competitor": False,
            "date_decided": False,
            "decided_by_id": False,
        }
