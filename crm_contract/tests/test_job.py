from contextlib import closing
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..models.job import crm_contract_job
from ..models.job.crm_contract_job import Step

RUNNER = "odoo.addons.crm_contract.models.job.crm_contract_job"
SCHEDULER = "odoo.addons.base.models.ir_cron"
DAY = "2026-01-10"


class JobCommon(TransactionCase):
    """A job of one step, which marks partners whose reference says that they are due."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.env.registry["crm.contract.schedule"]
        cls.cron = cls.env.ref("crm_contract.ir_cron_advance")
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Due {number}", "ref": "due"} for number in range(5)]
        )

    def setUp(self):
        super().setUp()
        # What `work` is given, and which records fail how.
        self.seen, self.poison = [], {}
        steps = patch.object(
            self.service, "_get_steps", lambda job: self._get_steps(job)
        )
        steps.start()
        self.addCleanup(steps.stop)
        self.batch, self.chunk = False, 20

    def _get_steps(self, job):
        return [self._prepare_step(job.env, "probe", "due", "done")]

    def _prepare_step(self, env, name, ref, then):
        partners = env["res.partner"]
        domain = Domain("ref", "=", ref) & Domain("id", "in", self.partners.ids)
        return Step(
            name,
            f"Probe {name}",
            partners,
            lambda: domain,
            lambda records: self._work(records, then),
            batch=self.batch,
            chunk=self.chunk,
        )

    def _work(self, records, ref):
        self.seen.append(records.ids)
        # Written first: what fails has to be undone.
        records.ref = ref
        for record in records:
            if error := self.poison.get(record.id):
                raise error() if isinstance(error, type) else error

    def _run(self, day=DAY):
        """Run the job as the scheduler does; return what it knows of it then."""
        self.env.flush_all()
        self.seen.clear()
        with freeze_time(day), self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
        return self.env["ir.cron.progress"].search([], order="id desc", limit=1)

    def _get_refs(self):
        return self.partners.mapped("ref")

    def _get_failures(self):
        return self.env["crm.contract.job.failure"].search([("job", "=", "probe")])


@tagged("post_install", "-at_install")
class TestJob(JobCommon):
    """The runner: all or nothing of a record, the others go on, nothing twice."""

    def test_all_is_done_once(self):
        for batch, calls in ((False, 5), (True, 1)):
            self.batch, self.partners.ref = batch, "due"
            progress = self._run()
            self.assertEqual(self._get_refs(), ["done"] * 5)
            self.assertEqual(len(self.seen), calls)
            self.assertEqual(progress.remaining, 0)
            self._run()
            self.assertFalse(self.seen)
        self.assertFalse(self._get_failures())

    @mute_logger(RUNNER)
    def test_poison(self):
        """Wherever the bad record stands, all the others are done."""
        for batch in (False, True):
            for position in (0, 2, 4):
                with self.subTest(batch=batch, position=position):
                    self.batch, self.partners.ref = batch, "due"
                    bad = self.partners[position]
                    self.poison = {bad.id: UserError("Too dear")}
                    progress = self._run()
                    expected = ["done"] * 5
                    expected[position] = "due"
                    self.assertEqual(self._get_refs(), expected)
                    failure = self._get_failures()
                    self.assertEqual(failure.res_id, bad.id)
                    self.assertEqual(failure.reason, "Too dear")
                    self.assertEqual(
                        progress.remaining, 0, "it would come back at once"
                    )
                    # Not again on this day, by no run, but on the next one.
                    self._run()
                    self.assertFalse(self.seen)
                    self.poison = {}
                    self._run("2026-01-11")
                    self.assertEqual(self._get_refs(), ["done"] * 5)
                    self.assertFalse(self._get_failures())

    @mute_logger(RUNNER)
    def test_all_are_bad(self):
        self.batch = True
        self.poison = dict.fromkeys(self.partners.ids, ZeroDivisionError)
        progress = self._run()
        self.assertEqual(self._get_refs(), ["due"] * 5)
        self.assertEqual(len(self._get_failures()), 5)
        self.assertEqual(progress.remaining, 0)
        # The whole, and each of its fifths.
        self.assertEqual(len(self.seen), 6)

    def test_refused_by_the_database(self):
        """An error of the database leaves the transaction of the others usable."""
        bad = self.partners[1]
        work = self._work

        def divide(records, ref):
            work(records, ref)
            if bad in records:
                records.env.cr.execute("SELECT 1 / 0")

        with (
            patch.object(self, "_work", divide),
            mute_logger(RUNNER, "odoo.sql_db"),
        ):
            self._run()
        self.assertEqual(self._get_refs(), ["done", "due", "done", "done", "done"])
        self.assertIn("division by zero", self._get_failures().reason)

    def test_conflict_is_tried_again(self):
        """What others change at the same time is done in the same run."""
        for batch in (False, True):
            with self.subTest(batch=batch), patch.object(crm_contract_job, "PAUSE", 0):
                self.batch, self.partners.ref = batch, "due"
                errors = [SerializationFailure("faster")] * 2
                work = self._work

                def conflict(records, ref, work=work, errors=errors):
                    work(records, ref)
                    if self.partners[2] in records and errors:
                        raise errors.pop()

                with patch.object(self, "_work", conflict):
                    progress = self._run()
                self.assertFalse(errors)
                self.assertEqual(self._get_refs(), ["done"] * 5)
                self.assertEqual(progress.remaining, 0)
                self.assertFalse(self._get_failures())

    def test_lasting_conflict_is_left_for_the_next_run(self):
        """Never taken for done, never silent, and no reason to stop the others."""
        self.batch = True
        self.poison = {self.partners[1].id: SerializationFailure("faster")}
        with (
            patch.object(crm_contract_job, "PAUSE", 0),
            self.assertLogs(RUNNER, "WARNING"),
        ):
            progress = self._run()
        self.assertEqual(self._get_refs(), ["done", "due", "done", "done", "done"])
        self.assertIn("Others change it", self._get_failures().reason)
        self.assertEqual(progress.remaining, 1, "the scheduler comes back for it")
        # The next run, of the same day.
        self.poison = {}
        progress = self._run()
        self.assertEqual(self._get_refs(), ["done"] * 5)
        self.assertEqual(progress.remaining, 0)
        self.assertFalse(self._get_failures())

    def test_failing_commit(self):
        """What can't be committed together is committed one by one."""
        model = self.env.registry["ir.cron"]
        commit, refused = model._commit_progress, []

        def refuse(cron, processed=0, **kwargs):
            if processed == 5:
                refused.append(processed)
                raise ValueError("deferred")
            return commit(cron, processed, **kwargs)

        with patch.object(model, "_commit_progress", refuse):
            progress = self._run()
        self.assertEqual(refused, [5])
        self.assertEqual(self._get_refs(), ["done"] * 5)
        self.assertEqual((progress.done, progress.remaining), (5, 0))

    @mute_logger(SCHEDULER)
    def test_no_hot_loop(self):
        """A job that breaks after it committed some progress is not started at once."""
        found = []

        def broken():
            found.append(1)
            raise ValueError("broken")

        def get_steps(job):
            good = self._prepare_step(job.env, "probe", "due", "done")
            return [good, good._replace(name="broken", domain=broken)]

        with patch.object(self.service, "_get_steps", get_steps):
            progress = self._run()
        self.assertEqual(self._get_refs(), ["done"] * 5)
        self.assertEqual(len(found), 1)
        self.assertEqual((progress.done, progress.remaining), (5, 0))
        self.assertEqual(self.cron.failure_count, 1)

    def test_steps_one_after_the_other(self):
        def get_steps(job):
            return [
                self._prepare_step(job.env, "first", "due", "half"),
                self._prepare_step(job.env, "second", "half", "done"),
            ]

        with patch.object(self.service, "_get_steps", get_steps):
            self._run()
        self.assertEqual(self._get_refs(), ["done"] * 5)
        self.assertEqual(len(self.seen), 10)

    def test_chunks(self):
        self.batch, self.chunk = True, 2
        progress = self._run()
        self.assertEqual([len(ids) for ids in self.seen], [2, 2, 1])
        self.assertEqual((progress.done, progress.remaining), (5, 0))

    def test_time_is_over(self):
        self.chunk = 2
        job = self.env["crm.contract.schedule"]
        [step] = job._get_steps()
        chunks = []

        def commit(chunk):
            chunks.append(chunk)
            return False

        result = job._work_through(step, self.partners.ids, commit)
        self.assertEqual(result, (3, False))
        self.assertEqual([chunk.count for chunk in chunks], [2])
        self.assertEqual(self._get_refs(), ["done"] * 2 + ["due"] * 3)

    def test_others_records_are_left_to_them(self):
        """What another connection has locked is skipped, and counted as left."""
        countries = self.env["res.country"].search([], limit=3)
        done = []
        step = self._prepare_step(self.env, "probe", "", "")._replace(
            records=countries.browse(),
            domain=lambda: Domain("id", "in", countries.ids),
            work=lambda country: done.append(country.id),
        )
        with closing(db_connect(self.env.cr.dbname).cursor()) as other:
            other.execute(
                "SELECT id FROM res_country WHERE id = %s FOR NO KEY UPDATE",
                [countries[1].id],
            )
            result = self.env["crm.contract.job"]._work_through(
                step, countries.ids, lambda chunk: True
            )
            other.rollback()
        self.assertEqual(result, (1, True))
        self.assertEqual(done, [countries[0].id, countries[2].id])

    def test_done_by_another_worker(self):
        """What is not due any more when it is locked is not done again."""
        job = self.env["crm.contract.schedule"]
        [step] = job._get_steps()
        self.partners[1].ref = "done"
        chunk = job._do(step, self.partners)
        self.assertEqual(chunk.count, 5)
        self.assertNotIn([self.partners[1].id], self.seen)
        self.assertEqual(len(self.seen), 4)

    def test_known_reasons(self):
        """What is known to fail is not tried, and costs the others nothing."""

        def get_steps(job):
            step = self._prepare_step(job.env, "probe", "due", "done")
            return [step._replace(batch=True, check=lambda due: {due[0]: "No address"})]

        with patch.object(self.service, "_get_steps", get_steps):
            self._run()
        self.assertEqual(self.seen, [self.partners[1:].ids])
        self.assertEqual(self._get_failures().reason, "No address")


@tagged("post_install", "-at_install")
class TestJobSteps(TransactionCase):
    def test_names_and_labels(self):
        """Failures are kept by the names of steps, and read by their labels."""
        job = self.env["crm.contract.job"]
        steps = [step for service in job._get_jobs() for step in service._get_steps()]
        names = [step.name for step in steps]
        self.assertEqual(len(names), len(set(names)))
        self.assertTrue(all(step.label for step in steps))
        for step in steps:
            service, found = job._find_step(step.name)
            self.assertEqual(found.label, step.label)
            # A domain that the database understands
            service._find(found)

    def test_scheduled_actions(self):
        """Each scheduled action calls a job that exists."""
        crons = self.env["ir.cron"].search([("code", "=like", 'env["crm.contract%')])
        self.assertGreaterEqual(len(crons), 2)
        jobs = self.env["crm.contract.job"]._get_jobs()
        # Works through values and files, not records that could be set aside.
        jobs += [self.env["crm.contract.secrecy.job"]]
        for cron in crons:
            self.assertIn(self.env[cron.code.split('"')[1]], jobs)
