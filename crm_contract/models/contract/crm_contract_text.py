import re

from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date, formatLang
from odoo.tools.rendering_tools import parse_inline_template

from ...tools.version import read_name

DISPUTE_METHODS = [
    ("negotiation", "Negotiation"),
    ("mediation", "Mediation"),
    ("arbitration", "Arbitration"),
    ("court", "Court"),
]

# A placeholder names a field of the contract or of a record that it leads to; it is
# read with the rights of whoever submits or prints, and never evaluated as code.
_PATH = re.compile(r"^object((?:\.[a-z][a-z0-9_]*)+)$")
_PLACEHOLDER_TYPES = (
    "char", "text", "date", "datetime", "integer", "float", "monetary", "selection",
    "many2one",
)  # fmt: skip


def placeholder(expression):
    """Return an expression as it stands in a text."""
    return "{{ " + expression + " }}"


class CrmContract(models.Model):
    """Text: preamble, clauses by part, dispute resolution, placeholders."""

    _inherit = "crm.contract"
    _agreed_texts = ("preamble",)

    preamble = fields.Html(
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        sanitize_overridable=False,
    )
    preamble_frozen = fields.Html(
        compute="_compute_preamble_frozen",
        sanitize=False,
        help="Preamble with placeholders resolved, as submitted.",
    )
    dispute_method = fields.Selection(
        DISPUTE_METHODS,
        string="Dispute resolution",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
    )
    dispute_institution = fields.Char(
        string="Institution or court",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="Arbitration or mediation institution, or court.",
    )
    dispute_place = fields.Char(
        string="Place of dispute resolution",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="Seat of the arbitration or place of the court.",
    )
    clause_ids = fields.One2many("crm.contract.clause", "contract_id", string="Clauses")
    breach_clause_ids = fields.One2many(
        "crm.contract.clause",
        "contract_id",
        string="Breach liability",
        domain=[("part", "=", "breach")],
    )
    dispute_clause_ids = fields.One2many(
        "crm.contract.clause",
        "contract_id",
        string="Dispute resolution clauses",
        domain=[("part", "=", "dispute")],
    )
    other_clause_ids = fields.One2many(
        "crm.contract.clause",
        "contract_id",
        string="Other terms",
        domain=[("part", "=", "other")],
    )
    deviating_count = fields.Integer(
        string="Deviating clauses", compute="_compute_deviating_count", store=True
    )

    @api.depends("template_id")
    def _compute_from_template(self):
        names = ("preamble", "dispute_method", "dispute_institution", "dispute_place")
        for contract in self:
            for name in names:
                contract[name] = contract.template_id[name] or contract[name]

    @api.depends("version_id")
    def _compute_preamble_frozen(self):
        for contract in self:
            frozen = contract._get_frozen_fields()
            contract.preamble_frozen = frozen.get(read_name("preamble"))

    @api.depends("clause_ids.is_deviating", "preamble", "template_id")
    def _compute_deviating_count(self):
        """Count the clauses that are not those of the library, and so the preamble."""
        texts = self.env["crm.contract.reading"]
        for contract in self:
            clauses = contract.clause_ids.filtered("is_deviating")
            contract.deviating_count = len(clauses) + bool(
                texts._is_preamble_deviating(contract)
            )

    @api.model
    def _get_clause_fields(self):
        return (
            "clause_ids",
            "breach_clause_ids",
            "dispute_clause_ids",
            "other_clause_ids",
        )

    def action_insert_mandatory_clauses(self):
        """Add the mandatory clauses of the type that are not in the contract yet."""
        clauses = self._without_defaults().env["crm.contract.clause"]
        for contract in self:
            contract._check_content_editable()
            missing = contract._get_missing_mandatory_clauses()
            clauses.create(
                contract._own([{"template_id": clause.id} for clause in missing])
            )
        return True

    def _prepare_clause_vals(self):
        """Return create values of the template's clauses and the mandatory ones."""
        self.ensure_one()
        clauses = self.template_id.clause_ids | self._get_mandatory_clauses()
        return [
            {"template_id": clause.id, "sequence": clause.sequence}
            for clause in clauses
        ]

    def _get_mandatory_clauses(self):
        """Return the type's mandatory clauses in the language of the contract."""
        return self.type_id.mandatory_clause_ids.filtered(
            lambda clause: clause.lang_id in (self.lang_id, self.env["res.lang"])
        )

    def _get_missing_mandatory_clauses(self):
        """Return the mandatory clauses for which neither they nor an alternate stand."""
        used = self.clause_ids.template_id
        used |= used.alternate_of_id | used.previous_version_id
        codes = set(filter(None, used.mapped("code")))
        return self._get_mandatory_clauses().filtered(
            lambda clause: clause not in used and clause.code not in codes
        )

    def _get_clause_groups(self):
        """Return the clauses to print: list of (category, clauses), in print order."""
        self.ensure_one()
        return list(self.clause_ids.sorted().grouped("category_id").items())

    @api.constrains("preamble")
    def _check_preamble(self):
        for contract in self:
            self._check_placeholders(self.env._("Preamble"), contract.preamble)

    @api.model
    def _check_placeholders(self, where, body):
        """Raise ValidationError if a placeholder of a text is no field of a contract.

        :param where: heading of the text, for the message
        """
        for _literal, path, _default in parse_inline_template(body or ""):
            if path and not self._get_placeholder_path(path):
                raise ValidationError(
                    self.env._(
                        "The placeholder %(placeholder)s in “%(where)s” is not a field"
                        " of a contract. Write it like {{ object.partner_id.name }}.",
                        placeholder=placeholder(path),
                        where=where,
                    )
                )

    @api.model
    def _get_placeholder_path(self, expression):
        """Return the names that `object.a.b` leads along, None if it leads nowhere."""
        match = _PATH.match(expression)
        names = match and match[1].strip(".").split(".")
        model = self
        for position, name in enumerate(names or ()):
            field = model._fields.get(name)
            last = position == len(names) - 1
            if (
                field is None
                or field.groups
                or field.type not in _PLACEHOLDER_TYPES
                or not (last or field.relational)
            ):
                return None
            model = self.env[field.comodel_name] if field.relational else model
        return names or None

    def _resolve_placeholders(self, body):
        """Resolve the placeholders of an HTML text in the language of the contract.

        :return: the text (Markup), and the placeholders without value (list of str);
            these stay in the text as they are
        """
        self.ensure_one()
        contract = self.with_context(lang=self._get_print_lang())
        parts, missing = [], []
        for literal, expression, default in parse_inline_template(body or ""):
            parts.append(Markup(literal))
            if not expression:
                continue
            value = contract._get_placeholder_value(expression) or default.strip()
            if not value:
                missing.append(expression)
                value = placeholder(expression)
            parts.append(escape(value))
        return Markup().join(parts), missing

    def _get_placeholder_value(self, expression):
        """Return what a placeholder stands for, as printed; "" if there is nothing."""
        names = self._get_placeholder_path(expression)
        if not names:
            return ""
        record = self
        for name in names[:-1]:
            record = record[name]
        return _format(record, names[-1])

    def _get_unresolved(self):
        """Return the placeholders without value, as (where, placeholder) pairs."""
        self.ensure_one()
        texts = [(self.env._("Preamble"), self.preamble)]
        texts += [(clause.name, clause.body) for clause in self.clause_ids]
        return [
            (where, expression)
            for where, body in texts
            for expression in self._resolve_placeholders(body)[1]
        ]

    def _check_resolved(self):
        """Raise UserError naming the placeholders that have no value."""
        for contract in self:
            unresolved = contract._get_unresolved()
            if unresolved:
                raise UserError(contract._describe_unresolved(unresolved))

    def _describe_unresolved(self, unresolved):
        return "\n".join(
            self.env._(
                "“%(where)s”: the placeholder %(placeholder)s has no value.",
                where=where,
                placeholder=placeholder(expression),
            )
            for where, expression in unresolved
        )


def _format(record, name):
    """Return a field's value as text in the language of the record's context."""
    if not record:
        return ""
    field, value = record._fields[name], record[name]
    if field.type == "many2one":
        return value.display_name or ""
    # A figure that is zero is one that nobody filled in: no text says "0 months".
    if not value and field.type != "monetary":
        return ""
    if field.type == "float":
        return _format_number(record.env, value, field.get_digits(record.env))
    if field.type in ("date", "datetime"):
        return format_date(record.env, value, date_format="long")
    if field.type == "monetary":
        currency = record[field.get_currency_field(record)]
        return format_amount(record.env, value, currency)
    if field.type == "selection":
        return dict(field._description_selection(record.env)).get(value, "")
    return str(value)


def _format_number(env, value, digits):
    """Return a number as it is written, without zeros behind that say nothing."""
    text = formatLang(env, value, digits=digits[1] if digits else 6)
    point = env["res.lang"]._lang_get(env.lang or "").decimal_point or "."
    return text.rstrip("0").rstrip(point) if point in text else text
