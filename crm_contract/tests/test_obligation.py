import hashlib
import json
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools import html2plaintext

from ..tools.version import write_version
from .common import ContractCommon


class ObligationCommon(ContractCommon):
    def _create_with(self, *milestones, **vals):
        """Return a draft with milestones."""
        rows = [Command.create({"name": "Report", **row}) for row in milestones]
        return self._create_contract(milestone_ids=rows, **vals)

    def _sign_with(self, *milestones, sign=None, **vals):
        """Return the obligations of a signed contract with the milestones."""
        contract = self._sign(self._create_with(*milestones, **vals), **(sign or {}))
        return self._get_rows(contract)

    def _get_rows(self, contract):
        return self.env["crm.contract.obligation"].search(
            [("contract_id", "=", contract.id)], order="date_due, id"
        )

    def _kinds(self, contract):
        events = self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id)], order="number"
        )
        return [kind for kind in events.mapped("kind") if "obligation" in kind]

    def _run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()


class TestObligation(ObligationCommon):
    """What is due on a day: made on signature, closed through one door."""

    def test_made_on_signature(self):
        contract = self._create_with(
            {"date_deadline": self._days(5), "party": "customer"}
        )
        self.assertFalse(self._get_rows(contract))
        row = self._get_rows(self._sign(contract))
        self.assertEqual(
            (row.name, row.side, row.state, row.date_due),
            ("Report", "theirs", "open", self._days(5)),
        )
        self.assertEqual(row.milestone_id, contract.milestone_ids)
        # Deriving anew changes nothing.
        self.env["crm.contract.obligation.plan"]._derive(contract)
        self.assertEqual(self._get_rows(contract), row)

    def test_done_by_the_milestone_and_back(self):
        row = self._sign_with({})
        row.milestone_id.with_user(self.user).action_done()
        self.assertEqual((row.state, row.date_done), ("done", self.today))
        self.assertTrue(row.is_complete)
        row.milestone_id.with_user(self.user).action_undo()
        self.assertEqual((row.state, row.date_done), ("open", False))
        self.assertFalse(row.milestone_id.date_done)
        self.assertEqual(
            self._kinds(row.contract_id), ["obligation_done", "obligation_reopened"]
        )

    def test_releases_the_plan_when_accepted(self):
        contract = self._create_with({"needs_acceptance": True})
        contract.installment_ids[1].write(
            {
                "trigger": "milestone",
                "milestone_id": contract.milestone_ids.id,
                "date": False,
            }
        )
        plan_row = contract.installment_ids[1]
        row = self._get_rows(self._sign(contract)).with_user(self.user)
        row.action_done()
        self.assertFalse(row.is_complete)
        self.assertFalse(plan_row.date_due)
        row.action_accept("Sam Signatory")
        self.assertEqual((row.state, row.accepted_by), ("accepted", "Sam Signatory"))
        self.assertEqual(plan_row.date_due, self.today)
        self.assertEqual(plan_row.state, "due")

    def test_not_accepted(self):
        row = self._sign_with({"needs_acceptance": True}).with_user(self.user)
        with self.assertRaisesRegex(UserError, "does not wait"):
            row.action_refuse("Too early")
        row.action_done()
        with self.assertRaisesRegex(UserError, "needed"):
            row.action_refuse()
        row.action_refuse("Two pages are missing")
        self.assertEqual((row.state, row.reason), ("open", "Two pages are missing"))
        self.assertFalse(row.date_done)

    def test_customer_accepts_by_name_we_by_user(self):
        ours, theirs = self._sign_with(
            {"needs_acceptance": True, "date_deadline": self._days(1)},
            {
                "needs_acceptance": True,
                "party": "customer",
                "date_deadline": self._days(2),
            },
        ).with_user(self.user)
        (ours | theirs).action_done()
        with self.assertRaisesRegex(UserError, "Say who accepted"):
            ours.action_accept()
        theirs.action_accept("Somebody else")
        self.assertEqual(theirs.accepted_by, self.user.name)

    def test_evidence(self):
        file, note = self._sign_with(
            {"evidence": "file", "date_deadline": self._days(1)},
            {"evidence": "note", "date_deadline": self._days(2)},
        ).with_user(self.user)
        for row in (file, note):
            with self.assertRaisesRegex(UserError, "is closed with"):
                row.action_done()
            with self.assertRaisesRegex(UserError, "is closed with"):
                row.milestone_id.action_done()
        note.action_done(note="Handed over on site")
        self.assertEqual(note.note, "Handed over on site")
        attachment = (
            self.env["ir.attachment"]
            .with_user(self.user)
            .create({"name": "protocol.txt", "raw": b"All is there"})
        )
        file.evidence_ids = attachment
        self.assertEqual(attachment.res_id, file.id)
        file.action_done()
        self.assertEqual(file.state, "done")
        event = self.env["crm.contract.event"].search(
            [("contract_id", "=", file.contract_id.id)], order="number desc", limit=1
        )
        digest = hashlib.sha256(b"All is there").hexdigest()
        self.assertEqual(event._get_facts()["files"], [digest])
        # What was closed with stays.
        with self.assertRaisesRegex(UserError, "reopen it"):
            note.note = "Otherwise"
        with self.assertRaisesRegex(UserError, "reopen it"):
            file.evidence_ids = [Command.clear()]

    def test_days_that_cant_be(self):
        row = self._sign_with({"needs_acceptance": True}).with_user(self.user)
        with self.assertRaisesRegex(ValidationError, "future"):
            row.action_done(str(self._days(1)))
        with self.assertRaisesRegex(ValidationError, "before"):
            row.action_done(str(self._days(-1)))
        with freeze_time(self._days(2)):
            row.action_done()
            with self.assertRaisesRegex(ValidationError, "before"):
                row.action_accept("Sam", str(self._days(1)))
        self.assertEqual(row.state, "done")

    def test_no_acceptance_before_the_start(self):
        row = self._sign_with({"needs_acceptance": True}, date_start=self._days(10))
        self.assertEqual(row.contract_state, "signed")
        row = row.with_user(self.user)
        row.action_done()
        with self.assertRaisesRegex(UserError, "has started"):
            row.action_accept("Sam Signatory")

    def test_whoever_sees_to_it_closes_it(self):
        """Of a contract that the owner of the obligation has no right on."""
        other = self._create_user(
            "obligation_owner", "crm_contract.crm_contract_group_user"
        )
        row = self._sign_with({}).with_user(other)
        with self.assertRaises(AccessError):
            row.action_done()
        row.sudo().user_id = other
        row.write({"progress": 50})
        row.action_done()
        self.assertEqual(row.sudo().done_by_id, other)
        self.assertTrue(row.sudo().milestone_id.date_done)
        with self.assertRaises(AccessError):
            row.sudo().contract_id.with_user(other).check_access("read")

    def test_a_team_sees_to_it(self):
        other = self._create_user(
            "obligation_member", "crm_contract.crm_contract_group_user"
        )
        team = self.env["crm.team"].create(
            {
                "name": "Site",
                "member_ids": [Command.set(other.ids)],
                "company_id": self.company.id,
            }
        )
        row = self._sign_with({"team_id": team.id}).with_user(other)
        row.action_done()
        self.assertEqual(row.state, "done")

    def test_readers_close_nothing(self):
        row = self._sign_with({})
        for user in (self.reader, self.accountant, self.salesman):
            with self.assertRaises(AccessError):
                row.with_user(user).action_done()
            with self.assertRaises(AccessError):
                row.with_user(user).progress = 10
        row.with_user(self.reader).read(["name", "state"])

    def test_nobody_writes_what_code_owns(self):
        row = self._sign_with({"evidence": "file"})
        for user in (self.user, self.manager):
            mine = row.with_user(user)
            for vals in (
                {"state": "done"},
                {"date_done": self.today},
                {"date_due": self._days(9)},
                {"evidence": False},
                {"needs_acceptance": False},
                {"side": "theirs"},
                {"contract_id": row.contract_id.id},
            ):
                with self.assertRaises(AccessError):
                    mine.write(vals)
            with self.assertRaises(AccessError):
                mine.unlink()
            with self.assertRaises(AccessError):
                mine.copy()
            with self.assertRaises(AccessError):
                mine.create({"contract_id": row.contract_id.id, "name": "New"})
        draft = self._create_with({}).milestone_ids
        for name in ("after_keys", "clause_key", "date_derive"):
            with self.assertRaises(AccessError):
                draft.write({name: False})

    def test_managers_waive(self):
        row = self._sign_with({})
        with self.assertRaisesRegex(UserError, "managers"):
            row.with_user(self.user).action_waive("No use")
        row.with_user(self.manager).action_waive("No use any more")
        self.assertEqual((row.state, row.reason), ("waived", "No use any more"))
        self.assertTrue(row.milestone_id.date_done)

    def test_dialog(self):
        row = self._sign_with({"needs_acceptance": True}).with_user(self.user)
        action = row.with_context(step="done").action_open_step()
        form = Form(row.env[action["res_model"]].with_context(**action["context"]))
        form.note = "Delivered"
        form.save().action_do()
        self.assertEqual((row.state, row.note), ("done", "Delivered"))
        action = row.with_context(step="accept").action_open_step()
        form = Form(row.env[action["res_model"]].with_context(**action["context"]))
        form.accepted_by = "Sam Signatory"
        form.save().action_do()
        self.assertEqual(row.state, "accepted")
        action = row.with_context(step="reopen").action_open_step()
        form = Form(row.env[action["res_model"]].with_context(**action["context"]))
        form.note = "Wrong contract"
        form.save().action_do()
        self.assertEqual(row.state, "open")

    def test_other_company(self):
        row = self._sign_with({})
        foreign = self._create_company("Foreign Ltd")
        stranger = self._create_user(
            "obligation_stranger", "crm_contract.crm_contract_group_manager", foreign
        )
        theirs = row.with_user(stranger).with_context(allowed_company_ids=foreign.ids)
        self.assertFalse(theirs.search([("id", "=", row.id)]))
        with self.assertRaises(AccessError):
            theirs.action_done()


