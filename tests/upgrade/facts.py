"""What stands in a database about contracts, as plain values to compare.

Runs in an Odoo shell: before an upgrade in the old release, which makes the expectation,
and after it in the present one, which has to come to the same. Only what a release has
is read, and what is empty is left out; `fields` tells what was read.
"""

import datetime
import hashlib

import texts

from odoo.models import BaseModel

from odoo.addons.crm_contract.tools.canonical import content_hash

# {model: (field that leads to the contract, names of what is compared)}
PARTS = {
    "crm.contract.line": (
        "contract_id",
        "content_key name product_id quantity price_unit discount tax_ids price_subtotal scope"
        " service_standard is_recurring recurrence_interval recurrence_unit billed_in"
        " date_start date_end date_anchor prorate free_periods billed_until valid_from"
        " valid_until step_ids sale_line_id",
    ),
    "crm.contract.line.step": ("contract_id", "line_id date_from quantity price_unit"),
    "crm.contract.installment": (
        "contract_id",
        "content_key name trigger date days milestone_id amount_type percentage amount date_due state"
        " is_overdue line_id period_start period_end invoice_id amount_paid",
    ),
    "crm.contract.clause": (
        "contract_id",
        "content_key name category_id template_id body is_deviating",
    ),
    "crm.contract.milestone": (
        "contract_id",
        "content_key name party user_id date_deadline date_done",
    ),
    "crm.contract.suspension": ("contract_id", "date_start date_end"),
    "crm.contract.approval.task": (
        "contract_id",
        "round sequence name state mode approver_ids waiting_ids decided_ids reason"
        " has_question date_deadline escalated_to_id instruction comment_required",
    ),
    "crm.contract.approval.review": (
        "contract_id",
        "round step_name decision user_id principal_ids target_id date comment reason_id"
        " content_hash",
    ),
    "crm.contract.approval.condition": (
        "contract_id",
        "name user_id is_met met_by_id date_met",
    ),
    "crm.contract.rung.fired": ("contract_id", "rung_id term date outcome"),
    "crm.contract.mrr.movement": (
        "contract_id",
        "number date kind amount_mrr amount_arr root_id",
    ),
    "crm.contract.change.task": (
        "amendment_id",
        "name user_id days date_deadline date_done contract_id",
    ),
    "account.move": (
        "contract_id",
        "name move_type state payment_state invoice_date currency_id amount_total"
        " amount_residual",
    ),
}
# Kept by themselves
MASTERS = {
    "res.company": "name contract_win_opportunity contract_horizon contract_billing_mode"
    " contract_ceiling_policy contract_ceiling_warning",
    "crm.contract.type": "name code rung_ids mandatory_clause_ids is_framework",
    "crm.contract.rung": "name type_id days recipient",
    "crm.contract.clause.template": "name version active body type_ids",
    "crm.contract.template": "name type_id line_ids clause_ids",
    "crm.contract.approval.policy": "name active version domain step_ids",
    "crm.contract.approval.step": "name policy_id user_ids mode days escalation_user_id",
    "crm.contract.approval.delegation": "user_id deputy_id date_from date_to",
    "crm.contract.index": "name value_ids",
    "crm.contract.index.value": "index_id date value",
}
CONTRACT = (
    "name number kind origin_id root_id state end_reason active company_id type_id"
    " template_id lang_id user_id team_id opportunity_id partner_id partner_invoice_id"
    " customer_signatory_id company_signatory_id date_number date_start date_end"
    " is_open_ended duration duration_unit notice_period notice_unit preamble"
    " dispute_method dispute_place date_submitted submitted_by_id date_signed"
    " signed_by_customer signed_by_company date_ended content_hash currency_id"
    " currency_rate payment_term_id amount_untaxed amount_tax amount_total"
    " amount_invoiced amount_paid amount_remaining amount_overdue is_overdue"
    " customer_legal_name customer_registry customer_representative customer_address"
    " customer_bank_account company_legal_name company_registry_number"
    " company_representative company_address company_bank_account"
    " date_effective amendment_reason base_id amount_base amount_effect amount_signed"
    " amendment_count conflicts is_outdated"
    " renewal_mode date_deadline date_review date_next_rung renewal_decision"
    " renewal_reason renewal_competitor uplift_note is_automatic_renewal"
    " date_termination terminated_by date_notice_given termination_reason amount_mrr"
    " is_framework amount_ceiling amount_ordered billing_mode billing_error"
    " late_rate approval_round approval_step_name approval_deadline editor_ids"
)
# Where a later release keeps what others have in a field: {(model, name): function}
KEPT = {
    ("crm.contract", "base_id"): lambda contract: (
        contract.base_version_id.base_id.contract_id - contract.origin_id
    ),
    ("crm.contract", "terminated_by"): lambda c: c.termination_id.terminated_by,
    ("crm.contract", "date_notice_given"): lambda c: c.termination_id.date_notice_given,
    ("crm.contract", "termination_reason"): lambda c: c.termination_id.reason,
    ("crm.contract", "renewal_reason"): lambda c: _get_decision(c).reason,
    ("crm.contract", "renewal_competitor"): lambda c: _get_decision(c).competitor,
}
# What means something else now, in the words of before: {(model, name): function}
MEANT = {
    # Of the rows in the ledger alone; it counts the whole term now.
    ("crm.contract", "amount_remaining"): lambda contract: sum(
        row.amount
        for row in contract.installment_ids
        if contract.performs and row.state in ("planned", "due")
    ),
    # With interest and penalties, which stand apart now.
    ("crm.contract", "amount_invoiced"): lambda c: c.amount_invoiced + c.amount_extra,
}


