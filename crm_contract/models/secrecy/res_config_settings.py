from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_access_limit = fields.Integer(
        string="Looks in an hour",
        default=30,
        help="A manager is told of whoever reveals or downloads more than that within "
        "an hour; 0 for never.",
    )
    contract_access_days = fields.Integer(
        string="Days that looks are kept",
        default=730,
        help="Records of who looked at protected data are dropped after that; 0 for "
        "never.",
    )

    @api.constrains("contract_access_limit", "contract_access_days")
    def _check_contract_access(self):
        for company in self:
            if company.contract_access_limit < 0 or company.contract_access_days < 0:
                raise ValidationError(
                    self.env._("Numbers of looks and of days can't be below zero.")
                )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_access_limit = fields.Integer(
        related="company_id.contract_access_limit", readonly=False
    )
    contract_access_days = fields.Integer(
        related="company_id.contract_access_days", readonly=False
    )
    contract_secrecy_description = fields.Text(
        string="Protected data", compute="_compute_contract_secrecy"
    )
    contract_secrecy_state = fields.Char(compute="_compute_contract_secrecy")

    @api.depends("company_id")
    def _compute_contract_secrecy(self):
        job = self.env["crm.contract.secrecy.job"]
        for settings in self:
            settings.contract_secrecy_state = self.env[
                "crm.contract.secrecy"
            ]._get_state()
            settings.contract_secrecy_description = job._describe()

    def action_contract_secrecy_on(self):
        """Protect what is secret from now on, and what there is by a job."""
        return self._change_contract_secrecy("_turn_on")

    def action_contract_secrecy_off(self):
        """Store everything in clear again, by a job."""
        return self._change_contract_secrecy("_turn_off")

    def action_contract_secrecy_rotate(self):
        """Give each company a new key; a job protects what there is anew."""
        return self._change_contract_secrecy("_rotate")

    def action_contract_secrecy_rewrap(self):
        """Wrap the keys by the master key that is first in the configuration."""
        return self._change_contract_secrecy("_rewrap")

    def action_contract_secrecy_stop(self):
        """Stop the job; what it did stays."""
        return self._change_contract_secrecy("_stop")

    def action_contract_secrecy_resume(self):
        """Let the job go on where it stopped."""
        return self._change_contract_secrecy("_resume")

    def _change_contract_secrecy(self, method):
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only administrators may do this."))
        getattr(self.env["crm.contract.secrecy.job"], method)()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
