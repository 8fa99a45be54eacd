"""The reads with which the web client opens a list, a form and a kanban view."""

import ast

from lxml import etree

# Fields that widgets load beside the one that they show.
ACTIVITY = (
    "activity_exception_decoration",
    "activity_exception_icon",
    "activity_state",
    "activity_summary",
    "activity_type_icon",
    "activity_type_id",
)
WIDGET_FIELDS = {"list_activity": ACTIVITY, "kanban_activity": ACTIVITY}
LIST_LIMIT, KANBAN_LIMIT = 80, 40


class Views:
    """The views of a model, asked for once as the web client does."""

    def __init__(self, env, model, *kinds):
        answer = env[model].get_views([(False, kind) for kind in kinds])
        self.model, self.fields = model, answer["models"]
        self.arch = {
            kind: etree.fromstring(view["arch"])
            for kind, view in answer["views"].items()
        }
        self.specification = {
            kind: self._specify(node, model) for kind, node in self.arch.items()
        }

    def leave_out(self, env, *addons):
        """Read without the fields that these add-ons bring."""
        fields = env[self.model]._fields
        self.specification = {
            kind: {
                name: specification
                for name, specification in specifications.items()
                if fields[name]._module not in addons
            }
            for kind, specifications in self.specification.items()
        }

    def open_list(self, env):
        return self._records(env).web_search_read(
            [], self.specification["list"], limit=LIST_LIMIT, count_limit=10001
        )

    def open_form(self, record):
        return (
            self._records(record.env)
            .browse(record.id)
            .web_read(self.specification["form"])
        )

    def open_kanban(self, env, groupby):
        records = self._records(env).with_context(read_group_expand=True)
        bar = self.arch["kanban"].find("progressbar")
        total = bar.get("sum_field") if bar is not None else None
        answer = records.web_read_group(
            [],
            [groupby],
            [f"{total}:sum"] if total else [],
            auto_unfold=True,
            unfold_read_specification=self.specification["kanban"],
            unfold_read_default_limit=KANBAN_LIMIT,
        )
        if bar is not None:
            colors = ast.literal_eval(bar.get("colors"))
            records.read_progress_bar(
                [], groupby, {"field": bar.get("field"), "colors": colors}
            )
        return answer

    def _records(self, env):
        return env[self.model].with_context(bin_size=True)

    def _specify(self, view, model):
        """Return the read specification of a view, sub-views included."""
        fields = self.fields[model]["fields"]
        owner = next(view.iterancestors("field"), None)
        specification = {}
        for node in view.iterdescendants("field"):
            if next(node.iterancestors("field"), None) is not owner:
                continue  # of a sub-view
            hidden = node.get("invisible") in ("1", "True")
            extras = WIDGET_FIELDS.get(node.get("widget"), ())
            for name in fields.keys() & {node.get("name"), *extras}:
                # A field may stand in a view more than once; a visible one decides.
                if not hidden or name not in specification:
                    specification[name] = self._specify_field(
                        fields[name], node, hidden
                    )
        return specification

    def _specify_field(self, field, node, hidden):
        if field["type"] in ("many2one", "reference"):
            return {"fields": {} if hidden else {"display_name": {}}}
        if field["type"] not in ("one2many", "many2many") or hidden:
            return {}
        for kind in ("list", "kanban"):
            view = node.find(kind)
            if view is not None:
                return {"fields": self._specify(view, field["relation"]), "limit": 40}
        if "tags" not in (node.get("widget") or ""):
            return {}
        color = ast.literal_eval(node.get("options") or "{}").get("color_field")
        return {"fields": {"display_name": {}, **({color: {}} if color else {})}}
