"""What was decided is what is agreed: what stays approved, what thresholds look at,
conditions, the certificate and who a step is handed over to. Users over RPC and HTTP.
"""

import base64
import datetime
import re
import uuid

import pytest
from approvals import (
    TASK,
    WIZARD,
    decide,
    delegate,
    forget,
    ids,
    make_approvers,
    open_dialog,
    task_of,
)
from client import RpcError, changes, refused
from conftest import make_user

POLICY = "crm.contract.approval.policy"
STEP = "crm.contract.approval.step"
CONDITION = "crm.contract.approval.condition"
DOCUMENT = "crm.contract.document"
CERTIFICATE = "/report/html/crm_contract_approval.report_certificate"
NOBODY = "Nobody had to approve"
OPEN_CONDITION = "waits for a condition of its approval"
NOT_NAMED = "people whom it could have named"
NOT_TO_HIMSELF = "neither to yourself"
# Codes of types have no digits.
LETTERS = str.maketrans("0123456789", "GHIJKLMNOP")
# What a type may ask for; contracts of a few fees have none of it.
NOTHING = dict.fromkeys(
    (
        "require_registration",
        "require_signatories",
        "require_service_standard",
        "require_plan",
        "require_end_date",
        "require_dispute",
    ),
    False,
)
# Lawyers look at all but lines and amounts.
TEXT_ALONE = {"reapproval": "changed", "concern_amount": False, "concern_lines": False}


@pytest.fixture(scope="module")
def approvers(admin, company, people):
    """Sessions of those who approve, of who works on contracts, and of a clerk."""
    clerk = make_user(
        admin, "clerk", ["base.group_user", "base.group_partner_manager"], company
    )
    return make_approvers(admin, company) | people | {"clerk": clerk}


@pytest.fixture
def rule(admin, approvers):
    """A function that makes a policy for contracts of a type of its own.

    Steps are tuples of name, role of who decides, and more values. Returns the type.
    """
    made = []

    def make(*steps, type_id=None, needs=None, **values):
        if not type_id:
            source = admin.ref("crm_contract.crm_contract_type_service")
            code = uuid.uuid4().hex[:8].upper().translate(LETTERS)
            vals = {"code": code, "sequence": 999, **(needs or {})}
            type_id = admin.call("crm.contract.type", "copy", [source], vals)[0]
        rows = [
            {
                "name": name,
                "sequence": number,
                "user_ids": [(6, 0, ids(approvers, role))],
                **more,
            }
            for number, (name, role, more) in enumerate(steps)
        ]
        vals = {"name": "Decided", "type_ids": [(6, 0, [type_id])], **values}
        vals["step_ids"] = [(0, 0, row) for row in rows]
        made.append((admin.create(POLICY, vals), type_id))
        return type_id

    yield make
    for policy_id, type_id in made:
        admin.call(POLICY, "write", [policy_id], {"active": False})
        admin.call("crm.contract.type", "write", [type_id], {"active": False})


@pytest.fixture
def two_steps(rule):
    """The type of contracts that a lawyer approves, and the executive after him."""
    return rule(("Legal", "lawyer", TEXT_ALONE), ("Executive", "executive", {}))


def policy_of(admin, type_id):
    return admin.search(POLICY, [("type_ids", "in", [type_id])])


def submit(user, contract_id):
    user.call("crm.contract", "action_submit", [contract_id])


def recall(user, contract_id):
    user.call("crm.contract", "action_recall", [contract_id])


def steps_of(user, contract_id):
    """The steps of the last submission as a reader sees them: {name: state}."""
    number = user.read("crm.contract", contract_id, "approval_round")
    rows = user.call(
        TASK,
        "search_read",
        [("contract_id", "=", contract_id), ("round", "=", number)],
        ["name", "state"],
    )
    return {row["name"]: row["state"] for row in rows}


# a) What stays approved


