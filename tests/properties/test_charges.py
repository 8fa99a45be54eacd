"""Lines that are amended in any order, and billed in between, against an oracle."""

import importlib.util
import os
from datetime import date, timedelta
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.charges import (
    Billed,
    charges,
    less_billed,
)
from odoo.addons.crm_contract.tools.in_force import Agreed
from odoo.addons.crm_contract.tools.line_history import line_histories

DAY = timedelta(days=1)
LIVES = int(os.environ.get("CONTRACT_LIVES") or 60)
START = date(2026, 1, 31)


def _load_oracle():
    path = Path(__file__).parents[2] / "crm_contract_renewal/tests/oracle.py"
    spec = importlib.util.spec_from_file_location("oracle", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracle = _load_oracle()
days = st.integers(0, 420).map(lambda number: START + number * DAY)
terms = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(("week", "month", "quarter", "half_year", "year")),
        "interval": st.integers(1, 3),
        "price": st.sampled_from((30, 100, 999.99)),
        "quantity": st.integers(1, 3),
        "discount": st.just(0),
        "prorate": st.booleans() | st.just(True),
        "free": st.sampled_from((0, 0, 0, 2)),
        "anchor": st.none() | st.dates(START - 400 * DAY, START + 400 * DAY),
        "arrears": st.just(False),
        "steps": st.lists(
            st.tuples(days, st.integers(1, 2), st.sampled_from((50, 120))),
            max_size=2,
            unique_by=lambda step: step[0],
        ).map(sorted),
    }
)
CHANGES = st.sampled_from(
    (
        {"price": 111},
        {"price": 222},
        {"quantity": 7},
        {"unit": "month", "interval": 2},
        {"prorate": False},
        {"prorate": True},
        None,
    )
)
# What happens one after the other: something is signed, or billed up to a day.
EVENTS = st.lists(
    st.tuples(st.just("sign"), days, CHANGES | st.tuples(terms))
    | st.tuples(st.just("bill"), days, st.none()),
    max_size=7,
)
PAUSES = st.lists(st.tuples(days, st.integers(0, 50)), max_size=2)


def row_of(key, values):
    return {
        "key": key,
        "fields": {
            "is_recurring": True,
            "recurrence_unit": values["unit"],
            "recurrence_interval": values["interval"],
            "price_unit": values["price"],
            "quantity": values["quantity"],
            "prorate": values["prorate"],
            "free_periods": values["free"],
            "date_anchor": values["anchor"] and values["anchor"].isoformat(),
        },
        "children": {
            "step_ids": [
                {
                    "key": str(number),
                    "fields": {
                        "date_from": day.isoformat(),
                        "quantity": quantity,
                        "price_unit": price,
                    },
                    "children": {},
                }
                for number, (day, quantity, price) in enumerate(values["steps"])
            ]
        },
    }


def content_of(life):
    agreed = {key: life.agreed(key) for key in life.names()}
    rows = [row_of(key, values) for key, values in agreed.items() if values]
    return {"fields": {}, "children": {"line_ids": rows}}


def derived(agreed, life, end):
    """Return the open rows as the ledger derives them, and the source of each."""
    rows = []
    for key, history in line_histories(agreed, START, end).items():
        taken = [
            Billed(row.first, row.last, by) for row, by in life.billed if row.key == key
        ]
        due = (
            charge._replace(source=_terms_of(charge.source))
            for charge in charges(history.spans, end, None, life.pauses)
        )
        for charge in less_billed(due, taken, life.pauses):
            amount = oracle._amount(
                {"discount": 0},
                charge.quantity,
                charge.price,
                charge.days,
                charge.period.full_days,
            )
            rows.append(oracle.Row(key, charge.first, charge.last, amount))
    return rows


def _terms_of(row):
    """Return a content as the terms of the oracle, to tell who billed what."""
    values, steps = row["fields"], row["children"]["step_ids"]
    anchor = values["date_anchor"]
    return {
        "unit": values["recurrence_unit"],
        "interval": values["recurrence_interval"],
        "price": values["price_unit"],
        "quantity": values["quantity"],
        "discount": 0,
        "prorate": values["prorate"],
        "free": values["free_periods"],
        "anchor": anchor and date.fromisoformat(anchor),
        "arrears": False,
        "steps": [
            (
                date.fromisoformat(step["fields"]["date_from"]),
                step["fields"]["quantity"],
                step["fields"]["price_unit"],
            )
            for step in steps
        ],
    }


def _sorted(rows):
    return sorted(tuple(map(str, row)) for row in rows)


# To make an example smaller takes minutes, and shows little.
@settings(max_examples=LIVES, phases=[Phase.explicit, Phase.generate])
@given(terms, EVENTS, PAUSES, st.integers(300, 500))
def test_any_order(first, events, pauses, length):
    """Whatever is signed and billed in whatever order, the oracle says the same."""
    end = START + length * DAY
    life = oracle.Life(START, end, {"a": first})
    life.pauses = [(day, day + more * DAY) for day, more in pauses]
    agreed = [Agreed(0, START, None, content_of(life))]
    for number, (what, day, change) in enumerate(events, 1):
        if what == "bill":
            life.bill([row for row in life.open_rows(end) if row.first <= day], end)
        else:
            base = content_of(life)
            key = "a"
            if isinstance(change, tuple):
                key, [change] = f"new {number}", change
            before = life.agreed(key)
            if before is None and (change is None or "anchor" not in change):
                continue
            if before and change:
                change = {n: v for n, v in change.items() if before[n] != v}
            life.sign(day, {key: change})
            agreed.append(Agreed(number, day, base, content_of(life)))
        assert _sorted(derived(agreed, life, end)) == _sorted(life.open_rows(end))


@given(terms, EVENTS)
def test_order_of_signature_does_not_matter_to_what_is_read(first, events):
    """The texts may be handed over in any order."""
    end = START + 400 * DAY
    life = oracle.Life(START, end, {"a": first})
    agreed = [Agreed(0, START, None, content_of(life))]
    for number, (what, day, change) in enumerate(events, 1):
        if what == "sign" and not isinstance(change, tuple) and life.agreed("a"):
            base = content_of(life)
            life.sign(day, {"a": change})
            agreed.append(Agreed(number, day, base, content_of(life)))
    there = derived(agreed, life, end)
    assert derived(reversed(agreed), life, end) == there
