import re

from markupsafe import Markup, escape

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date, formatLang
from odoo.tools.rendering_tools import parse_inline_template

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


class CrmContractPlaceholder(models.AbstractModel):
    """What placeholders in the texts of a contract stand for.

    Messages are in the language of the service's context, values in that of the contract.
    """

    _name = "crm.contract.placeholder"
    _description = "Placeholders in texts of contracts"

    @api.model
    def _check(self, where, body):
        """Raise ValidationError if a placeholder of a text is no field of a contract.

        :param where: heading of the text, for the message
        """
        for _literal, path, _default in parse_inline_template(body or ""):
            if path and not self._get_path(path):
                raise ValidationError(
                    self.env._(
                        "The placeholder %(placeholder)s in “%(where)s” is not a field"
                        " of a contract. Write it like {{ object.partner_id.name }}.",
                        placeholder=placeholder(path),
                        where=where,
                    )
                )

    @api.model
    def _get_path(self, expression):
        """Return the names that `object.a.b` leads along, None if it leads nowhere."""
        match = _PATH.match(expression)
        names = match and match[1].strip(".").split(".")
        model = self.env["crm.contract"]
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

    @api.model
    def _resolve(self, contract, body):
        """Resolve the placeholders of an HTML text in the language of the contract.

        :return: the text (Markup), and the placeholders without value (list of str);
            these stay in the text as they are
        """
        contract.ensure_one()
        contract = contract.with_context(lang=contract._get_print_lang())
        parts, missing = [], []
        for literal, expression, default in parse_inline_template(body or ""):
            parts.append(Markup(literal))
            if not expression:
                continue
            value = self._get_value(contract, expression) or default.strip()
            if not value:
                missing.append(expression)
                value = placeholder(expression)
            parts.append(escape(value))
        return Markup().join(parts), missing

    @api.model
    def _get_value(self, contract, expression):
        """Return what a placeholder stands for, as printed; "" if there is nothing.

        Extended by satellites whose texts speak of another contract.

        :param contract: contract in the language and with the rights to read it
        """
        names = self._get_path(expression)
        if not names:
            return ""
        record = contract
        for name in names[:-1]:
            record = record[name]
        return _format(record, names[-1])

    @api.model
    def _get_unresolved(self, contract):
        """Return the placeholders without value, as (where, placeholder) pairs."""
        contract.ensure_one()
        texts = [(self.env._("Preamble"), contract.preamble)]
        texts += [(clause.name, clause.body) for clause in contract.clause_ids]
        return [
            (where, expression)
            for where, body in texts
            for expression in self._resolve(contract, body)[1]
        ]

    @api.model
    def _check_resolved(self, contracts):
        """Raise UserError naming the placeholders that have no value."""
        for contract in contracts:
            unresolved = self._get_unresolved(contract)
            if unresolved:
                raise UserError("\n".join(self._describe(unresolved)))

    @api.model
    def _describe(self, unresolved):
        """Return pairs of `_get_unresolved` as sentences (list of str)."""
        return [
            self.env._(
                "“%(where)s”: the placeholder %(placeholder)s has no value.",
                where=where,
                placeholder=placeholder(expression),
            )
            for where, expression in unresolved
        ]


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
