"""Nothing that a client sends goes around the life cycle: real users over RPC."""

import base64

import pytest
from client import REFUSALS, RpcError, changes, refused

WRITERS = ("own", "all", "manager", "administrator")
OTHERS = ("reader", "accountant", "salesman", "portal")
# The least and the most that somebody who writes may do
ENDS = ("own", "administrator")
ROLES = WRITERS + OTHERS
HASH = "0" * 64
CHILDREN = {
    "crm.contract.line": "line_ids",
    "crm.contract.clause": "clause_ids",
    "crm.contract.installment": "installment_ids",
    "crm.contract.milestone": "milestone_ids",
    "crm.contract.document": "document_ids",
}
# What the life cycle and the ledger own, with a value that somebody might like.
OWNED = {
    "crm.contract": {
        "state": "running",
        "number": "SVC/2020/00001",
        "date_number": "2020-01-01",
        "sequence_prefix": "SVC/2020/",
        "sequence_number": 1,
        "kind": "renewal",
        "origin_id": 1,
        "root_id": 1,
        "content_hash": HASH,
        "content_key": "same",
        "version_id": 1,
        "preamble_frozen": "<p>Free of charge</p>",
        "date_submitted": "2020-01-01 00:00:00",
        "submitted_by_id": 1,
        "date_signed": "2020-01-01",
        "signed_by_customer": "Mallory",
        "signed_by_company": "Mallory",
        "end_reason": "completed",
        "date_ended": "2020-01-01",
        "amount_total": 1.0,
        "amount_invoiced": 1.0,
        "amount_paid": 1.0,
        "amount_remaining": 1.0,
    },
    "crm.contract.line": {
        "content_key": "same",
        "price_subtotal": 1.0,
        "price_total": 1.0,
        "sale_line_id": 1,
        "company_id": 1,
    },
    "crm.contract.clause": {
        "content_key": "same",
        "body_frozen": "<p>Free of charge</p>",
        # A clause of its own deviates: that it does not would be the forgery.
        "is_deviating": False,
        "part": "dispute",
    },
    "crm.contract.installment": {
        "content_key": "same",
        "state": "paid",
        "invoice_id": 1,
        "is_cancelled": True,
        "amount": 1.0,
        "amount_paid": 1.0,
        "amount_open": 1.0,
        "amount_invoiced": 1.0,
        "amount_waived": 1.0,
        "waived_by_id": 1,
        "date_due": "2020-01-01",
    },
    "crm.contract.milestone": {"content_key": "same", "date_done": "2020-01-01"},
    "crm.contract.document": {
        "content_key": "same",
        "kind": "signed",
        "sha256": HASH,
        "content_hash": HASH,
        "version_id": 1,
    },
}
# Shown of the version at hand, in no column of the contract.
VIEWS = {"content_hash", "preamble_frozen"}
# What both sides agreed on, with another value.
CONTENT = {
    "name": "Other title",
    "partner_id": 1,
    "partner_invoice_id": 1,
    "partner_shipping_id": 1,
    "customer_signatory_id": False,
    "company_signatory_id": 1,
    "customer_bank_id": False,
    "company_bank_id": False,
    "company_id": 1,
    "type_id": 1,
    "lang_id": False,
    "currency_id": 1,
    "fiscal_position_id": False,
    "payment_term_id": False,
    "date_start": "2020-01-01",
    "date_end": "2099-01-01",
    "is_open_ended": True,
    "duration": 1,
    "duration_unit": "day",
    "notice_period": 1,
    "notice_unit": "day",
    "preamble": "<p>Nothing</p>",
    "dispute_method": "mediation",
    "dispute_institution": "The pub",
    "dispute_place": "The pub",
}
CHILD_CONTENT = {
    "crm.contract.line": {
        "name": "Nothing",
        "scope": "Nothing",
        "service_standard": "None",
        "quantity": 9.0,
        "price_unit": 9.0,
        "discount": 90.0,
        "sequence": 999,
        "tax_ids": [(5, 0, 0)],
    },
    "crm.contract.clause": {
        "name": "Nothing",
        "body": "<p>Nothing</p>",
        "template_id": False,
        "sequence": 999,
    },
    "crm.contract.installment": {
        "name": "Nothing",
        "percentage": 1.0,
        "amount_fixed": 1.0,
        "amount_type": "fixed",
        "days": 999,
        "date": "2020-01-01",
        "trigger": "date",
        "milestone_id": False,
        "sequence": 999,
    },
    "crm.contract.milestone": {
        "name": "Nothing",
        "description": "Nothing",
        "party": "customer",
        "date_deadline": "2099-01-01",
        "sequence": 999,
    },
    "crm.contract.document": {
        "name": "other.txt",
        "file": base64.b64encode(b"other").decode(),
        "sequence": 999,
    },
}
PRIVATE = {
    "crm.contract": (
        "_transition",
        "_action_approve",
        "_action_reject",
        "_action_sign",
        "_action_end",
        "_freeze",
        "_unfreeze",
        "_set_number",
        "_write",
        "_advance_expire",
        "_set_next_sequence",
    ),
    "crm.contract.installment": ("_create_invoices", "_advance_due", "_write"),
    "crm.contract.document": ("_set_file_hash", "_store", "_store_texts", "_write"),
    "crm.contract.billing": ("_run", "_bill", "_do"),
    "crm.contract.schedule": ("_run", "_do"),
    "crm.contract.job.failure": ("_note", "_forget", "_try_again"),
}
ACTIONS = (
    "action_submit",
    "action_recall",
    "action_withdraw",
    "action_suspend",
    "action_resume",
    "action_cancel",
)


