"""What holds whatever is called, and what of an answer speaks against it."""

import collections

# The life cycle by hand: which steps a method may take, from a state to another. None
# stands for a contract that was not there, or is not there any more.
NEW = {(None, "draft")}
GONE = {("draft", None), ("cancelled", None)}
MOVES = {
    "action_submit": {("draft", "review"), ("draft", "to_sign")},
    "action_open_submission": {("draft", "review"), ("draft", "to_sign")},
    "action_recall": {("review", "draft")},
    "action_withdraw": {("to_sign", "draft")},
    "action_cancel": {(state, "cancelled") for state in ("draft", "review", "to_sign")},
    "action_sign": {
        ("to_sign", "signed"), ("to_sign", "running"), ("to_sign", "in_force"),
        ("running", "ended"),
    },
    "action_suspend": {("running", "suspended")},
    "action_resume": {("suspended", "running"), ("signed", "in_force")},
    "action_end": {
        ("signed", "ended"), ("running", "ended"), ("suspended", "ended"),
        ("signed", "superseded"), ("in_force", "superseded"),
    },
    "action_reopen": {
        ("ended", "running"), ("superseded", "in_force"), ("superseded", "signed"),
    },
    "action_decide": {("review", "to_sign"), ("review", "draft"), *NEW},
    "action_met": {("review", "to_sign")},
    "action_take_over": {("draft", "signed"), ("draft", "running")},
    "action_amend": NEW,
    "action_renew": NEW,
    "action_draft": NEW,
    "copy": NEW,
    "create": NEW,
    "name_create": NEW,
    "web_save": NEW,
    "web_save_multi": NEW,
    "load": NEW,
    "action_load": NEW,
    "action_new_contract": NEW,
    "unlink": GONE,
}  # fmt: skip
# States that a text which changes another one never has, and those that only it has.
PERFORMED = {"running", "suspended", "ended"}
OF_AMENDMENTS = {"in_force", "superseded"}
# What is written by design though the role could not: method → models. Rows of a
# contract that the role may write are no question.
INVOICES = {"account.move", "account.move.line"}
LEDGER = {
    "crm.contract",
    "crm.contract.installment",
    "crm.contract.installment.share",
}
# What a decision is written into, whoever is asked for it.
REVIEW = {
    "crm.contract",
    "crm.contract.version",
    "crm.contract.approval.task",
    "crm.contract.approval.review",
    "crm.contract.approval.condition",
    "mail.activity",
}
BY_DESIGN = {
    ("crm.contract.approval.task", "action_decide"): REVIEW,
    ("crm.contract.approval.task", "action_undo"): REVIEW,
    ("crm.contract.decide", "action_decide"): REVIEW,
    ("crm.contract.approval.condition", "action_met"): REVIEW,
    # Who manages a contract may bill it, and so may accountants.
    ("crm.contract", "action_bill"): INVOICES | LEDGER,
    ("crm.contract", "action_create_invoice"): INVOICES | LEDGER,
    ("crm.contract.installment", "action_create_invoice"): INVOICES | LEDGER,
    ("crm.contract.bill", "action_bill"): LEDGER,
    ("crm.contract.interest", "action_charge"): INVOICES | LEDGER,
    ("crm.contract.link.invoice", "action_link"): LEDGER,
    # The order of categories is that of the clauses in print.
    ("crm.contract.clause.category", "write"): {"crm.contract.clause"},
    # Dialogs and runs that keep a record of their own.
    ("crm.contract.renew", "action_renew"): {
        "crm.contract.renewal.run",
        "crm.contract.renewal.run.line",
    },
    ("crm.contract.renewal.run", "action_stop"): {
        "crm.contract.renewal.run",
        "crm.contract.renewal.run.line",
    },
    ("crm.contract.health.check", "action_look"): {
        "crm.contract.health.check",
        "crm.contract.health.finding",
    },
    # One's own calendar is made when it is asked for, and gets a new key.
    ("crm.contract.obligation.feed", "action_open_mine"): {
        "crm.contract.obligation.feed"
    },
    ("crm.contract.obligation.feed", "action_renew"): {"crm.contract.obligation.feed"},
    # Accountants decide on differences of books and ledger.
    ("crm.contract.difference", "action_apply"): INVOICES | LEDGER,
    ("crm.contract.installment", "action_undo_waive"): LEDGER,
    ("crm.contract.installment", "action_bill_rest"): INVOICES | LEDGER,
    # Settlement and penalty are drafts, made by who may end the contract.
    ("crm.contract", "action_end"): INVOICES | LEDGER,
    ("crm.contract.end", "action_end"): INVOICES | LEDGER,
}
# Whatever is done to invoices, the ledger shows it.
OF_INVOICES = {"account.move", "account.move.line", "account.move.reversal"}

