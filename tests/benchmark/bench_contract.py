"""Contracts compared with sale orders: creating, reading and printing them."""

import functools
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import measure
from measure import Figure, Side
from pypdf import PdfReader
from web_client import Views

from odoo.fields import Command

CREATED = 1000
LINES, CLAUSES, INSTALLMENTS = 3, 5, 4
FEW, MANY = 100, 2000
PRINTED = 10
PRINTED_PAGES = 2
# Most queries of what a company has that installed all three add-ons.
COMPANY_BARS = {"list": 16, "form": 36}
SHORT_CLAUSE = "<p>Either side tells the other in writing what it needs to know.</p>"
REPORT = "crm_contract.action_report_contract"
SALE_REPORT = "sale.action_report_saleorder"
TITLES = {
    "contract.create": "create contracts of 3 lines, 5 clauses, 4 installments",
    "contract.create_from_template": "the same from a template",
    "contract.create_queries": "queries of creating",
    "contract.list_growth": "queries that a list takes more",
    "contract.form_growth": "queries that a form takes more",
    "contract.kanban_growth": "queries that a kanban takes more",
    "contract.list_queries": "queries of a list of 80",
    "contract.form_queries": "queries of a form",
    "contract.company_list_queries": "queries of a list of 80, with all three add-ons",
    "contract.company_form_queries": "queries of a form, with all three add-ons",
    "contract.print_one": "print one contract of two pages",
    "contract.print_ten": "print ten in one call",
}


class Fixture(NamedTuple):
    """What contracts and orders are made of."""

    partners: object
    products: object
    type: object
    clauses: object
    template: object


def run(rounds):
    """Return the figures of this benchmark."""
    return [
        *_measure_creation(rounds),
        *_measure_reading(),
        *_measure_printing(rounds),
    ]


def _measure_creation(rounds):
    creations = {
        "sale orders": create_orders,
        "contracts": create_contracts,
        "contracts from a template": create_from_template,
    }
    with measure.environment() as env:
        fixture = prepare(env)
        sides = measure.compare(
            env,
            rounds,
            {
                label: functools.partial(create, env, fixture, CREATED)
                for label, create in creations.items()
            },
        )
    # Only now: the fixture of another process would wait for the one of this.
    orders, contracts, templates = (
        replace(
            sides[label],
            label=f"{CREATED} {label}",
            memory=measure.peak_memory(functools.partial(_create_alone, create)),
        )
        for label, create in creations.items()
    )
    return [
        measure.ratio("contract.create", 1.0, contracts, orders),
        measure.ratio("contract.create_from_template", 1.0, templates, orders),
        Figure(
            "contract.create_queries",
            contracts.queries / orders.queries,
            1.0,
            contracts,
            orders,
        ),
    ]


def _measure_reading():
    with measure.environment() as env:
        return _compare_reading(env, prepare(env))


def _compare_reading(env, fixture):
    contract_views = Views(env, "crm.contract", "list", "form", "kanban")
    # These have bars of their own.
    contract_views.leave_out(env, "crm_contract_approval", "crm_contract_renewal")
    order_views = Views(env, "sale.order", "list", "form")
    create_orders(env, fixture, FEW)
    order = env["sale.order"].search([], limit=1)
    bars = {
        "list": measure.count_queries(env, lambda: order_views.open_list(env)),
        "form": measure.count_queries(env, lambda: order_views.open_form(order)),
    }
    counts = {}
    for number in (FEW, MANY):
        present = env["crm.contract"].search_count([])
        create_in_all_states(env, fixture, number - present)
        running = env["crm.contract"].search([("state", "=", "running")], limit=1)
        for name, read in {
            "list": functools.partial(contract_views.open_list, env),
            "form": functools.partial(contract_views.open_form, running),
            "kanban": functools.partial(contract_views.open_kanban, env, "state"),
        }.items():
            counts[name, number] = measure.count_queries(env, read)
    figures = [
        Figure(
            f"contract.{name}_growth",
            counts[name, MANY] - counts[name, FEW],
            0,
            Side(f"{name} at {MANY} contracts", queries=counts[name, MANY]),
            Side(f"{name} at {FEW} contracts", queries=counts[name, FEW]),
        )
        for name in ("list", "form", "kanban")
    ]
    figures += [
        Figure(
            f"contract.{name}_queries",
            counts[name, MANY],
            bar,
            Side(f"{name} of contracts", queries=counts[name, MANY]),
            Side(f"{name} of sale orders", queries=bar),
        )
        for name, bar in bars.items()
    ]
    return [*figures, *_count_with_satellites(env, running)]