@pytest.fixture(scope="module")
def annexed(factory):
    """A function that makes a draft with an annex, as one of the roles."""

    def make(user):
        contract_id = factory.draft(user)
        user.create(
            "crm.contract.document",
            {
                "contract_id": contract_id,
                "name": "annex.txt",
                "file": base64.b64encode(b"Annex 1").decode(),
            },
        )
        return contract_id

    return make


@pytest.fixture(scope="module")
def contracts(annexed, factory, people):
    """A contract in each state that matters, all of the user of own contracts."""
    user = people["own"]
    made = {name: annexed(user) for name in ("draft", "to_sign", "running")}
    for name in ("to_sign", "running"):
        user.call("crm.contract", "action_submit", [made[name]])
    factory.sign(made["running"], user)
    assert factory.state(made["running"]) == "running"
    return made


@pytest.fixture
def unchanged(database, contracts):
    """Fail if anything of the contracts, or a new one, is stored by the test."""

    def snapshot():
        stored = {}
        for contract_id in contracts.values():
            stored |= database.contract(contract_id)
        for table in ("crm_contract", "crm_contract_document"):
            stored[f"number of {table}"] = database.value(
                f"SELECT count(*) FROM {table}"
            )
        return stored

    before = snapshot()
    yield
    assert not changes(before, snapshot())


def first_child(admin, model, contract_id):
    domain = [("contract_id", "=", contract_id)]
    if model == "crm.contract.line":
        domain.append(("display_type", "=", False))
    if model == "crm.contract.document":
        domain.append(("kind", "=", "annex"))
    return admin.search(model, domain, limit=1)[0]


def owned_pairs(model):
    return [{name: value} for name, value in OWNED[model].items()]


@pytest.mark.parametrize(
    ("state", "role"),
    [(state, role) for state in ("draft", "to_sign", "running") for role in WRITERS]
    + [("to_sign", role) for role in OTHERS],
)
def test_owned_fields_of_a_contract(state, role, people, contracts, unchanged):
    user, contract_id = people[role], contracts[state]
    for values in owned_pairs("crm.contract"):
        with refused():
            user.call("crm.contract", "write", [contract_id], values)
        with refused():
            user.call("crm.contract", "web_save", [contract_id], values, {})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", CHILDREN)
def test_owned_fields_of_parts(model, role, people, admin, contracts, unchanged):
    user = people[role]
    names = contracts if role in WRITERS else ["to_sign"]
    for contract_id in map(contracts.get, names):
        row_id = first_child(admin, model, contract_id)
        for values in owned_pairs(model):
            with refused():
                user.call(model, "write", [row_id], values)
            for command in ((1, row_id, values), (0, 0, values)):
                with refused():
                    user.call(
                        "crm.contract",
                        "web_save",
                        [contract_id],
                        {CHILDREN[model]: [command]},
                        {},
                    )


