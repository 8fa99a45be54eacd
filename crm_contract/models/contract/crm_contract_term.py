from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...tools.period import notice_deadline, term_end
from ...tools.records import search_flag
from .crm_contract_type import TERM_UNITS


class CrmContract(models.Model):
    """Term: start, end or open end, notice."""

    _inherit = "crm.contract"

    date_start = fields.Date(
        string="Start date",
        default=lambda self: self.env.company._get_today(),
        tracking=True,
        index=True,
        content=True,
    )
    duration = fields.Integer(
        compute="_compute_duration",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        content=True,
    )
    duration_unit = fields.Selection(
        TERM_UNITS,
        string="Unit of the duration",
        compute="_compute_duration_unit",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        required=True,
        content=True,
    )
    is_open_ended = fields.Boolean(
        string="Open-ended",
        help="The contract runs until one side gives notice.",
        content=True,
    )
    date_end = fields.Date(
        string="End date",
        compute="_compute_date_end",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        index=True,
        help="Last day of the term.",
        content=True,
    )
    notice_period = fields.Integer(
        string="Notice period",
        compute="_compute_notice_period",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        content=True,
    )
    notice_unit = fields.Selection(
        TERM_UNITS,
        string="Unit of the notice period",
        compute="_compute_notice_unit",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        required=True,
        content=True,
    )
    date_notice = fields.Date(
        string="Notice deadline",
        compute="_compute_date_notice",
        store=True,
        help="Last day on which notice can be given before the term ends.",
    )
    is_ending_soon = fields.Boolean(
        string="Ends within 90 days",
        compute="_compute_is_ending_soon",
        search="_search_is_ending_soon",
    )

    _dates_order = models.Constraint(
        "CHECK (date_end >= date_start)",
        "The end date of a contract must not be before its start date.",
    )
    _periods_positive = models.Constraint(
        "CHECK (duration >= 0 AND notice_period >= 0)",
        "Durations and notice periods must not be negative.",
    )

    # One method per field: a method that fills several overwrites those that a creation
    # gives, before the end date is computed from them.

    @api.depends("type_id", "template_id")
    def _compute_duration(self):
        for contract in self:
            source = _get_source(contract, "duration")
            contract.duration = source.duration or contract.duration

    @api.depends("type_id", "template_id")
    def _compute_duration_unit(self):
        for contract in self:
            contract.duration_unit = _get_unit(contract, "duration", "duration_unit")

    @api.depends("type_id", "template_id")
    def _compute_notice_period(self):
        for contract in self:
            source = _get_source(contract, "notice_period")
            contract.notice_period = source.notice_period or contract.notice_period

    @api.depends("type_id", "template_id")
    def _compute_notice_unit(self):
        for contract in self:
            contract.notice_unit = _get_unit(contract, "notice_period", "notice_unit")

    @api.depends("date_start", "duration", "duration_unit", "is_open_ended")
    def _compute_date_end(self):
        """Let the last day follow the first one and the length of the term.

        Extended by satellites in which a term begins on a day that stands for another.
        """
        for contract in self:
            if contract.is_open_ended:
                contract.date_end = False
            elif contract.date_start and contract.duration > 0:
                contract.date_end = term_end(
                    contract.date_start, contract.duration, contract.duration_unit
                )
            else:
                contract.date_end = contract.date_end

    @api.depends("date_end", "notice_period", "notice_unit")
    def _compute_date_notice(self):
        """The last day on which a notice ends the contract with its term."""
        for contract in self:
            contract.date_notice = contract.date_end and notice_deadline(
                contract.date_end, contract.notice_period, contract.notice_unit
            )

    @api.depends("date_end", "state", "kind")
    def _compute_is_ending_soon(self):
        ending = self.env["res.company"]._filter_on_days(self, _is_ending_soon)
        ending = ending.filtered_domain(self._get_in_force_domain())
        for contract in self:
            contract.is_ending_soon = contract in ending

    def _search_is_ending_soon(self, operator, value):
        return search_flag(operator, value, self._get_ending_soon_domain)

    @api.model
    def _get_ending_soon_domain(self):
        in_force = self._get_in_force_domain()
        return in_force & self.env["res.company"]._on_days(_is_ending_soon)

    @api.model
    def _get_in_force_domain(self):
        in_force = Domain("state", "in", ("signed", "running", "suspended"))
        return in_force & Domain("performs", "=", True)

    @api.onchange("type_id", "template_id")
    def _onchange_term_source(self):
        """Tell which terms of a draft another type, or template, changes."""
        before, changes = self._origin, []
        for number, unit in (
            ("duration", "duration_unit"),
            ("notice_period", "notice_unit"),
        ):
            old, new = (_describe_term(row, number, unit) for row in (before, self))
            if before and old != new:
                label = self._fields[number]._description_string(self.env)
                changes.append(f"{label}: {old or '–'} → {new or '–'}")
        if not changes:
            return None
        return {
            "warning": {
                "title": self.env._("Terms that change with the type"),
                "message": "\n".join(changes),
                "type": "notification",
            }
        }

    @api.constrains("date_start", "date_end", "notice_period", "notice_unit")
    def _check_term(self):
        self.line_ids.filtered("is_recurring")._check_period_count()
        for contract in self:
            if (
                contract.date_notice
                and contract.date_start
                and contract.date_notice < contract.date_start
            ):
                raise ValidationError(
                    self.env._(
                        "The notice period of %(contract)s is longer than its term.",
                        contract=contract.display_name,
                    )
                )


def _get_source(contract, name):
    """Return what a term of new contracts comes from: the template, or the type."""
    return contract.template_id if contract.template_id[name] else contract.type_id


def _get_unit(contract, name, unit):
    """Return the unit of a term: a number and its unit come from the same record.

    Where nothing gives a number, the contract keeps its own with its unit.
    """
    source = _get_source(contract, name)
    own = contract[unit] if contract[name] and not source[name] else False
    return own or source[unit] or contract[unit] or "month"


def _describe_term(contract, number, unit):
    """Return a length with its unit in words, like “3 months” (str, empty for none)."""
    printer = contract.env["crm.contract.print"]
    if not contract[number] or not contract[unit]:
        return ""
    return printer._get_period_text(contract[number], contract[unit])


def _is_ending_soon(today):
    """Return the domain of what ends within three months of a day."""
    soon = Domain("date_end", "<=", fields.Date.add(today, days=90))
    return Domain("date_end", ">=", today) & soon
