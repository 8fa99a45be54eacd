from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.crm_contract.tools.period import term_end

from ...tools.uplift import UNCHANGED
from ..deadline.crm_contract import IN_FORCE

# Dates of lines, installments and milestones that move with the term.
_SHIFTED = {
    "line_ids": ("date_start", "date_end", "date_anchor"),
    "installment_ids": ("date",),
    "milestone_ids": ("date_deadline",),
}


class CrmContract(models.Model):
    """Renewal: the successor, and how it supersedes its predecessor."""

    _inherit = "crm.contract"

    renewal_ids = fields.One2many(
        "crm.contract",
        "origin_id",
        string="Renewals",
        domain=[("kind", "=", "renewal")],
    )
    uplift_note = fields.Text(
        string="Price adjustment",
        help="How the prices were computed from those of the term before; printed.",
    )
    has_live_renewal = fields.Boolean(compute="_compute_has_live_renewal")

    _renewal_uniq = models.UniqueIndex(
        "(origin_id) WHERE kind = 'renewal' AND state != 'cancelled'",
        "This contract has a renewal already.",
    )

    @api.depends("renewal_ids.state")
    def _compute_has_live_renewal(self):
        for contract in self:
            # The family is read anyway, wherever somebody looks at a contract.
            contract.has_live_renewal = any(
                row.kind == "renewal"
                and row.origin_id == contract._origin
                and row.state != "cancelled"
                for row in contract.family_ids.filtered("active")
            )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"renewal_ids"}

    @api.constrains("date_start")
    def _check_renewal_start(self):
        for contract in self.filtered(lambda c: c.kind == "renewal"):
            end = contract.origin_id.date_end
            if end and contract.date_start and contract.date_start <= end:
                raise ValidationError(
                    self.env._(
                        "%(contract)s would begin on %(start)s, before the term of its "
                        "predecessor ends on %(end)s.",
                        contract=contract.display_name,
                        start=format_date(self.env, contract.date_start),
                        end=format_date(self.env, end),
                    )
                )

    def action_view_renewals(self):
        """Open what the contract was renewed by."""
        self.ensure_one()
        return self.renewal_ids._get_records_action(name=self.env._("Renewals"))

    def action_view_origin(self):
        """Open the predecessor."""
        self.ensure_one()
        return self.origin_id._get_records_action()

    def _get_live_renewals(self):
        return self.renewal_ids.filtered(lambda contract: contract.state != "cancelled")

    def _get_renewal_refusal(self):
        """Return why the contract can't be renewed (str, empty if it can)."""
        self.ensure_one()
        if self.state not in IN_FORCE:
            return self.env._("%s is not in force.", self.display_name)
        if self.kind == "amendment":
            return self.env._(
                "%s is an amendment: renew the contract that it changes.",
                self.display_name,
            )
        if not self.date_end:
            return self.env._(
                "%s is open-ended: it goes on by itself.", self.display_name
            )
        if self.renewal_decision == "expire":
            return self.env._(
                "It was decided to let %s expire: take the decision back first.",
                self.display_name,
            )
        if self._get_live_renewals():
            return self.env._("%s has a renewal already.", self.display_name)
        return ""

    def _get_renewal_term(self):
        """Return first day, number and unit of the next term."""
        self.ensure_one()
        # sudo: a term that an amendment changes, see `_renew`
        version = self._get_present_version().sudo()
        start = (version.date_end or self.date_end) + timedelta(days=1)
        if version.renewal_duration:
            unit = version.renewal_unit or version.duration_unit
            return start, version.renewal_duration, unit
        if version.duration:
            return start, version.duration, version.duration_unit
        # The end was entered as a date: as many months, or days, again.
        length = relativedelta(start, self.date_start)
        if not length.days:
            return start, 12 * length.years + length.months, "month"
        return start, (start - self.date_start).days, "day"

    def _renew(self, uplifts=None, automatic=False, refresh=False):
        """Create the successors, in one batch; they are drafts.

        :param uplifts: {contract: (Uplift, text)}; contracts that are not in it keep
            their prices
        :param refresh: take the present versions of library clauses
        :return: the successors, in the order of the contracts
        :raise UserError: for the first that can't be renewed
        """
        self.check_access("write")
        for contract in self:
            refusal = contract._get_renewal_refusal()
            if refusal:
                raise UserError(refusal)
        uplifts = uplifts or {}
        # sudo: an amendment that is signed and not in effect yet is the text to renew
        versions = self.sudo().browse(
            [contract._get_present_version().id for contract in self]
        )
        vals_list = [
            contract._prepare_renewal_vals(*uplifts.get(contract, (UNCHANGED, "")))
            for contract in self
        ]
        for vals in vals_list:
            vals["is_automatic_renewal"] = automatic
        if refresh:
            versions._refresh_clauses(vals_list)
        # A renewal that was cancelled just now makes room for this one.
        self.renewal_ids.flush_recordset(["state"])
        # sudo: kind and origin are owned by code; the rights on the origin were checked
        successors = self.sudo().create(vals_list).sudo(self.env.su)
        for version, successor in zip(versions, successors, strict=True):
            successor.sudo()._relink_milestones(version)
        return successors

    def _prepare_renewal_vals(self, uplift, text):
        """Return create values of the successor: content, dates moved on, new prices."""
        self.ensure_one()
        start, number, unit = self._get_renewal_term()
        # sudo: see `_renew`
        vals = self._get_present_version().sudo()._prepare_content_copy_vals()
        days = (start - self.date_start).days
        for name, dates in _SHIFTED.items():
            for command in vals[name]:
                _move_dates(command, dates, days)
        for command in vals["line_ids"]:
            _raise_prices(command, uplift)
        for command in vals["installment_ids"]:
            if command[0] == 0:
                command[2].update(billed_before=False)
        return {
            **vals,
            "kind": "renewal",
            "origin_id": self.id,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "date_start": start,
            "duration": number,
            "duration_unit": unit,
            "date_end": number and term_end(start, number, unit),
            "uplift_note": text,
        }

    def _on_signed(self):
        """Let renewals that have begun supersede their predecessors."""
        super()._on_signed()
        self.filtered_domain(self._get_supersede_domain())._supersede_origin()

    @api.model
    def _get_supersede_domain(self):
        return Domain(
            [
                ("kind", "=", "renewal"),
                ("state", "in", ("signed", "running")),
                ("date_start", "<=", "today"),
                ("origin_id.state", "in", IN_FORCE),
            ]
        )

    def _supersede_origin(self):
        """End the predecessors as superseded, on the day before the renewals begin."""
        for contract in self:
            # sudo: who signs the renewal need not have rights on the predecessor
            origin = contract.origin_id.sudo()
            if origin.state in IN_FORCE:
                last = contract.date_start - timedelta(days=1)
                origin._action_end("superseded", min(last, origin.date_end or last))

    def _advance_expire(self):
        """A contract whose renewal is signed was superseded, not left to expire."""
        signed = self._get_live_renewals().filtered(
            lambda c: (
                c.date_signed and not (c.date_ended and c.date_ended < c.date_start)
            )
        )
        if not signed:
            return super()._advance_expire()
        return signed[0]._supersede_origin()


def _move_dates(command, names, days):
    """Move dates of the values of a create command, and of rows within, by days."""
    if command[0] != 0:
        return
    for name in names:
        value = command[2].get(name)
        if value:
            day = fields.Date.to_date(value)
            command[2][name] = day + timedelta(days=days)
    command[2].pop("billed_until", None)


def _raise_prices(command, uplift):
    """Raise the price of the values of a line, and of its steps."""
    if command[0] != 0:
        return
    vals = command[2]
    if "price_unit" in vals:
        vals["price_unit"] = uplift.apply(vals["price_unit"] or 0)
    for step in vals.get("step_ids") or ():
        if step[0] == 0 and "price_unit" in step[2]:
            step[2]["price_unit"] = uplift.apply(step[2]["price_unit"] or 0)
