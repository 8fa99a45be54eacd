from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crm_contract.models.contract.crm_contract_content_mixin import (
    CONTENT_ORDER,
)
from odoo.addons.crm_contract.tools.period import term_end

from ...tools.uplift import UNCHANGED
from ..deadline.crm_contract import IN_FORCE

# Dates of lines, installments and milestones that move with the term.
_SHIFTED = {
    "line_ids": ("date_start", "date_end", "date_anchor"),
    "installment_ids": ("date",),
    "milestone_ids": ("date_deadline",),
}


class CrmContractRenewal(models.AbstractModel):
    """Renewal of contracts: whether, for which term, and the draft of the next one."""

    _name = "crm.contract.renewal"
    _description = "Renewal of contracts"

    @api.model
    def _get_refusal(self, contract):
        """Return why a contract can't be renewed (str, empty if it can)."""
        contract.ensure_one()
        name = contract.display_name
        if contract.state not in IN_FORCE:
            return self.env._("%s is not in force.", name)
        if contract.termination_id:
            return self.env._("%s is terminated.", name)
        if contract.kind == "amendment":
            return self.env._(
                "%s is an amendment: renew the contract that it changes.", name
            )
        if not contract.date_end:
            return self.env._("%s is open-ended: it goes on by itself.", name)
        if contract.renewal_decision == "expire":
            return self.env._(
                "It was decided to let %s expire: take the decision back first.", name
            )
        if contract._get_live_renewals():
            return self.env._("%s has a renewal already.", name)
        return ""

    @api.model
    def _get_term(self, contract):
        """Return first day, number and unit of the term that follows a contract's."""
        contract.ensure_one()
        # sudo: a term that an amendment changes, see `_renew`
        version = contract._get_present_version().sudo()
        start = (version.date_end or contract.date_end) + timedelta(days=1)
        if version.renewal_duration:
            unit = version.renewal_unit or version.duration_unit
            return start, version.renewal_duration, unit
        if version.duration:
            return start, version.duration, version.duration_unit
        # The end was entered as a date: as many months, or days, again.
        length = relativedelta(start, contract.date_start)
        if not length.days:
            return start, 12 * length.years + length.months, "month"
        return start, (start - contract.date_start).days, "day"

    @api.model
    def _get_supersede_domain(self):
        """Return the domain of renewals that take over from their predecessors now."""
        return Domain(
            [
                ("kind", "=", "renewal"),
                ("state", "in", ("signed", "running")),
                ("origin_id.state", "in", IN_FORCE),
            ]
        ) & self.env["res.company"]._on_days(
            lambda today: Domain("date_start", "<=", today)
        )

    @api.model
    def _renew(self, contracts, uplifts=None, automatic=False, refresh=False):
        """Create the successors of contracts, see `crm.contract._renew`."""
        contracts.check_access("write")
        for contract in contracts:
            refusal = self._get_refusal(contract)
            if refusal:
                raise UserError(refusal)
        uplifts = uplifts or {}
        # sudo: an amendment that is signed and not in effect yet is the text to renew
        versions = contracts.sudo().browse(
            [contract._get_present_version().id for contract in contracts]
        )
        vals_list = [
            self._prepare_vals(contract, *uplifts.get(contract, (UNCHANGED, "")))
            for contract in contracts
        ]
        for vals in vals_list:
            vals["is_automatic_renewal"] = automatic
        if refresh:
            self._refresh_clauses(versions, vals_list)
        # A renewal that was cancelled just now makes room for this one.
        contracts.renewal_ids.flush_recordset(["state"])
        # sudo: kind and origin are owned by code; the rights on the origin were checked
        successors = contracts.sudo().create(vals_list).sudo(self.env.su)
        for version, successor in zip(versions, successors, strict=True):
            successor.sudo()._relink_milestones(version)
        return successors

    @api.model
    def _prepare_vals(self, contract, uplift, text):
        """Return create values of the successor: content, dates moved on, new prices."""
        start, number, unit = self._get_term(contract)
        # sudo: see `_renew`
        vals = contract._get_present_version().sudo()._prepare_content_copy_vals()
        days = (start - contract.date_start).days
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
            "origin_id": contract.id,
            "user_id": contract.user_id.id,
            "team_id": contract.team_id.id,
            "date_start": start,
            "duration": number,
            "duration_unit": unit,
            "date_end": number and term_end(start, number, unit),
            "uplift_note": text,
        }

    @api.model
    def _refresh_clauses(self, versions, vals_list):
        """Let the values of copies take the present versions of library clauses.

        :param versions: the contracts that are copied
        :param vals_list: values of a copy of each, changed in place
        """
        updates = versions.clause_ids._get_library_updates()
        for version, vals in zip(versions, vals_list, strict=True):
            clauses = version.clause_ids._filter_content().sorted(CONTENT_ORDER)
            # The copy has a command for each clause in this order; without clauses,
            # one that clears them.
            created = [command for command in vals["clause_ids"] if command[0] == 0]
            for command, clause in zip(created, clauses, strict=True):
                if clause in updates and not clause.is_deviating:
                    command[2].update(clause._prepare_update_vals(updates[clause]))


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
