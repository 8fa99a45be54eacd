from odoo import api, models

from ...tools.version import READ, field_name, read_name

# Entries that a version keeps as people read them: texts, and figures that follow.
TEXTS = ("preamble", "body")
FIGURES = (
    "amount",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "price_subtotal",
    "price_total",
)


class CrmContractChanges(models.AbstractModel):
    """Changes of a content as people read them.

    In the language, and with the rights, of the contract that is handed over.
    """

    _name = "crm.contract.changes"
    _description = "Changes of contracts in words"

    @api.model
    def _get_agreed(self, contract):
        """Return what a contract changes of another one, as `_describe`.

        Extended by satellites; of a contract of its own it is nothing.
        """
        return []

    @api.model
    def _describe(self, contract, changes):
        """Return changes of the content of a contract in readable form.

        :param changes: list of `Change`, as of `content_difference`
        :return: list of dicts with `label`, `old` and `new` (str, empty for nothing);
            what follows from another change is left out
        """
        paths = {change.path for change in changes}
        return [
            self._describe_one(contract, change)
            for change in changes
            if change.path[-1] != "sequence" and not _follows(change, paths)
        ]

    @api.model
    def _describe_one(self, contract, change):
        """Return one change as of `_describe` (dict), whatever it follows from."""
        *path, name = change.path
        env = contract.env
        labels, model, rows = [], contract, contract
        for child, key in zip(path[::2], [*path[1::2], name], strict=False):
            field = model._fields[child]
            model = env[field.comodel_name]
            rows = rows[child].filtered(lambda row, key=key: row.content_key == key)
            # The name alone: what a row is called elsewhere tells its contract.
            row_name = rows[:1]["name" if "name" in model._fields else "display_name"]
            row_name = (row_name or "").partition("\n")[0]
            labels += [field._description_string(env), row_name]
        label = " / ".join(filter(None, labels))
        if len(path) % 2:
            return {
                "label": label,
                "old": change.old and model._describe_content_row(change.old) or "",
                "new": change.new and model._describe_content_row(change.new) or "",
            }
        field = model._fields[field_name(name)]
        return {
            "label": " / ".join(filter(None, (label, field._description_string(env)))),
            "old": model._describe_entry(name, change.old),
            "new": model._describe_entry(name, change.new),
        }

    @api.model
    def _log(self, contract, last):
        """Write into the chatter what the version at hand changes of an earlier one."""
        changes = self._describe(contract, last._get_differences(contract.version_id))
        if changes:
            contract._message_log_with_view(
                "crm_contract.message_content_changes",
                render_values={"changes": changes},
            )


def _follows(change, paths):
    """Return whether a change only says again what another one says.

    A name follows from the relation, a text with placeholders is shown resolved, and
    figures follow from whatever else changes beside them.
    """
    *parent, name = change.path
    plain, read = (*parent, field_name(name)), (*parent, read_name(name))
    if name.endswith(READ):
        is_text = plain[-1] in TEXTS
        return not is_text and (plain in paths or _has_others(plain, paths))
    return name in TEXTS and read in paths


def _has_others(path, paths):
    if path[-1] not in FIGURES:
        return False
    parent = path[:-1]
    return any(
        other[: len(parent)] == parent and field_name(other[-1]) not in FIGURES
        for other in paths
    )
