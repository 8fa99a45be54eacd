from odoo import models

from odoo.addons.crm_contract.models.contract.crm_contract_content_mixin import (
    CONTENT_ORDER,
)


class CrmContract(models.Model):
    """Renewal: clauses that follow the library take its present versions."""

    _inherit = "crm.contract"

    def _get_clause_updates(self):
        """Return what becomes of the clauses that have a newer version in the library.

        :return: `{clause: newer library clause}`; deviating clauses are in it as well,
            though they stay as they are
        """
        clauses = self.clause_ids._filter_content()
        newer = clauses.template_id._get_present_versions()
        return {
            clause: newer[clause.template_id]
            for clause in clauses
            if clause.template_id in newer
        }

    def _refresh_clauses(self, vals_list):
        """Let the values of copies take the present versions of library clauses.

        :param vals_list: values of a copy of each contract, changed in place
        """
        updates = self._get_clause_updates()
        for contract, vals in zip(self, vals_list, strict=True):
            clauses = contract.clause_ids._filter_content().sorted(CONTENT_ORDER)
            # The copy has a command for each clause in this order; without clauses,
            # one that clears them.
            created = [command for command in vals["clause_ids"] if command[0] == 0]
            for command, clause in zip(created, clauses, strict=True):
                if clause in updates and not clause.is_deviating:
                    command[2].update(_prepare_version_vals(clause, updates[clause]))


def _prepare_version_vals(clause, template):
    """Return the values of a clause in its newer version; a heading of its own stays."""
    vals = {"template_id": template.id, "body": template.body}
    if clause.name == clause.template_id.name:
        vals["name"] = template.name
    if clause.category_id == clause.template_id.category_id:
        vals["category_id"] = template.category_id.id
    return vals