class Case:
    """A contract of a customer and an opportunity of its own, with an annex."""

    def __init__(self, admin, factory, approvers, type_id):
        self.admin, self.user = admin, approvers["own"]
        self.clerk = approvers["clerk"]
        values = {"name": "Sturmvogel AG", "is_company": True, "city": "Emden"}
        values |= {"street": "Kai 1", "zip": "26721", "company_registry": "HRB 1"}
        values["legal_representative"] = "Okke Janssen"
        self.partner_id = admin.create("res.partner", values)
        signatory = {"name": "Okke Janssen", "parent_id": self.partner_id}
        self.lead_id = self.user.create(
            "crm.lead",
            {
                "name": "Harbour crane",
                "type": "opportunity",
                "user_id": self.user.uid,
                "partner_id": self.partner_id,
            },
        )
        self.id = factory.draft(
            self.user,
            type_id=type_id,
            partner_id=self.partner_id,
            customer_signatory_id=admin.create("res.partner", signatory),
            opportunity_id=self.lead_id,
        )
        self.clause_id = self.first("crm.contract.clause")
        self.document_id = self.user.create(
            DOCUMENT, {"contract_id": self.id, "name": "annex.txt", "file": "T25l"}
        )

    def first(self, model, *domain):
        rows = [("contract_id", "=", self.id), *domain]
        return self.user.search(model, rows, limit=1)[0]

    def speak_of_the_opportunity(self):
        body = "<p>About {{ object.opportunity_id.name }}.</p>"
        self.user.call("crm.contract.clause", "write", [self.clause_id], {"body": body})

    def nothing(self):
        pass

    def swap_annex(self):
        [attachment] = self.admin.search(
            "ir.attachment",
            [
                ("res_model", "=", DOCUMENT),
                ("res_field", "=", "file"),
                ("res_id", "=", self.document_id),
            ],
        )
        text = base64.b64encode(b"Another annex").decode()
        self.user.call("ir.attachment", "write", [attachment], {"datas": text})

    def remove_annex(self):
        self.user.call(DOCUMENT, "unlink", [self.document_id])

    def rename_opportunity(self):
        self.user.call("crm.lead", "write", [self.lead_id], {"name": "Two cranes"})

    def register_anew(self):
        vals = {"company_registry": "HRB 2"}
        self.clerk.call("res.partner", "write", [self.partner_id], vals)

    def move_customer(self):
        vals = {"street": "Kai 99"}
        self.clerk.call("res.partner", "write", [self.partner_id], vals)

    def call_customer(self):
        vals = {"phone": "+49 4921 1", "comment": "<p>Called</p>"}
        self.clerk.call("res.partner", "write", [self.partner_id], vals)

    def change_clause(self):
        vals = {"body": "<p>Other text.</p>"}
        self.user.call("crm.contract.clause", "write", [self.clause_id], vals)

    def change_line(self):
        line = self.first("crm.contract.line", ("display_type", "=", False))
        self.user.call("crm.contract.line", "write", [line], {"scope": "Two of them"})


@pytest.fixture
def case(admin, factory, approvers, two_steps):
    return Case(admin, factory, approvers, two_steps)


def decide_and_change(case, change, approvers, admin):
    """Let the lawyer approve, change something after a recall, and submit again."""
    submit(case.user, case.id)
    decide(approvers["lawyer"], case.id, admin)
    recall(case.user, case.id)
    getattr(case, change)()
    submit(case.user, case.id)


@pytest.mark.parametrize(
    ("change", "before"),
    [
        ("swap_annex", "nothing"),
        ("remove_annex", "nothing"),
        ("rename_opportunity", "speak_of_the_opportunity"),
        ("register_anew", "nothing"),
        ("move_customer", "nothing"),
        ("change_clause", "nothing"),
    ],
)
def test_asked_again(change, before, case, approvers, admin, factory):
    """All that the hash covers counts, whatever the way by which it changed."""
    getattr(case, before)()
    decide_and_change(case, change, approvers, admin)
    lawyer, executive = approvers["lawyer"], approvers["executive"]
    assert steps_of(lawyer, case.id) == {"Legal": "pending", "Executive": "waiting"}
    with refused():
        decide(executive, case.id, admin)
    decide(lawyer, case.id, admin)
    decide(executive, case.id, admin)
    assert factory.state(case.id) == "to_sign"


