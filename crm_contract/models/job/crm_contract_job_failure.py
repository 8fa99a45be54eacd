import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import plaintext2html

from ...tools.records import one, some
from .crm_contract_job import CONFLICTS

_logger = logging.getLogger(__name__)


class CrmContractJobFailure(models.Model):
    """A record that a job could not do: why, since when, and who was told.

    The record is left out until the next day, or until somebody tries it again, and the
    failure is removed when it is done, or not due any more.
    """

    _name = "crm.contract.job.failure"
    _description = "Record that a daily job set aside"
    _order = "date_last desc, id desc"
    _rec_name = "record_name"

    job = fields.Selection(
        selection="_get_job_labels", required=True, readonly=True, index=True
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char(string="Record", compute="_compute_record_name")
    contract_id = fields.Many2one(
        "crm.contract", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    reason = fields.Text(required=True, readonly=True)
    date_first = fields.Date(string="Since", required=True, readonly=True)
    date_last = fields.Date(string="Last try", required=True, readonly=True)
    date_next = fields.Date(string="Next try", required=True, readonly=True)
    tries = fields.Integer(readonly=True)
    activity_id = fields.Many2one("mail.activity", readonly=True, ondelete="set null")
    user_id = fields.Many2one(
        "res.users", string="Told", compute="_compute_user_id", compute_sudo=True
    )

    _record_uniq = models.UniqueIndex(
        "(job, res_model, res_id)", "The record is set aside already."
    )

    @api.model
    def _get_job_labels(self):
        jobs = self.env["crm.contract.job"]._get_jobs()
        return [(step.name, step.label) for job in jobs for step in job._get_steps()]

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for failure in self:
            # sudo: the name alone; opening the record asks for access to it
            record = failure.sudo()._get_record()
            failure.record_name = record.display_name or failure.res_model

    @api.depends("activity_id")
    def _compute_user_id(self):
        for failure in self:
            failure.user_id = failure.activity_id.user_id

    def action_try_again(self):
        """Do the records again that the jobs set aside, now.

        :raise AccessError: unless the user manages contracts or the system
        """
        self.check_access("read")
        user = self.env.user
        if not user.has_groups(
            "crm_contract.crm_contract_group_manager,base.group_system"
        ):
            raise AccessError(self.env._("Only contract managers may do this."))
        # A client may name those of other companies.
        some(self).check_access("read")
        left = self._try_again()
        return self._notify_tried(left)

    def action_open_record(self):
        """Open the record that could not be done."""
        one(self)
        return self._get_record()._get_records_action()

    @api.model
    def _notify_tried(self, left):
        """Return the action that tells what came of another try.

        :param left: failures that are left of it
        """
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if left else "success",
                "message": "\n".join(left.mapped("reason")) or self.env._("Done."),
                "sticky": bool(left),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _try_again(self):
        """Do the records again; return the failures that are left."""
        # sudo: kept by the jobs; the caller checked who asks
        failures = self.sudo()
        for (name, model), mine in failures.grouped(
            lambda row: (row.job, row.res_model)
        ).items():
            records = self.env[model].browse(mine.mapped("res_id")).exists()
            gone = mine.filtered(lambda row, ids=records._ids: row.res_id not in ids)
            gone._forget()
            if records:
                self.env["crm.contract.job"]._try_again(name, records)
        return failures.exists()

    @api.model
    def _get_failures(self, step, records=None):
        """Return the failures of a step; those of the records if given."""
        domain = Domain("job", "=", step.name)
        if records is not None:
            domain &= Domain("res_id", "in", records.ids)
        # sudo: kept by the jobs, whoever starts them
        return self.sudo().search(domain)

    def _filter_set_aside(self):
        """Return those whose records are left out today."""
        if not self:
            return self
        # On its day alone: a clock that was moved back must not set aside for longer.
        today = self.env.company._get_today()
        return self.filtered(lambda row: row.date_last == today < row.date_next)

    @api.model
    def _note(self, step, reasons, at_once=False):
        """Note why records could not be done, and tell somebody who is there.

        :param reasons: `{record: reason}`
        :param at_once: whether the next run tries again, instead of the next day's
        """
        today = self.env.company._get_today()
        for record, reason in reasons.items():
            failure = self._get_failures(step, record)
            vals = {
                "reason": reason,
                "date_last": today,
                "date_next": today if at_once else fields.Date.add(today, days=1),
                "tries": failure.tries + 1,
            }
            if failure:
                failure.write(vals)
            else:
                failure = failure.create(
                    {**self._prepare_failure_vals(step, record, today), **vals}
                )
            failure._tell()
            failure.contract_id.invalidate_recordset(["job_problem"])

    @api.model
    def _prepare_failure_vals(self, step, record, day):
        contract, company = (
            record[name] if name in record._fields else record
            for name in ("contract_id", "company_id")
        )
        return {
            "job": step.name,
            "res_model": record._name,
            "res_id": record.id,
            "contract_id": contract._name == "crm.contract" and contract.id,
            "company_id": company._name == "res.company" and company.id,
            "date_first": day,
        }

    def _tell(self):
        """Have an open activity with the reason; that it can't be made stops nothing."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._set_activity()
        except CONFLICTS:
            raise
        except Exception:
            _logger.exception("Nobody can be told of %s", self)

    def _set_activity(self):
        contracts = self.contract_id
        if contracts:
            user = contracts._get_person_in_charge()
        else:
            user = contracts._get_contract_managers(self.company_id)[:1]
        note = plaintext2html(self.reason)
        activity = self.activity_id.filtered("active")
        if not activity:
            self.activity_id = self._create_activity(user, note)
        elif (activity.user_id, activity.note) != (user, note):
            activity.write({"user_id": user.id, "note": note})

    def _create_activity(self, user, note):
        label = dict(self._get_job_labels())[self.job]
        vals = {
            "summary": self.env._("Set aside: %s", label),
            "note": note,
            "user_id": user.id,
        }
        if self.contract_id:
            return self.contract_id.activity_schedule(
                "mail.mail_activity_data_warning", **vals
            )
        warning = self.env.ref("mail.mail_activity_data_warning")
        return self.env["mail.activity"].create(
            {**vals, "activity_type_id": warning.id}
        )

    def _forget(self):
        """Remove failures that are over, and the activities that told of them."""
        activities = self.activity_id
        self.contract_id.invalidate_recordset(["job_problem"])
        self.unlink()
        activities.unlink()

    def _get_record(self):
        """Return the record, empty if it, or its model, is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            return self.browse()
        return self.env[self.res_model].browse(self.res_id).exists()

    @api.autovacuum
    def _gc_unknown_jobs(self):
        """Forget failures of jobs whose add-on was uninstalled."""
        names = [name for name, _label in self._get_job_labels()]
        self.search([("job", "not in", names)])._forget()