@pytest.mark.parametrize("role", WRITERS)
def test_owned_fields_on_create(role, people, factory, contracts, unchanged):
    user = people[role]
    for values in owned_pairs("crm.contract"):
        values = {**factory.prepare(user_id=user.uid), **values}
        for method, arguments in (
            ("create", [[values]]),
            ("web_save", [[], values, {}]),
        ):
            with refused():
                user.call("crm.contract", method, *arguments)
    for model, field in CHILDREN.items():
        for owned in owned_pairs(model):
            row = {"name": "Row", "file": "YQ==", "percentage": 1.0, **owned}
            row = {k: v for k, v in row.items() if k in fields_of(user, model)}
            values = factory.prepare(user_id=user.uid)
            with refused():
                user.create("crm.contract", {**values, field: [(0, 0, row)]})


def fields_of(user, model):
    return user.call(model, "fields_get", [], ["type"])


@pytest.mark.parametrize("role", ENDS)
def test_owned_fields_in_an_import(role, people, admin, factory, contracts, unchanged):
    user = people[role]
    for name, value in OWNED["crm.contract"].items():
        column = f"{name}/.id" if name.endswith("_id") else name
        result = user.call(
            "crm.contract",
            "load",
            [".id", column],
            [[str(contracts["draft"]), str(value)]],
        )
        assert not result["ids"] and result["messages"], name
    for model in CHILDREN:
        row_id = first_child(admin, model, contracts["draft"])
        for name, value in OWNED[model].items():
            column = f"{name}/.id" if name.endswith("_id") else name
            result = user.call(
                model, "load", [".id", column], [[str(row_id), str(value)]]
            )
            assert not result["ids"] and result["messages"], name


@pytest.mark.parametrize("role", ENDS)
def test_owned_fields_as_defaults(role, people, factory, database):
    """A default of the context is refused or ignored: a contract is a plain draft."""
    user = people[role]
    plain = factory.draft(user)
    lead = user.create("crm.lead", {"name": "Lead", "type": "opportunity"})
    names = [name for name in OWNED["crm.contract"] if name != "content_key"]
    names = [n for n in names if n not in VIEWS and not n.startswith("amount_")]
    query = f"SELECT {', '.join(names)} FROM crm_contract WHERE id = %s"
    expected = database.rows(query, plain)
    last = database.value("SELECT max(id) FROM crm_contract")
    values = factory.prepare(user_id=user.uid)
    for name, value in OWNED["crm.contract"].items():
        context = {f"default_{name}": value}
        attempt(user, "crm.contract", "create", [values], context=context)
    for name in ("state", "number", "amount_total"):
        context = {f"default_{name}": OWNED["crm.contract"][name]}
        quick = {**context, "default_partner_id": factory.customer["id"]}
        for model, method, arguments, keys in (
            ("crm.contract", "web_save", [[], values, {}], context),
            ("crm.contract", "copy", [[plain]], context),
            ("crm.contract", "name_create", ["Quick"], quick),
            (
                "crm.lead",
                "write",
                [[lead], {"contract_ids": [(0, 0, values)]}],
                context,
            ),
        ):
            attempt(user, model, method, *arguments, context=keys)
    made = database.rows("SELECT id FROM crm_contract WHERE id > %s", last)
    for (contract_id,) in made:
        assert database.rows(query, contract_id) == expected
        total, invoiced, paid, key = database.rows(
            "SELECT amount_total, amount_invoiced, amount_paid, content_key"
            " FROM crm_contract WHERE id = %s",
            contract_id,
        )[0]
        assert total in (0, 41055) and not invoiced and not paid and key != "same"


def attempt(user, *call, **kwargs):
    """Call; being refused is as good as being ignored. Return the answer."""
    try:
        return user.call(*call, **kwargs)
    except RpcError as error:
        assert error.kind in REFUSALS, f"{user.last_call}\n{error}"


@pytest.mark.parametrize("role", ENDS)
@pytest.mark.parametrize("model", CHILDREN)
def test_owned_fields_of_parts_as_defaults(model, role, people, factory):
    user = people[role]
    contract_id = factory.draft(user)
    row = {"contract_id": contract_id, "name": "Row", "file": "YQ==", "percentage": 1.0}
    row["category_id"] = 1
    row = {k: v for k, v in row.items() if k in fields_of(user, model)}
    for name, value in OWNED[model].items():
        if name == "company_id":
            continue
        context = {f"default_{name}": value}
        made = attempt(user, model, "create", [row], context=context)
        if made:
            assert user.read(model, made[0], name) != value, name


@pytest.mark.parametrize("role", WRITERS)
def test_owned_fields_in_a_copy(role, people, contracts, unchanged):
    user = people[role]
    for values in owned_pairs("crm.contract"):
        with refused():
            user.call("crm.contract", "copy", [contracts["to_sign"]], values)


