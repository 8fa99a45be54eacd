from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command

from .common import RenewalCommon

WIZARD = "odoo.addons.crm_contract_renewal.wizard.crm_contract_renew"


class TestRenewalRun(RenewalCommon):
    """Many contracts are renewed in the background, each with its result."""

    def _start(self, contracts, user=None, **vals):
        wizard = self._open_renew(contracts, **vals).with_user(user or self.user)
        with patch(f"{WIZARD}.AT_ONCE", 1):
            wizard.invalidate_recordset(["is_background"])
            action = wizard.action_renew()
        self.assertEqual(action["res_model"], "crm.contract.renewal.run")
        run = self.env["crm.contract.renewal.run"].browse(action["res_id"])
        return run.with_user(user or self.user)

    def _work(self):
        self.env.flush_all()
        cron = self.env.ref("crm_contract_renewal.ir_cron_renewal_run")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def test_each_has_a_result(self):
        good, late, other = (self._create_running() for _number in range(3))
        late.with_user(self.user)._decide_renewal("expire", "No budget")
        run = self._start(good | late | other, uplift="percent", percent=10)
        self.assertEqual((run.state, run.progress, run.total_count), ("running", 0, 3))
        self.assertFalse((good | other).renewal_ids)
        self._work()
        self.assertEqual((run.state, run.progress), ("done", 100))
        self.assertEqual((run.done_count, run.failed_count), (2, 1))
        self.assertEqual(good.renewal_ids.line_ids.price_unit, 110)
        self.assertEqual(good.renewal_ids.create_uid, self.user)
        self.assertEqual(good.renewal_decision, "renew")
        line = run.line_ids.filtered(lambda row: row.state == "failed")
        self.assertEqual(line.contract_id, late)
        self.assertIn("let", line.reason)
        action = run.action_view_renewals()
        self.assertEqual(action["domain"][0][2], (good | other).renewal_ids.ids)

    def test_runs_twice(self):
        contracts = self._create_running() | self._create_running()
        runs = [self._start(contracts), self._start(contracts)]
        self._work()
        self._work()
        self.assertEqual(len(contracts.renewal_ids), 2)
        self.assertEqual([run.done_count for run in runs], [2, 0])
        self.assertIn("has a renewal already", runs[1].line_ids[0].reason)

    def test_keeper_leaves_meanwhile(self):
        """Seals change hands between two steps; the run goes on, rows wait for others."""
        keeper, deputy = (
            self._create_user(login) for login in ("contract_run_keeper", "contract_run_deputy")
        )  # fmt: skip
        stamp = self.env["crm.contract.stamp"].create(
            {
                "name": "Seal",
                "company_id": self.company.id,
                "keeper_id": keeper.id,
                "deputy_ids": [Command.set(deputy.ids)],
            }
        )
        contracts = self._create_running() | self._create_running()
        register = self.env["crm.contract.sealing"].with_user(self.user)
        rows = register.create(
            [
                {"contract_id": row.id, "stamp_id": stamp.id, "purpose": "Copies"}
                for row in contracts
            ]
        )
        rows[0].with_user(keeper).action_hand_out()
        run = self._start(contracts)
        run.sudo().line_ids[0]._renew()
        keeper.active = False
        self._work()
        self.assertEqual((run.state, run.done_count), ("done", 2))
        self.assertEqual(len(contracts.renewal_ids), 2)
        # The register is of the text that runs: it has nothing to do with the next one.
        self.assertEqual(rows.mapped("state"), ["out", "applied"])
        self.assertEqual(stamp.keeper_id, deputy)
        self.assertEqual(rows[1].sudo().activity_ids.user_id, deputy)
        rows[0].with_user(deputy).action_return()
        rows[1].with_user(deputy).action_hand_out()
        renewal = self._submit(contracts.renewal_ids[0])
        new = register.create(
            {"contract_id": renewal.id, "stamp_id": stamp.id, "purpose": "Originals"}
        )
        self.assertEqual(new.sudo().activity_ids.user_id, deputy)

    def test_stopped(self):
        contracts = self._create_running() | self._create_running()
        run = self._start(contracts)
        run.sudo().line_ids[0]._renew()
        with self._refused("can stop it", AccessError):
            run.with_user(self.user_all).action_stop()
        run.action_stop()
        self.assertEqual(run.state, "stopped")
        self._work()
        self.assertEqual(run.line_ids.mapped("state"), ["done", "stopped"])
        self.assertEqual(len(contracts.renewal_ids), 1)
        self._start(contracts).with_user(self.manager).action_stop()

    def test_with_the_rights_of_who_started_it(self):
        mine = self._create_running()
        theirs = self._create_running(user=self.manager, user_id=self.manager.id)
        runs = self.env["crm.contract.renewal.run"].with_user(self.user)
        with self._refused("", AccessError):
            self._start(mine | theirs)
        run = runs._start(self._open_renew(mine), mine | theirs)
        self._work()
        self.assertEqual(run.line_ids.mapped("state"), ["done", "failed"])
        self.assertFalse(theirs.renewal_ids)

    def test_user_who_left(self):
        contracts = self._create_running() | self._create_running()
        run = self._start(contracts)
        self.user.sudo().active = False
        self._work()
        self.assertEqual(run.sudo().failed_count, 2)
        self.assertIn("any more", run.sudo().line_ids[0].reason)

    def test_made_by_code_alone(self):
        run = self._start(self._create_running() | self._create_running())
        for user in (self.user, self.manager):
            mine = run.with_user(user)
            for call in (
                lambda mine=mine: mine.write({"user_id": self.manager.id}),
                lambda mine=mine: mine.line_ids.write({"state": "done"}),
                lambda mine=mine: mine.create({"user_id": self.env.uid}),
                lambda mine=mine: mine.unlink(),
            ):
                with self._refused("", AccessError):
                    call()
        other = self._create_user(
            "contract_other", "crm_contract.crm_contract_group_user"
        )
        for user, sees in ((other, False), (self.reader, True), (self.manager, True)):
            found = run.with_user(user).search([("id", "=", run.id)])
            self.assertEqual(bool(found), sees, user.login)

    def test_few_at_once(self):
        contract = self._create_running()
        wizard = self._open_renew(contract)
        self.assertFalse(wizard.is_background)
        self.assertEqual(wizard.action_renew()["res_id"], contract.renewal_ids.id)
