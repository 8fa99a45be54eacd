from odoo import api, models

from ..contract.crm_contract_overview import Duty


class CrmContractOverview(models.AbstractModel):
    """What the first page says of paper: what is to be filed, brought back, closed."""

    _inherit = "crm.contract.overview"

    @api.model
    def _get_duties(self, contract, misses_signed_copy):
        duties = super()._get_duties(contract, misses_signed_copy)
        if contract.state in ("draft", "review"):
            return duties
        return [*duties, *self._get_paper_duties(contract)]

    @api.model
    def _get_paper_duties(self, contract):
        duties = []
        # sudo: whoever may read the contract may read who has its papers
        papers = contract.sudo()
        for row in papers.sealing_ids.filtered(lambda r: r.state in ("applied", "out")):
            if row.state == "applied":
                who, why = row.stamp_id.keeper_id, self.env._("Decide on the seal")
            else:
                who, why = row.user_id, self.env._("Bring the seal back")
            duties.append(self._make_paper_duty(who.name, why, row.date_due, row))
        archive = papers.archive_ids
        owner = contract.user_id.name or self.env._("Salesperson")
        if archive.state == "to_file":
            why = self.env._("File the originals")
            duties.append(self._make_paper_duty(owner, why, archive.date_due, archive))
        elif archive.is_told_open and not archive.date_closed:
            why = self.env._("Close the file of the contract")
            duties.append(self._make_paper_duty(owner, why, False, archive))
        return duties

    @api.model
    def _make_paper_duty(self, who, why, until, row):
        # Who sees files in the archive sees those of the contracts that he sees.
        is_shown = self.env["crm.contract.archive"].has_access("read")
        return Duty(who, why, until, row.sudo(False) if is_shown else None)
