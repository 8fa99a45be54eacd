"""Contracts from and to spreadsheets."""

import csv
import io
import json

import pytest

COLUMNS = [
    "id",
    "name",
    "partner_id/.id",
    "type_id/id",
    "date_start",
    "line_ids/name",
    "line_ids/quantity",
    "line_ids/price_unit",
]
TYPE = "crm_contract.crm_contract_type_service"


@pytest.fixture
def rows(factory, database):
    """Two contracts, the first with two lines; their external ids are new."""
    last = database.value("SELECT coalesce(max(id), 0) FROM crm_contract")
    partner = str(factory.customer["id"])
    return [
        [f"blackbox.a{last}", "A", partner, TYPE, "2026-01-01", "Setup", "1", "100"],
        ["", "", "", "", "", "Support", "12", "50"],
        [f"blackbox.b{last}", "B", partner, TYPE, "2026-02-01", "Audit", "2", "70"],
    ]


def lines_of(admin, contract_id):
    rows = admin.call(
        "crm.contract.line",
        "search_read",
        [("contract_id", "=", contract_id)],
        ["name", "quantity", "price_unit"],
        order="sequence, id",
    )
    return [(row["name"], row["quantity"], row["price_unit"]) for row in rows]


def check(admin, contracts):
    assert lines_of(admin, contracts[0]) == [("Setup", 1, 100), ("Support", 12, 50)]
    assert lines_of(admin, contracts[1]) == [("Audit", 2, 70)]
    for row in admin.call("crm.contract", "read", contracts, ["state", "number"]):
        assert row["state"] == "draft" and not row["number"]
    assert admin.read("crm.contract", contracts[0], "amount_untaxed") == 700


def test_load_twice(rows, people, admin):
    """The second load of a file changes the contracts of the first."""
    user = people["manager"]
    first = user.call("crm.contract", "load", COLUMNS, rows)
    assert first["ids"] and not first["messages"], first
    check(admin, first["ids"])
    again = user.call("crm.contract", "load", COLUMNS, rows)
    assert again["ids"] == first["ids"] and not again["messages"], again
    check(admin, first["ids"])
    columns, changed = COLUMNS[:2], [[rows[0][0], "A2"], [rows[2][0], "B2"]]
    second = user.call("crm.contract", "load", columns, changed)
    assert second["ids"] == first["ids"], second
    names = admin.call("crm.contract", "read", first["ids"], ["name"])
    assert [row["name"] for row in names] == ["A2", "B2"]
    check(admin, first["ids"])


def test_the_import_dialog(rows, people, admin):
    """A CSV file as the import dialog sends it."""
    user = people["manager"]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([COLUMNS, *rows])
    wizard = user.create(
        "base_import.import", {"res_model": "crm.contract", "file_type": "text/csv"}
    )
    content = buffer.getvalue().encode()
    answer = user.post_form(
        "/base_import/set_file",
        {"id": wizard},
        files={"ufile": ("contracts.csv", content, "text/csv")},
    )
    assert answer.status_code == 200, answer.text
    options = {
        "quoting": '"',
        "separator": ",",
        "encoding": "utf-8",
        "has_headers": True,
        "date_format": "%Y-%m-%d",
    }
    preview = user.call("base_import.import", "parse_preview", [wizard], options)
    assert preview["headers"] == COLUMNS
    for dry_run in (True, False):
        result = user.call(
            "base_import.import",
            "execute_import",
            [wizard],
            COLUMNS,
            COLUMNS,
            options,
            dryrun=dry_run,
        )
        if dry_run:
            [message] = result["messages"]
            assert message["type"] == "info", message
            assert "2 new contracts, 0 corrected" in message["message"], message
        else:
            assert not result["messages"], result
    check(admin, result["ids"])


def test_round_trip(factory, admin):
    """What is exported with external ids can be imported, and changes nothing."""
    contract_id = factory.draft(admin)
    names = [column.replace("/.id", "/id") for column in COLUMNS]
    names = [name for name in names if not name.startswith("line_ids")]
    names += [
        "line_ids/id",
        "line_ids/name",
        "line_ids/quantity",
        "line_ids/price_unit",
    ]
    table = admin.call("crm.contract", "export_data", [contract_id], names)["datas"]
    assert len(table) == len(lines_of(admin, contract_id))
    before = lines_of(admin, contract_id)
    cells = [
        [str(cell) if cell not in (False, None) else "" for cell in r] for r in table
    ]
    result = admin.call("crm.contract", "load", names, cells)
    assert result["ids"] == [contract_id], result
    assert lines_of(admin, contract_id) == before


def test_a_locked_contract_is_exported_but_not_imported(factory, admin, database):
    contract_id = factory.submitted(admin)
    before = database.contract(contract_id)
    names = ["id", "name", "line_ids/id", "line_ids/price_unit"]
    table = admin.call("crm.contract", "export_data", [contract_id], names)["datas"]
    table[0][1] = "Other title"
    cells = [
        [str(cell) if cell not in (False, None) else "" for cell in r] for r in table
    ]
    result = admin.call("crm.contract", "load", names, cells)
    assert not result["ids"]
    [message] = result["messages"]
    assert (message["rows"]["from"], message["field"]) == (0, "name"), message
    assert database.contract(contract_id) == before


def test_the_download(factory, admin):
    """The file that the export dialog of the list hands over."""
    contract_id = factory.draft(admin)
    fields = [{"name": "id", "label": "id"}, {"name": "name", "label": "name"}]
    data = {
        "model": "crm.contract",
        "fields": fields,
        "ids": [contract_id],
        "domain": [],
        "groupby": [],
        "import_compat": True,
        "context": {},
    }
    answer = admin.post_form("/web/export/csv", {"data": json.dumps(data)})
    assert answer.status_code == 200, answer.text
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert table[0] == ["id", "name"]
    assert table[1][1] == admin.read("crm.contract", contract_id, "name")