@pytest.mark.parametrize(
    "change", ["nothing", "change_line", "rename_opportunity", "call_customer"]
)
def test_stays_approved(change, case, approvers, admin, factory):
    """What the step has nothing to do with, or no text says, asks nobody again."""
    decide_and_change(case, change, approvers, admin)
    lawyer = approvers["lawyer"]
    assert steps_of(lawyer, case.id) == {"Legal": "kept", "Executive": "pending"}
    with refused():
        decide(lawyer, case.id, admin)
    decide(approvers["executive"], case.id, admin)
    assert factory.state(case.id) == "to_sign"


# b) What thresholds look at


@pytest.fixture
def draft_of(admin, factory, approvers, rule, database):
    """A function that drafts a contract of fees; who asks has limits for it."""
    today = database.value("SELECT current_date")

    def make(limits, *fees, days=None):
        step = ("Executive", "executive", {"condition_mode": "any", **limits})
        type_id = rule(step, needs=NOTHING)
        rows = []
        for number, fee in enumerate(fees):
            row = {"name": f"Fee {number}", "is_recurring": True, **fee}
            row |= {"recurrence_interval": 1, "recurrence_unit": "month"}
            for day, price in row.pop("steps", ()):
                date_from = today + datetime.timedelta(days=day)
                vals = {"date_from": str(date_from), "price_unit": price}
                row["step_ids"] = [(0, 0, vals)]
            rows.append((0, 0, {**row, "tax_ids": [(5, 0, 0)]}))
        term = {"is_open_ended": True}
        if days:
            end = today + datetime.timedelta(days=days - 1)
            term = {"is_open_ended": False, "date_end": str(end)}
            term |= {"notice_period": 0, "notice_unit": "day"}
        user = approvers["own"]
        vals = factory.prepare(user_id=user.uid, type_id=type_id, line_ids=rows)
        # Without the template's clauses, milestones and plan.
        vals |= {"date_start": str(today), "template_id": False, **term}
        return user.create("crm.contract", vals)

    return make


def preview_of(user, contract_id):
    dialog = user.create("crm.contract.submit", {"contract_id": contract_id})
    return user.read("crm.contract.submit", dialog, "preview")


FROM = {"amount_from": 100000}
YEAR_LATER = [(365, 50000)]
FREE_YEAR = {"price_unit": 50000, "free_periods": 12}
CHEAP_YEAR = {"price_unit": 1, "steps": YEAR_LATER}
REBATE = ({"price_unit": 10000}, {"price_unit": -9000})
GROSS = {**FROM, "amount_basis": "gross"}


@pytest.mark.parametrize(
    ("limits", "fees", "days", "value"),
    [
        # Twelve months for nothing, and 50,000 a month afterwards
        (FROM, [FREE_YEAR], None, "600,000"),
        (FROM, [FREE_YEAR], 365, "600,000"),
        # 1 a month, and 50,000 a month after a year, open or up for renewal
        (FROM, [CHEAP_YEAR], None, "600,000"),
        (FROM, [CHEAP_YEAR], 365, None),
        # A month at 10,000 is worth a year of it
        (FROM, [{"price_unit": 10000}], 30, "120,000"),
        # 12 × 10,000 less 12 × 9,000
        (GROSS, REBATE, None, "120,000"),
        # A rebate and free months are discounts
        ({"discount_from": 80}, REBATE, None, None),
        ({"discount_from": 25}, [{"price_unit": 10, "free_periods": 3}], None, None),
    ],
)
def test_threshold_asks(limits, fees, days, value, draft_of, approvers, admin):
    contract_id = draft_of(limits, *fees, days=days)
    user = approvers["own"]
    if "amount_from" in limits and limits is not GROSS:
        assert user.read("crm.contract", contract_id, "amount_total") < 100000
    preview = preview_of(user, contract_id)
    assert "Executive" in preview
    assert not value or value in preview, preview
    submit(user, contract_id)
    assert steps_of(approvers["executive"], contract_id) == {"Executive": "pending"}


@pytest.mark.parametrize(
    ("limits", "fees"),
    [
        # 12 × 8,000
        (FROM, [{"price_unit": 8000}]),
        (FROM, REBATE),
        ({"discount_from": 95}, REBATE),
        ({"discount_from": 25}, [{"price_unit": 10, "free_periods": 2}]),
    ],
)
def test_threshold_asks_nobody(limits, fees, draft_of, approvers, factory):
    contract_id = draft_of(limits, *fees)
    user = approvers["own"]
    assert "Executive" not in preview_of(user, contract_id)
    submit(user, contract_id)
    assert factory.state(contract_id) == "to_sign"


