"""Recurring fees, amendments and renewals in every state."""

from world import at, day

from odoo import fields
from odoo.fields import Command

PLAN_OF_THREE = (
    {"name": "First", "date": "2026-07-10", "percentage": 50},
    {"name": "Second", "date": "2026-11-15", "percentage": 30},
    {"name": "Third", "date": "2027-02-15", "percentage": 20},
)


def fee(world, name="Fee", price=100.0, **values):
    return world.line(name, price, is_recurring=True, tax_ids=False, **values)


def make_fees(world):
    """Running contracts with recurring lines of all kinds, and a framework."""
    world.type.rung_ids = [
        Command.create({"name": f"{days} days before", "days": days})
        for days in (60, 30, 7)
    ]
    with at("2026-07-01"):
        _make_recurring(world)
        _make_framework(world)
        _make_evergreen(world)
    _make_taken_over(world)
    _make_late(world)
    with at("2026-08-03"):
        suspended = world.agree(
            "Suspended, with a fee", [fee(world)], plan=[], date_start="2026-07-01"
        )
    with at("2026-08-20"):
        suspended.action_suspend()


def _make_recurring(world):
    stepped = {
        "step_ids": [
            Command.create({"date_from": "2026-10-01", "price_unit": 120}),
            Command.create(
                {"date_from": "2027-01-01", "price_unit": 140, "quantity": 2}
            ),
        ]
    }
    posted = world.agree(
        "Running, a fee with steps",
        [fee(world, **stepped), world.line("Set-up", 900, tax_ids=False)],
        PLAN_OF_THREE,
        date_start="2026-07-01",
    )
    world.as_user(posted, "manager").billing_mode = "post"
    world.agree(
        "Running, fees of all kinds",
        [
            fee(world, "In arrears", recurrence_unit="quarter", billed_in="arrears"),
            fee(world, "Anchored", date_anchor="2026-07-15", date_start="2026-07-08"),
            fee(world, "Trial first", free_periods=2),
            fee(world, "Whole", prorate=False, date_end="2026-12-14", price=50),
            world.line("With tax", 70, is_recurring=True, recurrence_interval=2),
        ],
        plan=[],
        date_start="2026-07-01",
    )
    world.agree(
        "收费合同", [fee(world, "月费", 310)], plan=[], customer="gamma",
        currency_id=world.env.ref("base.CNY").id, date_start="2026-07-01",
    )  # fmt: skip


def _make_framework(world):
    kind = world.type.copy({"name": "Framework", "code": "FRM", "is_framework": True})
    framework = world.agree(
        "Framework", [world.line(tax_ids=False)], plan=[], type_id=kind.id,
        by="sales_all", amount_ceiling=5000, date_start="2026-07-01",
    )  # fmt: skip
    order = framework.env["sale.order"].create(
        {
            "partner_id": world.customers["alpha"].id,
            "contract_id": framework.id,
            "order_line": [
                Command.create({"product_id": world.product.id, "product_uom_qty": 2})
            ],
        }
    )
    order.action_confirm()


def _make_evergreen(world):
    contract = world.agree(
        "Running, evergreen", [fee(world)], plan=[], is_open_ended=True,
        renewal_mode="evergreen", date_start="2026-01-15",
    )  # fmt: skip
    assert contract.date_review


def _make_taken_over(world):
    """Signed before it came into the system, and billed elsewhere until June."""
    with at("2026-07-02"):
        contract = world.make(
            "Running, taken over", [fee(world, billed_until="2026-06-30")], plan=[],
            by="manager", date_start="2026-02-01",
        )  # fmt: skip
        contract.env["crm.contract.take.over"].create(
            {"contract_ids": [Command.set(contract.ids)]}
        ).action_take_over()
        assert contract.state == "running"


def _make_late(world):
    """Paid late: interest is invoiced."""
    with at("2026-07-03"):
        contract = world.agree(
            "Running, interest charged",
            late_rate=0.05,
            late_rate_unit="day",
            date_start="2026-07-01",
        )
        invoice = world.post(world.bill(contract.installment_ids[0]))
    with at("2026-09-20"):
        world.pay(invoice)
        contract.env["crm.contract.interest"].create(
            {"contract_id": contract.id}
        ).action_charge()


# Amendments


def amend(contract, effective, reason="More sites", **values):
    """Draft an amendment in its dialog; return it."""
    wizard = contract.env["crm.contract.amend"].create(
        {"contract_id": contract.id, "date_effective": effective, "reason": reason}
    )
    amendment = contract.browse(wizard.action_amend()["res_id"])
    amendment.write(values)
    return amendment