@pytest.mark.parametrize("role", ENDS)
def test_a_copy_starts_anew(role, people, contracts, database):
    copied = people[role].call("crm.contract", "copy", [contracts["running"]])[0]
    assert database.rows(
        "SELECT state, number, version_id, date_signed, date_submitted, amount_invoiced"
        " FROM crm_contract WHERE id = %s",
        copied,
    ) == [("draft", None, None, None, None, 0)]
    assert not database.rows(
        "SELECT 1 FROM crm_contract_document WHERE contract_id = %s AND kind != 'annex'",
        copied,
    )


@pytest.mark.parametrize("role", ENDS)
def test_computed_values_cannot_be_written(role, people, admin, contracts, unchanged):
    """What is stored and readonly is refused, whatever it is called."""
    user = people[role]
    values = {"char": "x", "text": "x", "html": "<p>x</p>", "integer": 1, "float": 1.5}
    values |= {"monetary": 1.5, "boolean": True, "date": "2020-01-01", "many2one": 1}
    values |= {"datetime": "2020-01-01 00:00:00", "json": {"a": 1}}
    tried = 0
    for model in ("crm.contract", *CHILDREN):
        record = contracts["to_sign"]
        if model != "crm.contract":
            record = first_child(admin, model, record)
        for name, field in user.call(model, "fields_get").items():
            automatic = name in ("id", "create_uid", "create_date", "write_date")
            if (
                automatic
                or name == "write_uid"
                or name.startswith(("message_", "activ"))
            ):
                continue
            if not field["readonly"] or not field["store"]:
                continue
            if field["type"] == "selection":
                value = field["selection"][-1][0]
            elif field["type"] in values:
                value = values[field["type"]]
            else:
                continue
            tried += 1
            with refused():
                user.call(model, "write", [record], {name: value})
    assert tried > 60


@pytest.mark.parametrize("role", ["own", "manager", "administrator", "accountant"])
def test_invoices_are_linked_by_the_ledger_alone(
    role, people, admin, factory, contracts, unchanged
):
    user = people[role]
    row = factory.rows(contracts["running"])[0]
    contract_id = contracts["running"]
    invoice = admin.create(
        "account.move",
        {"move_type": "out_invoice", "partner_id": factory.customer["id"]},
    )
    for values in (
        {"contract_id": contract_id},
        {"installment_ids": [(4, row)]},
        {"installment_ids": [(6, 0, [row])]},
        {"installment_ids": [(1, row, {"state": "paid"})]},
        {"installment_ids": [(1, row, {"amount": 1.0})]},
    ):
        with refused():
            user.call("account.move", "write", [invoice], values)
        with refused():
            user.create("account.move", {"move_type": "out_invoice", **values})
    assert not admin.read("account.move", invoice, "contract_id")


@pytest.mark.parametrize(
    ("state", "role"),
    [(state, role) for state in ("to_sign", "running") for role in WRITERS]
    + [("running", role) for role in OTHERS],
)
def test_content_is_locked(state, role, people, contracts, unchanged):
    user, contract_id = people[role], contracts[state]
    for name, value in CONTENT.items():
        with refused():
            user.call("crm.contract", "write", [contract_id], {name: value})
    with refused():
        user.call("crm.contract", "web_save", [contract_id], CONTENT, {})
    with refused():
        user.call("crm.contract", "unlink", [contract_id])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", CHILDREN)
def test_parts_are_locked(model, role, people, admin, contracts, unchanged):
    user, field = people[role], CHILDREN[model]
    draft = contracts["draft"]
    for state in ("to_sign", "running") if role in WRITERS else ("running",):
        contract_id = contracts[state]
        row_id = first_child(admin, model, contract_id)
        row = {"name": "Row", "file": "YQ==", "percentage": 1.0, "category_id": 1}
        known = fields_of(admin, model)
        row = {k: v for k, v in row.items() if k in known}
        for name, value in CHILD_CONTENT[model].items():
            with refused():
                user.call(model, "write", [row_id], {name: value})
        with refused():
            user.create(model, {**row, "contract_id": contract_id})
        with refused():
            user.create(model, row, default_contract_id=contract_id)
        with refused():
            user.call(model, "copy", [row_id], {"contract_id": contract_id})
        with refused():
            user.call(model, "unlink", [row_id])
        # Out of the locked contract, and into it
        with refused():
            user.call(model, "write", [row_id], {"contract_id": draft})
        with refused():
            moved = first_child(admin, model, draft)
            user.call(model, "write", [moved], {"contract_id": contract_id})
        for command in (
            (0, 0, row),
            (1, row_id, {"name": "Nothing"}),
            (2, row_id, 0),
            (3, row_id, 0),
            (4, moved, 0),
            (5, 0, 0),
            (6, 0, []),
        ):
            with refused():
                values = {field: [command]}
                user.call("crm.contract", "write", [contract_id], values)


