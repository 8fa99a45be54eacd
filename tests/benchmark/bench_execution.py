"""Obligations, disputes, surveys: the daily job among many not due, and what is due."""

import statistics

import measure
from measure import Figure, Side

from odoo.fields import Command
from odoo.tools import SQL

ROUNDS = 5
# Obligations in the database, none of which is due, and those that are.
MANY, DUE = 300_000, 1_000
DISPUTES = 30_000
CONTRACTS = 100
# What somebody waits for the job with nothing to do: queries of a step, and seconds.
IDLE_QUERIES, IDLE_SECONDS = 3, 0.05
PER_RECORD = 6
STEPS = (
    "obligation_remind",
    "obligation_next",
    "obligation_missed",
    "dispute_remind",
    "survey_regular",
    "survey_renewal",
)
TITLES = {
    **{
        f"execution.idle.{name}": f"queries of {name}, {MANY:,} obligations and "
        f"{DISPUTES:,} disputes, none due"
        for name in STEPS
    },
    "execution.idle": f"seconds of all steps, {MANY:,} obligations, none due",
    "execution.remind": f"queries an obligation to remind of, {DUE:,} at once",
    "execution.next": f"queries a milestone that recurs, {DUE:,} at once",
}


def _measure_idle(rounds):
    """Each step finds nothing to do."""
    measure.settle()
    with measure.environment() as env:
        _seed_disputes(env, _seed(env, MANY))
        steps = _get_steps(env)
        sides = []
        for name in STEPS:
            job, step = steps[name]
            runs = [
                measure.once(env, lambda j=job, s=step: j._find_due(s))
                for _round in range(rounds + 1)
            ][1:]
            seconds = tuple(seconds for seconds, _queries in runs)
            side = Side(
                name,
                statistics.median(seconds),
                max(queries for _seconds, queries in runs),
                runs=seconds,
            )
            sides.append(side)
            # The failures of the step are asked for as well, for whatever step.
            yield Figure(
                f"execution.idle.{name}", side.queries, IDLE_QUERIES, side, side
            )
        whole = max(side.seconds for side in sides)
        yield Figure("execution.idle", whole, IDLE_SECONDS, *sides[:2])


def _measure_due(rounds):
    """What is due is told, and made, in chunks as the job does it."""
    measure.settle()
    with measure.environment() as env:
        contracts = _seed(env, MANY // 10)
        env.cr.execute(
            SQL(
                "UPDATE crm_contract_obligation SET date_reminder = CURRENT_DATE - 1,"
                " date_due = CURRENT_DATE - 2 WHERE id IN (SELECT id FROM"
                " crm_contract_obligation WHERE contract_id IN %s ORDER BY id LIMIT %s)",
                tuple(contracts.ids),
                DUE,
            )
        )
        yield _measure_step(env, "remind", "obligation_remind")
        env.cr.execute("UPDATE crm_contract_obligation SET date_reminder = NULL")
        _make_recurring(env, contracts)
        yield _measure_step(env, "next", "obligation_next")


def _measure_step(env, name, step_name):
    job, step = _get_steps(env)[step_name]
    ids = job._find(step).ids
    if len(ids) != DUE:
        raise AssertionError(f"{len(ids)} records are due for {step_name}, not {DUE}.")
    failures = []

    def work():
        for start in range(0, DUE, step.chunk):
            records = step.records.browse(ids[start : start + step.chunk])
            failures.append(job._do(step, records).failures)

    seconds, queries = measure.once(env, work)
    if any(failures):
        raise AssertionError(f"{step_name}: {failures}")
    side = Side(f"{DUE:,} records", seconds, queries)
    return Figure(f"execution.{name}", queries / DUE, PER_RECORD, side, side)


def _get_steps(env):
    job = env["crm.contract.schedule"].sudo()
    return {step.name: (job, step) for step in job._get_steps()}


def _seed(env, number):
    """Create running contracts, and obligations of them that are not due, by SQL."""
    product = env["product.product"].create({"name": "Service", "type": "service"})
    customer = env["res.partner"].create({"name": "Customer", "is_company": True})
    contracts = env["crm.contract"].create(
        [
            {
                "name": f"Contract {place}",
                "partner_id": customer.id,
                "date_start": "2026-01-01",
                "user_id": env.uid,
                "line_ids": [Command.create({"product_id": product.id})],
                "milestone_ids": [
                    Command.create({"name": f"Report {row}"})
                    for row in range(DUE // CONTRACTS)
                ],
            }
            for place in range(CONTRACTS)
        ]
    )
    env.flush_all()
    env.cr.execute(
        SQL(
            "UPDATE crm_contract SET state = 'running', date_signed = '2026-01-01',"
            " date_end = NULL, is_open_ended = TRUE WHERE id IN %s",
            tuple(contracts.ids),
        )
    )
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_contract_obligation (
                contract_id, company_id, partner_id, user_id, name, side, state, number,
                weight, level, progress, is_complete, date_due, date_reminder
            )
            SELECT c.id, c.company_id, c.partner_id, c.user_id, 'Report', 'ours', 'open',
                   n, 1, 1, 0, FALSE, CURRENT_DATE + 30 + n %% 300,
                   CURRENT_DATE + 31 + n %% 300
              FROM crm_contract c, generate_series(1, %s) AS n
             WHERE c.id IN %s
            """,
            number // CONTRACTS,
            tuple(contracts.ids),
        )
    )
    env.cr.execute("ANALYZE crm_contract_obligation")
    env.invalidate_all()
    return contracts


def _seed_disputes(env, contracts):
    """Create open disputes of which nobody is to be told yet, by SQL."""
    env["crm.contract.type"].search([]).write({"survey_months": 6})
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_contract_dispute (
                contract_id, company_id, partner_id, currency_id, user_id, name, raised_by,
                state, is_open, date_opened, date_accrued, limitation_years,
                date_limitation, date_reminder
            )
            SELECT c.id, c.company_id, c.partner_id, c.currency_id, c.user_id, 'Outage',
                   'theirs', 'negotiation', TRUE, CURRENT_DATE, CURRENT_DATE, 3,
                   CURRENT_DATE + 1095, CURRENT_DATE + 900 + n %% 15
              FROM crm_contract c, generate_series(1, %s) AS n
             WHERE c.id IN %s
            """,
            DISPUTES // CONTRACTS,
            tuple(contracts.ids),
        )
    )
    # Who was asked lately is not asked now.
    env.cr.execute(
        SQL(
            "INSERT INTO crm_contract_survey (contract_id, company_id, reason, state,"
            " date_asked) SELECT id, company_id, 'regular', 'asked', CURRENT_DATE FROM"
            " crm_contract WHERE id IN %s",
            tuple(contracts.ids),
        )
    )
    env.cr.execute("ANALYZE crm_contract_dispute, crm_contract_survey")
    env.invalidate_all()


def _make_recurring(env, contracts):
    """Let all milestones recur, and the next obligations be missing."""
    env.cr.execute(
        SQL(
            "UPDATE crm_contract_milestone SET recurrence_interval = 1,"
            " recurrence_unit = 'quarter', date_deadline = '2026-01-15',"
            " date_derive = CURRENT_DATE WHERE contract_id IN %s",
            tuple(contracts.ids),
        )
    )
    # Rows that hang on none of them would be cancelled.
    env.cr.execute("DELETE FROM crm_contract_obligation")
    env.invalidate_all()


STAGES = {"idle": _measure_idle, "due": _measure_due}
