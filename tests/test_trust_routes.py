"""Ways that lead past a contract's own form: records beside it, and what Odoo lets people
make that runs, writes or exports for them.

Models, links and fields are taken from the registry, so that a new one is tried the day
it is there.
"""

import contextlib
import uuid

import pytest
from client import REFUSALS, RpcError, changes, refused
from conftest import make_user

LOW = ("own", "all", "manager", "reader", "accountant", "salesman", "portal")
LINKS = ("one2many", "many2many")
AUTOMATIC = {"id", "create_uid", "create_date", "write_uid", "write_date"}
VALUES = {
    "char": "x",
    "text": "x",
    "html": "<p>x</p>",
    "integer": 7,
    "float": 7.5,
    "monetary": 7.5,
    "boolean": True,
    "date": "2020-01-01",
    "datetime": "2020-01-01 00:00:00",
    "many2one": 1,
    "many2one_reference": 1,
    "reference": "res.users,1",
    "json": {"a": 1},
}


@pytest.fixture(scope="module")
def contracts(factory, people):
    """A contract of each kind of state, beside an opportunity, an order and invoices."""
    user = people["own"]
    made = {"draft": factory.draft(user), "to_sign": factory.submitted(user)}
    made["running"] = factory.signed(user)
    values = {"name": "Lead", "type": "opportunity", "user_id": user.uid}
    lead = user.create("crm.lead", {**values, "partner_id": factory.customer["id"]})
    user.call("crm.contract", "write", list(made.values()), {"opportunity_id": lead})
    people["administrator"].call("crm.contract", "action_bill", [made["running"]])
    return made


@pytest.fixture
def unchanged(database, contracts):
    def snapshot():
        stored = {}
        for contract_id in contracts.values():
            stored |= database.contract(contract_id)
        return stored

    def without_stamps(stored):
        return {
            name: value
            for name, value in stored.items()
            if not name.endswith(("write_uid", "write_date"))
        }

    before = snapshot()
    yield
    assert not changes(*map(without_stamps, (before, snapshot())))


def try_call(user, model, method, *args, **kwargs):
    """Call; what is refused is refused with words for people."""
    try:
        return user.call(model, method, *args, **kwargs)
    except RpcError as error:
        assert error.kind in REFUSALS, f"{user.last_call}\n{error}"
        return None


def links_to_contracts(admin):
    """All fields of many records that lead to models of ours: (model, field, target)."""
    rows = admin.call(
        "ir.model.fields",
        "search_read",
        [("relation", "=like", "crm.contract%"), ("ttype", "in", LINKS)],
        ["model", "name", "relation"],
    )
    return [(row["model"], row["name"], row["relation"]) for row in rows]


def closed_values(user, model):
    """A value for each field of a model that people may read and not write."""
    described = user.call(model, "fields_get", [], ["type", "readonly", "selection"])
    found = {}
    for name, field in described.items():
        if not field["readonly"] or name in AUTOMATIC:
            continue
        kind = field["type"]
        if kind == "selection" and field.get("selection"):
            found[name] = field["selection"][-1][0]
        elif kind in VALUES:
            found[name] = VALUES[kind]
    return found


@pytest.mark.parametrize("role", ["own", "accountant", "administrator"])
def test_records_beside_a_contract(role, people, admin, contracts, unchanged):
    """No command on a link of another record sets what a contract's own form can't."""
    user, ids = people[role], [contracts["to_sign"], contracts["running"]]
    tried = set()
    for model, field, target in links_to_contracts(admin):
        if not admin.call(model, "fields_get", [field], ["searchable"])[field][
            "searchable"
        ]:
            continue
        owner = "id" if target == "crm.contract" else "contract_id"
        described = admin.call(target, "fields_get", [owner], ["searchable"])
        if not described.get(owner, {}).get("searchable"):
            continue
        rows = admin.search(target, [(owner, "in", ids)], limit=1)
        holders = rows and admin.search(model, [(field, "in", rows)], limit=1)
        if not holders:
            continue
        values = closed_values(admin, target)
        made = {**values}
        if owner == "contract_id":
            made["contract_id"] = contracts["running"]
        commands = [(1, rows[0], {name: value}) for name, value in values.items()]
        for command in (*commands, (0, 0, made), (2, rows[0], 0)):
            try_call(user, model, "write", holders, {field: [command]})
        vals = {field: commands}
        try_call(user, model, "web_save", holders, vals, {})
        tried.add((model, field))
    assert {("crm.lead", "contract_ids"), ("crm.contract", "line_ids")} <= tried
    assert len(tried) > 8