def reprice(amendment, price):
    line = amendment.line_ids.filtered("is_recurring")[:1] or amendment.line_ids[:1]
    line.price_unit = price
    return amendment


def _agree_fee(world, title, start="2026-07-01", lines=None, plan=(), **values):
    with at(start):
        return world.agree(
            title, lines or [fee(world)], plan=list(plan), date_start=start, **values
        )


def make_amended(world):
    """Contracts with amendments: in effect, signed ahead, and on their way."""
    contracts = {
        title: _agree_fee(world, title)
        for title in (
            "Amended once", "Amended twice", "Amendment signed ahead",
            "Two amendments signed ahead", "Amendment to sign", "Amendment drafted",
            "Amendment outdated", "Amendment rebased", "Amendment cancelled",
        )
    }  # fmt: skip
    with at("2026-10-06"):
        _bill_fees(world, contracts["Amended twice"], "2026-10-06")
        _amend_now(world, contracts["Amended once"], 110)
        _amend_now(world, contracts["Amended twice"], 120)
    _make_amended_all_over(world)
    with at("2026-11-03"):
        _amend_now(world, contracts["Amended twice"], 130)
        amend(contracts["Amended twice"], "2026-11-03").action_cancel()
    with at("2026-11-09"):
        _amend_ahead(world, contracts["Amendment signed ahead"], 10, 200)
        both = contracts["Two amendments signed ahead"]
        _amend_ahead(world, both, 10, 210)
        _amend_ahead(world, both, 20, 220)
        world.submit(reprice(amend(contracts["Amendment to sign"], day(5)), 130))
        reprice(amend(contracts["Amendment drafted"], day(5)), 140)
        reprice(amend(contracts["Amendment cancelled"], day(5)), 150).action_cancel()
        _outdate(world, contracts["Amendment outdated"])
        _outdate(world, contracts["Amendment rebased"]).action_rebase()
    _make_superseded(world)


def _bill_fees(world, contract, until):
    rows = contract.installment_ids.filtered(
        lambda row: row.state in ("planned", "due") and str(row.date_due) <= until
    )
    if rows:
        world.post(world.bill(rows))


def _amend_now(world, contract, price):
    """In effect on the day of its signature; a task of it is done."""
    amendment = reprice(amend(contract, fields.Date.today()), price)
    amendment.task_ids = [
        Command.create({"name": name, "user_id": world.users["sales_all"].id})
        for name in ("Tell the site", "Order parts")
    ]
    world.sign(world.submit(amendment))
    assert amendment.end_reason == "incorporated"
    amendment.task_ids[0].action_done()


def _amend_ahead(world, contract, days, price):
    amendment = reprice(amend(contract, day(days)), price)
    amendment.task_ids = [
        Command.create(
            {"name": "Order parts", "user_id": world.users["sales_all"].id, "days": 5}
        )
    ]
    world.sign(world.submit(amendment))
    assert amendment.state == "signed"


def _outdate(world, contract):
    """Another amendment is signed while one is drafted that changes the same."""
    draft = reprice(amend(contract, day(15)), 160)
    world.sign(world.submit(reprice(amend(contract, "2026-11-09"), 170)))
    assert draft.is_outdated
    return draft


def _make_amended_all_over(world):
    """An amendment of everything: lines, plan, clauses, annexes, milestones, term."""
    with at("2026-07-01"):
        contract = world.make(
            "Amended all over",
            [
                fee(world),
                fee(world, "Removed fee", 40),
                world.line("Set-up", 1000, tax_ids=False),
            ],
            PLAN_OF_THREE,
            milestone_ids=[
                Command.create({"name": "Concept"}),
                Command.create({"name": "Removed milestone"}),
            ],
            date_start="2026-07-01",
        )
        world.attach(contract, "Prices.txt", b"1 day: 1000")
        world.attach(contract, "Sites.txt", b"One site")
        world.sign(world.submit(contract))
    with at("2026-07-10"):
        contract.milestone_ids[0].action_done()
        _bill_fees(world, contract, "2026-07-10")
    with at("2026-10-12"):
        change = amend(contract, "2026-11-01", "Two sites")
        change.line_ids.filtered(lambda line: line.name == "Removed fee").unlink()
        reprice(change, 125)
        change.write(
            {
                "name": "Amended all over: two sites",
                "duration": 18,
                "line_ids": [Command.create(fee(world, "New fee", 60))],
                "milestone_ids": [Command.create({"name": "New milestone"})],
            }
        )
        one_off = change.line_ids.filtered(lambda line: not line.is_recurring)
        one_off.price_unit = 1300
        change.action_spread_difference()
        change.milestone_ids.filtered(lambda m: "Removed" in m.name).unlink()
        change.clause_ids.body = "<p>{{ object.customer_legal_name }} is liable.</p>"
        change.document_ids.filtered(lambda d: d.name == "Prices.txt").unlink()
        world.attach(change, "Prices of two sites.txt", b"1 day: 1100")
        world.sign(world.submit(change))


