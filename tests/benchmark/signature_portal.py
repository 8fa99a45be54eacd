"""Portal pages of contracts compared with those of quotations; a part of `bench_signature.py`."""

import gc
import statistics
import time

import bench_contract
import measure
from measure import Figure, Side
from werkzeug.test import Client

import odoo.http
import odoo.sql_db

TITLES = {
    "signature.portal_time": "the portal page of a contract, opened by a link",
    "signature.portal_queries": "its queries",
}


def measure_portal(rounds):
    """A whole request each, by a visitor with a link: session, route, page.

    It commits: a request has a transaction of its own.
    """
    with measure.environment() as env:
        paths = _make_pages(env)
        env.cr.commit()
    client = Client(odoo.http.root)
    for path in paths.values():
        _open(client, path)
        _open(client, path)
    runs = {label: [] for label in paths}
    for _round in range(4 * rounds):
        for label, path in paths.items():
            runs[label].append(_open(client, path))
    sides = {
        label: Side(
            label,
            statistics.median(seconds for seconds, _queries in results),
            max(queries for _seconds, queries in results),
            runs=tuple(seconds for seconds, _queries in results),
        )
        for label, results in runs.items()
    }
    quotation, contract = sides["quotation"], sides["contract"]
    return [
        measure.ratio("signature.portal_time", 1.1, contract, quotation),
        Figure(
            "signature.portal_queries",
            contract.queries / quotation.queries,
            1.0,
            contract,
            quotation,
        ),
    ]


def _make_pages(env):
    """Make a quotation and a contract of three lines that wait for the customer."""
    fixture = bench_contract.prepare(env)
    [order] = bench_contract.create_orders(env, fixture, 1)
    order.action_quotation_sent()
    [contract] = bench_contract.create_contracts(env, fixture, 1)
    env["crm.contract.milestone"].create(
        [
            {"name": f"Milestone {number}", "contract_id": contract.id}
            for number in range(4)
        ]
    )
    contract.partner_id.write(
        {"company_registry": "1", "legal_representative": "Chris Chief"}
    )
    contract.company_id.partner_id.write(
        {
            "company_registry": "2",
            "legal_representative": "Sam Supplier",
            "street": "1 Harbour Street",
            "city": "Springfield",
        }
    )
    contract.write({"dispute_method": "negotiation"})
    # As submitted; printing is measured elsewhere, and needs a server.
    contract.sudo().write({"state": "review"})
    contract._set_number()
    version = env["crm.contract.version"]._freeze(contract)
    contract.sudo().write({"version_id": version.id, "state": "to_sign"})
    env["crm.contract.document"]._store(contract, "text", "Text.pdf", b"%PDF-1.4 text")
    for record in (order, contract):
        record.message_post(
            body=record.display_name,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
    link = env["crm.contract.link"]._get_for(contract, contract.partner_id)
    return {"quotation": order.get_portal_url(), "contract": link._get_path()}


def _open(client, path):
    """Open a page; return (seconds, queries) of the whole request."""
    gc.collect()
    queries, start = odoo.sql_db.sql_counter, time.perf_counter()
    answer = client.get(path, headers={"Host": "127.0.0.1"})
    size = len(answer.get_data())
    seconds, queries = time.perf_counter() - start, odoo.sql_db.sql_counter - queries
    if answer.status_code != 200 or size < 10_000:
        raise RuntimeError(f"{path.partition('?')[0]}: {answer.status}, {size} bytes")
    return seconds, queries