@pytest.mark.parametrize("role", ["all", "administrator"])
def test_what_people_read_alone_stays(role, people, admin, database):
    """No field of any model of ours that is readonly is written, by whatever method."""
    user, written, tried = people[role], {}, 0
    for model in admin.call(
        "ir.model",
        "search_read",
        [("model", "=like", "crm.contract%"), ("transient", "=", False),
         ("abstract", "=", False)],
        ["model"],
    ):  # fmt: skip
        model = model["model"]
        table = model.replace(".", "_")
        found = database.rows("SELECT to_regclass(%s)::text", table)
        is_table = found[0][0] and database.value(
            "SELECT relkind FROM pg_class WHERE oid = %s::regclass", table
        ) in ("r", b"r")
        rows = is_table and database.rows(f"SELECT max(id) FROM {table}")[0][0]
        if not rows:
            continue
        query = f"SELECT to_jsonb(t) - 'write_date' FROM {table} t WHERE id = %s"
        before = database.value(query, rows)
        for name, value in closed_values(admin, model).items():
            vals = {name: value}
            try_call(user, model, "write", [rows], vals)
            try_call(user, model, "web_save", [rows], vals, {})
            column = f"{name}/.id" if name.endswith("_id") else name
            try_call(user, model, "load", [".id", column], [[str(rows), str(value)]])
            tried += 1
        after = database.value(query, rows)
        different = {key for key in before if before[key] != (after or {}).get(key)}
        if different - {"write_uid"}:
            written[model] = {key: (before[key], after[key]) for key in different}
    assert tried > 150
    assert not written


# What runs code, or decides on rights, views and numbers: for administrators alone.
RUNS = {
    "ir.actions.server": {"name": "A", "state": "code", "code": "1"},
    "ir.cron": {"name": "A", "state": "code", "code": "1"},
    "ir.actions.report": {"name": "A", "report_name": "a.b", "model": "crm.contract"},
    "ir.actions.act_window": {"name": "A", "res_model": "crm.contract"},
    "ir.actions.client": {"name": "A", "tag": "reload"},
    "ir.model": {"name": "A", "model": "x_a"},
    "ir.model.fields": {"name": "x_a", "ttype": "char", "compute": "1"},
    "ir.model.access": {"name": "A", "perm_write": True},
    "ir.rule": {"name": "A", "domain_force": "[]"},
    "ir.ui.view": {"name": "A", "arch": "<t/>", "type": "qweb"},
    "ir.config_parameter": {"key": "crm_contract.print_timeout", "value": "1"},
    "ir.sequence": {"name": "A"},
    "ir.asset": {"name": "A", "bundle": "web.assets_backend", "path": "a.js"},
    "ir.mail_server": {"name": "A", "smtp_host": "a"},
    "fetchmail.server": {"name": "A"},
    "res.groups": {"name": "A"},
    "res.users": {"name": "A", "login": "a"},
    "mail.activity.plan": {"name": "A", "res_model": "crm.contract"},
    "mail.template.reset": {},
    "decimal.precision": {"name": "A"},
    "ir.exports": {"name": "A", "resource": "crm.contract"},
}


@pytest.mark.parametrize("role", LOW)
def test_nobody_below_makes_what_runs(role, people, admin, contracts, unchanged):
    user = people[role]
    [model_id] = admin.search("ir.model", [("model", "=", "crm.contract")])
    for model, values in RUNS.items():
        if "model_id" in admin.call(model, "fields_get", ["model_id"], ["type"]):
            values = {**values, "model_id": model_id}
        with refused("odoo.exceptions.AccessError"):
            user.create(model, values)
        taken = admin.search(model, [], limit=1)
        if taken and values and model not in ("res.users", "ir.exports"):
            name = next(iter(values))
            with refused("odoo.exceptions.AccessError", "odoo.exceptions.MissingError"):
                user.call(model, "write", taken, {name: values[name]})


WRITES = "object.sudo().write({'state': 'cancelled'})"
UNSAFE = {
    "body_html": (
        f'<t t-out="{WRITES}"/>',
        f'<t t-set="x" t-value="{WRITES}"/>',
        f'<p t-att-title="{WRITES}">x</p>',
        f'<p t-if="{WRITES}">x</p>',
        "<t t-out=\"env['crm.contract'].sudo().search([]).unlink()\"/>",
        "<t t-out=\"object.env.cr.execute('DELETE FROM crm_contract')\"/>",
    ),
    "subject": ("{{ " + WRITES + " }}",),
    "email_to": ("{{ " + WRITES + " }}",),
    "lang": ("{{ " + WRITES + " }}",),
    "reply_to": ("{{ " + WRITES + " }}",),
    "scheduled_date": ("{{ " + WRITES + " }}",),
}


