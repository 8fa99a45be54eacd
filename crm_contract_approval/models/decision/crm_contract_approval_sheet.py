from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.tools import formatLang

from odoo.addons.crm_contract.tools.difference import difference_html

from ..policy.crm_contract_exposure import MONTHS


class CrmContractApprovalTask(models.Model):
    """What an approver has to know: figures, changes, deviations, precedents."""

    _inherit = "crm.contract.approval.task"

    figures = fields.Html(compute="_compute_figures", sanitize=False)
    changes = fields.Html(
        compute="_compute_changes",
        sanitize=False,
        help="Against the content of the last decision.",
    )
    agreed_changes = fields.Html(
        string="What the amendment changes",
        compute="_compute_agreed_changes",
        sanitize=False,
    )
    template_changes = fields.Html(compute="_compute_template_changes", sanitize=False)
    deviations = fields.Html(compute="_compute_deviations", sanitize=False)
    precedents = fields.Html(compute="_compute_precedents", sanitize=False)
    findings = fields.Html(
        compute="_compute_findings",
        sanitize=False,
        help="What was known on submission, and what came to be known since.",
    )
    text_file = fields.Binary(compute="_compute_text_file")
    deviating_count = fields.Integer(related="contract_id.deviating_count")

    @api.depends("contract_id")
    def _compute_figures(self):
        for task in self:
            task.figures = self.env["ir.qweb"]._render(
                "crm_contract_approval.approval_figures",
                {"rows": task._get_figures()},
            )

    @api.depends("contract_id", "version_id")
    def _compute_changes(self):
        for task in self:
            task.changes = task._render_changes(task._get_changes())

    @api.depends("contract_id")
    def _compute_agreed_changes(self):
        for task in self:
            task.agreed_changes = task._render_changes(
                self.env["crm.contract.changes"]._get_agreed(task.contract_id)
            )

    @api.depends("contract_id")
    def _compute_template_changes(self):
        for task in self:
            task.template_changes = task._render_changes(task._get_template_changes())

    @api.depends("contract_id")
    def _compute_deviations(self):
        for task in self:
            texts = self.env["crm.contract.reading"]
            task.deviations = Markup().join(
                Markup("<h5>%s</h5><p>%s</p>") % deviation
                for deviation in texts._get_deviations(task.contract_id)
            )

    @api.depends("contract_id")
    def _compute_precedents(self):
        for task in self:
            task.precedents = Markup().join(
                Markup("<p><b>%s</b>: %s</p>") % pair for pair in task._get_precedents()
            )

    @api.depends("contract_id", "version_id")
    def _compute_findings(self):
        findings = self.env["crm.contract.finding"]
        for task in self:
            contract = task.contract_id
            # Of another version than the one at hand, nothing holds "now".
            is_open = contract.state in ("review", "to_sign")
            rows = (
                findings._compare(contract)
                if is_open and contract.version_id == task.version_id
                else findings._get_kept(task.version_id)
            )
            task.findings = rows and self.env["ir.qweb"]._render(
                "crm_contract_approval.approval_findings", {"rows": rows}
            )

    @api.depends("version_id")
    def _compute_text_file(self):
        for task in self:
            document = task.version_id.document_ids.filtered(
                lambda row: row.kind == "text"
            )[:1]
            task.text_file = document.with_context(bin_size=False).file

    def _get_figures(self):
        """Return what to show of the contract: list of (label, value, alarming)."""
        self.ensure_one()
        contract = self.contract_id
        # sudo: of the policy, its months alone
        months = self.sudo().policy_id.exposure_months
        exposure = self.env["crm.contract.exposure"]._reckon(contract, months or MONTHS)

        def money(amount):
            return formatLang(self.env, amount, currency_obj=contract.currency_id)

        discount, deviating = exposure.discount, contract.deviating_count
        return [
            (self.env._("Value"), money(contract.amount_total), False),
            (
                self.env._("Over %s months or the term", months or MONTHS),
                money(exposure.value),
                False,
            ),
            (
                self.env._("Before discounts and rebates"),
                money(exposure.gross),
                False,
            ),
            (self.env._("Term"), self._get_term_text(), False),
            (self.env._("Highest discount"), f"{discount:.4g} %", bool(discount)),
            self._get_margin_figure(),
            (self.env._("Deviating clauses"), str(deviating), bool(deviating)),
            *self._get_customer_figures(),
        ]

    def _get_margin_figure(self):
        margin = self.env["crm.contract.exposure"]._get_margin(self.contract_id)
        text = self.env._("not known") if margin is None else f"{margin:.1f} %"
        return self.env._("Margin"), text, margin is None or margin < 0

    def _get_changes(self):
        """Return what changed since the content that was decided on last."""
        self.ensure_one()
        contract = self.contract_id
        # sudo: decisions of all rounds, whoever of them looks
        earlier = contract.sudo().review_ids.filtered(
            lambda row: (
                row.decision in ("approve", "condition", "reject")
                and row.version_id != self.version_id
            )
        )[:1]
        before = earlier.version_id
        return self.env["crm.contract.changes"]._describe(
            contract, before._get_differences(self.version_id) if before else []
        )

    @api.model
    def _render_changes(self, changes):
        """Return changes as a table, None without any: old, new, or both in one."""
        if not changes:
            return False
        rows = [
            (
                change["label"],
                difference_html(change["old"], change["new"])
                if change["old"] and change["new"]
                else Markup("<del>%s</del><ins>%s</ins>")
                % (escape(change["old"]), escape(change["new"])),
            )
            for change in changes
        ]
        return self.env["ir.qweb"]._render(
            "crm_contract_approval.approval_changes", {"rows": rows}
        )
