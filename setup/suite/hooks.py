"""The hooks of the add-ons, found in their source, and the pages that list them.

A hook is a method of a model of one add-on

* that another add-on of the suite overrides, unless it is a method of Odoo's own
  models (`write`, `create` ...), or
* whose docstring says so: “Extended by satellites …”, or a line “Hook: …”.

The page is made of the docstrings; a hook without one is an error.
"""

import ast
import dataclasses
import inspect
import re
import textwrap

from . import settings

# Methods of every model of Odoo: overriding them needs no invitation.
OF_EVERY_MODEL = {
    "_compute_display_name",
    "_search",
    "_valid_field_parameter",
    "copy",
    "copy_data",
    "create",
    "default_get",
    "init",
    "name_create",
    "name_search",
    "read",
    "unlink",
    "write",
}
MARK = re.compile(r"^Hook: |[Ee]xtended by satellites", re.MULTILINE)
FIELD = re.compile(r"^:(param (?P<name>\w+)|returns?|raises? (?P<error>\w+)): ?")


@dataclasses.dataclass
class Method:
    addon: str
    model: str
    name: str
    path: object
    node: ast.FunctionDef
    extended_by: list = dataclasses.field(default_factory=list)

    @property
    def docstring(self):
        return inspect.cleandoc(ast.get_docstring(self.node) or "")

    @property
    def signature(self):
        arguments = ast.unparse(self.node.args)
        return f"{self.name}({arguments.removeprefix('self').lstrip(', ')})"


def find():
    """Return the hooks of all add-ons, and what is wrong with them."""
    methods, parents = _read()
    hooks = {
        (method.model, method.name): method
        for method in methods
        if MARK.search(method.docstring)
    }
    for method in methods:
        for found in _overridden(method, methods, parents):
            hook = hooks.setdefault((found.model, found.name), found)
            if method.addon not in hook.extended_by:
                hook.extended_by.append(method.addon)
    problems = [
        f"{hook.path}:{hook.node.lineno}: {hook.model}.{hook.name} is overridden by "
        f"{', '.join(hook.extended_by)}; say in a docstring what it does"
        for hook in hooks.values()
        if not hook.docstring
    ]
    return [hooks[key] for key in sorted(hooks)], sorted(problems)


def _overridden(method, methods, parents):
    """The methods of the base that a method of a satellite overrides.

    What a model has from a mixin is a hook of the mixin. Of several definitions for one
    model, the one that says most in its docstring stands for them.
    """
    base = settings.ADDONS[0]
    if method.addon == base or method.name in OF_EVERY_MODEL:
        return []
    models = _ancestors(method.model, parents)
    found = {}
    for other in methods:
        if (
            (other.addon, other.name) == (base, method.name)
            and other.model in models
            and len(other.docstring) >= len(found.get(other.model, other).docstring)
        ):
            found[other.model] = other
    return [
        found[model]
        for model in found
        if not (_ancestors(model, parents) - {model}) & found.keys()
    ]


def _ancestors(model, parents):
    found, waiting = set(), [model]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += parents.get(each, ())
    return found


def _read():
    """All methods of models, and which models each model inherits from."""
    methods, parents = [], {}
    for addon in settings.ADDONS:
        for path in sorted((settings.ROOT / addon).rglob("*.py")):
            inside = path.relative_to(settings.ROOT)
            if "tests" in inside.parts:
                continue
            for node in ast.parse(path.read_text()).body:
                if not isinstance(node, ast.ClassDef):
                    continue
                inherited = _attribute(node, "_inherit")
                names = _attribute(node, "_name") or inherited[:1]
                if not names:
                    continue
                parents.setdefault(names[0], set()).update(inherited)
                methods += [
                    Method(addon, names[0], each.name, inside, each)
                    for each in node.body
                    if isinstance(each, ast.FunctionDef)
                ]
    return methods, parents


def _attribute(node, name):
    """The strings of a class attribute, [] without it."""
    for each in node.body:
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == name:
            value = ast.literal_eval(each.value)
            return [value] if isinstance(value, str) else list(value)
    return []


def page(addon, hooks):
    """The page of an add-on, as Markdown."""
    own = [hook for hook in hooks if hook.addon == addon]
    extended = [hook for hook in hooks if addon in hook.extended_by]
    lines = [
        "<!-- Made by setup/docs from the docstrings; edit those. -->",
        "",
        "What other add-ons may extend, with `super()`. Everything else that begins",
        "with an underscore may change without notice.",
        "",
    ]
    for model in dict.fromkeys(hook.model for hook in own):
        lines += [f"### `{model}`", ""]
        for hook in own:
            if hook.model == model:
                lines += [*_entry(hook), ""]
    if not own:
        lines += ["This add-on has none.", ""]
    if extended:
        lines += ["### Extended here", ""]
        lines += [f"* `{hook.model}`: `{hook.name}`" for hook in extended]
        lines.append("")
    return "\n".join(lines)


def _entry(hook):
    """The docstring as an item of a list; its fields as a list below."""
    text, *fields = _paragraphs(hook.docstring.replace("Hook: ", ""))
    lines = [f"* `{hook.signature}`", "", *_wrap(text, "  ")]
    for field in fields:
        match = FIELD.match(field)
        words = field[match.end() :] if match else field
        if not match:
            lines += ["", *_wrap(words, "  ")]
        elif match["name"]:
            lines += ["", *_wrap(f"* *{match['name']}*: {words}", "  ", "    ")]
        elif match["error"]:
            lines += ["", *_wrap(f"* raises `{match['error']}` {words}", "  ", "    ")]
        else:
            lines += ["", *_wrap(f"* returns {words}", "  ", "    ")]
    if hook.extended_by:
        names = ", ".join(f"`{name}`" for name in hook.extended_by)
        lines += ["", *_wrap(f"Extended by {names}.", "  ")]
    return lines


def _wrap(text, first, following=None):
    return textwrap.wrap(
        text,
        settings.LINE_LENGTH,
        initial_indent=first,
        subsequent_indent=first if following is None else following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _paragraphs(docstring):
    """Paragraphs and fields of a docstring, each in one line."""
    pieces = re.split(r"\n\s*\n|\n(?=:)", docstring)
    return [" ".join(piece.split()) for piece in pieces] or [""]
