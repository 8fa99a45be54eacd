from datetime import date, timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import RenewalCommon
from .test_amend import AmendmentCommon

CORE = "crm_contract.ir_cron_advance"


class MrrCommon(RenewalCommon):
    """A contract whose monthly fee of 100 rises to 120 after ninety days."""

    def _create_stepped(self, price=120, **vals):
        line = self._prepare_line_vals(
            name="Fee",
            price_unit=100,
            is_recurring=True,
            tax_ids=False,
            step_ids=[
                Command.create({"date_from": self._days(90), "price_unit": price})
            ],
        )
        return self._create_running(line_ids=[Command.create(line)], **vals)

    def _advance(self, days, jobs=("core", "renew", "mrr")):
        """Run the daily jobs some days from now, in their order."""
        for job in jobs:
            if job != "core":
                self._run(job, days)
                continue
            self.env.flush_all()
            with freeze_time(self._days(days)), self.enter_registry_test_mode():
                self.env.ref(CORE).method_direct_trigger()
            self.env.invalidate_all()

    def _get_log(self, contracts):
        """Return (days from today, kind, MRR, ARR) of the movements, in their order."""
        return [
            ((row.date - self.today).days, row.kind, row.amount_mrr, row.amount_arr)
            for row in self._get_movements(contracts)
        ]

    def _get_movements(self, contracts):
        return self.env["crm.contract.mrr.movement"].search(
            [("contract_id", "in", contracts.ids)], order="date, id"
        )

    def _get_logged(self, contract):
        """Return the MRR that the next movement is compared with."""
        log = self.env["crm.contract.mrr.movement"].sudo()
        if contract.date_mrr_logged == date.max:
            return 0
        return log._get_logged(contract.sudo())[contract].level.mrr

    def _log(self, contracts, *args):
        return contracts.env["crm.contract.mrr.movement"]._log(contracts, *args)

    def _days_to_end(self, contract):
        return (contract.date_end - self.today).days


