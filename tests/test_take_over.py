"""Running contracts come in from a spreadsheet, and the ledger goes on."""

import csv
from pathlib import Path

import pytest
from client import refused

EXAMPLE = Path(__file__).parents[1] / "crm_contract/static/csv/running_contracts.csv"
ADDRESS = {"is_company": True, "street": "1 Quay", "city": "Emden", "lang": "en_US"}


@pytest.fixture(scope="module")
def moved_in(admin, people):
    """The ids of the contracts of the example, as a manager imports them."""
    for name in ("Riverside Bakery", "Harbour Outfitters"):
        if not admin.search("res.partner", [("name", "=", name)]):
            admin.create("res.partner", {"name": name, **ADDRESS})
    if not admin.search("crm.contract.type", [("code", "=", "MOVED")]):
        admin.create(
            "crm.contract.type",
            {"name": "Taken over", "code": "MOVED", "sequence": 999},
        )
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    result = people["manager"].call("crm.contract", "load", columns, rows)
    assert result["ids"] and not result["messages"], result
    return result["ids"]


def take_over(user, contracts):
    wizard = user.create(
        "crm.contract.take.over",
        {
            "contract_ids": [(6, 0, contracts)],
            "signed_by_customer": "The customer",
            "signed_by_company": "We",
        },
    )
    user.call("crm.contract.take.over", "action_take_over", [wizard])


def rows_of(admin, contract_id):
    return admin.call(
        "crm.contract.installment",
        "search_read",
        [("contract_id", "=", contract_id)],
        ["trigger", "state", "period_start", "amount"],
        order="date_due, id",
    )


def test_only_managers(moved_in, people):
    with refused():
        take_over(people["all"], moved_in)


def test_the_ledger_goes_on(moved_in, people, admin):
    take_over(people["manager"], moved_in)
    states = admin.call("crm.contract", "read", moved_in, ["state", "date_signed"])
    assert [row["state"] for row in states] == ["running", "running"]
    assert [row["date_signed"] for row in states] == ["2025-01-01", "2026-03-15"]
    maintenance, shop = (rows_of(admin, contract_id) for contract_id in moved_in)
    assert maintenance[0]["period_start"] == "2026-11-01"
    assert all(row["trigger"] == "period" for row in maintenance)
    plan = [row for row in shop if row["trigger"] == "date"]
    assert plan[0]["state"] == "paid"
    assert plan[1]["state"] != "paid"
    support = [row for row in shop if row["trigger"] == "period"]
    assert support[0]["period_start"] == "2026-09-15"
