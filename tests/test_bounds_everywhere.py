"""No model of ours, dialogs among them, answers absurd values with raw words.

Models and fields are taken from the registry: each that people may write is tried with
values of its kind that no calendar, number or column takes.
"""

import json

import pytest
from test_side_doors import RAW, check_words, send_raw

NUMBERS = (float("nan"), float("inf"), 1e300, -1e300, "x", [1])
LINKS = (
    "x",
    [[9]],
    [[0, 0]],
    [[0, 0, "x"]],
    [[1, 2**40, {}]],
    [[6, 0, [2**63]]],
    [[4]],
)
# What Odoo's own models bring along.
OF_CORE = ("message_", "activity_", "website_")
MAGIC = {"id", "create_uid", "create_date", "write_uid", "write_date"}
# What is so long that only its way into the database matters.
LONG = 100_000
ABSURD = {
    "integer": (2**31, -(2**63), "x", 1e300),
    "float": NUMBERS,
    "monetary": NUMBERS,
    "date": ("9999-12-31", "0001-01-01", "2026-02-30", "x", 7),
    "datetime": ("9999-12-31 23:59:59", "x", 7),
    "char": ("a\x00b", "\ud800", "a" * 30_000),
    "text": ("a\x00b", "\ud800", "a" * 1_500_000),
    "html": ("a\x00b", "<p>" * 3000),
    "many2one": (2**63, -1, "x", [1]),
    "many2many": LINKS,
    "one2many": LINKS,
    "binary": ("%%%", "a\x00", "\ud800", 7),
    "selection": ("nonsense", 7),
}

# What links to no record: amounts are rounded at once.
NOBODYS = {"currency_id": (2**30,)}


def find_models(admin):
    """The models of ours that somebody may write: {model: whether it is a dialog}."""
    rows = admin.call(
        "ir.model.access",
        "search_read",
        [("model_id.model", "=like", "crm.contract%"), "|",
         ("perm_write", "=", True), ("perm_create", "=", True)],
        ["model_id"],
    )  # fmt: skip
    ids = [row["model_id"][0] for row in rows]
    found = admin.call("ir.model", "read", ids, ["model", "transient"])
    return sorted({(row["model"], row["transient"]) for row in found})


@pytest.mark.parametrize("share", range(4))
def test_no_raw_words(share, admin, people, factory):
    """Some of the models; all shares together are all of them."""
    contract_id = factory.draft(people["own"])
    models = find_models(admin)
    assert len(models) > 40
    problems = []
    for model, is_dialog in models[share::4]:
        described = admin.call(model, "fields_get", [], ["type", "readonly"])
        known = [] if is_dialog else admin.search(model, [], limit=1, order="id desc")
        start = {"contract_id": contract_id} if "contract_id" in described else {}
        for name, field in described.items():
            if name in MAGIC or name.startswith(OF_CORE):
                continue
            if field["readonly"] and not is_dialog:
                continue
            for value in (*ABSURD.get(field["type"], ()), *NOBODYS.get(name, ())):
                vals, spec = {**start, name: value}, {name: {}, "display_name": {}}
                calls = [
                    ("write", [known, {name: value}]) if known else ("create", [[vals]])
                ]
                if not (isinstance(value, str) and len(value) > LONG):
                    calls.insert(0, ("onchange", [[], vals, [name], spec]))
                for method, arguments in calls:
                    # A server that is kept busy does not answer in time.
                    try:
                        made = check_words(
                            lambda m=model, n=method, a=arguments: send_raw(
                                admin, m, n, a
                            )
                        )
                        if made and method == "create" and not is_dialog:
                            # What is taken must not meet the tests that follow.
                            admin.call(model, "unlink", made)
                    except AssertionError as error:
                        shown = f"{model}.{method} {name}={str(value)[:40]!r}"
                        problems.append(f"{shown}: {str(error)[:200]}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("day", ["x", "9999-12-31", "2026-02-30", 7, [1]])
def test_reports_of_no_day(day, people, factory):
    user = people["own"]
    contract_id = factory.signed(user)
    path = f"/report/html/crm_contract_renewal.report_consolidated/{contract_id}"
    answer = user.get(path, params={"options": json.dumps({"date": day})})
    # A server that crashed shows a page of 500 without a word.
    assert answer.status_code < 500, answer.text[-2000:]
    assert not [word for word in RAW if word in answer.text], answer.text[-2000:]