class TestObligationPlan(ObligationCommon):
    """Which obligations there are follows from what is agreed and what happens."""

    def test_days_after_the_signature(self):
        with freeze_time("2026-11-27"):  # a Friday
            rows = self._sign_with(
                {"name": "Calendar", "trigger": "signature", "trigger_days": 3},
                {
                    "name": "Working",
                    "trigger": "signature",
                    "trigger_days": 3,
                    "days_kind": "working",
                },
                date_start=date(2026, 11, 27),
                installment_ids=False,
            )
        self.assertEqual(
            rows.mapped("date_due"), [date(2026, 11, 30), date(2026, 12, 2)]
        )

    def test_after_another_obligation(self):
        contract = self._create_with({"name": "Deliver"}, {"name": "Train"})
        deliver, train = contract.milestone_ids.sorted("id")
        train.write(
            {"trigger": "obligation", "trigger_days": 5, "after_ids": deliver.ids}
        )
        self._sign(contract)
        first, second = deliver.obligation_ids, train.obligation_ids
        self.assertEqual((second.state, second.date_due), ("waiting", False))
        with self.assertRaisesRegex(UserError, "comes after Deliver"):
            second.with_user(self.user).action_done()
        first.with_user(self.user).action_done()
        self.assertEqual((second.state, second.date_due), ("open", self._days(5)))
        first.with_user(self.user).action_reopen("Not all of it")
        self.assertEqual((second.state, second.date_due), ("waiting", False))

    def test_no_circles(self):
        contract = self._create_with({"name": "A"}, {"name": "B"})
        first, second = contract.milestone_ids.sorted("id")
        first.after_ids = second
        with self.assertRaisesRegex(ValidationError, "wait for each other"):
            second.after_ids = first
        foreign = self._create_with({"name": "C"}).milestone_ids
        with self.assertRaisesRegex(ValidationError, "same contract"):
            second.after_ids = foreign

    def test_what_a_draft_lacks(self):
        contract = self._create_with(
            {"name": "A", "trigger": "obligation"},
            {"name": "B", "recurrence_interval": 1},
            {"name": "C"},
        )
        gone, recurring, waits = contract.milestone_ids.sorted("id")
        waits.after_ids = recurring
        with self.assertRaises(UserError) as caught:
            contract.action_submit()
        text = str(caught.exception)
        self.assertIn("comes after", text)
        self.assertIn("say when it is due first", text)
        self.assertIn("“C” can't wait for B", text)
        waits.after_ids = gone
        gone.unlink()
        recurring.recurrence_interval = 0
        with self.assertRaisesRegex(UserError, "not there any more"):
            contract.action_submit()

    def test_recurring_until_the_end(self):
        with freeze_time("2026-01-31"):
            rows = self._sign_with(
                {
                    "date_deadline": date(2026, 1, 31),
                    "recurrence_interval": 1,
                    "recurrence_unit": "month",
                },
                date_start=date(2026, 1, 31),
                date_end=date(2026, 5, 1),
                installment_ids=False,
            )
            self.assertEqual(
                [str(day) for day in rows.mapped("date_due")],
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
            )
            self.assertEqual(rows.mapped("number"), [1, 2, 3, 4])
            self.assertFalse(rows.milestone_id.is_late)
            with self.assertRaisesRegex(UserError, "one by one"):
                rows.milestone_id.action_done()
            self._end(rows.contract_id, date=date(2026, 1, 31))
            self.assertEqual(
                rows.mapped("state"), ["open", "cancelled", "cancelled", "cancelled"]
            )
            rows.contract_id._action_reopen()
            self.assertEqual(set(rows.mapped("state")), {"open"})
            self.assertEqual(len(self._get_rows(rows.contract_id)), 4)

    def test_horizon_moves_on(self):
        with freeze_time("2026-01-05"):
            rows = self._sign_with(
                {
                    "date_deadline": date(2026, 1, 5),
                    "recurrence_interval": 1,
                    "recurrence_unit": "week",
                },
                date_start=date(2026, 1, 5),
                date_end=date(2027, 1, 4),
                installment_ids=False,
            )
            # 92 days ahead: 5 January and 13 weeks on.
            self.assertEqual(len(rows), 14)
        with freeze_time("2026-02-02"):
            self._run_job()
            rows = self._get_rows(rows.contract_id)
            # 2 February + 92 days = 5 May.
            self.assertEqual(rows[-1:].date_due, date(2026, 5, 4))
            self._run_job()
            self.assertEqual(self._get_rows(rows.contract_id), rows)

    def test_taken_over_late(self):
        """What fell due before anybody knew of it here recurs from now on."""
        rows = self._sign_with(
            {
                "date_deadline": self._days(-100),
                "recurrence_interval": 30,
                "recurrence_unit": "day",
            },
            date_start=self._days(-100),
            sign={"date": self._days(-100)},
            installment_ids=False,
        )
        self.assertEqual(rows.mapped("date_due"), [self._days(20)])

    def test_copied_and_from_templates(self):
        template = self.env["crm.contract.template"].create(
            {
                "name": "T",
                "title": "T",
                "type_id": self.type.id,
                "milestone_ids": [
                    Command.create({"name": "A", "days": 4}),
                    Command.create(
                        {
                            "name": "B",
                            "trigger": "obligation",
                            "trigger_days": 2,
                            "needs_acceptance": True,
                        }
                    ),
                ],
            }
        )
        first, second = template.milestone_ids
        second.after_ids = first
        first.clause_template_id = self.clause
        contract = self._create_contract(template_id=template.id)
        agreed = contract.milestone_ids.sorted("id")[0].clause_id
        self.assertEqual(agreed, contract.clause_ids)
        copies = contract.copy()
        other = template.copy()
        self.assertEqual(other.milestone_ids[1].after_ids, other.milestone_ids[0])
        for made in (contract, copies):
            a, b = made.milestone_ids.sorted("id")
            self.assertEqual(b.after_ids, a)
            self.assertEqual((b.trigger, b.trigger_days), ("obligation", 2))
            self.assertTrue(b.needs_acceptance)
            self.assertFalse(b.date_deadline)
            self.assertEqual(a.date_deadline, self._days(4))

    def test_clause_is_quoted(self):
        contract = self._create_with({})
        contract.milestone_ids.clause_id = contract.clause_ids
        copied = contract.copy()
        self.assertEqual(copied.milestone_ids.clause_id, copied.clause_ids)
        row = self._get_rows(self._sign(contract))
        self.assertEqual(row.clause_id, contract.clause_ids)
        self.assertIn("Liable to the limit.", row.clause_quote)
        with self.assertRaisesRegex(ValidationError, "another contract"):
            copied.milestone_ids.clause_id = contract.clause_ids

    def test_terms_are_content(self):
        """They are locked, in the hash, and only where they say something."""
        contract = self._create_with({"date_deadline": self._days(3)})
        text = write_version(contract._prepare_version_vals()["envelope"])[0]
        [row] = json.loads(text)["content"]["children"]["milestone_ids"]
        self.assertEqual(
            set(row["fields"]),
            {"sequence", "name", "description", "party", "date_deadline"},
        )
        before = self._hash(contract)
        contract.milestone_ids.needs_acceptance = True
        self.assertNotEqual(self._hash(contract), before)
        self._sign(contract)
        for vals in (
            {"needs_acceptance": False},
            {"trigger": "start"},
            {"penalty_percent": 1},
            {"recurrence_interval": 1},
            {"after_ids": [Command.clear()], "weight": 3},
        ):
            with self.assertRaisesRegex(UserError, "locked"):
                contract.milestone_ids.with_user(self.manager).write(vals)
        with self.assertRaisesRegex(UserError, "locked"):
            contract.milestone_ids.with_user(
                self.manager
            ).clause_id = contract.clause_ids

    def test_responsible_hands_on(self):
        row = self._sign_with({"user_id": self.user.id})
        row.milestone_id.with_user(self.user).user_id = self.manager
        self.assertEqual(row.user_id, self.manager)
        row.sudo().user_id = self.user_all
        row.milestone_id.with_user(self.user).user_id = self.user
        self.assertEqual(row.user_id, self.user_all)