def _count_with_satellites(env, contract):
    """Count the queries of the views with all that the add-ons bring into them."""
    views = Views(env, "crm.contract", "list", "form")
    reads = {
        "list": functools.partial(views.open_list, env),
        "form": functools.partial(views.open_form, contract),
    }
    counts = {name: measure.count_queries(env, read) for name, read in reads.items()}
    return [
        Figure(
            f"contract.company_{name}_queries",
            counts[name],
            bar,
            Side(f"{name} with all add-ons", queries=counts[name]),
            Side(""),
        )
        for name, bar in COMPANY_BARS.items()
    ]


def _measure_printing(rounds):
    with measure.environment() as env:
        fixture = prepare(env)
        contracts = create_printable(env, fixture)
        orders = create_orders(env, fixture, 1)
        sides = measure.compare(
            env,
            rounds,
            {
                "sale order printed": lambda: _print(orders, SALE_REPORT),
                "contract printed": lambda: _print(contracts[0], REPORT),
                "ten contracts one by one": lambda: [
                    _print(contract, REPORT) for contract in contracts
                ],
                "ten contracts in one call": lambda: _print(contracts, REPORT),
            },
        )
    order, one, singles, together = sides.values()
    return [
        measure.ratio("contract.print_one", 0.3, one, order),
        measure.ratio("contract.print_ten", 0.6, together, singles),
    ]


def _create_alone(create, env):
    create(env, prepare(env), CREATED)


def prepare(env):
    """Create partners, products, a type, clauses and a template."""
    country = env.ref("base.us")
    partners = env["res.partner"].create(
        [
            {
                "name": f"Customer {number}",
                "is_company": True,
                "street": f"{number} Main Street",
                "city": "Springfield",
                "country_id": country.id,
                "lang": "en_US",
            }
            for number in range(100)
        ]
    )
    products = env["product.product"].create(
        [
            {"name": f"Service {number}", "type": "service", "list_price": 100 + number}
            for number in range(20)
        ]
    )
    contract_type = env["crm.contract.type"].create(
        {
            "name": "Benchmark",
            "code": "BENCH",
            "duration": 12,
            "notice_period": 1,
            # The example clause on late payment names it.
            "late_rate": 0.03,
        }
    )
    env["crm.contract.load.examples"]._load("en")
    clauses = env["crm.contract.clause.template"].search(
        [("lang_id.code", "=", "en_US")], limit=CLAUSES
    )
    template = env["crm.contract.template"].create(
        {
            "name": "Benchmark",
            "title": "Service contract",
            "type_id": contract_type.id,
            "clause_ids": [Command.set(clauses.ids)],
            "line_ids": [
                Command.create({"product_id": product.id, "quantity": number + 1})
                for number, product in enumerate(products[:LINES])
            ],
            "installment_ids": [
                Command.create(
                    {
                        "name": f"Part {number + 1}",
                        "percentage": 25,
                        "days": 30 * number,
                    }
                )
                for number in range(INSTALLMENTS)
            ],
        }
    )
    env.cr.flush()
    return Fixture(partners, products, contract_type, clauses, template)


