from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crm_contract.models.contract.crm_contract_content_mixin import (
    CONTENT_ORDER,
)

from ...tools.next_term import end_of_term
from ...tools.uplift import UNCHANGED
from ..deadline.crm_contract import IN_FORCE


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
        move = self.env["crm.contract.next.term"]._get_turn(version, start).move
        return start, move.months or move.days, "month" if move.months else "day"

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
        for version, vals in zip(versions, vals_list, strict=True):
            vals["is_automatic_renewal"] = automatic
            if automatic:
                self._check_charged_again(version)
        if refresh:
            self._refresh_clauses(versions, vals_list)
        # A renewal that was cancelled just now makes room for this one.
        contracts.renewal_ids.flush_recordset(["state"])
        # sudo: kind and origin are owned by code; the rights on the origin were checked
        successors = contracts.sudo().create(vals_list).sudo(self.env.su)
        for version, successor in zip(versions, successors, strict=True):
            self.env["crm.contract.next.term"]._complete(version, successor.sudo())
        return successors

    @api.model
    def _check_charged_again(self, version):
        """Raise UserError if nothing is charged each term: nobody would look at it."""
        next_term = self.env["crm.contract.next.term"]
        if not version.is_framework and not next_term._has_carried_lines(version):
            raise UserError(
                self.env._(
                    "Nothing in %s is charged each term: somebody has to renew it, and "
                    "say in the draft what is charged again.",
                    version.display_name,
                )
            )

    @api.model
    def _prepare_vals(self, contract, uplift, text):
        """Return create values of the successor: content, dates moved on, new prices."""
        start, number, unit = self._get_term(contract)
        # sudo: see `_renew`
        version = contract._get_present_version().sudo()
        next_term = self.env["crm.contract.next.term"]
        vals = version._prepare_content_copy_vals()
        vals |= next_term._prepare_content(version, start, uplift)
        day = next_term._get_day_of_month(version, start)
        return {
            **vals,
            "kind": "renewal",
            "origin_id": contract.id,
            "user_id": contract.user_id.id,
            "team_id": contract.team_id.id,
            "date_start": start,
            "duration": number,
            "duration_unit": unit,
            "date_end": number and end_of_term(start, number, unit, day),
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
                if clause in updates and clause._has_library_text():
                    command[2].update(clause._prepare_update_vals(updates[clause]))
