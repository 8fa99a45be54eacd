"""Several people at once: threads with sessions of their own."""

import random
import string
from functools import partial

import pytest
from client import REFUSALS, RpcError, refused, together

ROUNDS = 8


def outcomes(results):
    """(answers, refusals) of calls made at once; anything else is a crash."""
    errors = [result for result in results if isinstance(result, Exception)]
    for error in errors:
        assert isinstance(error, RpcError) and error.kind in REFUSALS, error
        assert error.message and "psycopg" not in error.message
    answers = [result for result in results if not isinstance(result, Exception)]
    return answers, errors


@pytest.fixture(scope="module")
def numbered_type(admin):
    """A contract type whose numbers start anew in this run."""
    code = "".join(random.choices(string.ascii_uppercase, k=8))
    source = admin.ref("crm_contract.crm_contract_type_service")
    values = {"code": code, "sequence": 999}
    type_id = admin.call("crm.contract.type", "copy", [source], values)[0]
    yield type_id, code
    admin.call("crm.contract.type", "action_archive", [type_id])


def test_two_submissions_of_one_contract(factory, people, admin, database, verify):
    users = [people["manager"].again(), people["all"].again()]
    for _round in range(3):
        contract_id = factory.draft(people["all"])
        results = together(
            *[
                lambda user=user, row=contract_id: user.call(
                    "crm.contract", "action_submit", [row]
                )
                for user in users
            ]
        )
        answers, errors = outcomes(results)
        assert len(answers) == 1 and len(errors) == 1, results
        assert factory.state(contract_id) == "to_sign"
        assert verify(contract_id)[0]
        assert admin.read("crm.contract", contract_id, "number")
        texts = database.value(
            "SELECT count(*) FROM crm_contract_document"
            " WHERE contract_id = %s AND kind = 'text'",
            contract_id,
        )
        assert texts == 1


def test_numbers_have_no_gaps(factory, people, admin, numbered_type):
    """Ten contracts submitted at once, some of them refused in between."""
    type_id, code = numbered_type
    good = factory.drafts(10, type_id=type_id)
    bad = factory.drafts(2, type_id=type_id)
    for contract_id in bad:
        lines = admin.search("crm.contract.line", [("contract_id", "=", contract_id)])
        admin.call("crm.contract.line", "unlink", lines)
    waiting = good + bad
    random.shuffle(waiting)
    sessions = {row: people["manager"].again() for row in waiting}
    while waiting:
        results = together(
            *[
                lambda row=row: sessions[row].call(
                    "crm.contract", "action_submit", [row]
                )
                for row in waiting
            ]
        )
        outcomes(results)
        done = [row for row in waiting if factory.state(row) == "to_sign"]
        waiting = [row for row in waiting if row not in done]
        # Somebody may be told to try again, but never everybody.
        if not done:
            break
    assert sorted(waiting) == sorted(bad)
    rows = admin.call("crm.contract", "read", good + bad, ["number"])
    numbers = [row["number"] for row in rows if row["number"]]
    year = numbers[0].split("/")[1]
    expected = [f"{code}/{year}/{count:05}" for count in range(1, len(good) + 1)]
    assert sorted(numbers) == expected


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("crm.contract.line", {"service_standard": "As good as we can"}),
        ("crm.contract.line", {"price_unit": 77.0}),
        ("crm.contract.clause", {"body": "<p>Another text</p>"}),
        ("crm.contract.milestone", {"description": "Another one"}),
        ("crm.contract", {"dispute_place": "Another place"}),
    ],
    ids=["standard", "price", "clause", "milestone", "header"],
)
def test_edited_while_submitted(model, values, factory, people, admin, verify):
    """A locked contract always is the one that its hash was taken over."""
    editor, submitter = people["all"].again(), people["manager"].again()
    contract_id = factory.draft(people["all"])
    record = contract_id
    if model != "crm.contract":
        domain = [("contract_id", "=", contract_id)]
        if model == "crm.contract.line":
            domain.append(("display_type", "=", False))
        record = admin.search(model, domain, limit=1)[0]
    name, first = next(iter(values.items()))
    submitted = 0
    for number in range(ROUNDS):
        value = f"{first} {number}" if isinstance(first, str) else first + number

        def edit(value=value):
            return editor.call(model, "write", [record], {name: value})

        def submit():
            # Whoever is told that somebody else is faster tries once more.
            try:
                submitter.call("crm.contract", "action_submit", [contract_id])
            except RpcError:
                submitter.call("crm.contract", "action_submit", [contract_id])

        outcomes(together(edit, submit))
        if factory.state(contract_id) == "draft":
            continue
        submitted += 1
        intact, words = verify(contract_id)
        assert intact, f"round {number}: {words}"
        with refused():
            edit()
        admin.call("crm.contract", "action_withdraw", [contract_id])
    assert submitted


