from odoo import models


class CrmContractClause(models.Model):
    """Clauses that follow the library take its present versions."""

    _inherit = "crm.contract.clause"

    def _get_library_updates(self):
        """Return what becomes of the clauses that have a newer version in the library.

        :return: `{clause: newer library clause}`; deviating clauses are in it as well,
            though they stay as they are
        """
        clauses = self._filter_content()
        newer = clauses.template_id._get_present_versions()
        return {
            clause: newer[clause.template_id]
            for clause in clauses
            if clause.template_id in newer
        }

    def _prepare_update_vals(self, template):
        """Return the values of the clause in a newer version of the library.

        A heading or a category of its own stays.
        """
        self.ensure_one()
        vals = {"template_id": template.id, "body": template.body}
        if self.name == self.template_id.name:
            vals["name"] = template.name
        if self.category_id == self.template_id.category_id:
            vals["category_id"] = template.category_id.id
        return vals
