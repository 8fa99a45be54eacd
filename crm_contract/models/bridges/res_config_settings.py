from odoo import api, fields, models
from odoo.exceptions import ValidationError

# More workers than this wait for the database more than they bill.
MAX_WORKERS = 8


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_win_opportunity = fields.Boolean(
        related="company_id.contract_win_opportunity", readonly=False
    )
    contract_public_check = fields.Boolean(
        related="company_id.contract_public_check", readonly=False
    )
    contract_ceiling_policy = fields.Selection(
        related="company_id.contract_ceiling_policy", readonly=False, required=True
    )
    contract_ceiling_warning = fields.Float(
        related="company_id.contract_ceiling_warning", readonly=False
    )
    contract_interest_product_id = fields.Many2one(
        related="company_id.contract_interest_product_id", readonly=False
    )
    contract_tz = fields.Selection(
        related="company_id.resource_calendar_id.tz",
        string="Time zone of contracts",
        readonly=False,
    )
    contract_horizon = fields.Integer(
        related="company_id.contract_horizon", readonly=False
    )
    contract_billing_mode = fields.Selection(
        related="company_id.contract_billing_mode", readonly=False, required=True
    )
    contract_credited = fields.Selection(
        related="company_id.contract_credited", readonly=False, required=True
    )
    contract_billing_workers = fields.Integer(
        string="Billing workers",
        help="Number of jobs that share the billing run; 0 switches it off. Each one "
        "needs a job thread or process of the server (max_cron_threads).",
    )

    @api.constrains("contract_billing_workers")
    def _check_contract_billing_workers(self):
        for settings in self:
            if not 0 <= settings.contract_billing_workers <= MAX_WORKERS:
                raise ValidationError(
                    self.env._(
                        "The billing run has at most %s workers; 0 switches it off.",
                        MAX_WORKERS,
                    )
                )

    @api.model
    def get_values(self):
        """Add the number of active jobs of the billing run."""
        workers = self._get_billing_jobs().filtered("active")
        return dict(super().get_values(), contract_billing_workers=len(workers))

    def set_values(self):
        """Let as many jobs of the billing run be active as the settings say."""
        result = super().set_values()
        jobs = self._get_billing_jobs()
        wanted = self.contract_billing_workers
        # A run that was stopped or changed by hand is left alone otherwise.
        if wanted != len(jobs.filtered("active")):
            missing = range(len(jobs) + 1, wanted + 1)
            jobs += self._create_billing_jobs(missing)
            jobs[:wanted].active = True
            jobs[wanted:].active = False
        # XML-RPC has no word for nothing.
        return True if result is None else result

    @api.model
    def _get_billing_jobs(self):
        """Return the jobs of the billing run, active or not, the first one in front."""
        names = ["ir_cron_bill"]
        names += [f"ir_cron_bill_{number}" for number in range(2, MAX_WORKERS + 1)]
        ids = [
            self.env["ir.model.data"]._xmlid_to_res_id(f"crm_contract.{name}")
            for name in names
        ]
        return self.env["ir.cron"].browse(filter(None, ids)).exists()

    @api.model
    def _create_billing_jobs(self, numbers):
        """Create copies of the billing job.

        They have external ids, so that they leave with the add-on, and are not updated
        with it, so that they stay as long as it stays.
        """
        job = self._get_billing_jobs()[:1]
        return job._load_records(
            [
                {
                    "xml_id": f"crm_contract.ir_cron_bill_{number}",
                    "noupdate": True,
                    "values": self._prepare_billing_job_vals(job, number),
                }
                for number in numbers
            ]
        )

    @api.model
    def _prepare_billing_job_vals(self, job, number):
        return {
            "name": f"{job.name} ({number})",
            "model_id": job.model_id.id,
            "state": "code",
            "code": job.code,
            "user_id": job.user_id.id,
            "interval_number": job.interval_number,
            "interval_type": job.interval_type,
            "nextcall": job.nextcall,
            "priority": job.priority,
        }