def _make_superseded(world):
    """Signed ahead, and the contract ended before."""
    contract = _agree_fee(world, "Amendment superseded")
    with at("2026-10-06"):
        _amend_ahead(world, contract, 30, 230)
    with at("2026-11-10"):
        world.end(contract, reason="terminated", note="Closed", **world.by_agreement)


# Renewals


def renew(contract, **values):
    """Renew in the dialog; return the draft."""
    contract.env["crm.contract.renew"].create(
        {"contract_ids": [Command.set(contract.ids)], **values}
    ).action_renew()
    return contract.renewal_ids[:1]


def make_renewed(world):
    """Renewals of every state, by hand and by the job, with and without an index."""
    index = world.env["crm.contract.index"].create(
        {
            "name": "Prices",
            "value_ids": [
                Command.create({"date": "2025-01-01", "value": 120}),
                Command.create({"date": "2026-10-01", "value": 126}),
            ],
        }
    )
    ending = {"start": "2025-12-08", "duration": 12}
    ahead = _agree_fee(world, "Renewal signed ahead", **ending)
    drafted = _agree_fee(world, "Renewal drafted", **ending)
    to_sign = _agree_fee(world, "Renewal to sign", **ending)
    cancelled = _agree_fee(world, "Renewal cancelled", **ending)
    expiring = _agree_fee(world, "Let expire", **ending)
    _agree_fee(world, "Renewed by the job", renewal_mode="automatic", **ending)
    _agree_fee(world, "Job renews later", start="2026-01-08", renewal_mode="automatic")
    over = _agree_fee(world, "Taken over by its renewal", start="2025-11-01")
    late = _agree_fee(world, "Renewal signed late", start="2025-11-01")
    with at("2026-10-15"):
        world.sign(world.submit(renew(ahead, uplift="percent", percent=3.5)))
        renew(drafted, uplift="index", index_id=index.id, date_base="2025-01-01",
              date_index="2026-10-01", make_opportunity=False)  # fmt: skip
        world.submit(renew(to_sign))
        renew(cancelled).action_cancel()
        world.sign(world.submit(renew(over, uplift="amount", amount=7)))
        _decide(expiring, "expire", reason="Too dear", competitor="Another supplier")
        wait = renew(late)
    with at("2026-11-11"):
        world.sign(world.submit(wait), date="2026-11-11")


def _decide(contract, decision, **values):
    contract.env["crm.contract.decide.renewal"].create(
        {"contract_ids": [Command.set(contract.ids)], "decision": decision, **values}
    ).action_decide()


def make_terminated(world):
    """Terminated to a day ahead, terminated with a settlement, and reopened."""
    ahead = _agree_fee(world, "Termination ahead")
    settled = _agree_fee(
        world, "Terminated and settled",
        lines=[fee(world, recurrence_unit="year", price=1200)],
    )  # fmt: skip
    reopened = _agree_fee(world, "Reopened")
    with at("2026-10-20"):
        _bill_fees(world, settled, "2026-10-20")
        _terminate(world, ahead, day(12), terminated_by="customer",
                   date_notice_given="2026-10-20")  # fmt: skip
        _terminate(world, settled, "2026-10-20", penalty="fixed", penalty_fixed=50,
                   penalty_clause_id=settled.clause_ids[:1].id, penalty_owed_by="customer",
                   terminated_by="mutual")  # fmt: skip
        _terminate(world, reopened, "2026-10-20", terminated_by="mutual")
    with at("2026-11-02"):
        world.as_user(reopened.env["crm.contract.reopen"], "manager").create(
            {"contract_id": reopened.id, "reason": "Both changed their minds"}
        ).action_reopen()
        assert reopened.state == "running"


def _terminate(world, contract, last_day, **values):
    by_manager = world.as_user(contract, "manager")
    world.end(by_manager, reason="terminated", note="Closed", date=last_day, **values)
