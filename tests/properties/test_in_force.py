"""What holds on a day: any number of texts, signed and in effect in any order."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.in_force import Agreed, in_force

NAMES = st.sampled_from("abc")
VALUES = st.integers(0, 3)
CONTENTS = st.builds(
    lambda fields, rows: {
        "fields": fields,
        "children": {
            "rows": [
                {"key": key, "fields": values, "children": {}}
                for key, values in sorted(rows.items())
            ]
        },
    },
    st.fixed_dictionaries(dict.fromkeys("abc", VALUES)),
    st.dictionaries(NAMES, st.fixed_dictionaries(dict.fromkeys("xy", VALUES))),
)
# Each text builds on the one signed before it, as the suite has them signed.
CHAINS = st.lists(st.tuples(st.integers(0, 9), CONTENTS), min_size=1, max_size=5)
START = date(2026, 1, 1)


def chain(texts):
    """Return texts as signed one after the other, the first one on the first day."""
    return [
        Agreed(
            order,
            START + timedelta(days=days if order else 0),
            texts[order - 1][1] if order else None,
            content,
        )
        for order, (days, content) in enumerate(texts)
    ]


def flat(content):
    """Return a content as {path: value}, a row that is there as a path of its own."""
    found = {(name,): value for name, value in content["fields"].items()}
    for row in content["children"]["rows"]:
        found[row["key"],] = True
        found |= {(row["key"], name): value for name, value in row["fields"].items()}
    return found


@given(CHAINS)
def test_all_in_effect_is_the_last_text(texts):
    agreed = chain(texts)
    assert flat(in_force(agreed, date.max)) == flat(texts[-1][1])


@given(CHAINS, st.permutations(range(5)))
def test_order_of_the_list_does_not_matter(texts, order):
    agreed = chain(texts)
    shuffled = [agreed[index] for index in order if index < len(agreed)]
    for days in range(10):
        day = START + timedelta(days=days)
        assert flat(in_force(agreed, day)) == flat(in_force(shuffled, day))


@given(CHAINS)
def test_nothing_holds_before_the_first_day(texts):
    assert in_force(chain(texts), START - timedelta(days=1)) is None


@given(CHAINS)
def test_fields_have_the_value_signed_last_of_those_in_effect(texts):
    agreed = chain(texts)
    for days in range(10):
        day = START + timedelta(days=days)
        found = in_force(agreed, day)["fields"]
        for name in "abc":
            expected = texts[0][1]["fields"][name]
            for before, text in zip(agreed, agreed[1:], strict=False):
                old, new = before.content["fields"][name], text.content["fields"][name]
                if text.day <= day and old != new:
                    expected = new
            assert found[name] == expected


@given(CHAINS)
def test_inputs_stay_as_they_are(texts):
    agreed = chain(texts)
    before = repr(agreed)
    in_force(agreed, date.max)
    assert repr(agreed) == before
