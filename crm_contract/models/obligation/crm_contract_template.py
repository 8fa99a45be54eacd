from odoo import fields, models


class CrmContractTemplate(models.Model):
    """Templates tell how obligations recur, follow each other, and are closed."""

    _inherit = "crm.contract.template"

    def _prepare_milestone_vals(self, date_start):
        return [
            {
                **vals,
                **row._prepare_terms_vals(),
                "date_deadline": (row.trigger or "date") == "date"
                and vals["date_deadline"],
            }
            for row, vals in zip(
                self.milestone_ids,
                super()._prepare_milestone_vals(date_start),
                strict=True,
            )
        ]

    def _relink_obligations(self, milestones):
        """Let the milestones of a contract wait for each other as those of the template.

        :param milestones: in the order of those of the template
        """
        copies = dict(zip(self.milestone_ids, milestones, strict=True))
        for row, copied in copies.items():
            if row.after_ids:
                copied.after_ids = copied.browse().union(
                    *(copies[other] for other in row.after_ids if other in copies)
                )
            if row.clause_template_id:
                clauses = copied.contract_id.clause_ids.filtered(
                    lambda clause, row=row: clause.template_id == row.clause_template_id
                )
                copied.clause_id = clauses[:1]

    def copy(self, default=None):
        copies = super().copy(default)
        for source, copied in zip(self, copies, strict=True):
            rows = zip(
                source.milestone_ids.sorted("id"),
                copied.milestone_ids.sorted("id"),
                strict=True,
            )
            own = dict(rows)
            for row, new in own.items():
                new.after_ids = new.browse().union(
                    *(own[other] for other in row.after_ids if other in own)
                )
        return copies


class CrmContractTemplateMilestone(models.Model):
    _name = "crm.contract.template.milestone"
    _inherit = [
        "crm.contract.template.milestone",
        "crm.contract.obligation.terms.mixin",
    ]

    after_ids = fields.Many2many(
        "crm.contract.template.milestone",
        "crm_contract_template_milestone_after_rel",
        "milestone_id",
        "after_id",
        domain="[('template_id', '=', template_id), ('id', '!=', id)]",
        string="Prerequisites",
        help="Obligations that have to be fulfilled before this one.",
    )
    clause_template_id = fields.Many2one(
        "crm.contract.clause.template",
        string="Agreed in",
        ondelete="set null",
        help="Clause of the library that it comes from; the contract's own one is named "
        "where the contract has it.",
    )
