"""Sending signature requests; a part of `bench_signature.py`."""

from unittest.mock import patch

import measure
from measure import Figure, Side

from odoo import fields
from odoo.fields import Command

REQUESTS = 100
# Queries of a request beside those of its mails, at most.
PER_REQUEST = 4
TITLES = {
    "signature.send": f"queries a request beside its mails', {REQUESTS} sent in one go",
}


def measure_sending(_rounds):
    """Send many requests in one call; what making their mails takes is set apart."""
    with measure.environment() as env:
        requests = _create_requests(env)
        mails = []
        with _counted_mails(env, mails):
            seconds, queries = measure.once(env, requests.action_send)
    own, apart = queries - sum(mails), sum(mails)
    sides = Side(f"{REQUESTS} requests", seconds, own), Side("their mails", None, apart)
    return [Figure("signature.send", own / REQUESTS, PER_REQUEST, *sides)]


def _counted_mails(env, counts):
    """Count the queries of the mails; none of them leaves.

    :param counts: list that gets the queries of each batch
    """
    signatories = env.registry["crm.contract.signatory"]
    mail = signatories._mail

    def counted(rows, kind, attachment=None):
        rows.env.flush_all()
        before = rows.env.cr.sql_log_count
        with patch.object(rows.env.registry["mail.mail"], "send_after_commit"):
            mail(rows, kind, attachment)
        rows.env.flush_all()
        counts.append(rows.env.cr.sql_log_count - before)

    return patch.object(signatories, "_mail", counted)


def _create_requests(env):
    """Return drafts of requests for contracts that were submitted and not printed."""
    user = env["res.users"].create(
        {"name": "Director", "login": "director", "email": "director@ours.example"}
    )
    contract_type = env["crm.contract.type"].create(
        {"name": "Signature", "code": "SIGN", "duration": 12, "notice_period": 1}
    )
    customers = env["res.partner"].create(
        [
            {
                "name": f"Customer {number}",
                "email": f"c{number}@customer.example",
                "street": f"{number} Main Street",
                "city": "Springfield",
            }
            for number in range(REQUESTS)
        ]
    )
    product = env["product.product"].create({"name": "Service", "type": "service"})
    contracts = env["crm.contract"].create(
        [
            {
                "name": f"Contract of {customer.name}",
                "type_id": contract_type.id,
                "partner_id": customer.id,
                "company_signatory_id": user.id,
                "date_start": fields.Date.today(),
                "line_ids": [Command.create({"product_id": product.id})],
            }
            for customer in customers
        ]
    )
    model = env.registry["crm.contract"]
    with patch.object(model, "_render_text", lambda contract: b"%PDF-1.4 a text"):
        contracts.action_submit()
    return env["crm.contract.signature.request"].create(
        [{"contract_id": contract.id} for contract in contracts]
    )
