from odoo import api, models

from ..contract.crm_contract_checklist import Missing


class CrmContractChecklist(models.AbstractModel):
    """What the obligations of a draft lack."""

    _inherit = "crm.contract.checklist"

    @api.model
    def _get_missing(self, contract):
        return [
            *super()._get_missing(contract),
            *(
                Missing(text, contract, "milestone_ids")
                for row in contract.milestone_ids
                for text in self._get_missing_terms(row)
            ),
        ]

    @api.model
    def _get_missing_terms(self, row):
        """Return what the terms of a milestone lack (list of str)."""
        texts = []
        known = row.after_ids.mapped("content_key")
        if set(row._get_after_keys()) - set(known):
            texts.append(
                self.env._(
                    "“%s” waits for an obligation that is not there any more.", row.name
                )
            )
        if row.trigger == "obligation" and not row.after_ids:
            texts.append(
                self.env._("Say which obligations “%s” comes after.", row.name)
            )
        repeated = row.after_ids.filtered(
            lambda m: m._is_recurring() or m.trigger == "overdue"
        )
        if repeated:
            texts.append(
                self.env._(
                    "“%(row)s” can't wait for %(others)s, which falls due repeatedly.",
                    row=row.name,
                    others=", ".join(repeated.mapped("name")),
                )
            )
        by_day = (row.trigger or "date") == "date"
        if row._is_recurring() and by_day and not row.date_deadline:
            texts.append(self.env._("“%s” recurs: say when it is due first.", row.name))
        if row.installment_ids and (row._is_recurring() or row.trigger == "overdue"):
            texts.append(
                self.env._(
                    "The payment plan can't wait for “%s”, which falls due repeatedly.",
                    row.name,
                )
            )
        return texts