class TestMrrLog(MrrCommon):
    """What is new, expansion, contraction and churn, on which day, and once."""

    def test_from_new_to_churn(self):
        contract = self._create_stepped()
        end = self._days_to_end(contract)
        log = [(0, "new", 100, 1200)]
        self.assertEqual(self._get_log(contract), log)
        self._advance(89)
        self.assertEqual(self._get_log(contract), log)
        self._advance(90)
        log.append((90, "expansion", 20, 240))
        self.assertEqual(self._get_log(contract), log)
        self.assertEqual((contract.amount_mrr, self._get_logged(contract)), (120, 120))
        # 120 plus 10 % is 132: the renewal brings 12 more.
        successor = self._renew(contract, uplift="percent", percent=10)
        self._sign(successor)
        self._advance(end)
        self.assertEqual(self._get_log(contract | successor), log)
        self._advance(end + 1)
        log.append((end + 1, "expansion", 12, 144))
        self.assertEqual(self._get_log(contract | successor), log)
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(self._get_logged(contract), 0)
        self.assertEqual(self._get_logged(successor), 132)
        self.assertEqual(self._get_movements(successor).root_id, contract)
        last = self._days_to_end(successor)
        self._advance(last + 1)
        log.append((last + 1, "churn", -132, -1584))
        self.assertEqual(self._get_log(contract | successor), log)

    def test_renewal_at_the_same_price(self):
        for jobs in (("core", "renew", "mrr"), ("mrr", "renew", "core")):
            contract = self._create_running()
            successor = self._renew(contract)
            self._sign(successor)
            self._advance(self._days_to_end(contract) + 1, jobs)
            self.assertEqual(contract.end_reason, "superseded")
            self.assertEqual(
                self._get_log(contract | successor), [(0, "new", 100, 1200)]
            )
            self.assertEqual(self._get_logged(successor), 100)

    def test_renewed_twice(self):
        """The second renewal starts from what both terms before it moved over."""
        contract = self._create_running()
        first = self._sign(self._renew(contract, uplift="percent", percent=10))
        end = self._days_to_end(contract)
        self._advance(end + 1)
        second = self._sign(self._renew(first, uplift="percent", percent=-10))
        last = self._days_to_end(first)
        self._advance(last + 1)
        # 100 plus 10 % is 110, less 10 % is 99.
        family = contract | first | second
        log = [
            (0, "new", 100, 1200),
            (end + 1, "expansion", 10, 120),
            (last + 1, "contraction", -11, -132),
        ]
        self.assertEqual(self._get_log(family), log)
        self.assertEqual(self._get_logged(second), 99)
        over = self._days_to_end(second) + 1
        self._advance(over)
        self.assertEqual(self._get_log(second)[1:], [(over, "churn", -99, -1188)])

    def test_renewal_that_begins_later(self):
        contract = self._create_running()
        end = self._days_to_end(contract)
        successor = self._renew(contract, uplift="percent", percent=-10)
        successor.date_start = self._days(end + 11)
        self._sign(successor)
        self._advance(end + 1)
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(len(self._get_log(contract | successor)), 1)
        self._advance(end + 11)
        self.assertEqual(
            self._get_log(successor), [(end + 11, "contraction", -10, -120)]
        )

    def test_renewal_after_the_end(self):
        """Without days of grace, what is signed after the end is business anew."""
        self.type.grace_days = 0
        contract = self._create_running()
        end = self._days_to_end(contract)
        successor = self._renew(contract)
        self._advance(end + 1)
        self.assertEqual(contract.end_reason, "expired")
        with freeze_time(self._days(end + 5)):
            self._sign(successor)
        self.assertEqual(self._get_log(contract)[1:], [(end + 1, "churn", -100, -1200)])
        self.assertEqual(self._get_log(successor), [(end + 1, "new", 100, 1200)])

    def test_signed_late(self):
        """The predecessor runs on, as no job saw its end."""
        contract = self._create_stepped()
        end = self._days_to_end(contract)
        successor = self._renew(contract)
        with freeze_time(self._days(end + 5)):
            self._sign(successor)
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(
            self._get_log(contract | successor),
            [(0, "new", 100, 1200), (90, "expansion", 20, 240)],
        )

    def test_renewal_that_ends_before_it_begins(self):
        contract = self._create_running()
        successor = self._sign(self._renew(contract))
        self._end(successor, reason="terminated", note="Changed their mind")
        self.assertEqual(self._get_logged(contract), 100)
        end = self._days_to_end(contract)
        self._advance(end + 1)
        log = [(0, "new", 100, 1200), (end + 1, "churn", -100, -1200)]
        self.assertEqual(self._get_log(contract | successor), log)
        self._forget(contract | successor)
        self._advance(end + 2)
        self.assertEqual(self._get_log(contract | successor), log)

    def test_after_downtime(self):
        """Each change is logged on its own day, whatever job comes first."""
        for jobs in (("core", "renew", "mrr"), ("mrr", "renew", "core")):
            contract = self._create_stepped(price=70)
            end = self._days_to_end(contract)
            log = [
                (0, "new", 100, 1200),
                (90, "contraction", -30, -360),
                (end + 1, "churn", -70, -840),
            ]
            self._advance(end + 40, jobs)
            self.assertEqual(self._get_log(contract), log)
            self._advance(end + 41, jobs)
            self.assertEqual(self._get_log(contract), log)

    def test_line_that_ends_with_the_contract(self):
        """It is churn, not contraction, though a job sees the line end first."""
        contract = self._create_contract()
        line = self._prepare_line_vals(
            price_unit=100,
            is_recurring=True,
            tax_ids=False,
            date_end=contract.date_end,
            step_ids=[Command.create({"date_from": self._days(90), "price_unit": 70})],
        )
        contract.write(
            {
                "line_ids": [Command.clear(), Command.create(line)],
                "installment_ids": [Command.clear()],
            }
        )
        self._sign(contract)
        end = self._days_to_end(contract)
        self._advance(end + 2, ("mrr", "core"))
        self.assertEqual(
            self._get_log(contract)[1:],
            [(90, "contraction", -30, -360), (end + 1, "churn", -70, -840)],
        )

    def test_lines_that_begin_and_end(self):
        lines = [
            self._prepare_line_vals(
                price_unit=price, is_recurring=True, tax_ids=False, **dates
            )
            for price, dates in (
                (100, {"date_start": self._days(10)}),
                (50, {"date_start": self._days(20), "date_end": self._days(29)}),
            )
        ]
        contract = self._create_running(line_ids=[Command.create(x) for x in lines])
        self.assertFalse(self._get_log(contract))
        self._advance(40)
        self.assertEqual(
            self._get_log(contract),
            [
                (10, "new", 100, 1200),
                (20, "expansion", 50, 600),
                (30, "contraction", -50, -600),
            ],
        )

    def test_terminated(self):
        contract = self._create_running()
        contract.action_suspend()
        self.assertEqual(len(self._get_log(contract)), 1)
        self._end(contract, reason="terminated", note="Moved away")
        self.assertEqual(self._get_log(contract)[1:], [(1, "churn", -100, -1200)])
        self._advance(2)
        self.assertEqual(len(self._get_log(contract)), 2)

    def test_without_recurring_fees(self):
        contract = self._create_signed()
        self._end(contract)
        self.assertFalse(self._get_log(contract))

    def test_yearly_fee(self):
        """A year of 1,000 is an ARR of 1,000, though a month of it is not exact."""
        line = self._prepare_line_vals(
            price_unit=1000, is_recurring=True, recurrence_unit="year", tax_ids=False
        )
        contract = self._create_running(line_ids=[Command.create(line)])
        self.assertEqual(self._get_log(contract), [(0, "new", 83.33, 1000)])
        self._advance(1)
        self.assertEqual(len(self._get_log(contract)), 1)

    def test_currency(self):
        yen = self._activate_yen(100)
        rates = self.env["res.currency.rate"]
        vals = {"currency_id": yen.id, "company_id": self.company.id}
        contract = self._create_stepped(currency_id=yen.id, price=150)
        rates.create({**vals, "name": self._days(50), "rate": 200})
        self._advance(90)
        self.assertEqual(
            self._get_log(contract), [(0, "new", 1, 12), (90, "expansion", 0.5, 6)]
        )
        self.assertEqual(
            self._get_movements(contract).currency_id, self.company.currency_id
        )

    def test_contracts_from_before(self):
        """Contracts that ran before the add-on are logged from their start on."""
        contract = self._create_stepped()
        successor = self._renew(contract, uplift="percent", percent=10)
        self._sign(successor)
        end = self._days_to_end(contract)
        self._advance(end + 1)
        log = self._get_log(contract | successor)
        self.assertEqual(len(log), 3)
        both = contract | successor
        self._forget(both)
        self._advance(end + 5, ("mrr",))
        self.assertEqual(self._get_log(both), log)
        self._forget(both)
        with freeze_time(self._days(end + 5)):
            self._log(successor | contract)
        self.assertEqual(self._get_log(both), log)

    def test_archived_contract_from_before(self):
        contract = self._create_running()
        self._end(contract, reason="terminated", note="Moved away")
        contract.active = False
        log = [(0, "new", 100, 1200), (1, "churn", -100, -1200)]
        self.assertEqual(self._get_log(contract), log)
        self._forget(contract)
        self._advance(1, ("mrr",))
        self.assertEqual(self._get_log(contract), log)

    def _forget(self, contracts):
        """Let the contracts be as they were before the add-on."""
        self.env.cr.execute(
            "DELETE FROM crm_contract_mrr_movement WHERE contract_id IN %s",
            (tuple(contracts.ids),),
        )
        self._tamper(
            contracts,
            date_mrr_logged=None,
            date_mrr_change=self.today,
        )

    def test_nothing_due_is_found_nowhere(self):
        contract = self._create_stepped()
        self.assertEqual(contract.date_mrr_change, self._days(90))
        self._advance(90)
        self.assertFalse(contract.date_mrr_change)
        draft = self._create_contract()
        self.assertFalse(draft.date_mrr_change)
        self._end(contract.with_user(self.manager))
        self.assertFalse(contract.date_mrr_change)

    def test_called_twice(self):
        contract = self._create_running()
        self.assertFalse(self._log(contract))
        self._tamper(contract.line_ids, price_unit=130)
        movement = self._log(contract, self._days(-3))
        self.assertEqual((movement.amount_mrr, movement.date), (30, self._days(-3)))
        self.assertFalse(self._log(contract, self._days(-3)))
        vals = movement.sudo().copy_data()[0]
        with mute_logger("odoo.sql_db"):
            with self._refused("", UniqueViolation):
                movement.sudo().create(vals)
            with self._refused("", CheckViolation):
                movement.sudo().create(
                    {**vals, "number": 9, "amount_mrr": 0, "amount_arr": 0}
                )


