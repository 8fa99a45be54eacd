from functools import reduce
from operator import getitem

from odoo import api, models
from odoo.exceptions import UserError


class IrActionsServer(models.Model):
    """Actions without code set nothing that the life cycle, or code alone, sets.

    Odoo runs them as superuser, whoever started them, and so do its automation rules.
    """

    _inherit = "ir.actions.server"

    def _run_action_object_write(self, eval_context=None):
        if self.update_path and not self.env.context.get("onchange_self"):
            *path, name = self.update_path.split(".")
            model = reduce(getitem, path, self.env[self.model_id.model])
            self._check_open(model, name)
        return super()._run_action_object_write(eval_context)

    def _run_action_object_create(self, eval_context=None):
        self._check_open(self.env[self.crud_model_id.model])
        self._check_link()
        return super()._run_action_object_create(eval_context)

    def _run_action_object_copy(self, eval_context=None):
        self._check_open(self.env[self.crud_model_id.model])
        self._check_link()
        return super()._run_action_object_copy(eval_context)

    def _check_link(self):
        if self.link_field_id:
            self._check_open(self.env[self.model_id.model], self.link_field_id.name)

    @api.model
    def _check_open(self, model, name=""):
        """Raise UserError unless somebody may write a field by hand.

        :param model: the model whose records are made or changed, as an empty recordset
        :param name: of the field; empty for a record that is made
        """
        get_closed = getattr(model, "_get_closed_fields", None) or getattr(
            model, "_get_owned_fields", frozenset
        )
        right = "perm_write" if name else "perm_create"
        if name in get_closed() or self._is_kept_by_code(model, right):
            description = self.env["ir.model"]._get(model._name).name
            raise UserError(
                self.env._(
                    "No automatic action writes “%(field)s” of “%(model)s”: it follows "
                    "from steps such as Submit or Sign. Let the action take such a step.",
                    field=model._fields[name].string
                    if name
                    else self.env._("a record"),
                    model=description,
                )
            )

    @api.model
    def _is_kept_by_code(self, model, right):
        """Return whether a model of ours is one on which no group has a right."""
        if not model._name.startswith("crm.contract"):
            return False
        # sudo: which rights there are at all
        return (
            not self.env["ir.model.access"]
            .sudo()
            .search_count(
                [
                    ("model_id.model", "=", model._name),
                    (right, "=", True),
                    ("active", "=", True),
                ],
                limit=1,
            )
        )
