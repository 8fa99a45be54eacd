"""Whoever runs the add-ons can run their own tests: they need no package more."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What Odoo 19 itself needs to run, or its tests to be loaded.
OF_ODOO = {
    "PIL",
    "cryptography",
    "dateutil",
    "freezegun",
    "lxml",
    "markupsafe",
    "odoo",
    "psycopg2",
    "reportlab",
}
# What the add-ons ask for beside it, to be installed at all
MANIFEST = ast.literal_eval((ROOT / "crm_contract/__manifest__.py").read_text())
ASKED_FOR = set(MANIFEST["external_dependencies"]["python"])
FILES = sorted(ROOT.glob("*/tests/test_*.py")) + sorted(ROOT.glob("*/tests/common*.py"))


def packages(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.stem}"
)
def test_of_odoo_alone(path):
    assert set(packages(path)) <= OF_ODOO | ASKED_FOR | sys.stdlib_module_names