@pytest.mark.parametrize("role", ENDS)
def test_clauses_are_locked_by_every_name(role, people, admin, contracts, unchanged):
    """The sections of the form show the same clauses under other names."""
    user, contract_id = people[role], contracts["to_sign"]
    for part in ("breach", "dispute", "other"):
        domain = [("contract_id", "=", contract_id), ("part", "=", part)]
        row_id = admin.search("crm.contract.clause", domain, limit=1)[0]
        for command in (
            (0, 0, {"name": "New", "category_id": 1}),
            (1, row_id, {"body": "<p>Nothing</p>"}),
            (2, row_id, 0),
            (5, 0, 0),
        ):
            with refused():
                values = {f"{part}_clause_ids": [command]}
                user.call("crm.contract", "write", [contract_id], values)
        with refused():
            user.call("crm.contract.clause", "action_reset_to_library", [row_id])
    with refused():
        user.call("crm.contract", "action_insert_mandatory_clauses", [contract_id])


@pytest.mark.parametrize("role", ENDS)
def test_locked_content_in_an_import(role, people, admin, contracts, unchanged):
    user = people[role]
    for state in ("to_sign", "running"):
        line = first_child(admin, "crm.contract.line", contracts[state])
        for columns, row in (
            ([".id", "name"], [str(contracts[state]), "Other title"]),
            (
                [".id", "line_ids/.id", "line_ids/name"],
                [str(contracts[state]), str(line), "N"],
            ),
        ):
            result = user.call("crm.contract", "load", columns, [row])
            assert not result["ids"] and result["messages"]
        result = user.call(
            "crm.contract.line", "load", [".id", "price_unit"], [[str(line), "1"]]
        )
        assert not result["ids"] and result["messages"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["text", "annex"])
def test_stored_files_are_locked(kind, role, people, database, contracts, unchanged):
    user = people[role]
    data = base64.b64encode(b"forged").decode()
    for state in ("to_sign", "running"):
        document, attachment = database.rows(
            "SELECT d.id, a.id FROM crm_contract_document d JOIN ir_attachment a"
            " ON a.res_model = 'crm.contract.document' AND a.res_id = d.id"
            " WHERE d.contract_id = %s AND d.kind = %s",
            contracts[state],
            kind,
        )[0]
        other = user.search("ir.attachment", [("create_uid", "=", user.uid)], limit=1)
        for values in (
            {"datas": data},
            {"raw": "forged"},
            {"res_id": 1},
            {"res_model": "res.partner"},
            {"res_field": False},
            {"url": "http://example.com", "type": "url"},
            {"mimetype": "text/html"},
        ):
            with refused():
                user.call("ir.attachment", "write", [attachment], values)
        with refused():
            user.call("ir.attachment", "unlink", [attachment])
        with refused():
            user.call("crm.contract.document", "unlink", [document])
        place = {"res_model": "crm.contract.document", "res_id": document}
        for values in ({**place, "res_field": "file"}, {**place, "res_field": False}):
            with refused():
                user.create("ir.attachment", {"name": "f", "datas": data, **values})
            if other:
                with refused():
                    user.call("ir.attachment", "write", other, values)
        send_everywhere(user, "crm.contract.document", document, attachment)


def send_everywhere(user, model, record_id, attachment):
    """Try the routes that take files; what they answer does not matter."""
    place = {"model": model, "id": record_id}
    thread = {"thread_model": model, "thread_id": record_id, "is_pending": False}
    for path, values, name in (
        ("/web/binary/upload_attachment", place, "ufile"),
        ("/mail/attachment/upload", thread, "ufile"),
    ):
        user.post_form(path, values, files={name: ("file", b"forged", "text/plain")})
    for path, params in (
        ("/mail/attachment/delete", {"attachment_id": attachment}),
        ("/html_editor/attachment/remove", {"ids": [attachment]}),
        (
            "/html_editor/attachment/add_data",
            {
                "name": "file",
                "data": base64.b64encode(b"forged").decode(),
                "is_image": False,
                "res_model": model,
                "res_id": record_id,
            },
        ),
    ):
        try:
            user.post_json(path, params)
        except (RpcError, OSError):
            continue


