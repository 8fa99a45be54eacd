from odoo import api, models

from ...tools.obligation import Part, get_progress

# How far behind the plan is no reason to be alarmed, as a share of the whole.
TOLERANCE = 0.1
NAMED = 3


class CrmContractObligationProgress(models.AbstractModel):
    """How far the obligations of contracts should be, how far they are, and why."""

    _name = "crm.contract.obligation.progress"
    _description = "Progress of contracts"

    @api.model
    def _get_progress(self, contracts):
        """Return the progress of contracts by the weight of their obligations.

        :return: {contract: dict of `planned` and `actual` (shares, 0 to 1), `light`
            ("green", "amber" or "red"), `reason` (str)}; a contract without
            obligations is not in it
        """
        rows = contracts.milestone_ids.obligation_ids
        rows = rows.filtered(lambda row: row.state not in ("cancelled", "waived"))
        found = {}
        for contract, mine in rows.grouped("contract_id").items():
            today = contract.company_id._get_today()
            parts = [Part(row.weight, row.date_due, row._get_share()) for row in mine]
            progress = get_progress(parts, today, TOLERANCE)
            if progress.light:
                reason = self._get_reason(mine, today, progress)
                found[contract] = {**progress._asdict(), "reason": reason}
        return found

    @api.model
    def _get_reason(self, rows, today, progress):
        """Return what the light says in words (str)."""
        late = rows.filtered("is_late").sorted("date_due")
        if not late:
            if progress.light == "green":
                return self.env._("All that is due is done.")
            return self.env._("Less is done than is due by today.")
        names = [
            self.env._(
                "%(obligation)s (%(days)s days)",
                obligation=row.name,
                days=(today - row.date_due).days,
            )
            for row in late[:NAMED]
        ]
        if len(late) > NAMED:
            names.append(self.env._("%s more", len(late) - NAMED))
        return self.env._("Late: %s", ", ".join(names))


class CrmContractObligation(models.Model):
    _inherit = "crm.contract.obligation"

    def _get_share(self):
        """Return how much of the obligation is done (0 to 1)."""
        return 1.0 if self.is_complete else self.progress / 100
