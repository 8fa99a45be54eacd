from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

from .test_counterparty import GuardCommon


class TestPlaybook(GuardCommon):
    """Rules that drafts may break: numbers, words, choices, steps from the library."""

    def _rule(self, check, user=None, **vals):
        rules = self.env["crm.contract.playbook.rule"].with_user(user or self.manager)
        return rules.create({"name": "Rule", "check": check, **vals})

    def _with_text(self, *texts, **vals):
        """Return a draft whose clauses of their own have the texts."""
        return self._create_contract(
            clause_ids=[
                Command.create(
                    {
                        "name": f"Clause {number}",
                        "category_id": self.category.id,
                        "body": f"<p>{text}</p>",
                    }
                )
                for number, text in enumerate(texts)
            ],
            **vals,
        )

    def _get(self, contract):
        return [(item.message, item.quote) for item in self._find(contract)]

    def test_number_in_the_text(self):
        self._rule("at_most", words="within # days", limit=60)
        contract = self._with_text(
            "Paid within 90 days. Late otherwise.", "Delivered within 60 days"
        )
        self.assertEqual(
            self._get(contract),
            [("Rule: 90, and at most 60 is agreed to.", "Paid within 90 days.")],
        )

    def test_least(self):
        self._rule("at_least", words="notice of # days\nnotice of # months", limit=30)
        contract = self._with_text("A notice of 30 days", "A notice of 2 months")
        self.assertEqual(
            self._get(contract),
            [("Rule: 2, and at least 30 is agreed to.", "A notice of 2 months")],
        )

    def test_placeholder(self):
        """What will be printed counts, not what stands for it."""
        self._rule("at_most", words="# percent", limit=10)
        contract = self._with_text("Interest of {{ object.late_cap }} percent")
        contract.late_cap = 10
        self.assertEqual(self._get(contract), [])
        contract.late_cap = 25
        self.assertEqual(len(self._get(contract)), 1)

    def test_formatting_hides_nothing(self):
        self._rule("absent", words="unlimited liability")
        contract = self._with_text("Un<b>limi</b>ted&nbsp;<i>liability</i> for all")
        self.assertEqual(
            self._get(contract),
            [("Rule: “unlimited liability” is there.", "Unlimited liability for all")],
        )

    def test_present_and_one_of(self):
        self._rule("present", words="confidential\nforce majeure", name="All")
        self._rule("one_of", words="Berlin\nHamburg", name="Any")
        contract = self._with_text("Confidential. Courts of Hamburg.")
        self.assertEqual(
            self._get(contract), [("All: “force majeure” is missing.", "")]
        )
        contract = self._with_text("Force majeure is confidential")
        self.assertEqual(
            self._get(contract), [("Any: None of “Berlin”, “Hamburg” is there.", "")]
        )

    def test_clauses_of_a_category(self):
        other = self.category.copy({"name": "Other category"})
        self._rule("absent", words="limit", category_ids=[Command.set(other.ids)])
        contract = self._create_contract()
        self.assertEqual(self._get(contract), [])
        contract.clause_ids.category_id = other
        ((_message, quote),) = self._get(contract)
        self.assertEqual(quote, "Liable to the limit.")

    def test_preamble(self):
        self._rule("absent", words="exclusive")
        contract = self._create_contract(preamble="<p>An exclusive contract</p>")
        self.assertEqual(len(self._get(contract)), 1)

    def test_figures(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "90 days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 90}
                    )
                ],
            }
        )
        for subject, check, limit, vals in (
            ("payment_days", "at_most", 89, {"payment_term_id": terms.id}),
            ("notice_days", "at_least", 31, {"notice_period": 1}),
            ("term_months", "at_most", 11, {"duration": 12}),
            ("late_rate", "at_least", 0.01, {"late_rate": 0}),
            ("late_cap", "at_most", 19, {"late_cap": 20}),
            ("discount", "at_most", 5, {}),
        ):
            with self.subTest(subject):
                rule = self._rule(check, subject=subject, limit=limit)
                contract = self._create_contract(**vals)
                if subject == "discount":
                    contract.line_ids.discount = 5.5
                self.assertEqual(len(self._get(contract)), 1)
                rule.limit = {"at_most": 1000, "at_least": -1}[check]
                self.assertEqual(self._get(contract), [])
                rule.active = False

    def test_choices(self):
        rule = self._rule("one_of", subject="dispute_method", words="Arbitration")
        contract = self._create_contract(dispute_method="court")
        self.assertEqual(
            self._get(contract), [("Rule: None of “Arbitration” is there.", "")]
        )
        rule.words = "arbitration\nCOURT"
        self.assertEqual(self._get(contract), [])
        rule.write({"subject": "currency", "words": "EUR"})
        self.assertEqual(len(self._get(contract)), 1)
        rule.words = contract.currency_id.name
        self.assertEqual(self._get(contract), [])

    def test_steps(self):
        fallbacks = self.clause.browse()
        for number in (1, 2):
            fallbacks |= self._create_clause(
                f"Fallback {number}",
                f"<p>Liable to {number} limits.</p>",
                alternate_of_id=self.clause.id,
                sequence=number,
            )
        rule = self._rule("steps", clause_id=self.clause.id, max_steps=1)
        contract = self._create_contract()
        self.assertEqual(self._get(contract), [])
        contract.clause_ids.template_id = fallbacks[0]
        self.assertEqual(self._get(contract), [])
        contract.clause_ids.template_id = fallbacks[1]
        ((message, quote),) = self._get(contract)
        self.assertIn("“Fallback 2” is fallback 2. Use one of: Liability,", message)
        self.assertEqual(quote, "Liable to 2 limits.")
        rule.max_steps = 2
        self.assertEqual(self._get(contract), [])
        contract.clause_ids.body = "<p>Liable to 2 limits, or more.</p>"
        self.assertIn("wording of its own", self._get(contract)[0][0])
        contract = self._with_text("Liable to nothing")
        self.assertIn("wording of its own", self._get(contract)[0][0])
        contract.clause_ids.unlink()
        self.assertEqual(self._get(contract), [])

    def test_new_version_of_the_library(self):
        """The rule follows; what was drafted with the former one is no step away."""
        rule = self._rule("steps", clause_id=self.clause.id, max_steps=0)
        contract = self._create_contract()
        self.clause.with_user(self.manager).action_new_version()
        self.assertEqual(rule.clause_id.version, 2)
        self.assertEqual(self._get(contract), [])

    def test_refuses(self):
        rule = self._rule(
            "absent",
            words="limit",
            severity="refuse",
            reason="We have none.",
            remedy="Strike it.",
        )
        contract = self._create_contract()
        (item,) = self.env["crm.contract.checklist"].get_items(contract.id)
        self.assertEqual(
            (item["refuses"], item["quote"], item["advice"]),
            (True, "Liable to the limit.", "We have none.\nStrike it."),
        )
        self.assertEqual(item["field"], "breach_clause_ids")
        # Whatever door it comes through
        with self.assertRaisesRegex(UserError, "“limit” is there"):
            contract.with_user(self.user_all).action_submit()
        rule.severity = "warning"
        self._submit(contract)
        kept = self.env["crm.contract.finding"].search(
            [("contract_id", "=", contract.id)]
        )
        self.assertEqual(kept.kind, "playbook")
        self.assertEqual(kept.quote, "Liable to the limit.")
        self.assertEqual(kept.advice, "We have none.\nStrike it.")

    def test_for_which_contracts(self):
        rule = self._rule("absent", words="limit")
        contract = self._create_contract()
        self.assertEqual(len(self._get(contract)), 1)
        other = self.type.copy({"code": "OTH"})
        rule.type_ids = other
        self.assertEqual(self._get(contract), [])
        rule.type_ids |= self.type
        rule.lang_id = self.env["res.lang"]._activate_lang("fr_FR")
        self.assertEqual(self._get(contract), [])
        rule.lang_id = self.lang_en
        self.assertEqual(len(self._get(contract)), 1)
        rule.sudo().company_id = self._create_company("Sister")
        self.assertEqual(self._get(contract), [])

    def test_what_was_agreed(self):
        """A text that follows a signed one is refused nothing that was agreed on."""
        origin = self._create_signed()
        self._rule("absent", words="limit", severity="refuse")
        self._rule("absent", words="plant", severity="refuse", name="New")
        contract = self._create_contract(
            clause_ids=[
                Command.create({"template_id": self.clause.id}),
                Command.create(
                    {
                        "name": "Plant",
                        "category_id": self.category.id,
                        "body": "<p>The plant is sold.</p>",
                    }
                ),
            ]
        )
        contract.sudo().origin_id = origin
        refused = {item.quote: item.refuses for item in self._find(contract)}
        self.assertEqual(
            refused,
            {"Liable to the limit.": False, "Plant": True, "The plant is sold.": True},
        )

    def test_incomplete_rules(self):
        for check, vals, words in (
            ("at_most", {"words": "within days"}, "# stands for the number"),
            ("at_most", {}, "# stands for the number"),
            ("at_most", {"subject": "currency"}, "choose a number"),
            ("absent", {}, "enter the words"),
            ("absent", {"words": "x", "subject": "currency"}, "asked of words"),
            ("one_of", {"words": "x", "subject": "late_cap"}, "asked of words"),
            ("steps", {}, "choose the library clause"),
        ):
            with (
                self.subTest(f"{check} {vals}"),
                self.assertRaisesRegex(ValidationError, words),
                self.env.cr.savepoint(),
            ):
                self._rule(check, **vals)

    def test_who_keeps_it(self):
        rule = self._rule("absent", words="limit", severity="refuse")
        for user in (self.user, self.user_all, self.reader):
            for call in (
                lambda user: rule.with_user(user).write({"active": False}),
                lambda user: rule.with_user(user).unlink(),
                lambda user: self._rule("absent", user, words="x"),
            ):
                with self.assertRaises(AccessError):
                    call(user)

    def test_queries(self):
        """As many for many drafts as for some, but for what each text needs."""
        self._rule("absent", words="nothing of this")
        self._rule("at_most", subject="payment_days", limit=1000)
        counts = []
        for number in (2, 8):
            contracts = self.env["crm.contract"].union(
                *(self._create_contract() for _ in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contracts.env["crm.contract.playbook.rule"]._find(contracts)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
