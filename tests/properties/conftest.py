"""The tools of the add-ons as plain Python: without Odoo, a server or a database."""

import sys
from pathlib import Path
from types import ModuleType

from hypothesis import settings

ROOT = Path(__file__).parents[2]
ADDONS = [path.parent for path in ROOT.glob("*/__manifest__.py")]


def _stand_in(name, *folders):
    """Let a package be its modules alone; its `__init__` would load Odoo."""
    package = ModuleType(name)
    package.__path__ = [str(folder) for folder in folders]
    sys.modules[name] = package


_stand_in("odoo")
_stand_in("odoo.addons")
for addon in ADDONS:
    _stand_in(f"odoo.addons.{addon.name}", addon)

settings.register_profile("suite", deadline=None, database=None, max_examples=100)
settings.load_profile("suite")