@pytest.mark.parametrize("role", ROLES)
def test_private_methods(role, people, contracts, unchanged):
    user, record = people[role], contracts["to_sign"]
    for model, methods in PRIVATE.items():
        for method in methods:
            params = {
                "model": model,
                "method": method,
                "args": [[record]],
                "kwargs": {},
            }
            for path in ("/web/dataset/call_kw", "/web/dataset/call_button"):
                with refused("odoo.exceptions.AccessError"):
                    user.post_json(f"{path}/{model}/{method}", params)


@pytest.mark.parametrize("role", WRITERS)
def test_context_opens_nothing(role, people, admin, contracts, unchanged):
    user, contract_id = people[role], contracts["to_sign"]
    line = first_child(admin, "crm.contract.line", contract_id)
    names = (
        "su sudo force_write force skip_check skip_lock no_lock bypass install_mode"
        " module update import_file tracking_disable mail_notrack force_delete"
        " check_move_validity skip_readonly_check from_ui is_final noupdate"
        " crm_contract allow_locked content_unlock"
    )
    context = dict.fromkeys(names.split(), True) | {"uid": 1, "active_test": False}
    for model, record, values in (
        ("crm.contract", contract_id, {"state": "running"}),
        ("crm.contract", contract_id, {"name": "Other"}),
        ("crm.contract", contract_id, {"line_ids": [(5, 0, 0)]}),
        ("crm.contract.line", line, {"price_unit": 1.0}),
    ):
        with refused():
            user.call(model, "write", [record], values, context=context)
    with refused():
        user.call("crm.contract", "unlink", [contract_id], context=context)


@pytest.mark.parametrize("role", ["own", "administrator", "reader", "accountant"])
def test_get_requests_change_nothing(role, people, contracts, unchanged):
    user = people[role]
    for contract_id in contracts.values():
        for path in (
            f"/web/dataset/call_kw/crm.contract/action_withdraw?ids={contract_id}",
            f"/web/dataset/call_button/crm.contract/action_cancel?ids={contract_id}",
            f"/json/2/crm.contract/action_cancel?ids={contract_id}",
            f"/json/1/crm.contract/{contract_id}",
            f"/report/html/crm_contract.report_contract/{contract_id}",
            f"/report/pdf/crm_contract.report_contract/{contract_id}",
            f"/odoo/crm.contract/{contract_id}",
            f"/mail/view?model=crm.contract&res_id={contract_id}",
            f"/my/contracts/{contract_id}",
        ):
            assert user.get(path).status_code < 500 or "/json/" in path, path


@pytest.mark.parametrize("role", OTHERS)
def test_those_without_the_right_do_nothing(role, people, contracts, unchanged):
    user = people[role]
    for contract_id in contracts.values():
        for method in ACTIONS:
            with refused("odoo.exceptions.AccessError"):
                user.call("crm.contract", method, [contract_id])
        with refused("odoo.exceptions.AccessError"):
            user.create("crm.contract.sign", {"contract_id": contract_id})
        with refused("odoo.exceptions.AccessError"):
            user.create("crm.contract.end", {"contract_id": contract_id})
    with refused("odoo.exceptions.AccessError"):
        user.create("crm.contract", {"name": "Mine", "partner_id": user.partner_id})


@pytest.mark.parametrize("role", ["salesman", "portal"])
def test_those_without_the_right_see_nothing(role, people, contracts, database):
    user = people[role]
    for model in ("crm.contract", *CHILDREN):
        try:
            assert not user.search(model, [])
        except RpcError as error:
            assert error.kind == "odoo.exceptions.AccessError"
    for contract_id in contracts.values():
        with refused("odoo.exceptions.AccessError"):
            user.call("crm.contract", "read", [contract_id], ["name"])
        path = f"/report/pdf/crm_contract.report_contract/{contract_id}"
        assert user.get(path).headers["content-type"] != "application/pdf"
    documents = database.rows(
        "SELECT id FROM crm_contract_document WHERE contract_id = %s",
        contracts["running"],
    )
    for (document,) in documents:
        answer = user.get(f"/web/content/crm.contract.document/{document}/file")
        assert answer.status_code in (403, 404)


