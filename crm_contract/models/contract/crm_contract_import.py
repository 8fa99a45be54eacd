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
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import template for running contracts"),
                "template": "/crm_contract/static/csv/running_contracts.csv",
            }
        ]

    @api.model
    def load(self, fields, data):
        """Load a file; tell what came of it as `summary` (str), if all of it is right."""
        result = super().load(fields, data)
        if result.get("ids") and not result.get("messages"):
            contracts = self.browse(result["ids"])
            summary = self.env["crm.contract.loading"]._get_summary(contracts)
            return {**result, "summary": summary}
        return result

    @api.model
    def _get_loaded_children(self):
        children = super()._get_loaded_children()
        return (*children, *set(self._get_clause_fields()).difference(children))

    def _keeps_unnamed_rows(self, name):
        # They came from the template, or are the clauses of the type.
        return bool(self.template_id) or name in self._get_clause_fields()

    @api.model
    def _convert_records(self, records, **kwargs):
        """Name the row and the field of a file that can't be taken."""
        log = kwargs.get("log", lambda message: None)
        converted = super()._convert_records(records, **kwargs)
        yield from self.env["crm.contract.loading"]._check(converted, log)


class CrmContractLoading(models.AbstractModel):
    """Files of contracts: what speaks against taking one, and what came of it."""

    _name = "crm.contract.loading"
    _description = "Import of contracts"

    @api.model
    def _check(self, converted, log):
        """Yield the records of a file; log the row and the field of what is wrong.

        :param converted: as `_convert_records` yields them
        :param log: takes a message of the import (dict)
        """
        contracts = self.env["crm.contract"]
        for dbid, xid, values, info in converted:
            contract = self._find(dbid, xid)
            problems = self._get_problems(contract, values)
            for name, message in problems.items():
                label = contracts._fields[name]._description_string(self.env)
                vals = {"type": "error", "field": name, "field_name": label}
                log({**info, **vals, "message": message})
            if problems:
                # An error undoes the whole import: no second message on the same.
                refused = contract and self._get_names() or problems
                values = {
                    name: value for name, value in values.items() if name not in refused
                }
            yield dbid, xid, values, info

    @api.model
    def _find(self, dbid, xid):
        """Return the contract that a record of a file corrects, if there is one."""
        contracts = self.env["crm.contract"]
        if dbid:
            return contracts.browse(dbid)
        module = self.env.context.get("_import_current_module")
        xid = xid and (xid if "." in xid else f"{module}.{xid}")
        record = xid and self.env.ref(xid, raise_if_not_found=False)
        return record if record and record._name == contracts._name else contracts

    @api.model
    def _get_problems(self, contract, values):
        """Return what keeps the values of a file from being taken: {field: message}."""
        touched = [name for name in values if name in self._get_names()]
        # Who may not read the contract is told so when the file is written.
        if (
            contract
            and touched
            and contract.has_access("read")
            and contract.state != "draft"
        ):
            states = dict(contract._fields["state"]._description_selection(self.env))
            message = self.env._(
                "%(contract)s is not a draft any more (%(state)s): a file does not "
                "change it. Recall or amend it, and leave it out of the file.",
                contract=contract.display_name,
                state=states[contract.state],
            )
            return {touched[0]: message}
        problems = {
            name: self.env._("A row has the id of a row of another contract.")
            for name in contract._get_loaded_children()
            if self._names_foreign_rows(contract, name, values.get(name) or ())
        }
        wrong = self._get_wrong_lines(values)
        return {**problems, **({"line_ids": "\n".join(wrong)} if wrong else {})}

    @api.model
    def _get_names(self):
        contracts = self.env["crm.contract"]
        return (*contracts._get_content_fields(), *contracts._get_loaded_children())

    @api.model
    def _names_foreign_rows(self, contract, name, commands):
        ids = [command[1] for command in commands if command[0] == Command.LINK]
        # sudo: whose they are, whoever may read them
        rows = self.env[contract._fields[name].comodel_name].sudo().browse(ids)
        return any(row[row._content_parent] != contract for row in rows)

    @api.model
    def _get_wrong_lines(self, values):
        """Return what is wrong with lines of a file, each with its place (list of str)."""
        end, wrong = values.get("date_end"), []
        commands = values.get("line_ids") or ()
        rows = [command[2] for command in commands if command[0] in (0, 1)]
        for position, row in enumerate(rows, 1):
            for name, message in self._get_wrong_values(row, end):
                field = self.env["crm.contract.line"]._fields[name]
                wrong.append(
                    self.env._(
                        "Line %(position)s “%(line)s”, %(field)s: %(problem)s",
                        position=position,
                        line=(row.get("name") or "").partition("\n")[0],
                        field=field._description_string(self.env),
                        problem=message,
                    )
                )
        return wrong

    @api.model
    def _get_wrong_values(self, row, end):
        """Return what is wrong with the values of a line: list of (field, message)."""
        wrong = []
        quantity, until = row.get("quantity"), row.get("billed_until")
        if quantity is not None and not row.get("display_type") and quantity <= 0:
            message = self.env._("enter more than zero, not %s.", quantity)
            wrong.append(("quantity", message))
        ends = [str(day) for day in (end, row.get("date_end")) if day]
        if until and ends and str(until) > min(ends):
            message = self.env._(
                "%(day)s is after the end on %(end)s.", day=until, end=min(ends)
            )
            wrong.append(("billed_until", message))
        return wrong

    @api.model
    def _get_summary(self, contracts):
        """Return what a file made: contracts, their rows and their value (str)."""
        contracts = contracts.exists()
        new = contracts.filtered(lambda c: c.create_date >= self.env.cr.now())
        values = [
            currency.format(sum(rows.mapped("amount_total")))
            for currency, rows in contracts.grouped("currency_id").items()
        ]
        return self.env._(
            "%(new)s new contracts, %(corrected)s corrected. They have %(lines)s lines, "
            "%(rows)s installments and %(milestones)s milestones; their value is "
            "%(value)s.",
            new=len(new),
            corrected=len(contracts - new),
            lines=len(contracts.line_ids),
            rows=len(contracts.installment_ids),
            milestones=len(contracts.milestone_ids),
            value=", ".join(values),
        )


class ImportWizard(models.TransientModel):
    _inherit = "base_import.import"

    def execute_import(self, fields, columns, options, dryrun=False):
        """Let a test of a file say what would come of it."""
        result = super().execute_import(fields, columns, options, dryrun)
        summary = result.pop("summary", "")
        if dryrun and summary and not result.get("messages"):
            note = self.env._("Everything is right, and nothing is saved yet.")
            # A message for the whole file, as those that the page shows by itself.
            message = {
                "type": "info",
                "message": f"{note} {summary}",
                "not_matching_error": True,
            }
            return {**result, "messages": [message]}
        return result