@pytest.mark.parametrize("role", LOW)
def test_mails_of_low_roles_run_nothing(role, people, admin, contracts, unchanged):
    user, contract_id = people[role], contracts["to_sign"]
    [model_id] = admin.search("ir.model", [("model", "=", "crm.contract")])
    plain = {"name": "T", "model_id": model_id, "subject": "Hello"}
    mine = try_call(user, "mail.template", "create", [plain])
    theirs = admin.search("mail.template", [("model", "=", "crm.contract")])
    for name, bodies in UNSAFE.items():
        for body in bodies:
            with refused():
                user.create("mail.template", {**plain, name: body})
            for template in (mine or [])[:1] + theirs[:1]:
                with refused():
                    user.call("mail.template", "write", [template], {name: body})
    for name in ("body", "subject", "reply_to"):
        body = UNSAFE["body_html"][0] if name == "body" else UNSAFE["subject"][0]
        for mode in ("mass_mail", "comment"):
            values = {
                "model": "crm.contract",
                "res_ids": str([contract_id]),
                name: body,
            }
            values |= {"composition_mode": mode, "partner_ids": [(4, user.partner_id)]}
            made = try_call(user, "mail.compose.message", "create", [values])
            if made:
                try_call(user, "mail.compose.message", "action_send_mail", made)
    if mine:
        try_call(user, "mail.template", "send_mail", mine, contract_id)


@pytest.mark.parametrize("role", LOW)
def test_what_low_roles_keep_for_themselves(
    role, people, admin, factory, contracts, unchanged
):
    """Filters, defaults, buttons and notes are theirs to make; none leads anywhere."""
    user, contract_id = people[role], contracts["to_sign"]
    [state] = admin.search(
        "ir.model.fields", [("model", "=", "crm.contract"), ("name", "=", "state")]
    )
    for model, values in (
        ("ir.filters", {"name": f"F {role}", "model_id": "crm.contract", "sort": "[]",
                        "domain": "[]", "context": "{'default_state': 'running'}"}),
        ("ir.default", {"field_id": state, "json_value": '"running"',
                        "user_id": user.uid}),
        ("ir.embedded.actions", {"name": "E", "parent_res_model": "crm.contract",
                                 "python_method": "_action_sign",
                                 "parent_action_id": 1}),
        ("mail.canned.response", {"source": "s", "substitution": WRITES}),
        ("mail.scheduled.message", {"model": "crm.contract", "res_id": contract_id,
                                    "body": "{{ " + WRITES + " }}",
                                    "scheduled_date": "2099-01-01 00:00:00"}),
    ):  # fmt: skip
        try_call(user, model, "create", [values])
    for method in ("_action_sign", "_transition", "write", "unlink"):
        with contextlib.suppress(RpcError):
            user.post_json(
                f"/web/dataset/call_button/crm.contract/{method}",
                {"model": "crm.contract", "method": method, "args": [[contract_id]],
                 "kwargs": {}},
            )  # fmt: skip
    if role in ("own", "all", "manager"):
        context = {"default_state": "running"}
        made = try_call(
            user, "crm.contract", "create", [factory.prepare()], context=context
        ) or [user.create("crm.contract", factory.prepare())]
        assert admin.read("crm.contract", made[0], "state") == "draft"


@pytest.mark.parametrize("role", ["salesman", "portal"])
def test_exports_lead_to_no_contract(role, people, admin, contracts):
    """Who may read no contract exports none, from whatever it is linked with."""
    user, ids = people[role], list(contracts.values())
    title = admin.read("crm.contract", contracts["running"], "name")
    rows = admin.call(
        "ir.model.fields",
        "search_read",
        [("relation", "=like", "crm.contract%"), ("model", "not like", "crm.contract")],
        ["model", "name", "relation"],
    )
    tried = 0
    for row in rows:
        if row["relation"] != "crm.contract":
            continue
        holders = try_call(admin, row["model"], "search", [(row["name"], "in", ids)])
        for path in ("name", "display_name", "state", "line_ids/name"):
            answer = try_call(
                user,
                row["model"],
                "export_data",
                holders or [],
                [f"{row['name']}/{path}"],
            )
            assert title not in str(answer) and "running" not in str(answer)
            tried += bool(holders)
    assert tried