# Holes of `fuzz.holes`, and what has to be told of them: {method: (model, words)}.
HOLES = {
    "action_hole_move": ("crm.contract", "moves"),
    "action_hole_running": ("crm.contract", "amendment becomes running"),
    "action_hole_create": ("crm.contract", "moves (None, 'draft')"),
    "action_hole_unlink": ("crm.contract", "unlinks crm.contract.clause"),
    "action_hole_activity": ("crm.contract", "writes mail.activity"),
    "action_hole_lead": ("crm.contract", "writes crm.lead"),
    "action_hole_order": ("crm.contract", "writes sale.order"),
    "action_hole_file": ("crm.contract", "writes ir.attachment"),
    "action_hole_invoice": ("crm.contract", "writes account.move"),
    "action_hole_tag": ("crm.contract", "creates crm.tag"),
    "action_hole_company": ("crm.contract", "leaks ['Zqabroad"),
    "action_hole_message": ("crm.contract", "leaks ['Zqabroad"),
    "action_hole_owner": ("crm.lead", "leaks ['Zqothers"),
    "action_hole_python": ("crm.contract", "ValueError at"),
    "action_hole_database": ("crm.contract", "DivisionByZero at"),
    "action_hole_nothing": ("crm.contract", "returns None"),
    "action_hole_busy": ("crm.contract", "HangError at"),
    "action_hole_dialog": ("crm.contract.sign", "writes crm.lead"),
    "action_hole_service": ("crm.contract.ledger", "writes crm.lead"),
}


class Findings:
    """What the fuzzer found, told once for each method and kind of problem."""

    def __init__(self):
        self.problems = collections.OrderedDict()
        self.called = collections.Counter()
        self.outcomes = collections.Counter()

    def note(self, call, answer):
        key = (call["model"], call["method"])
        self.called[key] += 1
        self.outcomes[answer["outcome"]] += 1
        for problem, detail in judge(call, answer):
            self.problems.setdefault((*key, problem), (call, detail))

    def count(self):
        """Return how much was called, and with what outcomes (str)."""
        return (
            f"{sum(self.called.values())} calls of {len(self.called)} methods: "
            f"{dict(self.outcomes)}"
        )

    def list(self):
        return [
            f"{model}.{method}: {problem}\n   {detail}\n   {call}"
            for (model, method, problem), (call, detail) in self.problems.items()
        ]

    def tell(self):
        return "\n\n".join(self.list())


def judge(call, answer):
    """What is wrong with an answer: pairs of the kind of problem and of details."""
    method = call["method"]
    yield from judge_error(call, answer)
    # Odoo's own check of companies names what a client names.
    if answer["leaks"] and "company inconsistencies" not in answer.get("message", ""):
        yield f"leaks {answer['leaks']}", answer.get("message", "")
    if answer["outcome"] != "ok":
        return
    if answer["none"] and call["ours"]:
        yield "returns None", ""
    for before, after, kind in answer["moves"]:
        step = (before, after)
        if step not in MOVES.get(method, ()):
            yield f"moves {step} of kind {kind}", ""
        if after in (OF_AMENDMENTS if kind != "amendment" else PERFORMED):
            yield f"{kind} becomes {after}", ""
    for row in answer.get("written") or ():
        allowed = BY_DESIGN.get((call["model"], method), ())
        if call["model"] in OF_INVOICES:
            allowed = LEDGER
        if row["model"] not in allowed:
            yield f"{call['role']} {row['operation']}s {row['model']}", str(row)


def judge_error(call, answer):
    if answer["outcome"] != "error":
        return
    frames = answer["trace"]
    ours_at_last = bool(frames) and frames[-1][3]
    is_action = call["ours"] and call["method"].startswith("action_")
    is_action = is_action and answer["stage"] == "call"
    if is_action or ours_at_last or answer["kind"] == "HangError":
        where = "; ".join(
            f"{file}:{line} {name}" for file, line, name, _o in frames[-3:]
        )
        yield f"{answer['kind']} at {where}", answer["message"]
