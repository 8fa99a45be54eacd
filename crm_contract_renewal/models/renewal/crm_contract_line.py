from odoo import api, fields, models

CHARGES = [("once", "Once"), ("term", "Each term")]
HELP = (
    "Once: set-up and the like, which a renewal does not charge again. Each term: part "
    "of every renewal."
)


class CrmContractLine(models.Model):
    """What of a line goes on with a renewal."""

    _inherit = "crm.contract.line"

    charge = fields.Selection(
        CHARGES,
        string="Charged",
        compute="_compute_charge",
        store=True,
        readonly=False,
        precompute=True,
        help=HELP,
        content=True,
    )
    is_discount_once = fields.Boolean(
        string="Discount of the first term",
        help="The discount is not carried on by a renewal.",
        content=True,
    )

    @api.depends("is_recurring", "display_type")
    def _compute_charge(self):
        for line in self:
            charge = "term" if line.is_recurring else "once"
            line.charge = not line.display_type and charge

    def _get_renewal_text(self):
        """Return what a renewal makes of the line, as the printed contract says it (str).

        Empty where that goes without saying: fees recur, and what is paid once does not.
        """
        self.ensure_one()
        parts = []
        if self.is_recurring and self.charge == "once":
            parts.append(self.env._("Charged in this term alone."))
        elif not self.is_recurring and self.charge == "term":
            parts.append(self.env._("Charged again with each renewal."))
        if self.discount and self.is_discount_once:
            parts.append(self.env._("The discount holds for this term alone."))
        return " ".join(parts)

    def _get_recurrence_details(self):
        return [
            *super()._get_recurrence_details(),
            *filter(None, [self._get_renewal_text()]),
        ]


class CrmContractTemplateLine(models.Model):
    _inherit = "crm.contract.template.line"

    charge = fields.Selection(
        CHARGES,
        string="Charged",
        compute="_compute_charge",
        store=True,
        readonly=False,
        precompute=True,
        help=HELP,
    )

    @api.depends("is_recurring", "display_type")
    def _compute_charge(self):
        for line in self:
            charge = "term" if line.is_recurring else "once"
            line.charge = not line.display_type and charge


class CrmContractTemplate(models.Model):
    _inherit = "crm.contract.template"

    def _prepare_line_vals(self):
        vals_list = super()._prepare_line_vals()
        return [
            vals if line.display_type else {**vals, "charge": line.charge}
            for line, vals in zip(self.line_ids, vals_list, strict=True)
        ]
