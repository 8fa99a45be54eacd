import base64

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ..models.contract import crm_contract_lifecycle as lifecycle
from .common import PDF, ContractCommon

# What each step leads to from each state, as the two life cycles are agreed; a step that
# doesn't stand here is refused. Without a review, submission leads to the signature, and
# a contract that is signed on its first day runs at once.
AGREEMENT = {
    "draft": {"submit": "to_sign", "cancel": "cancelled"},
    "review": {
        "approve": "to_sign",
        "reject": "draft",
        "recall": "draft",
        "cancel": "cancelled",
    },
    "to_sign": {"sign": "running", "withdraw": "draft", "cancel": "cancelled"},
    "cancelled": {},
}
PERFORMANCE = {
    "signed": {"start": "running", "end": "ended"},
    "running": {"suspend": "suspended", "end": "ended"},
    "suspended": {"resume": "running", "end": "ended"},
    "ended": {"reopen": "running"},
}
LIFE_CYCLE = {**AGREEMENT, **PERFORMANCE}


class TestLifecycle(ContractCommon):
    def _get_steps(self):
        return {
            "submit": lambda c: c.action_submit(),
            "approve": lambda c: c._action_approve(),
            "reject": lambda c: c._action_reject(),
            "recall": lambda c: c.action_recall(),
            "withdraw": lambda c: c.action_withdraw(),
            "sign": lambda c: self._open_sign(c).action_sign(),
            "start": lambda c: c._perform("start"),
            "suspend": lambda c: c.action_suspend(),
            "resume": lambda c: c.action_resume(),
            "end": self._end,
            "reopen": lambda c: c._action_reopen(),
            "cancel": lambda c: c.action_cancel(),
        }

    def test_table_is_complete(self):
        steps = {**lifecycle.AGREEMENT, **lifecycle.PERFORMANCE}
        self.assertEqual(self._get_steps().keys(), steps.keys())
        # Satellites have states of their own, and tests of them.
        self.assertEqual(dict(lifecycle.STATES).keys(), LIFE_CYCLE.keys())

    def test_table(self):
        for state, allowed in LIFE_CYCLE.items():
            refused = self._in_state(state)
            for name, step in self._get_steps().items():
                with self.subTest(step=name, state=state):
                    if name in allowed:
                        self._check_allowed(state, step, allowed[name])
                    else:
                        self._check_refused(refused, step)

    def _check_allowed(self, state, step, target):
        contract = self._in_state(state)
        step(contract)
        self.assertEqual(contract.state, target)

    def _check_refused(self, contract, step):
        field, state = contract._fields["state"], contract.state
        label = dict(field._description_selection(self.env))[state]
        with self.assertRaises(UserError) as caught:
            step(contract)
        self.assertIn(contract.display_name, str(caught.exception))
        self.assertIn(label, str(caught.exception))
        self.assertEqual(contract.state, state)

    def test_submit_without_review(self):
        contract = self._submit(self._create_contract())
        self.assertEqual(contract.state, "to_sign")
        self.assertEqual(contract.submitted_by_id, self.user)
        self.assertTrue(contract.date_submitted)
        self.assertTrue(contract.content_hash)
        self.assertEqual(
            contract.version_id.content_hash_short, contract.content_hash[:12]
        )

    def test_submit_with_review(self):
        contract = self._create_contract()
        self._send_to_review(contract)
        self.assertEqual(contract.state, "review")
        contract._action_approve()
        self.assertEqual(contract.state, "to_sign")

    def test_submit_names_everything_missing(self):
        strict = self.type.copy(
            {
                "code": "STRICT",
                "duration": 0,
                "require_registration": True,
                "require_signatories": True,
                "require_service_standard": True,
                "require_plan": True,
                "require_end_date": True,
                "require_dispute": True,
                "required_category_ids": [Command.set(self.category.ids)],
            }
        )
        bare = self.env["res.partner"].create({"name": "Bare customer"})
        contract = self._create_contract(
            type_id=strict.id,
            partner_id=bare.id,
            customer_signatory_id=False,
            company_signatory_id=False,
            date_start=False,
            is_open_ended=True,
            clause_ids=False,
            installment_ids=False,
        )
        # Without a language no clause suits, hence apart from what is missing above.
        contract.lang_id = self.lang_en
        strict.mandatory_clause_ids = self.clause
        with self.assertRaises(UserError) as caught:
            contract.action_submit()
        for text in (
            contract.name,
            "Bare customer has no Company ID",
            "Bare customer has no Legal representative",
            "customer has no address",
            "customer's signatory is missing",
            "Our signatory is missing",
            "“Maintenance” has no scope or no service standard",
            "payment plan is empty",
            "start date is missing",
            "have a fixed end date",
            "dispute resolution is missing",
            "category “Test liability” is missing",
            "mandatory clause “Liability” is missing",
        ):
            self.assertIn(text, str(caught.exception))
        self.assertEqual(contract.state, "draft")
        self.assertFalse(contract.number)

    def test_submit_missing_content(self):
        cases = {
            "service content is empty": {"line_ids": False},
            "difference is": {
                "installment_ids": [Command.create({"name": "I", "percentage": 40})]
            },
            "“Undated” has no date": {
                "installment_ids": [
                    Command.create({"name": "Undated", "percentage": 100})
                ]
            },
            "“Loose” has no milestone": {
                "installment_ids": [
                    Command.create(
                        {"name": "Loose", "percentage": 100, "trigger": "milestone"}
                    )
                ]
            },
            "end date or mark": {"duration": 0, "date_end": False},
        }
        for message, vals in cases.items():
            with self.subTest(message):
                contract = self._create_contract(**vals)
                with self.assertRaisesRegex(UserError, message):
                    contract.action_submit()

    def test_submit_batch_is_all_or_nothing(self):
        contracts = self._create_contract() + self._create_contract(line_ids=False)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            contracts.action_submit()
        self.assertEqual(set(contracts.mapped("state")), {"draft"})
        contracts = self._create_contract() + self._create_contract()
        contracts.action_submit()
        self.assertEqual(set(contracts.mapped("state")), {"to_sign"})
        self.assertEqual(len(set(contracts.mapped("number"))), 2)

    def test_back_to_draft(self):
        for state, back in (
            ("review", "action_recall"),
            ("review", "_action_reject"),
            ("to_sign", "action_withdraw"),
        ):
            with self.subTest(back):
                contract = self._in_state(state)
                number = contract.number
                getattr(contract, back)()
                self.assertEqual(contract.number, number)
                for name in ("content_hash", "version_id", "preamble_frozen"):
                    self.assertFalse(contract[name], name)
                self.assertFalse(contract.clause_ids.body_frozen)
                contract.name = "Changed"
                self._submit(contract)
                self.assertEqual(contract.number, number)
                texts = contract.document_ids.filtered(lambda d: d.kind == "text")
                self.assertEqual(len(texts), 2)

    def test_sign_proposes_and_records(self):
        contract = self._submit(self._create_contract(date_start=self._days(5)))
        wizard = self._open_sign(contract, date=self._days(-1))
        self.assertEqual(wizard.signed_by_customer, self.signatory.name)
        self.assertEqual(wizard.signed_by_company, self.manager.name)
        wizard.action_sign()
        self.assertEqual(contract.state, "signed")
        self.assertEqual(contract.date_signed, self._days(-1))
        self.assertEqual(contract.signed_by_customer, self.signatory.name)
        self.assertEqual(contract.signed_by_company, self.manager.name)

    def test_sign_starts_when_it_is_time(self):
        self.assertEqual(self._create_signed().state, "running")

    def test_sign_what_changed_meanwhile(self):
        contract = self._submit(self._create_contract())
        wizard = self._open_sign(contract)
        contract.action_withdraw()
        contract.line_ids.price_unit = 1
        self._submit(contract)
        with self.assertRaisesRegex(UserError, "changed since you opened"):
            wizard.action_sign()

    def test_both_sides_sign(self):
        contract = self._in_state("to_sign")
        for name in ("signed_by_customer", "signed_by_company"):
            with (
                self.subTest(name),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                self._open_sign(contract, **{name: " "}).action_sign()
        contract.invalidate_recordset()
        self.assertEqual(contract.state, "to_sign")

    def test_sign_in_the_future(self):
        contract = self._submit(self._create_contract())
        with self.assertRaises(ValidationError):
            self._open_sign(contract, date=self._days(1))

    def test_signed_copy(self):
        contract = self._create_signed(
            sign={"file": base64.b64encode(PDF), "filename": "scan.pdf"}
        )
        copy = contract.document_ids.filtered(lambda d: d.kind == "signed")
        self.assertEqual((copy.name, copy._get_file()), ("scan.pdf", PDF))
        self.assertEqual(copy.content_hash, contract.content_hash)
        for record in (copy, copy.sudo()):
            with self.assertRaises(UserError):
                record.file = "Rm9yZ2Vk"
            with self.assertRaises(UserError):
                record.unlink()

    def test_end_completed_leaves_the_ledger(self):
        contract = self._end(self._create_signed())
        self.assertEqual((contract.state, contract.end_reason), ("ended", "completed"))
        self.assertEqual(contract.date_ended, self.today)
        self.assertEqual(contract.amount_remaining, contract.amount_total)

    def test_end_terminated_cancels_open_rows(self):
        contract = self._create_signed()
        contract.action_create_invoice()
        with self.assertRaisesRegex(UserError, "why"):
            self._end(contract, reason="terminated")
        self._end(contract, reason="terminated", note="Customer is bankrupt")
        self.assertEqual(contract.end_reason, "terminated")
        self.assertEqual(
            contract.installment_ids.sorted("sequence").mapped("state"),
            ["invoiced", "cancelled"],
        )
        self.assertFalse(contract.amount_remaining)

    def test_reopened_as_if_it_had_not_ended(self):
        contract = self._create_signed()
        self._end(contract, reason="terminated", note="Customer is bankrupt")
        # The deposit fell due before.
        states = contract.installment_ids.sorted("date_due").mapped("state")
        self.assertEqual(states, ["due", "cancelled"])
        contract._action_reopen()
        self.assertFalse(contract.end_reason)
        self.assertFalse(contract.date_ended)
        self.assertEqual(contract.amount_remaining, contract.amount_total)
        self.assertNotIn("cancelled", contract.installment_ids.mapped("state"))

    def test_end_dates(self):
        contract = self._create_signed()
        for days in (1, -1):
            with self.assertRaises(ValidationError):
                self._end(contract, date=self._days(days))
        self.assertEqual(contract.state, "running")

    def test_cancelled_contract_has_no_open_rows(self):
        contract = self._in_state("to_sign")
        contract.action_cancel()
        self.assertEqual(set(contract.installment_ids.mapped("state")), {"cancelled"})

    def test_change_meanwhile_is_not_overwritten(self):
        contract = self._submit(self._create_contract())
        self._tamper(contract, state="cancelled")
        with self.assertRaisesRegex(UserError, "Cancelled"):
            contract.action_withdraw()
