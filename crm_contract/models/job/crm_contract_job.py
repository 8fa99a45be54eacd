import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.fields import Domain
from odoo.service.model import (
    MAX_TRIES_ON_CONCURRENCY_FAILURE,
    PG_CONCURRENCY_EXCEPTIONS_TO_RETRY,
)

_logger = logging.getLogger(__name__)

# Nobody's fault: somebody else works on the same rows at the same time.
CONFLICTS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError, LockError)
# Seconds to wait after a conflict, times the number of tries.
PAUSE = 0.05
# Parts that a batch is cut into when one of its records fails: parts of a fifth cost
# less than halves until the bad record is known.
PARTS = 5
# Chunks that a worker looks over for records that no other worker holds.
LOOKAHEAD = 8


class Step(NamedTuple):
    """What a job does with which records.

    :param name: unique among the steps of all jobs; failures are kept by it
    :param label: what it does, as people read it on the Health page
    :param records: empty recordset of the model, whose context is used
    :param domain: function that returns the domain of the records that are due; what
        was done has to leave it, so that a second run finds nothing left to do
    :param work: function of the records, all or nothing: it raises what goes wrong
    :param order: in which the records are done
    :param keep: function of a record, for what the domain can't say
    :param check: function of records that returns `{record: reason}` of those which
        can't be done for reasons that can be known before
    :param batch: whether `work` takes many records at once, instead of one
    :param chunk: number of records that are locked, done and committed together
    :param retry: whether to try what was set aside for the day
    """

    name: str
    label: str
    records: models.BaseModel
    domain: Callable
    work: Callable
    order: str = "id"
    keep: Callable | None = None
    check: Callable | None = None
    batch: bool = False
    chunk: int = 20
    retry: bool = False


class Chunk(NamedTuple):
    """What was done of a chunk: how many records, what the work returned, failures.

    Records that are left for the next run, because others change them all the time,
    are not counted.
    """

    count: int
    results: list
    failures: dict


