from odoo import api, models

from .crm_contract_content_mixin import CONTENT_ORDER
from .crm_contract_milestone import relink_milestones, relink_obligations


class CrmContract(models.Model):
    """Creation: filled from a template, or copied from another contract."""

    _inherit = "crm.contract"

    @api.model_create_multi
    def create(self, vals_list):
        # What the context proposes is for the contracts, not for what fills them.
        proposed = self._get_context_defaults()
        vals_list = [{**proposed, **vals} for vals in vals_list]
        contracts = super(CrmContract, self._without_defaults()).create(vals_list)
        contracts._fill_from_template(vals_list)
        return contracts.with_env(self.env)

    def copy_data(self, default=None):
        default = dict(default or {})
        vals_list = super().copy_data(default=default)
        for contract, vals in zip(self, vals_list, strict=True):
            content = contract._prepare_content_copy_vals()
            vals.update(
                {name: content[name] for name in content if name not in default}
            )
            if "name" not in default:
                vals["name"] = self.env._("%s (copy)", contract.name)
        return vals_list

    def copy(self, default=None):
        copies = super().copy(default)
        for source, copied in zip(self, copies, strict=True):
            if not {"milestone_ids", "installment_ids"}.intersection(default or ()):
                copied._relink_milestones(source)
        return copies

    @api.model
    def _get_context_defaults(self):
        """Return what the context proposes for new contracts, as `create` takes it."""
        closed = self._get_closed_fields()
        return self.default_get(
            [
                name
                for name in self._fields
                if f"default_{name}" in self.env.context and name not in closed
            ]
        )

    def _fill_from_template(self, vals_list):
        """Add what the template holds, and the mandatory clauses of the type.

        Content that the values bring along is left alone. One `create` per model for
        the whole batch.
        """
        batch = list(zip(self, vals_list, strict=True))
        lines, milestones, plans, clauses = [], [], [], []
        for contract, vals in batch:
            template = contract.template_id
            if template and not vals.get("line_ids"):
                lines += contract._own(template._prepare_line_vals())
            if template and not vals.get("milestone_ids"):
                milestones += contract._own(
                    template._prepare_milestone_vals(contract.date_start)
                )
            if not any(vals.get(name) for name in contract._get_clause_fields()):
                clauses += contract._own(
                    self.env["crm.contract.clause"]._prepare_vals_of(contract)
                )
        self.env["crm.contract.line"].create(lines)
        self.env["crm.contract.clause"].create(clauses)
        created = self.env["crm.contract.milestone"].create(milestones)
        milestones_of = created.grouped("contract_id")
        for contract, rows in milestones_of.items():
            contract.template_id._relink_obligations(rows)
        for contract, vals in batch:
            template = contract.template_id
            if template and not (
                vals.get("installment_ids") or vals.get("milestone_ids")
            ):
                plans += contract._own(
                    template._prepare_installment_vals(
                        contract.date_start,
                        milestones_of.get(contract, created.browse()).ids,
                    )
                )
        self.env["crm.contract.installment"].create(plans)

    def _own(self, vals_list):
        """Return the values with this contract as their parent."""
        return [dict(vals, contract_id=self.id) for vals in vals_list]

    def _relink_milestones(self, source):
        """Point a copied plan to the copied milestones: both have the source's order."""
        rows = []
        for name in ("milestone_ids", "installment_ids"):
            content = source[name]._filter_content()
            rows += [content.sorted(CONTENT_ORDER), self[name].sorted("id")]
        relink_obligations(*rows[:2])
        relink_milestones(*rows)