class TestObligationReminder(ObligationCommon):
    """No deadline passes silently: owner, owner again, leader."""

    def _get_told(self, row):
        return [
            (activity.user_id, activity.summary)
            for activity in row.sudo().activity_ids.sorted("id")
        ]

    def test_ladder(self):
        leader = self._create_user(
            "obligation_leader", "crm_contract.crm_contract_group_user_all"
        )
        team = self.env["crm.team"].create(
            {"name": "L", "user_id": leader.id, "company_id": self.company.id}
        )
        row = self._sign_with(
            {"date_deadline": self._days(40), "user_id": self.user.id}, team_id=team.id
        )
        self.assertFalse(self._get_told(row))
        expected = []
        for days, told in (
            (9, None),
            (10, (self.user, "Report")),
            (40, None),
            (41, (self.user, "Late: Report")),
            (43, None),
            (44, (leader, "Late: Report")),
            (60, None),
        ):
            with freeze_time(self._days(days)):
                self._run_job()
                self._run_job()
            expected += [told] if told else []
            self.assertEqual(self._get_told(row), expected, days)
        with freeze_time(self._days(61)):
            row.with_user(self.user).action_done()
        self.assertFalse(row.sudo().activity_ids)

    def test_missed_days_are_made_up(self):
        row = self._sign_with(
            {"date_deadline": self._days(40), "user_id": self.user.id}
        )
        with freeze_time(self._days(100)):
            self._run_job()
            self.assertEqual(self._get_told(row), [(self.user, "Late: Report")])

    def test_nobody_is_responsible(self):
        row = self._sign_with({"date_deadline": self._days(1)})
        self.assertFalse(self._get_told(row))
        with freeze_time(self._days(2)):
            self._run_job()
            self.assertEqual(self._get_told(row), [(self.user, "Late: Report")])

    def test_owner_comes_later(self):
        row = self._sign_with({"date_deadline": self._days(5)})
        row.with_user(self.user).user_id = self.manager
        self.assertEqual(self._get_told(row), [(self.manager, "Report")])

    def test_archived_owner(self):
        row = self._sign_with(
            {"date_deadline": self._days(1), "user_id": self.manager.id}
        )
        row.sudo().user_id = self.user_all
        self.user_all.active = False
        self.assertNotEqual(row.user_id, self.user_all)
        self.assertTrue(row.user_id.active)

    def test_archived_owner_of_what_outlives_its_contract(self):
        row = self._sign_with(
            {"date_deadline": self._days(90), "user_id": self.user_all.id}
        )
        self._end(row.contract_id)
        self.assertEqual(row.state, "open")
        self.user_all.active = False
        self.assertTrue(row.user_id.active)


