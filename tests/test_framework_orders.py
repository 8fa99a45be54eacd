"""Orders called off against a framework contract: at once, and by the customer."""

import base64
import uuid

import pytest
from client import REFUSALS, RpcError, together

PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg=="
    )
).decode()


@pytest.fixture
def framework(factory, admin, people):
    """A signed framework with a ceiling of 1,000."""
    values = factory.prepare(user_id=people["all"].uid)
    values.update(
        template_id=False,
        is_framework=True,
        amount_ceiling=1000.0,
        dispute_method="mediation",
        dispute_institution="The chamber",
        dispute_place="Bremen",
    )
    contract_id = admin.create("crm.contract", values)
    admin.call("crm.contract", "action_submit", [contract_id])
    factory.sign(contract_id)
    return contract_id


@pytest.fixture
def order(admin, factory, framework):
    """A function that makes a quotation called off against the framework."""
    product_id = admin.create(
        "product.product",
        {
            "name": f"Hours {uuid.uuid4().hex[:6]}",
            "type": "service",
            "taxes_id": [(5, 0, 0)],
        },
    )

    def make(price, **values):
        return admin.create(
            "sale.order",
            {
                "partner_id": factory.customer["id"],
                "contract_id": framework,
                "order_line": [(0, 0, {"product_id": product_id, "price_unit": price})],
                **values,
            },
        )

    return make


def test_two_confirmations_at_once(admin, people, framework, order):
    for _round in range(4):
        rows = [order(600.0), order(600.0)]
        sessions = [people["founder"].again(), admin.again()]
        results = together(
            *[
                lambda user=user, row=row: user.call(
                    "sale.order", "action_confirm", [row]
                )
                for user, row in zip(sessions, rows, strict=True)
            ]
        )
        errors = [result for result in results if isinstance(result, Exception)]
        assert len(errors) == 1, results
        assert isinstance(errors[0], RpcError) and errors[0].kind in REFUSALS
        assert "ceiling" in errors[0].message
        ordered = admin.read("crm.contract", framework, "amount_ordered")
        assert ordered == 600.0
        for row in rows:
            admin.call("sale.order", "action_cancel", [row])


def test_customer_accepts_online(admin, order):
    """Beyond the ceiling, nothing is signed by half."""
    dear, fair = order(1001.0), order(1000.0)
    for row, works in ((dear, False), (fair, True)):
        admin.call(
            "sale.order",
            "write",
            [row],
            {"require_signature": True, "require_payment": False, "state": "sent"},
        )
        link = admin.call("sale.order", "action_preview_sale_order", [row])["url"]
        token = link.partition("access_token=")[2].partition("&")[0]
        params = {"access_token": token, "name": "Okke", "signature": PIXEL}
        try:
            answer = admin.post_json(f"/my/orders/{row}/accept", params)
        except RpcError as error:
            assert not works and error.kind in REFUSALS, error
            assert "ceiling" in error.message
        else:
            assert works and answer["force_refresh"], answer
        state, signed = (
            admin.read("sale.order", row, name) for name in ("state", "signed_by")
        )
        assert (state, bool(signed)) == (("sale", True) if works else ("sent", False))
