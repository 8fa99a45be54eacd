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
    "openpyxl",
    "psycopg2",
    "reportlab",
}
# What the add-ons ask for beside it, to be installed at all
MANIFEST = ast.literal_eval((ROOT / "crm_contract/__manifest__.py").read_text())
ASKED_FOR = set(MANIFEST["external_dependencies"]["python"])
# What a test imports when it is there, and skips without
OPTIONAL = {"pkcs11"}
FILES = sorted(ROOT.glob("*/tests/test_*.py")) + sorted(ROOT.glob("*/tests/common*.py"))


def packages(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.stem}"
)
def test_of_odoo_alone(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = OF_ODOO | ASKED_FOR | sys.stdlib_module_names
    assert set(packages(tree.body)) <= known
    assert set(packages(ast.walk(tree))) <= known | OPTIONAL
