from datetime import date, timedelta

from freezegun import freeze_time

from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestObligation(AmendmentCommon):
    """Obligations follow amendments and go on in renewals; what is closed stays."""

    def _sign_with(self, *milestones, **vals):
        rows = [Command.create({"name": "Report", **row}) for row in milestones]
        return self._create_running(milestone_ids=rows, **vals)

    def _get_rows(self, contract):
        return self.env["crm.contract.obligation"].search(
            [("contract_id", "=", contract.id)], order="date_due, id"
        )

    def test_amendments_owe_nothing_by_themselves(self):
        contract = self._sign_with({"date_deadline": self._days(10)})
        amendment = self._amend(contract, days=5, name="More sites")
        self.assertFalse(self._get_rows(amendment))
        self.assertEqual(len(self._get_rows(contract)), 1)

    def test_deadline_moves_and_rows_come_and_go(self):
        contract = self._sign_with(
            {"name": "Design", "date_deadline": self._days(10)},
            {"name": "Handover", "date_deadline": self._days(20)},
        )
        design, handover = self._get_rows(contract)
        amendment = self._draft(contract, days=3)
        first, second = amendment.milestone_ids.sorted("id")
        self.assertEqual(first.content_key, design.milestone_id.content_key)
        first.write({"date_deadline": self._days(15), "needs_acceptance": True})
        second.unlink()
        amendment.milestone_ids = [
            Command.create(
                {
                    "name": "Training",
                    "trigger": "obligation",
                    "trigger_days": 7,
                    "user_id": self.user.id,
                }
            )
        ]
        new = amendment.milestone_ids - first
        new.after_ids = first
        self._sign(amendment)
        self.assertEqual(design.date_due, self._days(10))
        self._run("renew", 3)
        self.assertEqual(
            (design.date_due, design.needs_acceptance), (self._days(15), True)
        )
        self.assertEqual(
            (handover.state, handover.milestone_id.id), ("cancelled", False)
        )
        training = self._get_rows(contract) - design - handover
        self.assertEqual((training.name, training.state), ("Training", "waiting"))
        self.assertEqual(training.milestone_id.after_ids, design.milestone_id)
        with freeze_time(self._days(4)):
            design.with_user(self.user).action_done()
            design.with_user(self.user).action_accept("Sam Signatory")
        self.assertEqual((training.state, training.date_due), ("open", self._days(11)))
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_recurrence_is_amended(self):
        """Monthly becomes quarterly: what was done stays, nothing past is owed anew."""
        with freeze_time("2026-01-10"):
            contract = self._sign_with(
                {
                    "date_deadline": date(2026, 1, 10),
                    "recurrence_interval": 1,
                    "recurrence_unit": "month",
                },
                date_start=date(2026, 1, 10),
            )
            rows = self._get_rows(contract)
            self.assertEqual(len(rows), 12)
        with freeze_time("2026-03-15"):
            rows[:3].with_user(self.user).action_done()
            amendment = (
                self.env["crm.contract.amend"]
                .with_user(self.user)
                .create(
                    {
                        "contract_id": contract.id,
                        "date_effective": date(2026, 3, 15),
                        "reason": "Less to report",
                    }
                )
                .action_amend()
            )
            amendment = contract.browse(amendment["res_id"]).with_user(self.user)
            amendment.milestone_ids.write(
                {"recurrence_unit": "quarter", "date_deadline": date(2026, 1, 5)}
            )
            self._sign(amendment)
            rows = self._get_rows(contract)
            live = rows.filtered(lambda row: row.state in ("open", "waiting"))
            self.assertEqual(
                [str(day) for day in live.mapped("date_due")],
                ["2026-04-05", "2026-07-05", "2026-10-05", "2027-01-05"],
            )
            done = rows.filtered(lambda row: row.state == "done")
            self.assertEqual(
                [str(day) for day in done.mapped("date_due")],
                ["2026-01-10", "2026-02-10", "2026-03-10"],
            )

    def test_both_amendments_change_the_deadline(self):
        """What falls due when is one question, however it is said."""
        contract = self._sign_with({"date_deadline": self._days(10)})
        first = self._draft(contract, days=2)
        second = self._draft(contract, days=3)
        first.milestone_ids.date_deadline = self._days(20)
        second.milestone_ids.write({"trigger": "start", "trigger_days": 12})
        self._sign(first)
        second.action_rebase()
        self.assertTrue(second.conflicts)
        self.assertIn(str(self._days(20).day), second.conflicts)

    def test_terms_go_on_in_the_renewal(self):
        contract = self._sign_with(
            {"name": "Deliver", "date_deadline": self._days(10)},
            {"name": "Train"},
            {
                "name": "Report",
                "date_deadline": self._days(20),
                "recurrence_interval": 1,
                "recurrence_unit": "quarter",
            },
        )
        self.assertTrue(contract)
        draft = self._draft(contract)
        deliver, train, _report = draft.milestone_ids.sorted("id")
        terms = {"trigger": "obligation", "trigger_days": 5, "evidence": "note"}
        train.write({**terms, "after_ids": deliver.ids})
        train.clause_id = draft.clause_ids[:1]
        # Who approves it sees all of it.
        changes = self.env["crm.contract.changes"]._get_agreed(self._submit(draft))
        told = " ".join(f"{c['label']}: {c['new']}" for c in changes)
        for text in ("After other obligations", "5", "Deliver", "A note", "Liability"):
            self.assertIn(text, told)
        self._open_sign(draft).action_sign()
        successor = self._renew(contract)
        deliver, train, report = successor.milestone_ids.sorted("id")
        self.assertEqual(train.after_ids, deliver)
        self.assertEqual((train.evidence, train.trigger_days), ("note", 5))
        self.assertEqual(train.clause_id, successor.clause_ids[:1])
        self.assertEqual(report.recurrence_unit, "quarter")
        self.assertFalse(self._get_rows(successor))
        self._sign(successor)
        rows = self._get_rows(successor)
        self.assertEqual(rows.filtered(lambda r: r.name == "Train").state, "waiting")
        # The next term is more than a year ahead: they come with the horizon.
        self.assertEqual(set(rows.mapped("name")), {"Deliver", "Train"})
        with freeze_time(self._days(60)), self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
        reports = self._get_rows(successor).filtered(lambda r: r.name == "Report")
        self.assertGreaterEqual(min(reports.mapped("date_due")), successor.date_start)
        old = self._get_rows(contract).filtered(lambda row: row.name == "Report")
        self.assertLess(
            max(old.mapped("date_due")), successor.date_start + timedelta(days=1)
        )
