from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools.date_utils import add

from ...tools.records import one
from ..contract.crm_contract_milestone import PARTIES, relink_milestones
from ..contract.crm_contract_text import DISPUTE_METHODS
from ..contract.crm_contract_type import BILLED_IN, TERM_UNITS
from ..ledger.crm_contract_installment import TRIGGERS


class CrmContractTemplate(models.Model):
    _name = "crm.contract.template"
    _description = "Contract template"
    _inherit = ["crm.contract.bounds.mixin", "crm.contract.late.terms.mixin"]
    _order = "sequence, name, id"
    _check_company_auto = True
    _agreed_texts = ("preamble",)

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index="btree_not_null")
    type_id = fields.Many2one(
        "crm.contract.type", required=True, index=True, check_company=True
    )
    lang_id = fields.Many2one(
        "res.lang", string="Language", context={"active_test": False}
    )
    title = fields.Char(required=True, help="Title of contracts made from it.")
    preamble = fields.Html(sanitize_overridable=False)

    duration = fields.Integer()
    duration_unit = fields.Selection(TERM_UNITS, default="month", required=True)
    notice_period = fields.Integer(string="Notice period")
    notice_unit = fields.Selection(TERM_UNITS, default="month", required=True)
    dispute_method = fields.Selection(DISPUTE_METHODS, string="Dispute resolution")
    dispute_institution = fields.Char(string="Institution or court")
    dispute_place = fields.Char(string="Place of dispute resolution")

    clause_ids = fields.Many2many(
        "crm.contract.clause.template",
        string="Clauses",
        domain="[('lang_id', 'in', (False, lang_id)),"
        " '|', ('type_ids', '=', False), ('type_ids', 'in', type_id)]",
    )
    line_ids = fields.One2many(
        "crm.contract.template.line", "template_id", string="Service content", copy=True
    )
    milestone_ids = fields.One2many(
        "crm.contract.template.milestone", "template_id", string="Milestones", copy=True
    )
    installment_ids = fields.One2many(
        "crm.contract.template.installment",
        "template_id",
        string="Payment plan",
        copy=True,
    )

    _duration_positive = models.Constraint(
        "CHECK (duration >= 0 AND notice_period >= 0)",
        "Durations and notice periods must not be negative.",
    )

    @api.constrains("preamble")
    def _check_preamble(self):
        for template in self:
            self.env["crm.contract.placeholder"]._check(
                template.name, template.preamble
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        if "name" not in (default or {}):
            for template, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", template.name)
        return vals_list

    def copy(self, default=None):
        copies = super().copy(default)
        for source, copied in zip(self, copies, strict=True):
            # Odoo copies rows in the order of their ids.
            relink_milestones(
                source.milestone_ids.sorted("id"),
                copied.milestone_ids.sorted("id"),
                source.installment_ids.sorted("id"),
                copied.installment_ids.sorted("id"),
            )
        return copies

    @api.model
    def get_empty_list_help(self, help_message):
        """Offer the examples to contract managers."""
        offer = self.env["crm.contract.load.examples"]._get_offer()
        return Markup(super().get_empty_list_help(help_message) or "") + offer

    def _prepare_line_vals(self):
        """Return create values of contract lines (list of dicts)."""
        self.ensure_one()
        return [
            {
                "sequence": line.sequence,
                "display_type": line.display_type,
                "product_id": line.product_id.id,
                "name": line.name or line.product_id.display_name,
                "scope": line.scope,
                "service_standard": line.service_standard,
                "quantity": line.quantity,
                **({"price_unit": line.price_unit} if line.price_unit else {}),
                **line._prepare_recurrence_vals(),
            }
            for line in self.line_ids
        ]

    def _prepare_milestone_vals(self, date_start):
        """Return create values of milestones, dated from the start of the contract."""
        self.ensure_one()
        return [
            {
                "sequence": row.sequence,
                "name": row.name,
                "party": row.party,
                "date_deadline": date_start and add(date_start, days=row.days),
            }
            for row in self.milestone_ids
        ]

    def _prepare_installment_vals(self, date_start, milestone_ids):
        """Return create values of the payment plan.

        :param milestone_ids: ids of the contract's milestones, in the order of those
            of the template
        """
        self.ensure_one()
        milestones = dict(zip(self.milestone_ids.ids, milestone_ids, strict=True))
        return [
            {
                "sequence": row.sequence,
                "name": row.name,
                "trigger": row.trigger,
                "days": 0 if row.trigger == "date" else row.days,
                "date": row.trigger == "date"
                and date_start
                and add(date_start, days=row.days),
                "milestone_id": milestones.get(row.milestone_id.id),
                "amount_type": "percent",
                "percentage": row.percentage,
            }
            for row in self.installment_ids
        ]

    def action_new_contract(self):
        """Open the form of a new contract made from this template."""
        one(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New contract"),
            "res_model": "crm.contract",
            "views": [(False, "form")],
            "context": {
                "default_template_id": self.id,
                "default_type_id": self.type_id.id,
            },
        }


class CrmContractTemplateLine(models.Model):
    _name = "crm.contract.template.line"
    _description = "Contract template line"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, id"

    template_id = fields.Many2one(
        "crm.contract.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    display_type = fields.Selection(
        [("line_section", "Section"), ("line_note", "Note")]
    )
    product_id = fields.Many2one("product.product", domain=[("sale_ok", "=", True)])
    name = fields.Text(string="Description")
    scope = fields.Text()
    service_standard = fields.Text(string="Service standard")
    quantity = fields.Float(default=1.0, digits="Product Unit")
    price_unit = fields.Float(
        string="Unit price",
        min_display_digits="Product Price",
        help="Leave at zero to take the price of the product.",
    )
    is_recurring = fields.Boolean(
        string="Recurring",
        help="Billed period by period instead of by the payment plan.",
    )
    recurrence_interval = fields.Integer(string="Every", default=1)
    recurrence_unit = fields.Selection(
        TERM_UNITS, string="Unit of the period", default="month"
    )
    billed_in = fields.Selection(BILLED_IN, string="Billed", default="advance")
    free_periods = fields.Integer(
        string="Free periods",
        help="Number of first periods that are not billed (trial).",
    )

    _recurring_complete = models.Constraint(
        "CHECK (NOT is_recurring OR (display_type IS NULL AND recurrence_interval > 0"
        " AND recurrence_unit IS NOT NULL AND billed_in IS NOT NULL"
        " AND free_periods >= 0))",
        "A recurring line needs a period of at least one unit, and whether it is billed"
        " in advance or in arrears. Sections and notes don't recur.",
    )

    def _prepare_recurrence_vals(self):
        """Return how a contract line recurs; nothing for a one-off line."""
        self.ensure_one()
        if not self.is_recurring:
            return {}
        names = ("recurrence_interval", "recurrence_unit", "billed_in", "free_periods")
        return {"is_recurring": True, **{name: self[name] for name in names}}


class CrmContractTemplateMilestone(models.Model):
    _name = "crm.contract.template.milestone"
    _description = "Contract template milestone"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, id"

    template_id = fields.Many2one(
        "crm.contract.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    party = fields.Selection(PARTIES, required=True, default="us")
    days = fields.Integer(string="Days after start")


class CrmContractTemplateInstallment(models.Model):
    _name = "crm.contract.template.installment"
    _description = "Contract template installment"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, id"

    template_id = fields.Many2one(
        "crm.contract.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    trigger = fields.Selection(TRIGGERS, required=True, default="date")
    percentage = fields.Float(digits=(16, 4))
    days = fields.Integer(help="Days after the start date, signature or milestone.")
    milestone_id = fields.Many2one(
        "crm.contract.template.milestone",
        domain="[('template_id', '=', template_id)]",
        ondelete="set null",
    )

    _percentage_range = models.Constraint(
        "CHECK (percentage > 0 AND percentage <= 100)",
        "A percentage must be more than 0 and at most 100.",
    )
