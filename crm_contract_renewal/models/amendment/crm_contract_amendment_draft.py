from odoo import api, models
from odoo.exceptions import UserError

from ..deadline.crm_contract import IN_FORCE
from .crm_contract_amendment import OWN_CONTENT


class CrmContractAmendment(models.AbstractModel):
    """Drafts amendments, from the content that was signed last."""

    _name = "crm.contract.amendment"
    _description = "Drafting of amendments"

    @api.model
    def _get_refusal(self, contract):
        """Return why a contract can't be amended (str, empty if it can)."""
        contract.ensure_one()
        if contract._is_amendment():
            return self.env._(
                "%s is an amendment itself: amend the contract that it changes.",
                contract.display_name,
            )
        if contract.state not in IN_FORCE:
            return self.env._(
                "%s is not in force: there is nothing to amend.", contract.display_name
            )
        return ""

    @api.model
    def _draft(self, contract, date, reason="", requested_by=False):
        """Draft an amendment from the present content of a contract.

        :param date: day from which it is to be in effect
        :return: the draft
        :raise UserError: if the contract can't be amended
        """
        contract.check_access("write")
        refusal = self._get_refusal(contract)
        if refusal:
            raise UserError(refusal)
        # sudo: kind, origin and keys are owned by code; the rights on the contract
        # were checked, and a pending amendment of it is read as its next version
        base = contract._get_present_version().sudo()
        amendment = base.create(
            {
                **base._prepare_content_copy_vals(keep_keys=True),
                "kind": "amendment",
                "origin_id": contract.id,
                "user_id": contract.user_id.id,
                "team_id": contract.team_id.id,
                "date_effective": date,
                "amendment_reason": reason,
                "requested_by": requested_by,
                "billed_days": base.type_id.billed_days or "next",
            }
        )
        amendment._relink_milestones(base)
        self._keep_billed_rows(amendment)
        self._remember_base(amendment)
        return amendment.with_env(contract.env)

    @api.model
    def _remember_base(self, amendment):
        """Note what an amendment is compared with."""
        contract = amendment.origin_id
        base = self.env["crm.contract.version"]._keep_base(contract)
        amendment.write(
            {
                "base_version_id": base.id,
                "amount_base": contract._get_present_version().amount_total,
            }
        )

    @api.model
    def _get_amendable_content(self, contract):
        """Return the content that an amendment starts from, as `_get_content` does.

        Installments that are billed are fixed amounts in it, whatever share of the
        value they were.
        """
        present = contract._get_present_version()
        present = present.with_context(lang=contract._get_print_lang())
        content = present._get_content(read=True)
        for name in OWN_CONTENT:
            content["fields"].pop(name, None)
        billed = contract.installment_ids._get_billed_by_key()
        for row in content["children"]["installment_ids"]:
            if row["key"] in billed:
                amount = billed[row["key"]].amount
                row["fields"] |= {"amount_type": "fixed", "amount_fixed": amount}
        return content

    @api.model
    def _keep_billed_rows(self, amendment):
        """Let rows that the contract billed stand as fixed amounts in an amendment."""
        billed = amendment.origin_id.sudo().installment_ids._get_billed_by_key()
        for row in amendment.installment_ids:
            if row.content_key in billed:
                row._fix_amount(billed[row.content_key].amount)

    @api.model
    def _describe_billed_beyond(self, contract, day):
        """Return which periods stay as they were billed before (str, may be empty)."""
        # sudo: rows of the ledger, told to whoever drafts an amendment
        rows = contract.sudo().line_ids.installment_ids._get_billed_beyond(day)
        if not rows:
            return ""
        return self.env._(
            "Already billed and staying as they are: %(periods)s. New terms of these "
            "lines apply to the first period that is not billed.",
            periods="; ".join(rows.mapped("name")),
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _get_billed_by_key(self):
        """Return the rows of the plan that are billed: `{content key: row}`."""
        return {
            row.content_key: row
            for row in self._filter_plan()
            if row.state in ("invoiced", "paid")
        }

    def _get_billed_beyond(self, day):
        """Return the periods that are billed beyond a day, in the order of time."""
        rows = self.filtered(
            lambda row: row.state in ("invoiced", "paid") and row.period_end >= day
        )
        return rows.sorted(lambda row: (row.period_start, row.id))
