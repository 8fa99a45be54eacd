"""Contracts that every release has: the base add-on's, in every state."""

from world import at, day

from odoo.fields import Command

ADVANCE = "crm_contract.ir_cron_advance"
PREAMBLE = "<p>{{ object.opportunity_id.name }} for {{ object.partner_id.name }}.</p>"


def make_base(world):
    """Make the contracts, up to the night before the day of the dump."""
    _make_ended(world)
    _make_running(world)
    _make_not_signed(world)
    _make_signed_ahead(world)


def meddle(world):
    """On the day of the dump, change what contracts name, and tamper with some."""
    with at(day(0), 8):
        _change_what_was_frozen(world)
        _make_tampered(world)
        world.env.cr.commit()


def _make_ended(world):
    with at("2025-02-03"):
        done = world.agree("Completed", date_start="2025-02-03")
        first, rest = done.installment_ids
        world.pay(world.post(world.bill(first)))
        expired = world.agree("Expired", date_start="2025-02-03", user_id=False)
        old = world.agree("Archived", date_start="2025-02-03")
        terminated = world.agree("Terminated", date_start="2025-02-03")
        world.pay(world.post(world.bill(terminated.installment_ids[0])))
    with at("2025-09-01"):
        world.pay(world.post(world.bill(rest)))
        world.end(done, reason="completed")
        world.end(old, reason="completed", date="2025-08-15")
        world.end(
            terminated, reason="terminated", note="Moved away", **world.by_agreement
        )
    with at("2026-03-02"):
        world.run_jobs(ADVANCE)
        assert expired.state == "ended" and expired.end_reason == "expired"
        old.action_archive()


def _make_running(world):
    with at("2026-06-01"):
        billed = world.agree(
            "Running, billed in every way",
            [
                world.line(),
                world.line("Spare parts", 333.33, quantity=3, discount=10),
                {"display_type": "line_note", "name": "Prices without travel."},
            ],
            [
                {"name": name, "date": "2026-06-10", "percentage": part}
                for name, part in (
                    ("Paid", 10), ("Paid in part", 15), ("Posted", 20), ("Draft", 5),
                    ("Credited", 10), ("Cancelled invoice", 10),
                )
            ] + [{"name": "Later", "date": "2027-01-15", "percentage": 30}],
            date_start="2026-06-01",
        )  # fmt: skip
        rows = dict(
            zip(
                billed.installment_ids.mapped("name"),
                billed.installment_ids,
                strict=True,
            )
        )
    with at("2026-06-12"):
        world.pay(world.post(world.bill(rows["Paid"])))
        world.pay(world.post(world.bill(rows["Paid in part"])), 30)
        world.post(world.bill(rows["Posted"]))
        world.bill(rows["Draft"])
        world.credit(world.post(world.bill(rows["Credited"])))
        world.bill(rows["Cancelled invoice"]).button_cancel()
    _make_with_milestones(world)
    _make_abroad(world)
    with at("2026-08-03"):
        suspended = world.agree("Suspended", date_start="2026-08-03")
        world.post(world.bill(suspended.installment_ids[0]))
        resumed = world.agree("Resumed", date_start="2026-08-03", is_open_ended=True)
    with at("2026-09-07"):
        suspended.action_suspend()
        resumed.action_suspend()
    with at("2026-10-05"):
        resumed.action_resume()


def _make_with_milestones(world):
    with at("2026-07-01"):
        contract = world.make(
            "Running, with milestones",
            milestone_ids=[
                Command.create(values)
                for values in (
                    {"name": "Concept", "date_deadline": "2026-07-20"},
                    {
                        "name": "Data",
                        "party": "customer",
                        "date_deadline": "2026-10-01",
                    },
                    {"name": "Acceptance", "user_id": world.users["sales"].id},
                )
            ],
            plan=[],
            date_start="2026-07-01",
        )
        concept, _data, acceptance = contract.milestone_ids
        contract.installment_ids = [
            Command.create(
                {
                    "name": milestone.name,
                    "trigger": "milestone",
                    "milestone_id": milestone.id,
                    "days": 10,
                    "percentage": 50,
                }
            )
            for milestone in (concept, acceptance)
        ]
        world.sign(world.submit(contract), file=b"%PDF-1.4 the signed paper")
    with at("2026-07-22"):
        concept.action_done()
    with at("2026-08-10"):
        world.post(world.bill(contract.installment_ids[0]))


def _make_abroad(world):
    """In another currency, in Chinese, in another company, from a quotation."""
    with at("2026-07-06"):
        foreign = world.agree(
            "Running, in euro",
            customer="beta",
            currency_id=world.env.ref("base.EUR").id,
            date_start="2026-07-01",
        )
        world.pay(world.post(world.bill(foreign.installment_ids[0])), 100)
        world.agree(
            "服务合同",
            [
                world.line(
                    "维护", 1409.5, tax_ids=False, scope="全部", service_standard="一天"
                )
            ],
            customer="gamma",
            currency_id=world.env.ref("base.CNY").id,
            date_start="2026-07-01",
        )
        world.agree(
            "Running, of the branch",
            company=world.branch,
            customer="beta",
            date_start="2026-07-01",
        )
        _make_from_template(world, "en")
        _make_from_template(world, "zh", customer="gamma")
        _make_from_quotation(world)


