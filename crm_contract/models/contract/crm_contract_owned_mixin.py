from odoo import api, models
from odoo.tools import ormcache

from ...tools.marked import get_figures, get_marked


class CrmContractOwnedMixin(models.AbstractModel):
    """Fields that code alone sets, on contracts and on what lies beside them.

    No client sets them, whatever its rights: by form, import or RPC, by a default of the
    context, or by one that a user keeps for himself.
    """

    _name = "crm.contract.owned.mixin"
    _inherit = ["crm.contract.bounds.mixin", "crm.contract.link.mixin"]
    _description = "Fields that no client sets"

    def _valid_field_parameter(self, field, name):
        return name == "owned" or super()._valid_field_parameter(field, name)

    @api.model
    def _get_owned_fields(self):
        """Return the names of the fields that no client may set (frozenset).

        Those that are defined with `owned=True`.
        """
        return frozenset(get_marked(self, "owned"))

    def _has_field_access(self, field, operation):
        if (
            operation == "write"
            and not self.env.su
            and field.name in self._get_closed_fields()
        ):
            return False
        return super()._has_field_access(field, operation)

    @api.model
    @ormcache()
    def _get_closed_fields(self):
        """Return the names of the owned fields, and of figures of our models (frozenset).

        What Odoo's own models compute and store stays a matter of theirs.
        """
        owned = self._get_owned_fields()
        if not self._name.startswith("crm.contract"):
            return owned
        return owned | get_figures(self)

    @api.model
    def default_get(self, fields):
        """Ignore defaults for closed fields; `create` refuses those of the context."""
        closed = self._get_closed_fields()
        defaults = super().default_get([name for name in fields if name not in closed])
        for name in closed.intersection(fields):
            # What the model itself begins with stays.
            if self._fields[name].default:
                defaults[name] = self._fields[name].default(self)
        return defaults
