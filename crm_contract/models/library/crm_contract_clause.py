import re

from markupsafe import Markup

from odoo import api, fields, models

from ...tools.numbering import numbered
from ...tools.reading import reading
from ...tools.version import read_name
from .crm_contract_clause_category import PARTS

_FIRST_PARAGRAPH = re.compile(r"\s*<p\b.*?</p>", re.DOTALL)


class CrmContractClause(models.Model):
    _name = "crm.contract.clause"
    _description = "Clause of a contract"
    _inherit = ["crm.contract.content.mixin"]
    _order = "category_sequence, sequence, id"
    _check_company_auto = True
    _content_parent = "contract_id"
    _agreed_texts = ("body",)

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract state"
    )
    sequence = fields.Integer(default=10, content=True)
    template_id = fields.Many2one(
        "crm.contract.clause.template",
        string="Library clause",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        content=True,
    )
    category_id = fields.Many2one(
        "crm.contract.clause.category",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
        index=True,
        content=True,
    )
    category_sequence = fields.Integer(
        string="Category sequence", related="category_id.sequence", store=True
    )
    part = fields.Selection(
        PARTS, compute="_compute_part", store=True, precompute=True, index=True
    )
    name = fields.Char(
        string="Heading",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        content=True,
    )
    # Not precomputed: the text would be sanitized twice on creation.
    body = fields.Html(
        string="Text",
        compute="_compute_body",
        store=True,
        readonly=False,
        sanitize_overridable=False,
        content=True,
    )
    body_frozen = fields.Html(
        string="Frozen text",
        compute="_compute_body_frozen",
        sanitize=False,
        help="Text with placeholders resolved, as submitted.",
        owned=True,
    )
    is_deviating = fields.Boolean(
        string="Deviating",
        compute="_compute_is_deviating",
        store=True,
        help="Heading or text differ from the library version that the clause was taken "
        "from, or it is none of the library.",
    )
    difference = fields.Html(compute="_compute_difference", sanitize=False)
    alternate_ids = fields.Many2many(
        "crm.contract.clause.template", compute="_compute_alternate_ids"
    )

    # Few clauses deviate, and people look for these.
    _deviating_idx = models.Index("(contract_id) WHERE is_deviating IS TRUE")

    @api.depends("template_id")
    def _compute_from_template(self):
        for template, clauses in self.grouped("template_id").items():
            if template:
                clauses.category_id = template.category_id
                clauses.name = template.name
            else:
                clauses._keep("category_id", "name")

    @api.depends("template_id")
    def _compute_body(self):
        # A text is cleaned when it is set: once for all clauses of one in the library.
        for template, clauses in self.grouped("template_id").items():
            if template.body:
                clauses.body = template.body
            else:
                clauses._keep("body")

    def _keep(self, *names):
        """Let computed fields stay what they are."""
        for clause in self:
            for name in names:
                clause[name] = clause[name]

    @api.depends("category_id")
    def _compute_part(self):
        for clause in self:
            clause.part = clause.category_id.part

    @api.depends("contract_id.version_id")
    def _compute_body_frozen(self):
        for contract, clauses in self.grouped("contract_id").items():
            texts = contract._get_frozen_rows("clause_ids")
            for clause in clauses:
                row = texts.get(clause.content_key, {})
                clause.body_frozen = row.get(read_name("body"))

    @api.depends("name", "body", "category_id", "template_id")
    def _compute_is_deviating(self):
        for clause in self:
            clause.is_deviating = clause._is_deviating()

    @api.depends("name", "body", "category_id", "template_id")
    def _compute_difference(self):
        texts = self.env["crm.contract.reading"]
        for clause in self:
            clause.difference = clause.is_deviating and texts._get_difference(
                texts._get_whole(clause.template_id), texts._get_whole(clause)
            )

    @api.depends("template_id")
    def _compute_alternate_ids(self):
        for clause in self:
            main = clause.template_id.alternate_of_id or clause.template_id
            clause.alternate_ids = (main | main.alternate_ids) - clause.template_id

    @api.constrains("body")
    def _check_placeholders(self):
        for clause in self:
            self.env["crm.contract.placeholder"]._check(clause.name, clause.body)

    @api.model
    def _prepare_vals_of(self, contract):
        """Return create values of the template's clauses and the mandatory ones."""
        contract.ensure_one()
        clauses = contract.template_id.clause_ids | self._get_mandatory(contract)
        return [
            {"template_id": clause.id, "sequence": clause.sequence}
            for clause in clauses
        ]

    @api.model
    def _get_mandatory(self, contract):
        """Return the library clauses that a contract must have, in its language."""
        return contract.type_id.mandatory_clause_ids.filtered(
            lambda clause: clause.lang_id in (contract.lang_id, self.env["res.lang"])
        )

    @api.model
    def _get_missing_mandatory(self, contract):
        """Return the mandatory clauses for which neither they nor an alternate stand."""
        used = contract.clause_ids.template_id
        used |= used.alternate_of_id | used.previous_version_id
        codes = set(filter(None, used.mapped("code")))
        return self._get_mandatory(contract).filtered(
            lambda clause: clause not in used and clause.code not in codes
        )

    @api.model
    def _describe_content_row(self, values):
        name = super()._describe_content_row(values)
        text = values.get(read_name("body")) or values.get("body") or ""
        return f"{name}\n{reading(text, breaks=True)}"

    def _get_read_values(self):
        return {
            **super()._get_read_values(),
            **self._get_read_names("category_id"),
            "body": str(self._resolve_text()[0]),
        }

    def action_reset_to_library(self):
        """Take the text of the library version again; return the clauses."""
        self._compute_from_template()
        self._compute_body()
        return self

    def _get_text(self):
        """Return the text to print: the frozen one, else resolved as far as it goes."""
        self.ensure_one()
        text = self.body_frozen or self._resolve_text()[0]
        return self.env["crm.contract.reading"]._get_printable(text)

    def _is_deviating(self):
        """Return whether the clause is not the one of the library, as people read it."""
        self.ensure_one()
        template = self.template_id
        return (
            self.name != template.name
            or self.category_id != template.category_id
            or not self._has_library_text()
        )

    def _has_library_text(self):
        """Return whether the text is that of the library, whatever its heading."""
        self.ensure_one()
        texts = self.env["crm.contract.reading"]
        return bool(self.template_id) and texts._is_standard(
            self.body, self.template_id.body
        )

    def _get_text_parts(self, number):
        """Return the text to print as its first paragraph and the rest (Markup pair).

        The first paragraph stays on the page of its heading; it is empty if the text
        begins with something else.

        :param number: of the heading above; the paragraphs count on from there
        """
        text = Markup(numbered(self._get_text() or "", str(number)))
        match = _FIRST_PARAGRAPH.match(text)
        end = match.end() if match else 0
        return text[:end], text[end:]

    def _resolve_text(self):
        """Resolve the placeholders in the language of the contract.

        :return: the text (Markup), and the placeholders without value (list of str)
        """
        self.ensure_one()
        placeholders = self.env["crm.contract.placeholder"]
        return placeholders._resolve(self.contract_id, self.body)
