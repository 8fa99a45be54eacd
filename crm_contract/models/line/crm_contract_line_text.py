from odoo import api, fields, models
from odoo.tools import format_date

from ...tools.records import one


class CrmContractLine(models.Model):
    """Recurring lines in words: in lists, and in the printed contract."""

    _inherit = "crm.contract.line"

    recurrence_text = fields.Char(
        string="Rhythm",
        compute="_compute_recurrence_text",
        help="How often a recurring line is billed, and whether before or after.",
    )
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract state"
    )

    @api.depends_context("lang")
    @api.depends("is_recurring", "recurrence_interval", "recurrence_unit", "billed_in")
    def _compute_recurrence_text(self):
        for line in self:
            line.recurrence_text = line.is_recurring and line._get_recurrence_text()

    def action_open_recurrence(self):
        """Open the form of the line, with its term and price steps, in a dialog."""
        one(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Recurring fee"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_recurrence_text(self):
        """Return a rhythm like “every 3 weeks, in arrears”, in the user's language."""
        self.ensure_one()
        rhythm = self._get_rhythm()
        if self.billed_in == "arrears":
            return self.env._("%s, in arrears", rhythm)
        return self.env._("%s, in advance", rhythm)

    def _get_rhythm(self):
        interval, unit = self.recurrence_interval, self.recurrence_unit or "month"
        if interval == 1:
            return {
                "day": self.env._("daily"),
                "week": self.env._("weekly"),
                "month": self.env._("monthly"),
                "quarter": self.env._("quarterly"),
                "half_year": self.env._("half-yearly"),
                "year": self.env._("yearly"),
            }[unit]
        printer = self.env["crm.contract.print"]
        return self.env._("every %s", printer._get_period_text(interval, unit))

    def _get_per_period_text(self):
        """Return what the price of the line is for (str), like “per month”."""
        self.ensure_one()
        interval, unit = self.recurrence_interval, self.recurrence_unit
        if interval == 1:
            return {
                "day": self.env._("per day"),
                "week": self.env._("per week"),
                "month": self.env._("per month"),
                "quarter": self.env._("per quarter"),
                "half_year": self.env._("per half-year"),
                "year": self.env._("per year"),
            }[unit]
        printer = self.env["crm.contract.print"]
        return self.env._("per %s", printer._get_period_text(interval, unit))

    def _get_printed_steps(self):
        """Return the price steps of a recurring line, in their order."""
        self.ensure_one()
        steps = self.step_ids.filtered("line_id.is_recurring")
        return steps.sorted("date_from")

    def _get_recurrence_end(self):
        """Return the last day that is billed, None without an end (date)."""
        recurrence = self._get_recurrence(agreed=True)
        return recurrence and recurrence.end

    def _get_recurrence_sentences(self):
        """Return what is agreed on a recurring line beyond its price (str)."""
        self.ensure_one()
        is_chinese = (self.env.lang or "").startswith("zh")
        stop, space = ("。", "") if is_chinese else (".", " ")
        rhythm = f"{self.recurrence_text}{stop}"
        return space.join([rhythm, *self._get_recurrence_details()])

    def _get_recurrence_details(self):
        """Return how the line recurs, a sentence each, as printed (list of str).

        Extended by satellites that agree on more.
        """
        details = [self._get_line_term_text()]
        if self.date_anchor:
            details.append(
                self.env._(
                    "Periods are counted from %s.", self._format_day(self.date_anchor)
                )
            )
        if self.billed_until:
            details.append(
                self.env._(
                    "Periods up to %s are paid already.",
                    self._format_day(self.billed_until),
                )
            )
        if self.free_periods == 1:
            details.append(self.env._("The first period is free of charge."))
        elif self.free_periods:
            details.append(
                self.env._(
                    "The first %s periods are free of charge.", self.free_periods
                )
            )
        details.append(self._get_proration_text())
        return details

    def _get_line_term_text(self):
        start = self.date_start or self.contract_id.date_start
        if self.date_end:
            return self.env._(
                "Charged from %(start)s to %(end)s.",
                start=self._format_day(start),
                end=self._format_day(self.date_end),
            )
        if self.date_start:
            return self.env._(
                "Charged from %s to the end of the contract.", self._format_day(start)
            )
        return self.env._("Charged for the term of the contract.")

    def _get_proration_text(self):
        if self.prorate:
            return self.env._("A part of a period is charged by its days.")
        return self.env._("A part of a period is charged like a full one.")

    def _format_day(self, day):
        return format_date(self.env, day, date_format="long")


class CrmContractLineStep(models.Model):
    _inherit = "crm.contract.line.step"

    def _get_valid_text(self):
        """Return from when the step is valid, as the printed contract says it (str)."""
        self.ensure_one()
        return self.env._("From %s", self.line_id._format_day(self.date_from))
