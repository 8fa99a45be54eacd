"""Amendments that take effect in jobs that are killed, and beside the billing run."""

import random
import threading

import pytest
from client import RpcError
from jobs import kill_at_random, making, processes, run_in_peace

RENEW = "crm_contract_renewal.ir_cron_renew"
BILL = "crm_contract.ir_cron_bill"
KILLS = 8
COUNT = 40
# Contracts and amendments that were signed elsewhere: the life cycle would print each.
MAKE = """
import datetime
from odoo.fields import Command
env = env(user=2, context={{"tracking_disable": True}})
today = datetime.date.today()
contract_type = env["crm.contract.type"].create({{
    "name": "{code}", "code": "{code}", "sequence": 999, "notice_period": 1,
    "duration": 24}})
product = env["product.product"].search([("sale_ok", "=", True)], limit=1)
partner = env["res.partner"].create(
    {{"name": "{code}", "street": "1 Street", "city": "Town", "is_company": True}})
contracts = env["crm.contract"].create([
    {{
        "name": "Amended %s" % number,
        "partner_id": partner.id,
        "type_id": contract_type.id,
        "date_start": today - datetime.timedelta(days=100),
        "clause_ids": [Command.clear()],
        "line_ids": [Command.create({{
            "name": "Fee", "product_id": product.id, "price_unit": 100,
            "is_recurring": True, "tax_ids": False,
        }})],
    }}
    for number in range({count})
])
signed = {{"date_signed": today, "signed_by_customer": "A", "signed_by_company": "B"}}
for contract in contracts.sudo():
    contract.write({{"state": "running", "number": "{code}/%s" % contract.id, **signed}})
env["crm.contract.ledger"]._extend(contracts)
for contract in contracts:
    amendment = contract._amend(today - datetime.timedelta(days=40), "Dearer")
    amendment.line_ids.price_unit = 200
    amendment._recompute_as_of_today("amount_total")
    amendment.mapped("amount_total")
    version = env["crm.contract.version"]._freeze(amendment)
    amendment.sudo().write({{"state": "signed", "number": "%s-A1" % contract.number,
                            "version_id": version.id, **signed}})
    version._sign(today, amendment.date_effective)
env.cr.commit()
print("made", ",".join(map(str, contracts.ids)), flush=True)
"""


@pytest.fixture
def make(database):
    """A function that makes running contracts, each with an amendment in effect."""

    code = "A" + "".join(random.choices("ABCDEFGHIJKLMNOP", k=8))
    with making(database) as make_by:
        yield lambda count: make_by(MAKE.format(count=count, code=code))


def pending(database, contracts):
    return database.value(
        "SELECT count(*) FROM crm_contract WHERE origin_id = ANY(%s)"
        " AND state = 'signed'",
        contracts,
    )


def check_amended_once(database, contracts):
    """Each contract has its line twice, before and after, and a ledger without gap."""
    lines = database.rows(
        "SELECT count(*), count(*) FILTER (WHERE valid_until IS NOT NULL),"
        " count(*) FILTER (WHERE valid_from IS NOT NULL)"
        " FROM crm_contract_line WHERE contract_id = ANY(%s)",
        contracts,
    )
    count = len(contracts)
    assert lines == [(2 * count, count, count)]
    gaps = database.value(
        "SELECT count(*) FROM (SELECT period_start, lag(period_end) OVER"
        " (PARTITION BY contract_id ORDER BY period_start) AS before"
        " FROM crm_contract_installment WHERE contract_id = ANY(%s)"
        " AND state != 'cancelled') rows"
        " WHERE before IS NOT NULL AND period_start != before + 1",
        contracts,
    )
    assert gaps == 0, "the ledger has a gap or an overlap"


def test_killed_while_taking_effect(make, database):
    contracts = make(COUNT)
    killed = kill_at_random(
        database, RENEW, KILLS, (0.05, 0.8), lambda: pending(database, contracts)
    )
    assert pending(database, contracts) == 0
    check_amended_once(database, contracts)
    assert killed, "no kill hit the job at work: the test shows nothing"


def test_beside_the_billing_run(make, database):
    """Whichever comes first, each day is billed once, at one of the two prices."""
    contracts = make(COUNT)
    with (
        processes(database, 3, RENEW) as renewing,
        processes(database, 3, BILL) as billing,
    ):
        run_in_peace(renewing)
        run_in_peace(billing)
    assert pending(database, contracts) == 0
    check_amended_once(database, contracts)
    due = database.value(
        "SELECT count(*) FROM crm_contract_installment WHERE contract_id = ANY(%s)"
        " AND date_due <= current_date",
        contracts,
    )
    assert due >= 4 * COUNT
    left = database.value(
        "SELECT count(*) FROM crm_contract_installment WHERE contract_id = ANY(%s)"
        " AND date_due <= current_date AND state IN ('planned', 'due')",
        contracts,
    )
    assert left == 0
    wrong = database.value(
        "SELECT count(*) FROM crm_contract c WHERE c.id = ANY(%s) AND"
        " (SELECT sum(amount_invoiced) FROM crm_contract_installment i"
        "  WHERE i.contract_id = c.id) !="
        " (SELECT sum(amount_total) FROM account_move m WHERE m.contract_id = c.id)",
        contracts,
    )
    assert wrong == 0


def test_two_are_signed_at_once(factory, people):
    """Both start from the same text: one is signed, the other has to be rebased."""
    user = people["founder"]
    contract_id = factory.signed(user)
    amendments = []
    for number in range(2):
        wizard = user.create(
            "crm.contract.amend", {"contract_id": contract_id, "reason": "x"}
        )
        action = user.call("crm.contract.amend", "action_amend", [wizard])
        amendments.append(action["res_id"])
        user.call(
            "crm.contract", "write", [amendments[-1]], {"name": f"Title {number}"}
        )
        user.call("crm.contract", "action_submit", [amendments[-1]])
    sessions = [user.again() for _amendment in amendments]
    problems = []

    def sign(session, amendment_id):
        try:
            factory.sign(amendment_id, session)
        except RpcError as error:
            problems.append(error.message)

    threads = [
        threading.Thread(target=sign, args=pair)
        for pair in zip(sessions, amendments, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [factory.state(amendment_id) for amendment_id in amendments]
    assert sorted(states) == ["in_force", "to_sign"]
    [problem] = problems
    assert "signed after this amendment was drafted" in problem