def contracts_of(env):
    """Return all contracts, in the order of their creation."""
    contracts = env["crm.contract"].with_context(active_test=False)
    return contracts.search([], order="id").with_env(env)


def gather(env, expected=None):
    """Return all facts as a dict that JSON can hold, keys being strings.

    :param expected: facts of the old release, which tell what texts to look for
    """
    contracts = contracts_of(env)
    fields = _get_fields(env)
    verified = {str(c.id): verify(c) for c in contracts if c.content_hash}
    intact = contracts.filtered(lambda c: verified.get(str(c.id)) == "success")
    return {
        "fields": fields,
        "rows": {model: _read_rows(env[model], fields[model]) for model in fields},
        "modules": _read_modules(env),
        "submitted": _read_submitted(contracts),
        "documents": _read_documents(env),
        "activities": _read_activities(env),
        "messages": _count_messages(env),
        "verified": verified,
        "printed": {
            str(contract.id): digest(texts.print_pdf(contract))
            for contract in contracts
            if contract.state not in ("draft", "review", "cancelled")
        },
        "words": texts.find_frozen(intact, expected and expected["words"]),
        "days": texts.find_on_days(intact, expected and expected["days"]),
        "certificates": texts.find_decisions(contracts),
    }


def verify(contract):
    """Press the button *Verify*; return the kind of its answer (success, danger …)."""
    return contract.action_verify()["params"]["type"]


def read_all(env):
    """Read every field of every record of ours; return what can't be (list of str)."""
    problems = []
    for name in sorted(env.registry):
        model = env[name].with_context(active_test=False)
        if not name.startswith("crm.contract") or model._abstract or model._transient:
            continue
        try:
            model.search([]).read()
        except Exception as error:
            problems.append(f"{name}: {error!r}")
    return problems


def _get_decision(contract):
    decisions = contract.env["crm.contract.renewal.decision"]
    return decisions.search([("contract_id", "=", contract.id)], order="id")[-1:]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def _get_fields(env):
    """Return what the release has of all that is compared: {model: names}."""
    names = {"crm.contract": CONTRACT, **MASTERS}
    names |= {model: text for model, (_path, text) in PARTS.items()}
    return {
        model: [name for name in text.split() if _get_reader(env[model], name)]
        for model, text in names.items()
        if model in env
    }


def _get_reader(model, name):
    """Return a function that reads a fact of a record, None if the release has none."""
    meant = MEANT.get((model._name, name))
    if meant and "amount_extra" in model._fields:
        return meant
    if name in model._fields:
        return lambda record: record[name]
    return "crm.contract.version" in model.env and KEPT.get((model._name, name))


def _read_rows(model, names):
    path = PARTS.get(model._name, ("id",))[0]
    found = model.with_context(active_test=False).search([(path, "!=", False)])
    rows = {}
    for record in found.with_env(model.env).sorted("id"):
        values = {
            name: _plain(name, _get_reader(model, name)(record)) for name in names
        }
        rows[str(record.id)] = {name: values[name] for name in names if values[name]}
    return rows


def _plain(name, value):
    if isinstance(value, BaseModel):
        return sorted(value.ids) if name.endswith("_ids") else value.id
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def _read_modules(env):
    """Return the state of our add-ons, and of all that is not settled."""
    modules = env["ir.module.module"].search(
        ["|", ("name", "=like", "crm_contract%"), ("state", "=like", "to %")]
    )
    return {module.name: module.state for module in modules}


def _read_submitted(contracts):
    """Return what was ever submitted, in its order: the hash, and if bytes have it."""
    if "crm.contract.version" in contracts.env:
        versions = {
            contract: contract.env["crm.contract.version"].search(
                [("contract_id", "=", contract.id), ("kind", "=", "submission")],
                order="number",
            )
            for contract in contracts
        }
        rows = {
            contract: [
                [row.content_hash, digest(row.content.encode()) == row.content_hash]
                for row in versions[contract]
            ]
            for contract in contracts
        }
    else:
        rows = {
            contract: [
                [row.content_hash, content_hash(row.content) == row.content_hash]
                for row in contract.document_ids.sorted("id")
                if row.kind == "text"
            ]
            for contract in contracts
        }
    return {str(contract.id): rows[contract] for contract in rows if rows[contract]}


def _read_documents(env):
    """Return each file as stored: what it is, its recorded and its real SHA-256."""
    documents = env["crm.contract.document"].search([], order="id")
    files = env["ir.attachment"].search(
        [
            ("res_model", "=", documents._name),
            ("res_field", "=", "file"),
            ("res_id", "in", documents.ids),
        ]
    )
    raw = {file.res_id: digest(file.raw or b"") for file in files}
    return {
        str(document.id): {
            "contract_id": document.contract_id.id,
            "kind": document.kind,
            "name": document.name,
            "sha256": document.sha256,
            "file": raw.get(document.id),
        }
        for document in documents
    }


def _read_activities(env):
    """Return the open activities: {contract: [[user, summary, deadline], ...]}."""
    found = {}
    for row in env["mail.activity"].search([("res_model", "=", "crm.contract")]):
        found.setdefault(str(row.res_id), []).append(
            [row.user_id.id, row.summary or "", row.date_deadline.isoformat()]
        )
    return {key: sorted(rows) for key, rows in found.items()}


def _count_messages(env):
    groups = env["mail.message"]._read_group(
        [("model", "=", "crm.contract")], ["res_id"], ["__count"]
    )
    return {str(contract_id): count for contract_id, count in groups}