# c) Conditions


@pytest.fixture
def conditional(admin, factory, approvers, two_steps):
    """A contract that the lawyer has approved with a condition."""
    user = approvers["own"]
    contract_id = factory.draft(user, type_id=two_steps)
    submit(user, contract_id)
    lawyer = approvers["lawyer"]
    decide(lawyer, contract_id, admin, "condition", condition="Cap at 10 %")
    return contract_id


def check_blocked(contract_id, approvers, factory):
    """Neither approved nor signed, and nobody but who asked for it closes it."""
    user = approvers["own"]
    assert factory.state(contract_id) == "review"
    with refused():
        factory.sign(contract_id, user)
    rows = condition_of(approvers["lawyer"], contract_id)
    for role in ("own", "all", "manager", "lawyer2", "executive"):
        with refused():
            approvers[role].call(CONDITION, "action_met", rows)
    assert factory.state(contract_id) == "review"
    html = certificate(user, contract_id)
    assert NOBODY not in html
    assert "Not approved" in html
    assert "Cap at 10 %" in html


def condition_of(user, contract_id):
    domain = [("contract_id", "=", contract_id), ("is_met", "=", False)]
    return user.search(CONDITION, domain)


def meet(contract_id, approvers, factory):
    lawyer = approvers["lawyer"]
    lawyer.call(CONDITION, "action_met", condition_of(lawyer, contract_id))
    assert factory.state(contract_id) == "to_sign"
    factory.sign(contract_id, approvers["own"])


def test_condition_blocks(conditional, approvers, admin, factory):
    decide(approvers["executive"], conditional, admin)
    check_blocked(conditional, approvers, factory)
    meet(conditional, approvers, factory)


def test_condition_without_its_policy(
    conditional, approvers, admin, factory, two_steps
):
    user = approvers["own"]
    recall(user, conditional)
    policy = policy_of(admin, two_steps)
    admin.call(POLICY, "write", policy, {"active": False})
    submit(user, conditional)
    check_blocked(conditional, approvers, factory)
    said = "In review: a condition of an earlier approval is open."
    assert said in certificate(user, conditional)
    meet(conditional, approvers, factory)


def test_condition_under_another_policy(
    conditional, approvers, admin, factory, two_steps, rule
):
    """The step that asked for it is none of the new one's."""
    user = approvers["own"]
    recall(user, conditional)
    rule(("Executive", "executive", {}), type_id=two_steps, sequence=-20)
    submit(user, conditional)
    assert steps_of(user, conditional) == {"Executive": "pending"}
    decide(approvers["executive"], conditional, admin)
    check_blocked(conditional, approvers, factory)
    meet(conditional, approvers, factory)


def test_condition_of_who_was_added(approvers, admin, factory, two_steps):
    """Whoever was added to a step is in no later round: what he asked for stays."""
    user, lawyer = approvers["own"], approvers["lawyer"]
    contract_id = factory.draft(user, type_id=two_steps)
    submit(user, contract_id)
    added = approvers["lawyer2"].uid
    decide(lawyer, contract_id, admin, "after", user_id=added)
    decide(lawyer, contract_id, admin)
    decide(approvers["lawyer2"], contract_id, admin, "condition", condition="Annex two")
    recall(user, contract_id)
    submit(user, contract_id)
    assert steps_of(user, contract_id) == {"Legal": "kept", "Executive": "pending"}
    decide(approvers["executive"], contract_id, admin)
    assert factory.state(contract_id) == "review"
    with refused():
        factory.sign(contract_id, user)
    assert "Annex two" in certificate(user, contract_id)
    rows = condition_of(approvers["lawyer2"], contract_id)
    approvers["lawyer2"].call(CONDITION, "action_met", rows)
    assert factory.state(contract_id) == "to_sign"


