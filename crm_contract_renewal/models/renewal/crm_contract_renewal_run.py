import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain

from odoo.addons.crm_contract.models.job.crm_contract_job import CONFLICTS, Step
from odoo.addons.crm_contract.tools.records import one, some

_logger = logging.getLogger(__name__)

STATES = [("running", "Running"), ("done", "Done"), ("stopped", "Stopped")]
RESULTS = [
    ("todo", "To do"),
    ("done", "Renewed"),
    ("failed", "Not renewed"),
    ("stopped", "Stopped"),
]
CRON = "crm_contract_renewal.ir_cron_renewal_run"


class CrmContractRenewalRun(models.Model):
    """Many contracts that are renewed in the background, each with its result.

    Made by the dialog alone. The job works through the contracts with the rights of the
    user who started it, and commits each: who stops it keeps what was done.
    """

    _name = "crm.contract.renewal.run"
    _description = "Renewal of many contracts"
    _inherit = ["crm.contract.renew.mixin"]
    _order = "id desc"

    user_id = fields.Many2one(
        "res.users", string="Started by", required=True, index=True
    )
    state = fields.Selection(STATES, compute="_compute_state", store=True, index=True)
    is_stopped = fields.Boolean()
    line_ids = fields.One2many("crm.contract.renewal.run.line", "run_id")
    total_count = fields.Integer(string="Contracts", compute="_compute_progress")
    done_count = fields.Integer(string="Renewed", compute="_compute_progress")
    failed_count = fields.Integer(string="Not renewed", compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress")

    @api.depends("create_date")
    def _compute_display_name(self):
        for run in self:
            day = fields.Datetime.context_timestamp(run, run.create_date)
            run.display_name = self.env._("Renewals of %s", f"{day:%Y-%m-%d %H:%M}")

    @api.depends("is_stopped", "line_ids.state")
    def _compute_state(self):
        for run in self:
            if run.is_stopped:
                run.state = "stopped"
            else:
                is_running = "todo" in run.line_ids.mapped("state")
                run.state = "running" if is_running else "done"

    @api.depends("line_ids.state")
    def _compute_progress(self):
        groups = self.env["crm.contract.renewal.run.line"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        )
        numbers = {(run, state): number for run, state, number in groups}
        for run in self:
            todo, done, failed, stopped = (
                numbers.get((run, state), 0) for state, _label in RESULTS
            )
            run.total_count = todo + done + failed + stopped
            run.done_count, run.failed_count = done, failed
            over = run.total_count - todo
            run.progress = 100 * over / run.total_count if run.total_count else 0

    @api.model
    def _start(self, settings, contracts):
        """Let the job renew contracts as a dialog says.

        :param settings: record of the mixin
        :return: the run
        """
        names = settings._get_settings()
        # sudo: made by code alone; the contracts are renewed with the user's rights
        run = self.sudo().create(
            {
                **{
                    name: settings._fields[name].convert_to_write(
                        settings[name], settings
                    )
                    for name in names
                },
                "user_id": self.env.uid,
                "line_ids": [
                    Command.create({"contract_id": contract.id})
                    for contract in contracts
                ],
            }
        )
        self.env.ref(CRON).sudo()._trigger()
        return run.sudo(False)

    def action_stop(self):
        """Renew no more of the contracts; what was renewed stays.

        :return: the runs
        :raise AccessError: unless the user started the run, or is a contract manager
        """
        for run in some(self):
            is_manager = self.env.user.has_group(
                "crm_contract.crm_contract_group_manager"
            )
            if run.user_id != self.env.user and not is_manager:
                raise AccessError(self.env._("Only %s can stop it.", run.user_id.name))
        # sudo: written by code alone, after the check
        runs = self.sudo()
        runs.is_stopped = True
        left = runs.line_ids.filtered(lambda line: line.state == "todo")
        # What the job has in hand is done.
        left = left.try_lock_for_update(allow_referencing=True)
        left.filtered(lambda line: line.state == "todo").state = "stopped"
        return self

    def action_view_renewals(self):
        """Open the drafts that the run made."""
        one(self)
        return self.line_ids.renewal_id._get_records_action(name=self.env._("Renewals"))

    def action_reload(self):
        """Show how far it is."""
        one(self)
        return self._get_records_action()


class CrmContractRenewalRunLine(models.Model):
    _name = "crm.contract.renewal.run.line"
    _description = "Result of a renewal"
    _order = "id"
    _rec_name = "contract_id"

    run_id = fields.Many2one(
        "crm.contract.renewal.run", required=True, index=True, ondelete="cascade"
    )
    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    renewal_id = fields.Many2one("crm.contract", ondelete="set null")
    state = fields.Selection(RESULTS, string="Result", required=True, default="todo")
    reason = fields.Text(string="Why not")

    # The job looks for what is left, among all that ever was done.
    _todo_idx = models.Index("(run_id) WHERE state = 'todo'")

    def _renew(self):
        """Renew one contract, or note why that is not possible."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                renewal = self._renew_as_user()
                vals = {"state": "done", "renewal_id": renewal.id}
        except CONFLICTS:
            raise
        except UserError as error:
            vals = {"state": "failed", "reason": str(error)}
        except Exception as error:
            _logger.exception("%s can't be renewed", self.contract_id)
            vals = {
                "state": "failed",
                "reason": self.env._("Odoo could not do it: %s", error),
            }
        self.write(vals)
        if self.run_id.state == "done":
            self._tell()

    def _renew_as_user(self):
        user = self.run_id.user_id
        if not user.active:
            raise UserError(self.env._("%s does not work here any more.", user.name))
        company = self.contract_id.company_id
        companies = [company.id, *(user.company_ids - company).ids]
        run = self.run_id.with_user(user).with_context(
            allowed_company_ids=companies, lang=user.lang, tz=user.tz
        )
        contract = run.env["crm.contract"].browse(self.contract_id.id)
        contract.check_access("write")
        refusal = run._get_refusal(contract)
        if refusal:
            raise UserError(refusal)
        return run._make_renewals(contract)

    def _tell(self):
        """Tell who started the run that it is over."""
        run = self.run_id
        run.user_id._bus_send(
            "simple_notification",
            {
                "type": "warning" if run.failed_count else "success",
                "title": run.display_name,
                "message": self.env._(
                    "%(done)s renewed, %(failed)s not renewed.",
                    done=run.done_count,
                    failed=run.failed_count,
                ),
            },
        )


class CrmContractRenewalRunJob(models.AbstractModel):
    """The job that works through runs of renewals."""

    _name = "crm.contract.renewal.run.job"
    _inherit = "crm.contract.job"
    _description = "Renew many contracts"

    @api.model
    def _get_steps(self):
        return [
            *super()._get_steps(),
            Step(
                "renewal_run",
                self.env._("Renew many contracts"),
                self.env["crm.contract.renewal.run.line"],
                lambda: Domain(
                    [("state", "=", "todo"), ("run_id.is_stopped", "=", False)]
                ),
                lambda line: line._renew(),
                chunk=1,
            ),
        ]