def test_reader_and_accountant_read(people, contracts):
    for role in ("reader", "accountant"):
        found = people[role].search(
            "crm.contract", [("id", "in", list(contracts.values()))]
        )
        assert sorted(found) == sorted(contracts.values())


def test_own_contracts_only(people, factory, database):
    foreign = factory.submitted(people["all"])
    user = people["own"]
    before = database.contract(foreign)
    assert not user.search("crm.contract", [("id", "=", foreign)])
    assert not user.search("crm.contract.line", [("contract_id", "=", foreign)])
    for call in (
        ("read", [foreign], ["name"]),
        ("action_withdraw", [foreign]),
        ("action_cancel", [foreign]),
        ("write", [foreign], {"user_id": user.uid}),
    ):
        with refused("odoo.exceptions.AccessError"):
            user.call("crm.contract", *call)
    with refused("odoo.exceptions.AccessError"):
        factory.sign(foreign, user)
    rows = factory.rows(foreign)
    with refused("odoo.exceptions.AccessError"):
        user.call("crm.contract.installment", "action_create_invoice", rows)
    assert not changes(before, database.contract(foreign))


@pytest.fixture(scope="module")
def elsewhere(admin, factory):
    """A contract to sign of another company, to which only the administrator goes."""
    name = "Black Box Elsewhere"
    found = admin.search("res.company", [("name", "=", name)])
    company_id = found[0] if found else admin.create("res.company", {"name": name})
    admin.call(
        "res.company",
        "write",
        [company_id],
        {"company_registry": "HRB 99", "street": "Fernweg 1", "city": "Basel"},
    )
    partner = admin.read("res.company", company_id, "partner_id")
    admin.call("res.partner", "write", [partner], {"legal_representative": "Urs Fern"})
    admin.call("res.users", "write", [admin.uid], {"company_ids": [(4, company_id)]})
    context = {"allowed_company_ids": [company_id]}
    values = factory.prepare(company_id=company_id, user_id=admin.uid)
    contract_id = admin.create("crm.contract", values, **context)
    factory.set_prices(contract_id)
    admin.call("crm.contract", "action_submit", [contract_id], context=context)
    assert factory.state(contract_id) == "to_sign"
    return company_id, contract_id


@pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
def test_other_companies_are_invisible(role, people, elsewhere, factory, database):
    user = people[role]
    company_id, foreign = elsewhere
    before = database.contract(foreign)
    for context in ({}, {"allowed_company_ids": [company_id]}):
        for model in ("crm.contract", *CHILDREN):
            key = "id" if model == "crm.contract" else "contract_id"
            try:
                assert not user.search(model, [(key, "=", foreign)], context=context)
            except RpcError as error:
                assert error.kind == "odoo.exceptions.AccessError"
        for call in (
            ("read", [foreign], ["name"]),
            ("write", [foreign], {"note": "Hello"}),
            ("action_withdraw", [foreign]),
            ("copy", [foreign]),
        ):
            with refused("odoo.exceptions.AccessError"):
                user.call("crm.contract", *call, context=context)
        with refused():
            user.call("crm.contract", "export_data", [foreign], ["name"])
        with refused("odoo.exceptions.AccessError"):
            wizard = user.create(
                "crm.contract.sign",
                {
                    "contract_id": foreign,
                    "signed_by_customer": "Mallory",
                    "signed_by_company": "Mallory",
                },
                **context,
            )
            user.call("crm.contract.sign", "action_sign", [wizard], context=context)
    path = f"/report/pdf/crm_contract.report_contract/{foreign}"
    assert user.get(path).headers["content-type"] != "application/pdf"
    assert not changes(before, database.contract(foreign))


@pytest.mark.parametrize("role", ENDS)
def test_wrong_signatures(role, people, factory, contracts, unchanged):
    user = people[role]
    for state in ("draft", "running"):
        with refused():
            factory.sign(contracts[state], user)
    contract_id = contracts["to_sign"]
    for values in (
        {"content_hash": HASH},
        {"content_hash": False},
        {"date": "2999-01-01"},
        {"date": False},
        {"signed_by_customer": False},
        {"signed_by_customer": ""},
        {"signed_by_customer": "  "},
        {"signed_by_company": False},
        {"signed_by_company": ""},
    ):
        with refused():
            factory.sign(contract_id, user, **values)
    for values in ({}, {"contract_id": False}):
        names = {"signed_by_customer": "A", "signed_by_company": "B"}
        with refused():
            user.create("crm.contract.sign", {**names, **values})