class TestObligationPenalty(ObligationCommon):
    """What a delay costs becomes a row of the ledger when somebody says so."""

    def _create_late(self, days, **terms):
        row = self._sign_with({"date_deadline": self._days(0), **terms})
        self.assertEqual(row.contract_id.amount_total, 1150)
        return row

    def test_percent_per_day_with_a_cap(self):
        row = self._create_late(
            0, penalty_kind="daily", penalty_percent=1, penalty_cap=5, party="customer"
        )
        self.assertEqual((row.days_late, row.amount_penalty), (0, 0))
        with freeze_time(self._days(3)):
            row.invalidate_recordset()
            # 1,150 × 1 % × 3 days
            self.assertEqual((row.days_late, row.amount_penalty), (3, 34.5))
            charged = row.with_user(self.user).action_charge_penalty()
            self.assertEqual((charged.trigger, charged.amount), ("delay", 34.5))
            self.assertEqual((charged.state, row.amount_penalty), ("due", 0))
            with self.assertRaisesRegex(UserError, "No penalty is left"):
                row.with_user(self.user).action_charge_penalty()
        with freeze_time(self._days(30)):
            row.invalidate_recordset()
            # At most 5 % of 1,150, less what was charged.
            self.assertEqual(row.amount_penalty, 23)
            row.with_user(self.user).action_done(str(self._days(4)))
            self.assertEqual((row.days_late, row.amount_penalty), (4, 11.5))

    def test_no_run_invoices_it(self):
        row = self._create_late(
            0, penalty_kind="fixed", penalty_amount=200, party="customer"
        )
        with freeze_time(self._days(2)):
            row.invalidate_recordset()
            charged = row.with_user(self.user).action_charge_penalty()
            domain = self.env["crm.contract.billing"]._get_bill_domain()
            self.assertNotIn(charged, charged.search(domain))
            invoice = charged.with_user(self.accountant)._create_invoices()
            self.assertEqual(invoice.amount_total, 200)
            self.assertFalse(invoice.invoice_line_ids.tax_ids)

    def test_what_we_owe_is_given_back(self):
        row = self._create_late(0, penalty_kind="fixed", penalty_amount=200)
        with freeze_time(self._days(2)):
            row.invalidate_recordset()
            charged = row.with_user(self.user).action_charge_penalty()
            self.assertEqual(charged.amount, -200)

    def test_who_may(self):
        row = self._create_late(0, penalty_kind="fixed", penalty_amount=200)
        with freeze_time(self._days(2)):
            row.invalidate_recordset()
            for user in (self.reader, self.salesman):
                with self.assertRaises(AccessError):
                    row.with_user(user).action_charge_penalty()
            other = self._create_user(
                "penalty_owner", "crm_contract.crm_contract_group_user"
            )
            row.sudo().user_id = other
            with self.assertRaises(AccessError):
                row.with_user(other).action_charge_penalty()
        with self.assertRaises(AccessError):
            self.env["crm.contract.installment"].with_user(self.user).create(
                {
                    "contract_id": row.contract_id.id,
                    "name": "Made up",
                    "trigger": "delay",
                    "obligation_id": row.id,
                }
            )


