from odoo import api, models
from odoo.exceptions import MissingError

from ...tools.bounds import is_id as _is_id
from ...tools.bounds import is_reference

_LINKS = ("many2one", "one2many", "many2many")


class CrmContractNamedMixin(models.AbstractModel):
    """What a client names has to be readable for it.

    Odoo lets a client link, and have an onchange look at, whatever id it knows; computed
    and related fields, which may be evaluated as superuser, would then tell what it says.
    """

    _name = "crm.contract.named.mixin"
    _description = "Links that a client may read"

    def onchange(self, values, field_names, fields_spec):
        """Look at what a client may read alone.

        :raise AccessError: if values, defaults or chosen records name something else
        """
        self._check_named([values])
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _check_named(self, vals_list):
        """Raise AccessError if values name a record that the user may not read.

        Defaults of the context count as values, and so do chosen records of ours.
        """
        if self.env.su:
            return
        context = self.env.context
        defaults = {
            name.removeprefix("default_"): value
            for name, value in context.items()
            if name.startswith("default_")
        }
        named = {}
        for vals in (*vals_list, defaults):
            self._collect_named(vals, named)
        model = context.get("active_model")
        if isinstance(model, str) and model.startswith("crm.contract"):
            ids = context.get("active_ids")
            chosen = ids if isinstance(ids, list | tuple) else ()
            named.setdefault(model, set()).update(filter(_is_id, chosen))
        for model, ids in named.items():
            if ids and model in self.env:
                self._check_readable(self.env[model].browse(ids))

    @api.model
    def _check_readable(self, records):
        try:
            records.check_access("read")
        except MissingError:
            # What is gone tells nothing; whether it may be named is asked elsewhere.
            records.exists().check_access("read")

    @api.model
    def _collect_named(self, vals, named):
        """Add the ids that values name: `{model: set of ids}`."""
        for name, value in vals.items() if isinstance(vals, dict) else ():
            field = self._fields.get(name)
            if field is not None and field.type == "reference":
                self._collect_from_reference(field, value, named)
            if field is None or field.type not in _LINKS:
                continue
            ids = named.setdefault(field.comodel_name, set())
            if field.type == "many2one":
                ids.update(filter(_is_id, (value,)))
            elif isinstance(value, list | tuple):
                for command in value:
                    self._collect_from_command(field.comodel_name, command, named)

    @api.model
    def _collect_from_reference(self, field, value, named):
        if is_reference(value, field.get_values(self.env)):
            model, number = value.split(",")
            named.setdefault(model, set()).add(int(number))

    @api.model
    def _collect_from_command(self, model, command, named):
        """Add the ids that a command of a field of many records names."""
        ids = named.setdefault(model, set())
        if _is_id(command):
            ids.add(command)
        elif isinstance(command, list | tuple) and len(command) > 1:
            ids.update(filter(_is_id, command[1:2]))
            if command[0] == 6 and len(command) > 2:
                ids.update(filter(_is_id, command[2] or ()))
            if command[0] in (0, 1) and len(command) > 2:
                target = self.env[model]
                if hasattr(target, "_collect_named"):
                    target._collect_named(command[2], named)


class CrmContractLinkMixin(models.AbstractModel):
    """Links to contracts in documents of people who may have no right on contracts."""

    _name = "crm.contract.link.mixin"
    _description = "Links to contracts"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Offer no export of links to those who may not read what they lead to."""
        described = super().fields_get(allfields, attributes)
        if attributes and "exportable" not in attributes:
            return described
        for name, description in described.items():
            target = self._fields[name].comodel_name or ""
            ours = target.startswith("crm.contract") and target in self.env
            if ours and not self.env[target].has_access("read"):
                description["exportable"] = False
        return described


class CrmContractDialogMixin(models.AbstractModel):
    """A dialog: whoever opens it may read what it is about."""

    _name = "crm.contract.dialog.mixin"
    _inherit = ["crm.contract.bounds.mixin", "crm.contract.named.mixin"]
    _description = "Dialog about contracts"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_named([vals])
        return super().write(vals)
