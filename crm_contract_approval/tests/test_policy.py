from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import ApprovalCommon


class TestPolicy(ApprovalCommon):
    """Which policy fits, which steps are needed and why, who can be asked."""

    def _plan(self, contract):
        return self.env["crm.contract.approval.policy"]._plan(contract)[contract]

    def _names(self, contract):
        return [row.step.name for row in self._plan(contract)]

    def _when(self, **vals):
        self.executive.write({"condition_mode": "any", **vals})

    def _price(self, price, **vals):
        return self._create_contract(
            line_ids=[
                Command.create(
                    self._prepare_line_vals(price_unit=price, tax_ids=False, **vals)
                )
            ]
        )

    def test_first_that_fits(self):
        other = self.policy.copy({"sequence": -20, "kind": "amendment"})
        self.assertEqual(other.name, self.policy.name + " (copy)")
        self.assertEqual(len(other.step_ids), 2)
        plan = self._plan(self._create_contract())
        self.assertEqual(plan[0].step, self.legal)
        other.kind = "contract"
        plan = self._plan(self._create_contract())
        self.assertEqual(plan[0].step, other.step_ids[0])

    def test_by_type_customer_condition_company(self):
        contract = self._create_contract()
        for vals in (
            {"type_ids": [Command.set(self.type.copy({"code": "ELSE"}).ids)]},
            {"partner_ids": [Command.set(self.env["res.partner"].create({"name": "X"}).ids)]},
            {"domain": "[('name', '=', 'Something else')]"},
            {"company_id": self._create_company("Other Ltd").id},
        ):  # fmt: skip
            other = self.policy.copy(vals)
            self.policy.active = False
            self.assertFalse(self._plan(contract), vals)
            other.active = False
        for vals in (
            {"type_ids": [Command.set(self.type.ids)]},
            {"partner_ids": [Command.set(self.signatory.ids)]},
            {"domain": f"[('name', '=', '{contract.name}')]"},
            {"company_id": False},
        ):
            other = self.policy.copy({**vals, "active": True})
            self.assertTrue(self._plan(contract), vals)
            other.active = False

    def test_value(self):
        self._when(amount_from=5000)
        self.assertEqual(self._names(self._price(4999.99)), ["Legal"])
        contract = self._price(5000)
        self.assertEqual(self._names(contract), ["Legal", "Executive"])
        row = self._plan(contract)[1]
        self.assertIn("5,000", row.why[0])
        self.assertIn("below", row.avoid[0])

    def test_value_in_the_companys_currency(self):
        currency = self.env.ref("base.EUR")
        currency.active = True
        self._when(amount_from=5000)
        contract = self._price(5000)
        contract.currency_id = currency
        with self._refused("rate"):
            self._plan(contract)
        currency.rate_ids.create(
            {
                "name": self._days(-1),
                "rate": 2,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        self.env.invalidate_all()
        contract.line_ids.price_unit = 9999
        self.assertEqual(self._names(contract), ["Legal"])
        contract.line_ids.price_unit = 10001
        self.assertEqual(self._names(contract), ["Legal", "Executive"])

    def test_discount(self):
        self._when(discount_from=10)
        self.assertEqual(self._names(self._price(100, discount=9.99)), ["Legal"])
        self.assertEqual(
            self._names(self._price(100, discount=10)), ["Legal", "Executive"]
        )

    def test_margin_where_known(self):
        self._when(margin_below=20)
        # Without costs nobody knows, and somebody has to look.
        contract = self._price(100)
        self.assertEqual(self._names(contract), ["Legal", "Executive"])
        self.assertIn("not known", self._plan(contract)[1].why[0])
        self.product.with_company(self.company).standard_price = 85
        contract = self._price(100)
        self.assertIn("15.0 %", self._plan(contract)[1].why[0])
        self.assertEqual(self._names(contract), ["Legal", "Executive"])
        self.assertEqual(self._names(self._price(200)), ["Legal"])

    def test_clauses(self):
        self._when(clause_condition="deviating")
        contract = self._create_contract()
        self.assertEqual(self._names(contract), ["Legal"])
        contract.clause_ids.body = "<p>Not liable at all.</p>"
        self.assertEqual(self._names(contract), ["Legal", "Executive"])
        self.executive.clause_condition = "missing"
        self.assertEqual(self._names(contract), ["Legal"])
        self.type.mandatory_clause_ids = self._create_clause("Law", "<p>Our law.</p>")
        self.assertEqual(self._names(contract), ["Legal", "Executive"])
        self.assertIn("Law", self._plan(contract)[1].why[0])

    def test_all_conditions(self):
        self._when(condition_mode="all", amount_from=500, discount_from=10)
        self.assertEqual(self._names(self._price(1000)), ["Legal"])
        self.assertEqual(
            self._names(self._price(1000, discount=10)), ["Legal", "Executive"]
        )

    def test_other_condition(self):
        self._when(domain="[('is_open_ended', '=', True)]")
        contract = self._create_contract()
        self.assertEqual(self._names(contract), ["Legal"])
        contract.is_open_ended = True
        self.assertEqual(self._names(contract), ["Legal", "Executive"])

    def test_refused_on_save(self):
        domain = "[('no_such_field', '=', 1)]"
        for vals, word in (
            ({"domain": domain, "condition_mode": "any"}, "Executive.*no_such_field"),
            ({"domain": "nonsense(", "condition_mode": "any"}, "Executive"),
            ({"condition_mode": "any"}, "has none"),
            ({"mode": "minimum", "minimum": 2}, "only 1"),
            ({"mode": "minimum", "minimum": 0}, "at least one"),
            ({"user_ids": [Command.clear()]}, "no approvers"),
            ({"approver_path": "partner_id"}, "not to a user"),
            ({"approver_path": "nothing.user_id"}, "does not lead"),
            (
                {"condition_mode": "all", "amount_from": 9, "amount_below": 9},
                "no value",
            ),
        ):
            with self._refused(word, ValidationError):
                self.executive.write(vals)
        with self._refused("no_such_field", ValidationError):
            self.policy.domain = domain

    def test_days(self):
        with (
            mute_logger("odoo.sql_db"),
            self._refused("days_positive", CheckViolation),
        ):
            self.executive.days = 0
            self.env.flush_all()

    def test_group_field_and_fallback(self):
        group = self.env.ref("crm_contract_approval.crm_contract_approval_group_seal")
        keeper = self._create_user(
            "contract_keeper", "crm_contract_approval.crm_contract_approval_group_seal"
        )
        self.executive.write({"user_ids": False, "group_id": group.id})
        contract = self._create_contract()
        self.assertEqual(self._plan(contract)[1].users, keeper)
        self.executive.write({"group_id": False, "approver_path": "team_id.user_id"})
        contract.team_id = False
        self.assertIn("nobody is named", self._plan(contract)[1].problem)
        contract.team_id = self.env["crm.team"].create(
            {"name": "Team", "user_id": self.user_all.id, "company_id": False}
        )
        self.assertEqual(self._plan(contract)[1].users, self.user_all)
        self.user_all.active = False
        self.assertIn("archived", self._plan(contract)[1].problem)
        self.executive.fallback_user_id = self.manager
        self.assertEqual(self._plan(contract)[1].users, self.manager)

    def test_nobody_possible(self):
        contract = self._create_contract()
        cases = (
            (self.portal, "nobody of"),
            (self.salesman, "nobody of"),
            (self.user, "wrote or submitted"),
        )
        for user, word in cases:
            self.executive.user_ids = user
            with self._refused(f"Executive.*{word}"):
                contract.action_submit()
        self.executive.user_ids = self.boss
        self.boss.write(
            {
                "company_ids": [Command.set(self.env.ref("base.main_company").ids)],
                "company_id": self.env.ref("base.main_company").id,
            }
        )
        with self._refused("Executive.*nobody of"):
            contract.action_submit()

    def test_version(self):
        before = self.policy.version
        self.policy.write(
            {"step_ids": [Command.update(self.legal.id, {"days": 9})], "kind": False}
        )
        self.assertEqual(self.policy.version, before)  # once per transaction
        self.env.cr.precommit.data.clear()
        self.legal.days = 8
        self.assertEqual(self.policy.version, before + 1)

    def test_running_keeps_its_copy(self):
        contract = self._send()
        task = self._task(contract)
        self.legal.write({"name": "Other", "user_ids": [Command.set(self.boss.ids)]})
        self.executive.unlink()
        self.assertEqual(task.name, "Legal")
        self._approve_all(contract)
        self.policy.unlink()
        self.assertEqual(len(contract.approval_task_ids), 2)

    def test_rights(self):
        for user in (self.user, self.manager, self.lawyer):
            with self._refused("", Exception):
                self.legal.with_user(user).days = 7
        self.legal.with_user(self.approval_manager).days = 7