class TestObligationProgress(ObligationCommon):
    """Planned against actual, by weight, with a light and its reason."""

    def _get(self, contract):
        overviews = self.env["crm.contract.overview"].with_user(self.user)
        return overviews.get_overviews(contract.ids)[0]

    def test_light(self):
        rows = self._sign_with(
            {"name": "Small", "date_deadline": self._days(1)},
            {"name": "Large", "date_deadline": self._days(9), "weight": 3},
        )
        contract = rows.contract_id
        progress = self._get(contract)["progress"]
        self.assertEqual(
            (progress["planned"], progress["actual"], progress["light"]),
            (0, 0, "green"),
        )
        with freeze_time(self._days(4)):
            self.env.invalidate_all()
            progress = self._get(contract)["progress"]
            self.assertEqual((progress["planned"], progress["light"]), (0.25, "red"))
            self.assertEqual(progress["reason"], "Late: Small (3 days)")
            rows[1].with_user(self.user).progress = 50
            progress = self._get(contract)["progress"]
            # 3 × 50 % of 4, against 1 of 4: enough, and yet something is late.
            self.assertEqual((progress["actual"], progress["light"]), (0.375, "amber"))
            rows[0].with_user(self.user).action_done()
            progress = self._get(contract)["progress"]
            self.assertEqual((progress["actual"], progress["light"]), (0.625, "green"))
        self.assertFalse(self._get(self._create_signed())["progress"])

    def test_timeline(self):
        row = self._sign_with(
            {"date_deadline": self._days(3), "needs_acceptance": True}
        )
        events = self._get(row.contract_id)["events"]
        marks = [(e["state"], e["res_id"]) for e in events if e["key"] == "milestone"]
        self.assertEqual(marks, [("ahead", row.id)])
        row.with_user(self.user).action_done()
        overview = self._get(row.contract_id)
        [mark] = [e for e in overview["events"] if e["key"] == "milestone"]
        self.assertEqual(mark["state"], "open")
        self.assertIn(
            (self.customer.name, "Accept: Report"),
            [(duty["who"], duty["why"]) for duty in overview["duties"]],
        )


