from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crm_contract.models.job.crm_contract_job import Step

from .crm_contract import IN_FORCE

CHUNK = 100
# What moves the deadline, or ends the need of a decision.
_MOVING = {
    "date_end",
    "date_review",
    "is_open_ended",
    "notice_period",
    "notice_unit",
    "state",
    "type_id",
}


class CrmContractReminder(models.AbstractModel):
    """The job that reminds of deadlines: each reminder once per contract and term.

    Days of downtime are caught up with one activity per contract.
    """

    _name = "crm.contract.reminder"
    _inherit = "crm.contract.job"
    _description = "Remind of deadlines"

    @api.model
    def _get_steps(self):
        fired = self.env["crm.contract.rung.fired"]
        return [
            *super()._get_steps(),
            Step(
                "remind_stale",
                self.env._("Remove reminders of what is over"),
                fired,
                lambda: Domain("activity_ids", "!=", False),
                lambda rows: rows.activity_ids.unlink(),
                keep=lambda row: row._is_stale(),
                batch=True,
                chunk=CHUNK,
            ),
            Step(
                "remind",
                self.env._("Remind of deadlines"),
                self.env["crm.contract"],
                lambda: self.env["res.company"]._on_days(
                    lambda today: Domain("date_next_rung", "<=", today)
                ),
                fired._fire,
                order="date_next_rung, id",
                batch=True,
                chunk=CHUNK,
            ),
        ]


class CrmContract(models.Model):
    """Which reminders of the type are still to come."""

    _inherit = "crm.contract"

    fired_ids = fields.One2many(
        "crm.contract.rung.fired",
        "contract_id",
        string="Reminders",
        owned=True,
        # Others who read contracts, such as approvers, have no right on the rows.
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user,account.group_account_invoice",
    )
    date_next_rung = fields.Date(
        string="Next reminder",
        compute="_compute_date_next_rung",
        store=True,
        help="Day on which the next reminder is due.",
    )

    # The daily job looks for what is due, among many contracts with nothing due.
    _next_rung_idx = models.Index("(date_next_rung) WHERE date_next_rung IS NOT NULL")

    @api.depends(
        "state",
        "date_deadline",
        "renewal_decision",
        "type_id.rung_ids.days",
        "type_id.rung_ids.active",
        "fired_ids.term",
    )
    def _compute_date_next_rung(self):
        for contract in self:
            deadline = contract.date_deadline
            contract.date_next_rung = min(
                (
                    deadline - timedelta(days=reminder.days)
                    for reminder in contract._get_open_reminders()
                ),
                default=False,
            )

    def write(self, vals):
        result = super().write(vals)
        if not _MOVING.isdisjoint(vals):
            self.env["crm.contract.rung.fired"]._move(self)
        return result

    def _get_open_reminders(self):
        """Return the reminders that are still to come for the present deadline."""
        self.ensure_one()
        if (
            self.state not in IN_FORCE
            or self._is_amendment()
            or not self.date_deadline
            or self.renewal_decision
        ):
            return self.type_id.rung_ids.browse()
        # sudo: the reminders go on whoever looks
        fired = self.sudo().fired_ids.filtered(
            lambda row: row.term == self.date_deadline
        )
        return self.type_id.rung_ids - fired.rung_id

    def _close_reminders(self):
        """Remove the open reminders: it is decided what they asked for."""
        # sudo: activities of others
        self.sudo().fired_ids.activity_ids.unlink()
