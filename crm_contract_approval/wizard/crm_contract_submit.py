from odoo import api, fields, models


class CrmContractSubmit(models.TransientModel):
    """Preview of a submission: who will have to approve, why, and how long it takes."""

    _name = "crm.contract.submit"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Submit a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    has_problem = fields.Boolean(compute="_compute_preview")

    @api.depends("contract_id")
    def _compute_preview(self):
        for wizard in self:
            contract = wizard.contract_id
            policies = self.env["crm.contract.approval.policy"]
            plan = policies._plan(contract).get(contract, [])
            checklist = self.env["crm.contract.checklist"]
            found = checklist._get_missing(contract)
            found += checklist._get_findings(contract)[contract]
            missing = [item.message for item in found if item.refuses]
            wizard.has_problem = bool(missing) or any(row.problem for row in plan)
            wizard.preview = self.env["ir.qweb"]._render(
                "crm_contract_approval.submission_preview",
                {
                    "steps": wizard._describe_plan(plan),
                    "missing": missing,
                    "told": [item for item in found if not item.refuses],
                },
            )

    def _describe_plan(self, plan):
        """Return the planned steps as the preview shows them (list of dict of str)."""
        steps = self.env["crm.contract.approval.step"].union(
            *(row.step for row in plan)
        )
        hours = steps._get_usual_hours()
        modes = dict(steps._fields["mode"]._description_selection(self.env))
        return [
            {
                "name": row.step.name,
                "who": ", ".join(row.users.sudo().mapped("name")),
                "mode": self._describe_mode(row, modes),
                "why": "; ".join(row.why),
                "avoid": self._describe_avoid(row),
                "problem": row.problem,
                "note": row.note,
                "kept": row.kept and self.env._("The earlier approval stays valid."),
                "time": self._describe_time(hours.get(row.step), row.step.days),
            }
            for row in plan
        ]

    def _describe_mode(self, row, modes):
        if len(row.users) < 2:
            return ""
        if row.step.mode == "minimum":
            return self.env._("at least %s of them", row.step.minimum)
        return modes[row.step.mode]

    def _describe_avoid(self, row):
        if not row.avoid:
            return ""
        if row.step.condition_mode == "all":
            ways = self.env._(" or ").join(row.avoid)
        else:
            ways = self.env._(" and ").join(row.avoid)
        return self.env._("Not needed with %s.", ways)

    def _describe_time(self, hours, days):
        """Return how long the step usually takes, or how long it may."""
        if hours is None:
            return self.env._("up to %s days", days)
        if hours < 1:
            return self.env._("usually less than an hour")
        if hours < 48:
            return self.env._("usually %s hours", round(hours))
        return self.env._("usually %s days", round(hours / 24))

    def action_submit(self):
        """Submit the contract."""
        self.contract_id.action_submit()
        return {"type": "ir.actions.act_window_close"}