class TestContractFile(ObligationCommon):
    """One page says what was promised, delivered, billed, paid, and what comes next."""

    def _print(self, contract, user):
        reports = self.env["ir.actions.report"].with_user(user)
        name = "crm_contract.report_contract_file"
        html = reports._render_qweb_html(name, contract.ids)[0]
        return " ".join(html2plaintext(html.decode()).split())

    def test_page(self):
        rows = self._sign_with(
            {"name": "Deliver", "date_deadline": self._days(2)},
            {"name": "Test", "date_deadline": self._days(4), "party": "customer"},
            {"name": "Train", "date_deadline": self._days(50)},
        )
        contract = rows.contract_id
        rows[0].with_user(self.user).action_done()
        with freeze_time(self._days(9)):
            self.env.invalidate_all()
            page = self.env["crm.contract.file"].with_user(self.reader)
            page = page._get_page(contract.with_user(self.reader))
            self.assertEqual(
                [(row.name, row.mark) for row in page["rows"]],
                [("Test", "late"), ("Train", "open"), ("Deliver", "complete")],
            )
            self.assertEqual(page["counts"], {"ours": (1, 2), "theirs": (0, 1)})
            text = self._print(contract, self.reader)
        for words in (
            "Late: Test (5 days)",
            "33 %",
            "67 %",
            "1,150.00",
            "Train",
            "Rest",
        ):
            self.assertIn(words, text)

    def test_draft_and_many(self):
        self.assertIn("Contract file", self._print(self._create_contract(), self.user))
        rows = self._sign_with(
            {
                "date_deadline": self._days(1),
                "recurrence_interval": 1,
                "recurrence_unit": "week",
            }
        )
        page = self.env["crm.contract.file"]._get_page(rows.contract_id)
        self.assertEqual(len(page["rows"]) + page["more"], len(rows))
        self.assertLessEqual(len(page["rows"]), 14)
        with self.assertRaises(AccessError):
            self._print(rows.contract_id, self.salesman)