class TestMrrLogOfAmendments(MrrCommon, AmendmentCommon):
    """What an amendment changes, counts in the contract from its day on."""

    def test_price(self):
        contract = self._create_running()
        amendment = self._draft(contract, 30)
        self._sign(self._change_line(amendment, price_unit=150))
        self.assertEqual(len(self._get_log(contract | amendment)), 1)
        # When it takes effect, not when the job of the log runs
        self._advance(30, ("core", "renew"))
        self.assertEqual(amendment.state, "in_force")
        self.assertEqual(
            self._get_log(contract | amendment),
            [(0, "new", 100, 1200), (30, "expansion", 50, 600)],
        )
        self._advance(31)
        self.assertEqual(len(self._get_log(contract | amendment)), 2)

    def test_in_effect_at_once(self):
        contract = self._create_running()
        self._sign(self._change_line(self._draft(contract), price_unit=80))
        self.assertEqual(
            self._get_log(contract),
            [(0, "new", 100, 1200), (0, "contraction", -20, -240)],
        )


class TestMrrAccess(MrrCommon):
    """Who sees movements, and that nobody makes them."""

    def test_nobody_writes(self):
        contract = self._create_running()
        movement = self._get_movements(contract)
        vals = movement.copy_data()[0]
        others = self.env["crm.contract.mrr.movement"].with_user(self.manager)
        with self._refused("logged by contracts", AccessError):
            others.create({**vals, "number": 2})
        admin = self.env.ref("base.user_admin")
        admin.write({"company_ids": [Command.link(self.company.id)]})
        for user in self.user + self.manager + self.accountant + admin:
            mine = movement.with_user(user)
            for change in (
                lambda mine=mine: mine.create({**vals, "number": 2}),
                lambda mine=mine: mine.write({"amount_mrr": 1}),
                lambda mine=mine: mine.unlink(),
                lambda user=user: contract.with_user(user).write(
                    {"date_mrr_logged": self.today}
                ),
            ):
                with self._refused():
                    change()
        for change in (movement.unlink, lambda: movement.write({"amount_mrr": 1})):
            with self._refused("can't be"):
                change()

    def test_own_movements_alone(self):
        mine = self._create_running(user_id=self.user.id)
        other = self._create_running(user=self.manager, user_id=self.manager.id)
        both = mine | other
        for user, contracts in (
            (self.user, mine),
            (self.user_all, both),
            (self.manager, both),
            (self.reader, both),
            (self.accountant, both),
        ):
            movements = self.env["crm.contract.mrr.movement"].with_user(user)
            found = movements.search([("contract_id", "in", both.ids)])
            self.assertEqual(found.contract_id, contracts, user.login)
        for user in (self.portal, self.salesman):
            movements = self.env["crm.contract.mrr.movement"].with_user(user)
            self.assertFalse(movements.has_access("read"))

    def test_other_company(self):
        self._create_running()
        company = self._create_company("Other Ltd")
        reader = self._create_user(
            "other_reader", "crm_contract.crm_contract_group_reader", company
        )
        movements = self.env["crm.contract.mrr.movement"].with_user(reader)
        self.assertFalse(
            movements.with_context(allowed_company_ids=company.ids).search([])
        )

    def test_who_starts_a_renewal_need_not_see_its_predecessor(self):
        contract = self._create_running()
        successor = self._renew(contract, uplift="percent", percent=10)
        self._submit(successor)
        contract.with_user(self.manager).user_id = self.manager
        successor.with_user(self.manager).user_id = self.user
        self.env.flush_all()
        with freeze_time(contract.date_end + timedelta(days=1)):
            self._open_sign(successor.with_user(self.user)).action_sign()
        self.assertEqual(self._get_logged(successor), 110)
        self.assertEqual(self._get_logged(contract), 0)