def _make_from_template(world, name, **values):
    """With the long texts that the add-on ships."""
    template = world.env.ref(f"crm_contract.crm_contract_template_service_{name}")
    contract = world.make(
        template.title, lines=[], plan=[], template_id=template.id,
        type_id=template.type_id.id, date_start="2026-07-01", **values,
    )  # fmt: skip
    lines = contract.line_ids.filtered(lambda line: not line.display_type)
    lines.write({"price_unit": 1200, "tax_ids": False})
    return world.sign(world.submit(contract))


def _make_from_quotation(world):
    orders = world.as_user(world.env["sale.order"], "sales_all")
    order = orders.create(
        {
            "partner_id": world.customers["alpha"].id,
            "client_order_ref": "Running, from a quotation",
            "order_line": [
                Command.create({"product_id": world.product.id, "product_uom_qty": 4})
            ],
        }
    )
    order.action_new_contract()
    contract = order.contract_id
    contract.write(
        {
            "type_id": world.type.id,
            "customer_signatory_id": world.signatories["alpha"].id,
            "company_signatory_id": world.users["manager"].id,
            "date_start": "2026-07-06",
            "installment_ids": [
                Command.create({"name": "All", "date": "2026-07-31", "percentage": 100})
            ],
        }
    )
    contract.action_insert_mandatory_clauses()
    order.action_confirm()
    world.sign(world.submit(contract))
    with at("2026-08-03"):
        world.post(world.bill(contract.installment_ids))


def _make_not_signed(world):
    with at("2026-11-02"):
        world.make("Draft")
        world.make("Draft that lacks its plan", plan=[])
        withdrawn = world.submit(world.make("Draft, withdrawn"))
        withdrawn.action_withdraw()
        world.make("Cancelled draft").action_cancel()
        world.submit(world.make("Cancelled, to sign")).action_cancel()
        world.submit(world.make("To sign"))
        world.submit(world.make("待签合同", customer="gamma"))
        _make_with_everything(world)
    with at("2026-11-03"):
        again = world.submit(world.make("To sign, submitted twice"))
        world.attach(world.make("Draft with an annex"), "Sites.txt", b"Two sites")
    with at("2026-11-04"):
        again.action_withdraw()
        again.line_ids.price_unit = 1100
        world.submit(again)


def _make_with_everything(world):
    """To sign, from an opportunity, with placeholders, annexes and a clause of its own."""
    leads = world.as_user(world.env["crm.lead"], "sales")
    lead = leads.create(
        {
            "name": "Plant north",
            "type": "opportunity",
            "partner_id": world.customers["alpha"].id,
        }
    )
    contract = world.make(
        "To sign, with everything",
        opportunity_id=lead.id,
        preamble=PREAMBLE,
        clause_ids=[
            Command.create({"template_id": world.clause.id}),
            Command.create(
                {
                    "template_id": world.notices.id,
                    "body": "<p>To {{ object.customer_signatory_id.name }} by post.</p>",
                }
            ),
        ],
        dispute_method="court",
        dispute_place="Springfield",
        fiscal_position_id=False,
    )
    world.attach(contract, "Price list.txt", b"1 day: 1000")
    world.attach(contract, "Sites.txt", "Städte: Emden".encode())
    world.submit(contract)


def _make_signed_ahead(world):
    with at("2026-11-09"):
        ahead = world.agree("Signed, starts later", date_start=day(9))
        world.post(world.bill(ahead.installment_ids[0]))
        world.attach(
            draft := world.make("Signed, with an annex", date_start=day(30)),
            "Plan.txt",
            b"January",
        )
        world.sign(world.submit(draft))


def _change_what_was_frozen(world):
    """What was submitted says what it said, whatever becomes of what it names."""
    world.customers["alpha"].write(
        {
            "name": "Alpha Works International Ltd",
            "company_registry": "HRB alpha 9999",
            "legal_representative": "New director",
            "street": "99 New Street",
        }
    )
    world.env["crm.lead"].search([("name", "=", "Plant north")]).name = "Plant south"
    world.product.name = "Upkeep"
    world.signatories["alpha"].name = "New signatory"
    successor = world.clause.action_new_version()["res_id"]
    world.clause.browse(successor).body = "<p>Liable without a limit.</p>"


def _make_tampered(world):
    """What *Verify* has to tell: done by somebody with access to the database."""
    scope = world.agree("Tampered: a scope", date_start=day(0))
    text = world.submit(world.make("Tampered: a clause"))
    file = world.make("Tampered: an annex")
    annex = world.attach(file, "Prices.txt", b"1 day: 1000")
    world.submit(file)
    world.env.flush_all()
    run = world.env.cr.execute
    run(
        "UPDATE crm_contract_line SET scope = 'No site.' WHERE contract_id = %s",
        [scope.id],
    )
    run(
        "UPDATE crm_contract_clause SET body = '<p>Not liable.</p>',"
        " body_frozen = '<p>Not liable.</p>' WHERE contract_id = %s",
        [text.id],
    )
    other = world.env["ir.attachment"].create({"name": "x", "raw": b"1 day: 1"})
    run(
        "UPDATE ir_attachment SET store_fname = o.store_fname, checksum = o.checksum"
        " FROM ir_attachment o WHERE o.id = %s"
        " AND ir_attachment.res_model = 'crm.contract.document'"
        " AND ir_attachment.res_id = %s",
        [other.id, annex.id],
    )
    world.env.invalidate_all()