def create_contracts(env, fixture, number):
    """Create contracts in one call, with all that they consist of."""
    return env["crm.contract"].create(
        [
            {
                "name": f"Contract {index}",
                "type_id": fixture.type.id,
                "partner_id": _turn(fixture.partners, index).id,
                "date_start": _day(0),
                "line_ids": [
                    Command.create(
                        {
                            "product_id": _turn(fixture.products, index + line).id,
                            "quantity": line + 1,
                        }
                    )
                    for line in range(LINES)
                ],
                "clause_ids": [
                    Command.create({"template_id": clause.id, "sequence": sequence})
                    for sequence, clause in enumerate(fixture.clauses)
                ],
                "installment_ids": [
                    Command.create(
                        {
                            "name": f"Part {part + 1}",
                            "sequence": part,
                            "date": _day(30 * part),
                            "percentage": 100 / INSTALLMENTS,
                        }
                    )
                    for part in range(INSTALLMENTS)
                ],
            }
            for index in range(number)
        ]
    )


def create_from_template(env, fixture, number):
    """Create contracts in one call that get their content from a template."""
    return env["crm.contract"].create(
        [
            {
                "template_id": fixture.template.id,
                "type_id": fixture.type.id,
                "partner_id": _turn(fixture.partners, index).id,
                "date_start": _day(0),
            }
            for index in range(number)
        ]
    )


def create_orders(env, fixture, number):
    """Create sale orders of as many lines in one call."""
    return env["sale.order"].create(
        [
            {
                "partner_id": _turn(fixture.partners, index).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": _turn(fixture.products, index + line).id,
                            "product_uom_qty": line + 1,
                        }
                    )
                    for line in range(LINES)
                ],
            }
            for index in range(number)
        ]
    )


def create_in_all_states(env, fixture, number):
    """Create contracts for the views: all states, tags, milestones, activities."""
    contracts = create_contracts(env, fixture, number)
    states = [state for state, _label in contracts._fields["state"].selection]
    tags = env["crm.tag"].create(
        [{"name": f"Tag {number}/{index}"} for index in range(5)]
    )
    for index, contract in enumerate(contracts):
        contract.tag_ids = _turn(tags, index) | _turn(tags, index + 1)
    env["crm.contract.milestone"].create(
        [{"name": "Acceptance", "contract_id": contract.id} for contract in contracts]
    )
    for contract in contracts[::5]:
        contract.activity_schedule(
            "mail.mail_activity_data_todo", user_id=env.uid, summary="Call"
        )
    # sudo: the state is owned by the life cycle, which would print every contract
    for offset, state in enumerate(states):
        contracts[offset :: len(states)].sudo().write({"state": state})
    env.cr.flush()
    return contracts


def create_printable(env, fixture):
    """Create drafts with as many short clauses as fill the printed pages."""
    category = env["crm.contract.clause.category"].search([], limit=1)
    clauses = env["crm.contract.clause.template"].create(
        [
            {
                "name": f"Clause {number}",
                "category_id": category.id,
                "body": SHORT_CLAUSE,
            }
            for number in range(20)
        ]
    )
    for number in range(1, len(clauses)):
        short = fixture._replace(clauses=clauses[:number])
        with measure.undone(env):
            contract = create_contracts(env, short, 1)
            pages = len(PdfReader(io.BytesIO(_print(contract, REPORT))).pages)
        if pages == PRINTED_PAGES:
            return create_contracts(env, short, PRINTED)
    raise AssertionError(f"No number of clauses fills {PRINTED_PAGES} pages.")


def _print(records, report):
    content, kind = records.env["ir.actions.report"]._render_qweb_pdf(
        report, records.ids
    )
    if kind != "pdf" or not content.startswith(b"%PDF"):
        raise AssertionError(f"{report} was not printed as PDF.")
    return content


def _turn(records, index):
    return records[index % len(records)]


def _day(days):
    return date(date.today().year + 1, 1, 1) + timedelta(days=days)
