"""Reminders and automatic renewals in jobs that are killed at any moment."""

import random
import subprocess

import pytest
from jobs import kill_at_random, shell_command

LADDER = "crm_contract_renewal.ir_cron_ladder"
RENEW = "crm_contract_renewal.ir_cron_renew"
KILLS = 6
# Contracts that were signed elsewhere: the life cycle would print each of them.
MAKE = """
import datetime
from odoo.fields import Command
env = env(user=2, context={{"tracking_disable": True}})
today = datetime.date.today()
contract_type = env["crm.contract.type"].create({{
    "name": "{code}", "code": "{code}", "sequence": 999, "notice_period": 10,
    "notice_unit": "day", "rung_ids": [
        Command.create({{"name": "Soon", "days": 60}}),
        Command.create({{"name": "Now", "days": 30}}),
    ]}})
product = env["product.product"].search([("sale_ok", "=", True)], limit=1)
partner = env["res.partner"].create(
    {{"name": "{code}", "street": "1 Street", "city": "Town", "is_company": True}})
contracts = env["crm.contract"].create([
    {{
        "name": "Renewed %s" % number,
        "partner_id": partner.id,
        "type_id": contract_type.id,
        "renewal_mode": "{mode}" or False,
        "date_start": today - datetime.timedelta(days=300),
        "date_end": today + datetime.timedelta(days={days_left}),
        "clause_ids": [Command.clear()],
        "line_ids": [Command.create({{
            "name": "Fee", "product_id": product.id, "price_unit": 100,
            "is_recurring": True,
        }})],
    }}
    for number in range({count})
])
for contract in contracts.sudo():
    contract.write({{
        "state": "running", "number": "{code}/%s" % contract.id,
        "date_signed": today, "signed_by_customer": "A", "signed_by_company": "B",
    }})
env.cr.commit()
print("made", ",".join(map(str, contracts.ids)), flush=True)
"""


@pytest.fixture
def make(database):
    """A function that makes running contracts that end in so many days."""

    def make_contracts(count, days_left, mode=""):
        code = "R" + "".join(random.choices("ABCDEFGHIJKLMNOP", k=8))
        script = MAKE.format(count=count, days_left=days_left, mode=mode, code=code)
        answer = subprocess.run(
            shell_command(database),
            input=script,
            capture_output=True,
            text=True,
            check=True,
        )
        [made] = [
            line for line in answer.stdout.splitlines() if line.startswith("made ")
        ]
        return [int(number) for number in made.split()[1].split(",")]

    return make_contracts


def test_reminders_are_sent_once(make, database):
    """Both rungs are due, as after forty days without a server."""
    contracts = make(400, days_left=25)

    def left():
        return database.value(
            "SELECT count(*) FROM crm_contract WHERE id = ANY(%s)"
            " AND date_next_rung <= current_date",
            contracts,
        )

    assert left() == 400
    killed = kill_at_random(database, LADDER, KILLS, (0.02, 0.5), left)
    assert left() == 0
    outcomes = database.rows(
        "SELECT outcome, count(*), count(DISTINCT contract_id)"
        " FROM crm_contract_rung_fired WHERE contract_id = ANY(%s)"
        " GROUP BY 1 ORDER BY 1",
        contracts,
    )
    assert outcomes == [("fired", 400, 400), ("missed", 400, 400)]
    activities = database.rows(
        "SELECT count(*), count(DISTINCT res_id) FROM mail_activity"
        " WHERE res_model = 'crm.contract' AND res_id = ANY(%s)",
        contracts,
    )
    assert activities == [(400, 400)], "a contract has no reminder, or two"
    assert killed, "no kill hit the job at work: the test shows nothing"


def test_renewed_once(make, database):
    """Automatic renewals: one successor each, numbered, signed."""
    contracts = make(40, days_left=5, mode="automatic")

    def left():
        # Each is made first, and signed when all are made.
        return 80 - database.value(
            "SELECT count(*) + count(*) FILTER (WHERE state = 'signed')"
            " FROM crm_contract WHERE origin_id = ANY(%s)",
            contracts,
        )

    killed = kill_at_random(database, RENEW, KILLS, (0.2, 1.5), left)
    assert left() == 0
    renewed = database.rows(
        "SELECT count(*), count(DISTINCT origin_id), count(DISTINCT number)"
        " FROM crm_contract WHERE origin_id = ANY(%s)",
        contracts,
    )
    assert renewed == [(40, 40, 40)]
    gaps = database.value(
        "SELECT count(*) FROM crm_contract r JOIN crm_contract c ON c.id = r.origin_id"
        " WHERE c.id = ANY(%s) AND r.date_start != c.date_end + 1",
        contracts,
    )
    assert gaps == 0
    assert killed, "no kill hit the job at work: the test shows nothing"
