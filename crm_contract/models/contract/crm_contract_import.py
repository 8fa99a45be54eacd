from odoo import api, models
from odoo.fields import Command

from .crm_contract_content_mixin import CONTENT_ORDER


class CrmContractContentMixin(models.AbstractModel):
    """Import: a file that comes once more corrects what it made before."""

    _inherit = "crm.contract.content.mixin"

    @api.model
    def _get_loaded_children(self):
        """Return the one2many fields whose rows a file corrects (tuple)."""
        return self._get_content_children()

    def _keeps_unnamed_rows(self, name):
        """Return whether rows stay if a file has the columns, but no row of them."""
        return False

    def _load_records_write(self, values):
        surplus = []
        # Data files of add-ons say by themselves what happens to their rows.
        if self.env.context.get("_import_current_module"):
            self.check_access("write")
            values, surplus = self._match_rows(values)
        super()._load_records_write(values)
        for rows in surplus:
            rows.unlink()

    def _match_rows(self, values):
        """Let the rows of a file name those that they correct.

        :param values: of one record, as the import converts them
        :return: the values, and the rows that the file has no more (list of recordsets)
        """
        self.ensure_one()
        matched, surplus = dict(values), []
        # Installments before the milestones that they name.
        for name in reversed(self._get_loaded_children()):
            if name not in values:
                continue
            rows = self[name]._filter_content().sorted(CONTENT_ORDER)
            if values[name]:
                matched[name], left = rows._match_commands(values[name])
                surplus += left
            else:
                del matched[name]
                surplus += [] if self._keeps_unnamed_rows(name) else [rows]
        return matched, surplus

    def _match_commands(self, commands):
        """Match the rows of a file with these: by their ids, or else by position.

        A file without ids has all rows, and what is left over here is surplus. With ids
        it may have a part of them; a row without one is new, or was made by the file.

        :return: commands, and the rows that are surplus (list of recordsets)
        """
        named = {command[1] for command in commands if command[0] == Command.LINK}
        has_ids = named or any(
            "id" in command[2] for command in commands if command[0] == Command.CREATE
        )
        free = list(self.filtered(lambda row: row.id not in named))
        result, surplus = [], []
        for kind, row_id, vals in commands:
            row = self.browse(row_id if kind == Command.UPDATE else ())
            if kind == Command.CREATE and "id" not in vals:
                alike = [r for r in free if not has_ids or r._has_values(vals)]
                row = alike[0] if alike else row
                free = [r for r in free if r != row]
            if row:
                vals, left = row._match_rows(vals)
                surplus += left
                result.append(Command.update(row.id, vals))
            else:
                result.append((kind, row_id, vals))
        return result, surplus if has_ids else surplus + free

    def _has_values(self, vals):
        """Return whether the row holds what a file says of it."""
        said = self.new(vals)
        return all(
            (said[name]._origin if field.relational else said[name]) == self[name]
            for name, field in self._fields.items()
            if name in vals and field.type != "one2many"
        )


class CrmContract(models.Model):
    _inherit = "crm.contract"

    @api.model
    def _get_loaded_children(self):
        children = super()._get_loaded_children()
        return (*children, *set(self._get_clause_fields()).difference(children))

    def _keeps_unnamed_rows(self, name):
        # They came from the template, or are the clauses of the type.
        return bool(self.template_id) or name in self._get_clause_fields()

    @api.model
    def _convert_records(self, records, **kwargs):
        """Name the row and the field of a file that can't correct a contract."""
        log = kwargs.get("log", lambda message: None)
        for dbid, xid, values, info in super()._convert_records(records, **kwargs):
            contract = self._find_loaded(dbid, xid)
            problems = contract._get_load_problems(values)
            for name, message in problems.items():
                label = self._fields[name]._description_string(self.env)
                vals = {"type": "error", "field": name, "field_name": label}
                log({**info, **vals, "message": message})
            if problems:
                # An error undoes the whole import: no second message on the same.
                refused = contract and self._get_loaded_names() or problems
                values = {
                    name: value for name, value in values.items() if name not in refused
                }
            yield dbid, xid, values, info

    @api.model
    def _find_loaded(self, dbid, xid):
        """Return the contract that a record of a file corrects, if there is one."""
        if dbid:
            return self.browse(dbid)
        module = self.env.context.get("_import_current_module")
        xid = xid and (xid if "." in xid else f"{module}.{xid}")
        record = xid and self.env.ref(xid, raise_if_not_found=False)
        return record if record and record._name == self._name else self.browse()

    def _get_load_problems(self, values):
        """Return what keeps the values of a file from being taken: {field: message}."""
        touched = [name for name in values if name in self._get_loaded_names()]
        # Who may not read the contract is told so when the file is written.
        if self and touched and self.has_access("read") and self.state != "draft":
            states = dict(self._fields["state"]._description_selection(self.env))
            message = self.env._(
                "%(contract)s is not a draft any more (%(state)s): a file does not "
                "change it. Recall or amend it, and leave it out of the file.",
                contract=self.display_name,
                state=states[self.state],
            )
            return {touched[0]: message}
        return {
            name: self.env._("A row has the id of a row of another contract.")
            for name in self._get_loaded_children()
            if self._names_foreign_rows(name, values.get(name) or ())
        }

    @api.model
    def _get_loaded_names(self):
        return (*self._get_content_fields(), *self._get_loaded_children())

    def _names_foreign_rows(self, name, commands):
        ids = [command[1] for command in commands if command[0] == Command.LINK]
        # sudo: whose they are, whoever may read them
        rows = self.env[self._fields[name].comodel_name].sudo().browse(ids)
        return any(row[row._content_parent] != self for row in rows)