@pytest.mark.parametrize("role", ["own", "manager", "administrator"])
def test_type_with_a_number_stays(role, conditional, approvers, admin, rule):
    """Another type would ask others, or nobody."""
    recall(approvers["own"], conditional)
    before = admin.read("crm.contract", conditional, "type_id")
    other = admin.ref("crm_contract.crm_contract_type_service")
    with pytest.raises(RpcError, match=r"type of .* can't change"):
        approvers[role].call("crm.contract", "write", [conditional], {"type_id": other})
    with refused():
        approvers[role].call(
            "crm.contract", "web_save", [conditional], {"type_id": other}, {}
        )
    assert admin.read("crm.contract", conditional, "type_id") == before


def test_condition_blocks_the_signature(approvers, admin, factory, two_steps, database):
    """Whatever way it came about, an open one is no approval."""
    user = approvers["own"]
    contract_id = factory.draft(user, type_id=two_steps)
    submit(user, contract_id)
    task_id = task_of(admin, contract_id)
    decide(approvers["lawyer"], contract_id, admin)
    decide(approvers["executive"], contract_id, admin)
    assert factory.state(contract_id) == "to_sign"
    database.rows(
        "INSERT INTO crm_contract_approval_condition"
        " (contract_id, task_id, name, user_id) VALUES (%s, %s, 'Late', %s)",
        contract_id,
        task_id,
        approvers["lawyer"].uid,
    )
    with pytest.raises(RpcError, match=OPEN_CONDITION):
        factory.sign(contract_id, user)
    assert factory.state(contract_id) == "to_sign"
    said = "Not approved: a condition of the approval is open."
    assert said in certificate(user, contract_id)


# d) The certificate


def certificate(user, contract_id):
    """What the certificate says, as the user's browser gets it."""
    answer = user.get(f"{CERTIFICATE}/{contract_id}")
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


class Reader:
    """Reads the certificate of a contract in each of its states."""

    def __init__(self, user, contract_id):
        self.user = user
        self.id = contract_id

    def says(self, sentence, *texts, approved=False):
        html = certificate(self.user, self.id)
        headings = re.findall(r"<h3[^>]*>([^<]*)</h3>", html)
        assert sentence in [text.strip() for text in headings], headings
        assert (NOBODY in html) == sentence.startswith(NOBODY)
        assert ("Not approved" in html) != approved
        for text in texts:
            assert text in html, text


@pytest.fixture
def three_steps(rule):
    return rule(
        ("Legal", "lawyer", TEXT_ALONE),
        ("Second lawyer", "lawyer2", {}),
        ("Executive", "executive", {}),
    )


@pytest.fixture
def reader(approvers, factory, three_steps):
    user = approvers["own"]
    return Reader(user, factory.draft(user, type_id=three_steps))


def test_certificate_up_to_the_signature(reader, approvers, admin, factory):
    user = reader.user
    reader.says("Not submitted yet.")
    submit(user, reader.id)
    names = ("Legal", "Second lawyer", "Executive", "Not begun")
    reader.says("In review: 0 of 3 steps decided.", *names, "Black Box Lawyer2")
    decide(approvers["lawyer"], reader.id, admin, comment="Read twice")
    shown = admin.read("crm.contract", reader.id, "content_hash")
    reader.says("In review: 1 of 3 steps decided.", "Read twice", shown)
    decide(approvers["lawyer2"], reader.id, admin)
    reader.says("In review: 2 of 3 steps decided.", "Read twice")
    decide(approvers["executive"], reader.id, admin)
    reader.says("Approved: 3 of 3 steps.", "Black Box Executive", approved=True)
    factory.sign(reader.id, user)
    reader.says("Approved: 3 of 3 steps.", shown, approved=True)


def test_certificate_of_what_is_taken_back(reader, approvers, admin):
    user, lawyer = reader.user, approvers["lawyer"]
    submit(user, reader.id)
    task_id = task_of(admin, reader.id)
    decide(lawyer, reader.id, admin)
    lawyer.call(TASK, "action_undo", [task_id])
    reader.says("In review: 0 of 3 steps decided.", "Decision undone")
    decide(lawyer, reader.id, admin)
    recall(user, reader.id)
    back = "The contract is a draft again."
    reader.says(f"Recalled: 1 of 3 steps had approved. {back}")
    submit(user, reader.id)
    reader.says("In review: 1 of 3 steps decided.", "Stays approved")
    decide(approvers["lawyer2"], reader.id, admin, "reject", comment="Too dear")
    reader.says(f"Rejected: 1 of 3 steps had approved. {back}", "Too dear")
    submit(user, reader.id)
    for role in ("lawyer", "lawyer2", "executive"):
        if role != "lawyer" or steps_of(user, reader.id)["Legal"] == "pending":
            decide(approvers[role], reader.id, admin)
    reader.says("Approved: 3 of 3 steps.", approved=True)
    user.call("crm.contract", "action_withdraw", [reader.id])
    reader.says(f"Withdrawn before the signature. {back}")