@pytest.mark.parametrize("role", ENDS)
def test_stale_signature(role, people, factory, database):
    """Who opened the dialog before the content changed has to look again."""
    user = people[role]
    contract_id = factory.submitted(user)
    names = {"signed_by_customer": "A", "signed_by_company": "B"}
    wizard = user.create("crm.contract.sign", {"contract_id": contract_id, **names})
    user.call("crm.contract", "action_withdraw", [contract_id])
    user.call("crm.contract", "write", [contract_id], {"name": "Other title"})
    with refused():
        user.call("crm.contract.sign", "action_sign", [wizard])
    user.call("crm.contract", "action_submit", [contract_id])
    before = database.contract(contract_id)
    with refused():
        user.call("crm.contract.sign", "action_sign", [wizard])
    assert not changes(before, database.contract(contract_id))


@pytest.mark.parametrize("role", ENDS)
def test_wrong_ends(role, people, factory, contracts, unchanged):
    user = people[role]

    def end(**values):
        wizard = user.create("crm.contract.end", {"reason": "completed", **values})
        user.call("crm.contract.end", "action_end", [wizard])

    for state in ("draft", "to_sign"):
        with refused():
            end(contract_id=contracts[state])
    for values in (
        {"contract_id": False},
        {"date": "2999-01-01"},
        {"date": "2000-01-01"},
        {"date": False},
        {"reason": False},
        {"reason": "terminated"},
        {"reason": "terminated", "note": "  "},
    ):
        with refused():
            end(**{"contract_id": contracts["running"], **values})


@pytest.mark.parametrize("role", WRITERS)
def test_wrong_steps(role, people, contracts, factory, unchanged):
    user = people[role]
    allowed = {
        "draft": {"action_submit", "action_cancel"},
        "to_sign": {"action_withdraw", "action_cancel"},
        "running": {"action_suspend"},
    }
    for state, contract_id in contracts.items():
        for method in set(ACTIONS) - allowed[state]:
            with refused():
                user.call("crm.contract", method, [contract_id])
        milestones = user.search(
            "crm.contract.milestone", [("contract_id", "=", contract_id)]
        )
        if state != "running":
            for method in ("action_done", "action_undo"):
                with refused():
                    user.call("crm.contract.milestone", method, milestones)
            rows = factory.rows(contract_id)
            with refused():
                user.call("crm.contract.installment", "action_create_invoice", rows)
            with refused():
                user.call("crm.contract", "action_create_invoice", [contract_id])
        if state != "draft":
            with refused():
                user.call("crm.contract", "action_archive", [contract_id])
            with refused():
                user.call("crm.contract", "write", [contract_id], {"active": False})


def test_the_bearer_interface_is_no_way_around(people, admin, contracts, unchanged):
    """The JSON interface of 19 with an API key, as programs use it."""
    key = make_api_key(people["manager"])
    headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": admin.database}
    contract_id = contracts["to_sign"]

    def post(path, **values):
        url = f"{admin.url}/json/2/crm.contract/{path}"
        session = type(admin.session)()
        session.trust_env = False
        return session.post(url, json=values, headers=headers, timeout=60)

    answer = post("read", ids=[contract_id], fields=["state"])
    assert answer.json()[0]["state"] == "to_sign"
    for path, values in (
        ("write", {"ids": [contract_id], "vals": {"state": "running"}}),
        ("write", {"ids": [contract_id], "vals": {"name": "Other"}}),
        (
            "web_save",
            {"ids": [contract_id], "vals": {"number": "1"}, "specification": {}},
        ),
        ("unlink", {"ids": [contract_id]}),
        ("_transition", {"ids": [contract_id], "name": "sign"}),
        ("_action_approve", {"ids": [contract_id]}),
    ):
        assert 400 <= post(path, **values).status_code < 500, path


def make_api_key(user):
    """Make an API key as the preferences of a user do: password asked for."""
    name = {"name": "Black box", "duration": "1"}
    description = user.create("res.users.apikeys.description", name)
    action = user.call("res.users.apikeys.description", "make_key", [description])
    if action["res_model"] == "res.users.identitycheck":
        context = {"password": user.password}
        action = user.call(
            "res.users.identitycheck", "run_check", [action["res_id"]], context=context
        )
    return action["context"]["default_key"]
