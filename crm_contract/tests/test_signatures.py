import inspect
from inspect import Parameter

from odoo.tests import TransactionCase, tagged

OURS = "odoo.addons.crm_contract"
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@tagged("post_install", "-at_install")
class TestSignatures(TransactionCase):
    """What overrides a method can be called like it, as Odoo's own linter demands."""

    def _get_overrides(self):
        """Yield (model, method of ours, the first method of that name)."""
        for model, cls in self.env.registry.items():
            classes = cls.mro()
            for position, child in enumerate(classes):
                if not child.__module__.startswith(OURS):
                    continue
                for name, method in vars(child).items():
                    first = self._get_first(classes[position + 1 :], name)
                    if first and inspect.isfunction(method) and name[:2] != "__":
                        yield model, method, first

    def _get_first(self, classes, name):
        found = [vars(cls)[name] for cls in classes if name in vars(cls)]
        return found and inspect.isfunction(found[-1]) and found[-1]

    def _get_problem(self, method, first):
        """Return what the method lacks of the first one (str)."""
        mine, theirs = (
            inspect.signature(function).parameters for function in (method, first)
        )
        kinds = {parameter.kind for parameter in mine.values()}
        if Parameter.VAR_POSITIONAL not in kinds:
            names, wanted = (
                [name for name, row in rows.items() if row.kind in POSITIONAL]
                for rows in (mine, theirs)
            )
            if names != wanted:
                return f"{names} instead of {wanted}"
        if Parameter.VAR_KEYWORD not in kinds:
            missing = [
                name
                for name, row in theirs.items()
                if row.kind == Parameter.KEYWORD_ONLY and name not in mine
            ]
            if missing:
                return f"{missing} is missing"
        changed = [
            name
            for name in mine.keys() & theirs.keys()
            if mine[name].default != theirs[name].default
        ]
        return f"other defaults: {changed}" if changed else ""

    def test_overrides(self):
        number = 0
        for model, method, first in self._get_overrides():
            number += 1
            with self.subTest(model=model, method=method.__qualname__):
                self.assertFalse(self._get_problem(method, first))
                if not method.__name__.startswith("_"):
                    is_model = [
                        bool(getattr(function, "_api_model", False))
                        for function in (method, first)
                    ]
                    self.assertEqual(*is_model)
        self.assertGreater(number, 100)