# What all companies share; nothing in it says anything of one.
SHARED = {
    "crm.contract.approval.reason",
    "crm.contract.attempt",
    "crm.contract.clause.category",
    # Nobody has a right on it.
    "crm.contract.clause.text",
    "crm.contract.dispute.cause",
    # Nobody has a right on it.
    "crm.contract.event.head",
    "crm.contract.health.check",
    "crm.contract.index",
    "crm.contract.index.value",
    "crm.contract.qualification.kind",
    # Administrators of the database alone have a right on it.
    "crm.contract.secret.key",
}
# Where a record says whose it is, unless it has a company.
OWNERS = ("contract_id", "amendment_id", "template_id", "type_id", "policy_id",
          "installment_id")  # fmt: skip
PATHS = {
    "crm.contract.rung": "type_id.company_id",
    "crm.contract.approval.delegation": "user_id.company_id",
    "crm.contract.obligation.feed": "user_id.company_id",
    "crm.contract.renewal.run": "line_ids.contract_id.company_id",
}


@pytest.fixture(scope="module")
def stranger(admin, people):
    """Somebody with every right, in a company of his own alone."""
    name = "Black Box Abroad"
    found = admin.search("res.company", [("name", "=", name)])
    company = found[0] if found else admin.create("res.company", {"name": name})
    groups = [
        "crm_contract.crm_contract_group_manager",
        "crm_contract.crm_contract_group_reader",
        "crm_contract_approval.crm_contract_approval_group_manager",
        "sales_team.group_sale_manager",
        "account.group_account_manager",
    ]
    return make_user(admin, "stranger", groups, company)


@pytest.fixture(scope="module")
def at_home(admin, people, factory, contracts, database, company):
    """Rows of each kind that belongs to our company."""
    code = "".join(chr(ord("A") + byte % 26) for byte in uuid.uuid4().bytes[:6])
    copied = admin.call("crm.contract.template", "copy", [factory.template_id])
    kind = admin.read("crm.contract.template", factory.template_id, "type_id")
    own_kind = admin.call("crm.contract.type", "copy", [kind], {"code": code})
    for model, ids in (
        ("crm.contract.type", own_kind),
        ("crm.contract.template", copied),
    ):
        admin.call(model, "write", ids, {"company_id": company})
    admin.create("crm.contract.rung", {"name": "R", "type_id": own_kind[0], "days": 7})
    day = {"date_from": "2099-01-01", "date_to": "2099-01-02"}
    users = {"user_id": people["own"].uid, "deputy_id": people["all"].uid}
    admin.create("crm.contract.approval.delegation", {**users, **day})
    [[run]] = database.rows(
        "INSERT INTO crm_contract_renewal_run (user_id, state, uplift) VALUES"
        " (%s, 'running', 'none') RETURNING id",
        people["own"].uid,
    )
    database.rows(
        "INSERT INTO crm_contract_renewal_run_line (run_id, contract_id, state)"
        " VALUES (%s, %s, 'failed')",
        run,
        contracts["running"],
    )
    yield company
    database.rows("DELETE FROM crm_contract_renewal_run WHERE id = %s", run)


def find_owner(admin, model):
    """The path from a record of a model to the company that it belongs to."""
    names = admin.call(model, "fields_get", [], ["type"])
    if model in PATHS or "company_id" in names:
        return PATHS.get(model, "company_id")
    return next(f"{name}.company_id" for name in OWNERS if name in names)


def test_nothing_of_another_company(stranger, admin, at_home):
    """Whoever has every right in one company reads and writes nothing of another."""
    seen, there = {}, set()
    for row in admin.call(
        "ir.model",
        "search_read",
        [("model", "=like", "crm.contract%"), ("transient", "=", False),
         ("abstract", "=", False)],
        ["model"],
    ):  # fmt: skip
        model = row["model"]
        if model in SHARED:
            continue
        path = find_owner(admin, model)
        home = [(path, "=", at_home)]
        rows = admin.search(model, home, limit=3)
        there |= {model} if rows else set()
        ids = stranger.search(model, [], context={"active_test": False})
        seen[model] = admin.search(model, [*home, ("id", "in", ids)])
        for method, values in (("read", []), ("write", {}), ("unlink", None)):
            with contextlib.suppress(IndexError):
                arguments = [] if values is None else [values]
                kinds = ["odoo.exceptions.AccessError"] if method == "read" else []
                with refused(*kinds):
                    stranger.call(model, method, [rows[0]], *arguments)
    assert not {model: ids for model, ids in seen.items() if ids}
    assert (
        len(there) > 15
        and {
            "crm.contract.renewal.run.line",
            "crm.contract.rung",
            "crm.contract.template.line",
            "crm.contract.approval.delegation",
        }
        <= there
    )
