from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.records import one


class CrmContractClauseTemplate(models.Model):
    """A clause of the library: one text, in one language, in one version.

    The text of a version that a contract uses is never edited; a new version
    replaces it in the library, so that it stays clear who agreed to which wording.
    """

    _name = "crm.contract.clause.template"
    _description = "Clause library entry"
    _inherit = ["mail.thread", "crm.contract.bounds.mixin"]
    _order = "category_id, sequence, id"
    _rec_names_search = ["name", "code"]
    _agreed_texts = ("body",)

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(copy=False, index=True)
    category_id = fields.Many2one(
        "crm.contract.clause.category", required=True, index=True, ondelete="restrict"
    )
    part = fields.Selection(related="category_id.part", store=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index="btree_not_null")
    lang_id = fields.Many2one(
        "res.lang",
        string="Language",
        context={"active_test": False},
        help="Leave empty for a clause that suits contracts in every language.",
    )
    body = fields.Html(required=True, sanitize_overridable=False)
    note = fields.Text(string="When to use")
    type_ids = fields.Many2many(
        "crm.contract.type",
        string="Contract types",
        help="Leave empty if contracts of every type may use the clause.",
    )
    mandatory_type_ids = fields.Many2many(
        "crm.contract.type",
        relation="crm_contract_type_mandatory_clause_rel",
        string="Mandatory in",
        copy=False,
        help="Inserted by itself into contracts of these types in its language.",
    )
    version = fields.Integer(default=1, readonly=True, copy=False, aggregator=None)
    previous_version_id = fields.Many2one(
        "crm.contract.clause.template",
        string="Previous version",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    alternate_of_id = fields.Many2one(
        "crm.contract.clause.template",
        string="Alternate of",
        index="btree_not_null",
        domain="[('category_id', '=', category_id), ('lang_id', '=', lang_id),"
        " ('id', '!=', id)]",
    )
    alternate_ids = fields.One2many(
        "crm.contract.clause.template", "alternate_of_id", string="Alternates"
    )
    clause_ids = fields.One2many("crm.contract.clause", "template_id", string="Uses")
    clause_count = fields.Integer(
        compute="_compute_clause_count", string="Uses in contracts"
    )
    deviating_count = fields.Integer(compute="_compute_clause_count")

    _code_version_uniq = models.UniqueIndex(
        "(code, version, COALESCE(lang_id, 0), COALESCE(company_id, 0),"
        " COALESCE(alternate_of_id, 0)) WHERE code IS NOT NULL AND active IS TRUE",
        "A clause with this code exists in this language and version already.",
    )

    def _has_field_access(self, field, operation):
        # Which wording came after which is for the library to say.
        if (
            operation == "write"
            and field.name in ("version", "previous_version_id")
            and not self.env.su
        ):
            return False
        return super()._has_field_access(field, operation)

    @api.depends("name", "code", "version")
    def _compute_display_name(self):
        for clause in self:
            name = f"[{clause.code}] {clause.name}" if clause.code else clause.name
            clause.display_name = (
                f"{name} (v{clause.version})" if clause.version > 1 else name
            )

    @api.depends("clause_ids.is_deviating")
    def _compute_clause_count(self):
        counts = {}
        for template, deviating, count in self.env["crm.contract.clause"]._read_group(
            [("template_id", "in", self.ids)],
            ["template_id", "is_deviating"],
            ["__count"],
        ):
            counts[template.id, deviating] = count
        for template in self:
            template.deviating_count = counts.get((template.id, True), 0)
            template.clause_count = (
                counts.get((template.id, False), 0) + template.deviating_count
            )

    @api.constrains("body")
    def _check_placeholders(self):
        for clause in self:
            self.env["crm.contract.placeholder"]._check(clause.name, clause.body)

    def write(self, vals):
        if "body" in vals:
            used = self.sudo().filtered(
                # sudo: a use in a contract that the user can't see counts as well
                lambda clause: clause.body != vals["body"] and clause.clause_ids
            )
            if used:
                raise UserError(
                    self.env._(
                        "Contracts use this wording of %(clauses)s. Make a new version "
                        "instead.",
                        clauses=", ".join(used.mapped("display_name")),
                    )
                )
        return super().write(vals)

    @api.model
    def get_empty_list_help(self, help_message):
        """Offer the examples to contract managers."""
        offer = self.env["crm.contract.load.examples"]._get_offer()
        return Markup(super().get_empty_list_help(help_message) or "") + offer

    def action_new_version(self):
        """Copy the clause into the next version, archive this one; return the form."""
        one(self)
        successor = self.copy({"name": self.name, "code": self.code, "active": False})
        # sudo: set by code alone; that the user may make entries was just seen
        successor.sudo().write(
            {"version": self.version + 1, "previous_version_id": self.id}
        )
        self._replace_by(successor)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": successor.id,
            "views": [(False, "form")],
        }

    def _replace_by(self, successor):
        """Let types, templates and alternates follow the new version."""
        templates = self.env["crm.contract.template"].with_context(active_test=False)
        types = self.env["crm.contract.type"].with_context(active_test=False)
        for records, name in (
            (
                types.search([("mandatory_clause_ids", "in", self.ids)]),
                "mandatory_clause_ids",
            ),
            (templates.search([("clause_ids", "in", self.ids)]), "clause_ids"),
        ):
            records.write(
                {
                    name: [
                        fields.Command.unlink(self.id),
                        fields.Command.link(successor.id),
                    ]
                }
            )
        self.with_context(active_test=False).alternate_ids.alternate_of_id = successor
        self.active = False
        successor.active = True

    def action_view_contracts(self):
        """Open the contracts that use this clause."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_action"
        )
        return dict(
            action, domain=[("clause_ids.template_id", "in", self.ids)], context={}
        )
