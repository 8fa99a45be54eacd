"""Automation rules hear of each kind of news, as the page on reporting says."""

from datetime import date, timedelta

from conftest import make_user
from test_api_examples import rules  # noqa: F401 (fixture)

CHANGED, MADE, DUE = "on_create_or_write", "on_create", "on_time"
# Kind: model, trigger, field that changes or tells the day, condition
KINDS = {
    "submitted": ("crm.contract", CHANGED, "state", [("state", "=", "review")]),
    "approved": ("crm.contract", CHANGED, "state", [("state", "=", "to_sign")]),
    "signed": ("crm.contract", CHANGED, "date_signed", [("date_signed", "!=", False)]),
    "billed": (
        "crm.contract.installment",
        CHANGED,
        "state",
        [("state", "=", "invoiced")],
    ),
    "overdue": (
        "crm.contract.installment",
        CHANGED,
        "is_overdue",
        [("is_overdue", "=", True)],
    ),
    "disputed": ("crm.contract.dispute", MADE, None, []),
    "expiring": ("crm.contract", DUE, "date_end", [("state", "=", "running")]),
}


def make_rule(admin, kind):
    """A rule that keeps which contract it heard of, as a webhook would be told."""
    model, trigger, field, condition = KINDS[kind]
    [model_id] = admin.search("ir.model", [("model", "=", model)])
    contract = "record.id" if model == "crm.contract" else "record.contract_id.id"
    values = {
        "name": kind,
        "model_id": model_id,
        "trigger": trigger,
        "filter_domain": repr(condition),
        "action_server_ids": [
            (
                0,
                0,
                {
                    "name": kind,
                    "model_id": model_id,
                    "state": "code",
                    "code": f"env['ir.config_parameter'].set_param('heard.{kind}.%s' % "
                    f"{contract}, '1')",
                },
            )
        ],
    }
    found = field and admin.search(
        "ir.model.fields", [("model_id", "=", model_id), ("name", "=", field)]
    )
    if trigger == CHANGED:
        values["trigger_field_ids"] = [(6, 0, found)]
    elif trigger == DUE:
        values |= {"trg_date_id": found[0], "trg_date_range": 3000}
        values |= {"trg_date_range_mode": "before", "trg_date_range_type": "day"}
    return admin.create("base.automation", values)


def heard(admin, contract):
    """The kinds of news that were heard of a contract (set)."""
    keys = admin.call(
        "ir.config_parameter",
        "search_read",
        [("key", "=like", f"heard.%.{contract}")],
        ["key"],
    )
    return {row["key"].split(".")[1] for row in keys}


def run_job(admin, xmlid):
    admin.call("ir.cron", "method_direct_trigger", [admin.ref(xmlid)])


def make_type(admin, lawyer):
    """A type whose contracts a lawyer approves."""
    source = admin.ref("crm_contract.crm_contract_type_service")
    type_id = admin.call("crm.contract.type", "copy", [source], {"code": "AUT"})[0]
    step = {"name": "Legal", "user_ids": [(6, 0, [lawyer.uid])]}
    admin.create(
        "crm.contract.approval.policy",
        {"name": "AUT", "type_ids": [(6, 0, [type_id])], "step_ids": [(0, 0, step)]},
    )
    return type_id


def approve(lawyer, contract):
    [task] = lawyer.call(
        "crm.contract.approval.task",
        "search_read",
        [("is_mine", "=", True), ("contract_id", "=", contract)],
        ["content_hash"],
    )
    lawyer.call(
        "crm.contract.approval.task",
        "action_decide",
        [task["id"]],
        "approve",
        content_hash=task["content_hash"],
    )


def bill(admin, accountant, contract, day):
    """Bill a row of a contract, payable on a day."""
    row = accountant.search(
        "crm.contract.installment",
        [("contract_id", "=", contract), ("date_due", "!=", False)],
        limit=1,
    )
    accountant.call("crm.contract.installment", "action_create_invoice", row)
    invoices = accountant.search("account.move", [("contract_id", "=", contract)])
    values = {"invoice_date": day, "invoice_date_due": day}
    values |= {"invoice_payment_term_id": False}
    accountant.call("account.move", "write", invoices, values)
    accountant.call("account.move", "action_post", invoices)


def test_each_kind_of_news(admin, company, people, factory, rules):  # noqa: F811
    lawyer = make_user(
        admin,
        "rules_lawyer",
        ["crm_contract_approval.crm_contract_approval_group_legal"],
        company,
    )
    for kind in KINDS:
        make_rule(admin, kind)
    user = people["founder"]
    contract = factory.draft(user, type_id=make_type(admin, lawyer))
    known = set()

    def told(*kinds):
        known.update(kinds)
        assert heard(admin, contract) == known

    told()
    user.call("crm.contract", "action_submit", [contract])
    told("submitted")
    approve(lawyer, contract)
    told("approved")
    factory.sign(contract, user)
    told("signed")
    past = str(date.today() - timedelta(days=20))
    bill(admin, people["accountant"], contract, past)
    run_job(admin, "crm_contract.ir_cron_advance")
    told("billed", "overdue")
    user.create("crm.contract.dispute", {"name": "Late", "contract_id": contract})
    told("disputed")
    run_job(admin, "base_automation.ir_cron_data_base_automation_check")
    told("expiring")
