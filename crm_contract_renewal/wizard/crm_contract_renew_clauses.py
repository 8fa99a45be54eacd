from odoo import api, fields, models

from odoo.addons.crm_contract.tools.difference import difference_html
from odoo.addons.crm_contract.tools.reading import reading


class CrmContractRenew(models.TransientModel):
    """Renew contracts: what becomes of their clauses."""

    _inherit = "crm.contract.renew"

    clause_changes = fields.Html(
        string="What becomes of the clauses",
        compute="_compute_clause_changes",
        sanitize=False,
    )

    @api.depends("refresh_clauses", "line_ids.problem")
    def _compute_clause_changes(self):
        for wizard in self:
            contracts = wizard.line_ids.filtered(lambda row: not row.problem)
            wizard.clause_changes = wizard.refresh_clauses and self.env[
                "ir.qweb"
            ]._render(
                "crm_contract_renewal.renew_clauses",
                _prepare_clause_changes(contracts.contract_id),
            )


def _prepare_clause_changes(contracts):
    """Return what the preview of clauses shows.

    :return: `rows` per contract with the changes that it takes and the clauses that
        stay as they deviate, and the `versions`, each pair of texts compared once
    """
    # sudo: the clauses that are renewed, of an amendment that is signed may be
    texts = contracts.sudo().browse(
        [contract._get_present_version().id for contract in contracts]
    )
    updates = texts.clause_ids._get_library_updates()
    rows, versions = [], {}
    for contract, text in zip(contracts, texts, strict=True):
        clauses = text.clause_ids._filter_content().sorted()
        taken = clauses.filtered(lambda c: c in updates and c._has_library_text())
        kept = clauses.filtered("is_deviating") - taken
        for clause in taken:
            pair = clause.template_id, updates[clause]
            if pair not in versions:
                bodies = (reading(version.body, breaks=True) for version in pair)
                versions[pair] = difference_html(*bodies)
        if taken or kept:
            taken = [(clause, updates[clause]) for clause in taken]
            rows.append({"contract": contract, "taken": taken, "kept": kept})
    return {"rows": rows, "versions": versions}
