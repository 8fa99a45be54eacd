from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...tools.limitation import limitation
from .crm_contract_dispute_stage import INTERRUPTIONS
from .crm_contract_dispute_steps import LAST

# What makes a claim live on that was barred already.
REVIVES = ("acknowledged", "payment")


class CrmContractDispute(models.Model):
    """Limitation: until when a claim can be brought, and what made that begin anew."""

    _inherit = "crm.contract.dispute"

    date_accrued = fields.Date(
        string="Limitation runs from",
        compute="_compute_date_accrued",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
        help="Day on which the creditor knew, or had to know, of his claim.",
    )
    limitation_years = fields.Integer(
        string="Limitation (years)",
        compute="_compute_limitation_years",
        store=True,
        readonly=True,
        precompute=True,
        aggregator=None,
    )
    date_limitation = fields.Date(
        string="Barred after",
        compute="_compute_date_limitation",
        store=True,
        tracking=True,
        help="Last day on which the claim can be brought; none while it is before a "
        "court or an arbitral tribunal, and once it is closed.",
    )
    interruption_ids = fields.One2many(
        "crm.contract.dispute.interruption",
        "dispute_id",
        string="Interruptions",
        readonly=True,
    )

    @api.depends("date_opened")
    def _compute_date_accrued(self):
        for row in self:
            row.date_accrued = row.date_accrued or row.date_opened

    @api.depends("contract_id")
    def _compute_limitation_years(self):
        for row in self:
            # sudo: what type and company say, when the dispute is opened
            contract = row.sudo().contract_id
            row.limitation_years = (
                contract.type_id.limitation_years
                or contract.company_id.contract_limitation_years
                or 3
            )

    @api.depends(
        "date_accrued", "limitation_years", "interruption_ids.date", "state", "is_open"
    )
    def _compute_date_limitation(self):
        for row in self:
            runs = row.is_open and row.state not in LAST and row.date_accrued
            row.date_limitation = runs and limitation(
                row.date_accrued,
                row.limitation_years,
                row.interruption_ids.mapped("date"),
            )

    @api.constrains("date_accrued")
    def _check_date_accrued(self):
        for row in self:
            if row.date_accrued > row.company_id._get_today():
                raise ValidationError(
                    self.env._("The limitation period can't begin in the future.")
                )

    def action_interrupt(self, kind=None, date=None, note=None):
        """Record what makes the limitation period begin anew.

        :param kind: "demand", "acknowledged", "payment", "proceedings" or "other"
        :param date: on which day; today if not given
        :param note: what happened (str)
        :return: the dispute
        :raise UserError: in one sentence, if the claim was barred by then
        """
        row, arguments, day = self._enter(date)
        kind = arguments._read_choice("kind", kind, INTERRUPTIONS)
        note = arguments._read_text("note", note, required=True)
        row._lock_rows()
        row._check_interruption(kind, day)
        row._interrupt(kind, day, note)
        row._tell_chain(
            "dispute_interrupted", {"reason": kind, "date": day.isoformat()}
        )
        return row

    def _check_interruption(self, kind, day):
        begins, ends = self.date_accrued, self.date_limitation
        if not ends:
            raise ValidationError(
                self.env._("No limitation runs for %s now.", self.display_name)
            )
        if day < begins:
            raise ValidationError(
                self.env._(
                    "The limitation period runs from %s: what came before does not "
                    "interrupt it.",
                    format_date(self.env, begins),
                )
            )
        if day > ends and kind not in REVIVES:
            raise ValidationError(
                self.env._(
                    "The claim was barred after %s: the debtor alone can let it live "
                    "on, by acknowledging or paying it.",
                    format_date(self.env, ends),
                )
            )

    def _interrupt(self, kind, day, note):
        # sudo: written by code alone; the caller has checked the rights
        rows = self.env["crm.contract.dispute.interruption"].sudo()
        rows.create(
            {
                "dispute_id": self.id,
                "kind": kind,
                "date": day,
                "note": note,
                "user_id": self.env.uid,
            }
        )
        self.sudo()._plan_reminder()

    def _follow_proceedings(self, move, day):
        """Let the limitation begin anew once proceedings are over without an end."""
        if move.target not in LAST and LAST[0] in move.sources:
            before = self.stage_ids.filtered("date_end").sorted("id")[-1:]
            if before.state in LAST and self.is_open:
                self._interrupt("proceedings", day, self.env._("Proceedings ended."))
