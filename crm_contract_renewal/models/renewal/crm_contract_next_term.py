from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.crm_contract.models.contract.crm_contract_content_mixin import (
    CONTENT_ORDER,
)
from odoo.addons.crm_contract.models.contract.crm_contract_milestone import (
    relink_milestones,
    relink_obligations,
)

from ...tools.next_term import (
    Turn,
    fixed_amounts,
    move_anchor,
    move_due,
    move_first,
    move_last,
    move_of,
    steps_from,
)


class CrmContractNextTerm(models.AbstractModel):
    """What of a term goes on in the next one, at which dates and prices.

    Lines that are charged each term go on, from where the term before leaves them: past
    trials and first discounts, with the price steps that have begun. The rows of the
    plan and the milestones that belong to what goes on come along.
    """

    _name = "crm.contract.next.term"
    _description = "Content of the next term"

    @api.model
    def _get_turn(self, version, start):
        """Return how a version goes over to the next term (`Turn`).

        :param start: first day of the next term
        """
        unit = version.duration and version.duration_unit or ""
        day = self._get_day_of_month(version, version.date_start)
        return Turn(
            move_of(version.date_start, start, unit, day),
            version.date_end,
            start,
            bool(self._get_day_of_month(version, start)),
        )

    @api.model
    def _get_day_of_month(self, contract, start):
        """Return the day of the month that the first day of a term stands for (int).

        None unless its month was too short for it: of a contract of 31 January, the
        terms that begin at the end of February and April stand for the 31st.

        :param contract: the contract of the term, or of one before it
        """
        first = contract.origin_id if contract._is_amendment() else contract
        while first.kind == "renewal" and first.origin_id.date_start:
            first = first.origin_id
        day = first.date_start.day
        is_last = fields.Date.end_of(start, "month") == start
        return day if is_last and day > start.day else None

    @api.model
    def _get_carried_lines(self, version):
        """Return the lines that go on, headings included, in their order.

        Of a framework all of them: they are a price list. Where no line is charged each
        term, it is all of them as well: somebody has to look at the draft.
        """
        lines = version.line_ids._filter_content().sorted(CONTENT_ORDER)
        if version.is_framework or not self._has_carried_lines(version):
            return lines
        carried, heading, notes = lines.browse(), lines.browse(), lines.browse()
        for line in lines:
            if line.display_type == "line_section":
                heading, notes = line, lines.browse()
            elif line.display_type:
                notes |= line
            elif line.charge != "once":
                carried |= heading | notes | line
                heading, notes = lines.browse(), lines.browse()
            else:
                notes = lines.browse()
        return carried

    @api.model
    def _has_carried_lines(self, version):
        """Return whether a line is charged each term (bool)."""
        lines = version.line_ids._filter_content()
        return any(line.charge != "once" for line in lines if not line.display_type)

    @api.model
    def _get_carried_rows(self, version):
        """Return (milestones, rows of the plan) that go on, in their order.

        The plan pays for what does not recur; a milestone that only a part of it waited
        for goes with that part.
        """
        lines = self._get_carried_lines(version)
        plan = version.installment_ids._filter_content().sorted(CONTENT_ORDER)
        milestones = version.milestone_ids._filter_content().sorted(CONTENT_ORDER)
        one_off = lines.filtered(
            lambda line: not line.is_recurring and not line.display_type
        )
        if one_off:
            return milestones, plan
        return milestones - plan.milestone_id, plan.browse()

    @api.model
    def _prepare_content(self, version, start, uplift):
        """Return the values of lines, plan and milestones of the next term (dict).

        :param version: record with the text to renew
        :param start: first day of the next term
        :param uplift: `Uplift` of the prices
        """
        turn = self._get_turn(version, start)
        milestones, plan = self._get_carried_rows(version)
        lines = self._get_carried_lines(version)
        return {
            name: [Command.create(vals) for vals in vals_list] or [Command.clear()]
            for name, vals_list in (
                (
                    "line_ids",
                    [line._prepare_renewed_vals(turn, uplift) for line in lines],
                ),
                (
                    "milestone_ids",
                    [row._prepare_renewed_vals(turn.move) for row in milestones],
                ),
                (
                    "installment_ids",
                    [row._prepare_renewed_vals(turn.move) for row in plan],
                ),
            )
        }

    @api.model
    def _complete(self, version, successor):
        """Link the plan of a successor to its milestones, and let it add up."""
        milestones, plan = self._get_carried_rows(version)
        rows = successor.installment_ids.sorted("id")
        copies = successor.milestone_ids.sorted("id")
        relink_milestones(milestones, copies, plan, rows)
        relink_obligations(milestones, copies)
        fixed = rows.filtered(lambda row: row.amount_type == "fixed")
        weights = fixed.mapped("amount_fixed")
        percents = sum((rows - fixed).mapped("amount"))
        total = successor.amount_one_off
        if not fixed or not successor.plan_difference or total <= percents:
            return
        if not all(weight > 0 for weight in weights):
            return
        rounding = successor.currency_id.rounding
        amounts = fixed_amounts(total, percents, weights, rounding)
        for row, amount in zip(fixed, amounts, strict=True):
            row.amount_fixed = amount


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _prepare_renewed_vals(self, turn, uplift):
        """Return create values of the line in the next term.

        :param turn: how the term goes over to the next one (`Turn`)
        :param uplift: `Uplift` of the prices
        """
        self.ensure_one()
        vals = self._prepare_content_copy_vals()
        if self.is_discount_once:
            vals |= {"discount": 0.0, "is_discount_once": False}
        if self.is_recurring:
            vals |= self._get_renewed_dates(turn)
            vals |= self._get_renewed_terms(turn.start)
        vals["price_unit"] = uplift.apply(vals["price_unit"] or 0)
        for command in vals["step_ids"]:
            if command[0] == Command.CREATE:
                command[2]["price_unit"] = uplift.apply(command[2]["price_unit"] or 0)
        return vals

    def _get_renewed_terms(self, start):
        """Return quantity, price and steps as they are on a day, and go on (dict)."""
        steps = [(step.date_from, step) for step in self.step_ids.sorted("date_from")]
        terms, later = steps_from(steps, start, self)
        return {
            "quantity": terms.quantity,
            "price_unit": terms.price_unit,
            "step_ids": [
                Command.create(step._prepare_content_copy_vals())
                for _day, step in later
            ]
            or [Command.clear()],
            "free_periods": 0,
            "billed_until": False,
        }

    def _get_renewed_dates(self, turn):
        """Return when the line is billed in the next term (dict).

        What is billed at the end of a term goes on without a gap, on its periods; what
        is billed for a part of it alone, is for the same part of the next one.
        """
        first, end, anchor = self.date_start, self.date_end, self.date_anchor
        contract_start = self.contract_id.date_start
        goes_on = not end or not turn.last or end >= turn.last
        came_later = goes_on and first and first != contract_start
        # Its periods go on to begin on a day that some months are too short for.
        if not anchor and (came_later or turn.is_clipped):
            anchor = first or contract_start
        dates = {"date_anchor": anchor and move_anchor(anchor, turn.move)}
        if goes_on:
            is_later = end and end >= turn.start
            return {**dates, "date_start": False, "date_end": is_later and end}
        return {
            **dates,
            "date_start": first and move_first(first, turn.move),
            "date_end": move_last(end, turn.move),
        }


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _prepare_renewed_vals(self, move):
        """Return create values of the row in the next term, see `crm.contract.line`."""
        return {
            **self._prepare_content_copy_vals(),
            "date": self.date and move_due(self.date, move),
            "billed_before": False,
        }


class CrmContractMilestone(models.Model):
    _inherit = "crm.contract.milestone"

    def _prepare_renewed_vals(self, move):
        """Return create values of the milestone in the next term."""
        day = self.date_deadline
        return {
            **self._prepare_content_copy_vals(),
            "date_deadline": day and move_due(day, move),
        }