def test_two_users_invoice_one_row(factory, people, admin, database):
    users = [people["manager"].again(), people["accountant"].again()]
    users += [people["all"].again()]
    for _round in range(3):
        contract_id = factory.signed(people["all"])
        row = factory.rows(contract_id)[0]
        results = together(
            *[
                lambda user=user, row=row: user.call(
                    "crm.contract.installment", "action_create_invoice", [row]
                )
                for user in users
            ]
        )
        answers, errors = outcomes(results)
        assert len(answers) == 1 and len(errors) == 2, results
        invoices = database.rows(
            "SELECT id FROM account_move WHERE contract_id = %s", contract_id
        )
        invoice = admin.read("crm.contract.installment", row, "invoice_id")
        assert invoices == [(invoice,)]


def test_signed_and_withdrawn_at_once(factory, people, database, verify):
    signer, other = people["all"].again(), people["manager"].again()
    contract_id = factory.submitted(people["all"])

    def withdraw(row, head_start):
        # Withdrawing is faster; each reading gives the signature some time.
        for _number in range(head_start):
            other.read("crm.contract", row, "state")
        return other.call("crm.contract", "action_withdraw", [row])

    for head_start in (0, 3, 6, 9):
        if factory.state(contract_id) == "draft":
            signer.call("crm.contract", "action_submit", [contract_id])
        wizard = signer.create(
            "crm.contract.sign",
            {
                "contract_id": contract_id,
                "signed_by_customer": "Okke Janssen",
                "signed_by_company": "Frieda Kaufmann",
            },
        )
        answers, errors = outcomes(
            together(
                partial(signer.call, "crm.contract.sign", "action_sign", [wizard]),
                partial(withdraw, contract_id, head_start),
            )
        )
        assert len(answers) == 1, errors
        state, signed, version_id = database.rows(
            "SELECT state, date_signed, version_id FROM crm_contract WHERE id = %s",
            contract_id,
        )[0]
        if state == "draft":
            assert signed is None and version_id is None
            continue
        assert state == "running" and signed and verify(contract_id)[0]
        contract_id = factory.submitted(people["all"])


def test_the_daily_job_started_twice(factory, people, admin, database):
    """Two administrators press *Run manually* while contracts are due."""
    contracts = factory.drafts(8, people["all"])
    database.rows(
        "UPDATE crm_contract SET state = 'running', date_start = '2024-01-01',"
        " date_end = '2024-12-31' WHERE id = ANY(%s)",
        contracts,
    )
    cron = admin.ref("crm_contract.ir_cron_advance")
    sessions = [admin.again(), admin.again()]
    results = together(
        *[
            lambda user=user: user.call("ir.cron", "method_direct_trigger", [cron])
            for user in sessions
        ]
    )
    outcomes(results)
    admin.call("ir.cron", "method_direct_trigger", [cron])
    ended = database.rows(
        "SELECT count(*), min(end_reason) FROM crm_contract"
        " WHERE id = ANY(%s) AND state = 'ended'",
        contracts,
    )
    assert ended == [(8, "expired")]
    activities = database.rows(
        "SELECT res_id, count(*) FROM mail_activity"
        " WHERE res_model = 'crm.contract' AND res_id = ANY(%s) GROUP BY res_id",
        contracts,
    )
    assert sorted(activities) == [(row, 1) for row in sorted(contracts)]
