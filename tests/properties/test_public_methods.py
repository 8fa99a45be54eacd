"""What clients may call returns something: XML-RPC has no word for nothing.

Read from the source, so that a method is judged the day it is written.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {"tests", "migrations", "controllers", "i18n"}
# Odoo's own hooks that no client can call.
NOT_CALLED = {"init"}


def is_private(method):
    return any(ast.unparse(each) == "api.private" for each in method.decorator_list)


def public_methods():
    """All public methods of models: (name for people, node)."""
    for path in sorted(ROOT.glob("crm_contract*/**/*.py")):
        if SKIPPED & set(path.parts):
            continue
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.ClassDef):
                continue
            if not any(ast.unparse(base).startswith("models.") for base in node.bases):
                continue
            for method in node.body:
                is_method = isinstance(method, ast.FunctionDef)
                if not is_method or method.name.startswith("_"):
                    continue
                if method.name not in NOT_CALLED and not is_private(method):
                    where = path.relative_to(ROOT)
                    yield f"{where}:{method.lineno} {node.name}.{method.name}", method


def always_returns(body):
    """Whether a block ends with a value, or an error, whatever way it takes."""
    last = body[-1]
    match last:
        case ast.Return():
            return last.value is not None
        case ast.Raise():
            return True
        case ast.If():
            return bool(last.orelse) and all(
                map(always_returns, (last.body, last.orelse))
            )
        case ast.With():
            return always_returns(last.body)
        case ast.Try():
            parts = [last.body, *(handler.body for handler in last.handlers)]
            return all(map(always_returns, parts))
        case ast.Match():
            return all(always_returns(case.body) for case in last.cases)
    return False


METHODS = dict(public_methods())


def test_there_are_methods():
    assert len(METHODS) > 100


@pytest.mark.parametrize("name", METHODS)
def test_returns_something(name):
    method = METHODS[name]
    assert always_returns(method.body), f"{name} may return nothing"
    bare = [
        node.lineno
        for node in ast.walk(method)
        if isinstance(node, ast.Return) and node.value is None
    ]
    assert not bare, f"{name} returns nothing in line {bare}"


@pytest.mark.parametrize("name", [n for n in METHODS if ".action_" in n])
def test_says_what_it_does(name):
    method = METHODS[name]
    is_override = "super()" in ast.unparse(method)
    assert ast.get_docstring(method) or is_override, f"{name} has no docstring"


def dialogs():
    """All dialogs of the add-ons: {name: node}."""
    for path in sorted(ROOT.glob("crm_contract*/**/*.py")):
        if SKIPPED & set(path.parts):
            continue
        for node in ast.parse(path.read_text()).body:
            is_class = isinstance(node, ast.ClassDef)
            if is_class and "models.TransientModel" in map(ast.unparse, node.bases):
                text = ast.unparse(node)
                if "_name = 'crm.contract." in text:
                    yield node.name, text


@pytest.mark.parametrize("name", dict(dialogs()))
def test_dialogs_look_at_what_may_be_read(name):
    """What a dialog computes of a contract is not for whoever knows its id."""
    text = dict(dialogs())[name]
    names_records = re.search(r"fields\.\w+2\w+\('crm\.contract", text)
    assert not names_records or "crm.contract.dialog.mixin" in text