class CrmContractJob(models.AbstractModel):
    """The runner of all jobs: each job is a model that inherits it and has steps.

    A job takes chunks of what is due, locked against other workers, and commits each. A
    record that fails is set aside with its reason, see `crm.contract.job.failure`, and
    the others go on. What others change meanwhile is tried again.
    """

    _name = "crm.contract.job"
    _description = "Daily job of contracts"

    @api.model
    def _get_steps(self):
        """Return the steps of the job, in their order (list of `Step`)."""
        return []

    @api.model
    def _get_jobs(self):
        """Return the models of all jobs (list of empty recordsets)."""
        names = self.env.registry.descendants(["crm.contract.job"], "_inherit")
        return [self.env[name] for name in names if name != "crm.contract.job"]

    @api.model
    def _find_step(self, name):
        """Return the job and the step of a name.

        :raise KeyError: if no job (any more) has a step of that name
        """
        for job in self._get_jobs():
            for step in job._get_steps():
                if step.name == name:
                    return job, step
        raise KeyError(name)

    @api.model
    def _run(self, *names):
        """Do the steps of the job, or those of the names, as a scheduled action does.

        Can run twice without harm, and beside other workers.
        """
        steps = [s for s in self._get_steps() if not names or s.name in names]
        left = 0
        try:
            for later, step in zip(reversed(range(len(steps))), steps, strict=True):
                # Each step makes work for those after it: who stops in between comes
                # back.
                left, goes_on = self._run_step(step, left + later)
                if not goes_on:
                    return
                left -= later
        except Exception:
            # Odoo starts what fails after some progress again at once, and for ever,
            # unless nothing is left.
            self.env.cr.rollback()
            self.env["ir.cron"]._commit_progress(remaining=0)
            raise

    @api.model
    def _run_step(self, step, left):
        """Do one step.

        :param left: what is left to do in other steps
        :return: (what is left to do after it, whether there is time to go on)
        """
        cron = self.env["ir.cron"]
        ids = self._find_due(step)
        cron._commit_progress(remaining=left + len(ids))
        rest, goes_on = self._work_through(
            step, ids, lambda chunk: cron._commit_progress(chunk.count) > 0
        )
        return left + rest, goes_on

    @api.model
    def _find(self, step, ids=None, failures=None):
        """Return what is due for a step, in the order of work; among ids if given.

        :param failures: those of the step, if they are at hand
        """
        domain = step.domain() & self._get_not_set_aside(step, "id", failures)
        if ids is not None:
            domain &= Domain("id", "in", ids)
        records = step.records.search(domain, order=step.order)
        return records.filtered(step.keep) if step.keep else records

    @api.model
    def _get_not_set_aside(self, step, path, failures=None):
        """Return the domain of what a step does not leave out today.

        :param path: field that leads to the record
        """
        if step.retry:
            return Domain.TRUE
        if failures is None:
            failures = self.env["crm.contract.job.failure"]._get_failures(step)
        left_out = failures._filter_set_aside().mapped("res_id")
        return Domain(path, "not in", left_out) if left_out else Domain.TRUE

    @api.model
    def _find_due(self, step):
        """Return the ids of what a run of a step has to do, in the order of work.

        Failures of what is not due any more are forgotten.
        """
        failures = self.env["crm.contract.job.failure"]._get_failures(step)
        ids = self._find(step, failures=failures)._ids
        due = set(ids)
        over = failures.filtered(lambda row: row.res_id not in due)
        (over - over._filter_set_aside())._forget()
        return ids

    @api.model
    def _work_through(self, step, ids, commit):
        """Work through records in chunks that are locked, done and committed.

        :param ids: of the records, in the order of work
        :param commit: called with each `Chunk`, to note what was done and to commit;
            returns whether to go on
        :return: (number of records that are left, because others hold or change them or
            it was not to go on; whether to go on)
        """
        queue, left, goes_on = list(ids), len(ids), True

        def note(chunk):
            nonlocal left
            can_go_on = commit(chunk)
            left -= chunk.count
            return can_go_on

        while queue and goes_on:
            window = queue[: step.chunk * LOOKAHEAD]
            taken, goes_on = self._work_on(step, window, step.chunk, note)
            # What another worker holds is his.
            looked_at = set(taken or window)
            queue[: len(window)] = [id_ for id_ in window if id_ not in looked_at]
        return left, goes_on

    @api.model
    def _work_on(self, step, ids, size, commit):
        """Lock, do and commit as many of the records as a chunk has.

        After a conflict all of it is tried again, as things are then; what conflicts
        for ever, or can't be committed, one by one.

        :return: (ids of the records that were taken, whether to go on)
        """
        taken = list(ids[:size])
        for attempt in range(1, MAX_TRIES_ON_CONCURRENCY_FAILURE + 1):
            try:
                # Memory stays flat, and nothing is known from before the lock.
                self.env.invalidate_all()
                claimed = step.records.browse(ids).try_lock_for_update(
                    allow_referencing=True, limit=size
                )
                taken = claimed.ids
                return taken, not taken or commit(self._do(step, claimed))
            except CONFLICTS as conflict:
                error = conflict
                self.env.cr.rollback()
                time.sleep(PAUSE * attempt)
            except Exception as failure:
                error = failure
                self.env.cr.rollback()
                break
        if len(taken) > 1:
            return self._work_one_by_one(step, taken, commit)
        return taken, commit(self._give_up(step, taken, error))

    @api.model
    def _work_one_by_one(self, step, ids, commit):
        done = []
        for id_ in ids:
            taken, goes_on = self._work_on(step, [id_], 1, commit)
            done += taken
            if not goes_on:
                return done, False
        return done, True

    @api.model
    def _give_up(self, step, ids, error):
        """Set a record aside whose transaction failed as a whole."""
        is_conflict = isinstance(error, CONFLICTS)
        record = step.records.browse(ids)
        if is_conflict:
            reason = self.env._("Others change it all the time: %s", error)
            _logger.warning("%s left for later, %s: %s", record, step.name, error)
        else:
            reason = self._describe_error(step, record, error)
        try:
            self.env["crm.contract.job.failure"]._note(
                step, {record: reason}, at_once=is_conflict
            )
        except Exception:
            # Whatever it is: the others go on.
            self.env.cr.rollback()
            _logger.exception("%s can't be set aside, %s", record, step.name)
        return Chunk(0 if is_conflict else 1, [], {record: reason})

    @api.model
    def _do(self, step, claimed):
        """Do the locked records of a step, as far as they are still due.

        Those that fail are set aside. Nothing is committed.

        :return: `Chunk`
        :raise: what is in `CONFLICTS`: the whole transaction has to be tried again
        """
        known = self.env["crm.contract.job.failure"]._get_failures(step, claimed)
        due = self._find(step, claimed.ids, known)
        failures = step.check(due) if step.check and due else {}
        due = due.filtered(lambda record: record not in failures)
        results, failed = self._attempt(step, [due] if step.batch else list(due))
        failures.update(failed)
        known._note(step, failures)
        failed = {record.id for record in failures}
        over = known.filtered(lambda row: row.res_id not in failed)
        if not step.retry:
            # Another worker set it aside a moment ago.
            over -= over._filter_set_aside()
        over._forget()
        return Chunk(len(claimed), results, failures)

    @api.model
    def _attempt(self, step, parts):
        """Do parts of a step, each in a savepoint; cut those that fail into smaller ones.

        :return: (what the work returned of each, `{record: reason}`)
        """
        results, failures = [], {}
        for part in filter(None, parts):
            try:
                with self.env.cr.savepoint():
                    results.append(step.work(part))
            except CONFLICTS:
                raise
            except Exception as error:
                if len(part) == 1:
                    failures[part] = self._describe_error(step, part, error)
                    continue
                size = max(1, len(part) // PARTS)
                smaller = [part[i : i + size] for i in range(0, len(part), size)]
                done, failed = self._attempt(step, smaller)
                results += done
                failures.update(failed)
        return results, failures

    @api.model
    def _describe_error(self, step, record, error):
        """Return an exception as a person understands it (str)."""
        if isinstance(error, UserError):
            return str(error)
        _logger.error("%s failed, %s", record, step.name, exc_info=error)
        return self.env._("Odoo could not do it: %s", error)

    @api.model
    def _try_again(self, name, records):
        """Do records of a step now, as the job would, whoever asks for it.

        :return: `Chunk`
        :raise LockError: if somebody else holds one of them
        """
        # As the job does it: with its rights, and its name on what it makes.
        job, step = self.with_user(SUPERUSER_ID)._find_step(name)
        records = records.with_env(job.env)
        if records.try_lock_for_update(allow_referencing=True) != records:
            raise LockError(
                self.env._(
                    "Somebody else is changing %s right now. Try again in a moment.",
                    ", ".join(records.mapped("display_name")),
                )
            )
        return job._do(step._replace(retry=True), records)