def test_certificate_of_a_cancelled_one(reader, approvers, admin):
    submit(reader.user, reader.id)
    decide(approvers["lawyer"], reader.id, admin)
    reader.user.call("crm.contract", "action_cancel", [reader.id])
    # The watermark says what it is.
    reader.says("Cancelled: 1 of 3 steps had approved.", approved=True)
    assert "Approved:" not in certificate(reader.user, reader.id)


def test_certificate_when_nobody_had_to(reader, approvers, admin, three_steps):
    """The last submission alone counts: a draft, and one under a policy, say no such."""
    user = reader.user
    policy = policy_of(admin, three_steps)
    admin.call(POLICY, "write", policy, {"active": False})
    reader.says("Not submitted yet.")
    submit(user, reader.id)
    reader.says(f"{NOBODY} this contract.", approved=True)
    user.call("crm.contract", "action_withdraw", [reader.id])
    reader.says("Withdrawn before the signature. The contract is a draft again.")
    admin.call(POLICY, "write", policy, {"active": True})
    submit(user, reader.id)
    reader.says("In review: 0 of 3 steps decided.")


# e) To whom a step is handed over


@pytest.fixture
def submitted(approvers, factory, rule):
    """A function that submits a contract whose step the lawyer decides.

    The executive is the step's fallback.
    """

    def make(hand_over_to):
        more = {"fallback_user_id": approvers["executive"].uid}
        type_id = rule(("Legal", "lawyer", more), hand_over_to=hand_over_to)
        contract_id = factory.draft(approvers["own"], type_id=type_id)
        submit(approvers["own"], contract_id)
        return contract_id

    return make


def hand_over(user, to, contract_id, admin):
    return decide(user, contract_id, admin, "hand_over", user_id=to.uid)


def parts_of(database, contract_id):
    """Who is asked, by the database: {step and user: True}, and the log."""
    rows = database.rows(
        "SELECT 'waits', t.id, r.res_users_id FROM crm_contract_approval_task t"
        " JOIN crm_contract_approval_task_waiting_rel r"
        " ON r.crm_contract_approval_task_id = t.id WHERE t.contract_id = %s"
        " UNION ALL SELECT 'log', id, user_id FROM crm_contract_approval_review"
        " WHERE contract_id = %s",
        contract_id,
        contract_id,
    )
    return dict.fromkeys(rows, True)


def test_handed_over_to_whom_it_could_have_named(
    submitted, approvers, admin, factory, database
):
    contract_id = submitted("named")
    before = parts_of(database, contract_id)
    type_id = admin.read("crm.contract", contract_id, "type_id")
    for _turn in range(2):
        for role in ("lawyer", "approval_manager"):
            for other in ("lawyer2", "manager", "all"):
                with pytest.raises(RpcError, match=NOT_NAMED):
                    hand_over(approvers[role], approvers[other], contract_id, admin)
        # A policy that is changed meanwhile changes nothing of what runs.
        policy = policy_of(admin, type_id)
        admin.call(POLICY, "write", policy, {"hand_over_to": "any"})
    assert not changes(before, parts_of(database, contract_id))
    hand_over(approvers["lawyer"], approvers["executive"], contract_id, admin)
    with refused():
        decide(approvers["lawyer"], contract_id, admin)
    decide(approvers["executive"], contract_id, admin)
    assert factory.state(contract_id) == "to_sign"


def test_handed_over_to_anybody_who_reads(submitted, approvers, admin, factory):
    """If the policy says so: not to its author, nor to who reads no contracts."""
    contract_id = submitted("any")
    for role in ("own", "clerk", "salesman", "portal"):
        with refused():
            hand_over(approvers["lawyer"], approvers[role], contract_id, admin)
    hand_over(approvers["lawyer"], approvers["lawyer2"], contract_id, admin)
    decide(approvers["lawyer2"], contract_id, admin)
    assert factory.state(contract_id) == "to_sign"


def test_added_step_is_handed_over_likewise(submitted, approvers, admin):
    contract_id = submitted("named")
    lawyer2 = approvers["lawyer2"]
    decide(approvers["lawyer"], contract_id, admin, "before", user_id=lawyer2.uid)
    with pytest.raises(RpcError, match=NOT_NAMED):
        hand_over(lawyer2, approvers["manager"], contract_id, admin)
    hand_over(lawyer2, approvers["executive"], contract_id, admin)
    decide(approvers["executive"], contract_id, admin)


@pytest.mark.parametrize("role", ["own", "all", "manager", "lawyer2", "executive"])
def test_handed_over_by_nobody_else(role, submitted, approvers, admin, database):
    contract_id = submitted("any")
    before = parts_of(database, contract_id)
    with refused():
        hand_over(approvers[role], approvers["manager"], contract_id, admin)
    with refused():
        decide(
            approvers[role],
            contract_id,
            admin,
            "hand_over",
            user_id=approvers["executive"].uid,
            of_id=approvers["lawyer"].uid,
        )
    assert not changes(before, parts_of(database, contract_id))


def test_administrator_never_to_himself(submitted, approvers, admin, database):
    """By no dialog, no call and no list; nor to who stands in for him, or he for."""
    contracts = [submitted("any"), submitted("any")]
    before = [parts_of(database, contract_id) for contract_id in contracts]
    chief, today = approvers["approval_manager"], str(today_of(database))
    made = []
    try:
        for principal, deputy in (
            ("approval_manager", "lawyer2"),
            ("executive", "approval_manager"),
        ):
            made.append(delegate(approvers, principal, deputy, today))
            approvers[deputy].call(
                "crm.contract.approval.delegation", "action_accept", made[-1:]
            )
        for role in ("approval_manager", "lawyer2", "executive"):
            target = approvers[role]
            for contract_id in contracts:
                with pytest.raises(RpcError, match=NOT_TO_HIMSELF):
                    hand_over(chief, target, contract_id, admin)
                with pytest.raises(RpcError, match=NOT_TO_HIMSELF):
                    chief.call(
                        TASK,
                        "action_decide",
                        [task_of(admin, contract_id)],
                        "hand_over",
                        content_hash=admin.read(
                            "crm.contract", contract_id, "content_hash"
                        ),
                        user_id=target.uid,
                    )
            dialog = chief.create(
                WIZARD,
                {"decision": "hand_over", "user_id": target.uid},
                active_model="crm.contract",
                active_ids=contracts,
            )
            chief.call(WIZARD, "action_decide", [dialog])
            domain = [("wizard_id", "=", dialog)]
            rows = chief.call(
                "crm.contract.decide.line", "search_read", domain, ["result", "is_done"]
            )
            assert len(rows) == 2
            assert all(NOT_TO_HIMSELF in row["result"] for row in rows), rows
            assert not any(row["is_done"] for row in rows)
    finally:
        forget(approvers, database, made)
    assert before == [parts_of(database, contract_id) for contract_id in contracts]


def test_administrator_decides_not_on_what_he_handed_over(
    submitted, approvers, admin, database, factory
):
    """Not even if the other makes him his deputy afterwards."""
    contract_id = submitted("any")
    chief, lawyer2 = approvers["approval_manager"], approvers["lawyer2"]
    hand_over(chief, lawyer2, contract_id, admin)
    html = certificate(approvers["own"], contract_id)
    assert "By an administrator." in html
    made = [delegate(approvers, "lawyer2", "approval_manager", str(today_of(database)))]
    try:
        chief.call("crm.contract.approval.delegation", "action_accept", made)
        dialog = open_dialog(chief, contract_id, admin)
        with pytest.raises(RpcError, match="handed it over as an administrator"):
            chief.call(WIZARD, "action_decide", [dialog])
    finally:
        forget(approvers, database, made)
    assert factory.state(contract_id) == "review"
    decide(lawyer2, contract_id, admin)
    assert factory.state(contract_id) == "to_sign"


def today_of(database):
    return database.value("SELECT current_date")
