from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.records import one


class CrmContractTakeCharge(models.TransientModel):
    """Says to whom went what somebody was responsible for, and gives it to another."""

    _name = "crm.contract.take.charge"
    _description = "Take over from somebody who left"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.dialog.mixin"]

    leaving_ids = fields.Many2many("res.users", string="Left", readonly=True,
                                   context={"active_test": False}, owned=True)  # fmt: skip
    line_ids = fields.One2many("crm.contract.take.charge.line", "wizard_id", owned=True)
    user_id = fields.Many2one(
        "res.users",
        string="Who takes over",
        domain=[("share", "=", False)],
        help="Takes over all that he may read; the rest stays with those who have it "
        "now.",
    )
    with_teams = fields.Boolean(string="Leads their sales teams as well", default=True)
    has_teams = fields.Boolean(compute="_compute_has_teams")

    @api.depends("leaving_ids")
    def _compute_has_teams(self):
        for wizard in self:
            wizard.has_teams = bool(wizard._get_teams())

    @api.model
    def _open(self, users, duties):
        """Open the dialog on what was handed over.

        :param duties: list of `Duty`, with those who have them now
        """
        # sudo: whoever archives a user is shown what became of his work
        wizard = self.sudo().create(
            {
                "leaving_ids": [fields.Command.set(users.ids)],
                "line_ids": [
                    fields.Command.create(
                        {
                            "res_model": duty.record._name,
                            "res_id": duty.record.id,
                            "field": duty.field,
                            "label": duty.label,
                            "contract_id": duty.contract.id,
                            "user_id": duty.field and duty.record[duty.field].id,
                        }
                    )
                    for duty in duties
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who takes over?"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_take_over(self):
        """Give what was handed over to the chosen user, as far as he may have it.

        :raise AccessError: unless the user may archive those who left
        """
        one(self)
        self.leaving_ids.check_access("write")
        if not self.user_id.active or self.user_id.share:
            raise UserError(self.env._("Choose an employee who is there."))
        succession = self.env["crm.contract.succession"].sudo()
        duties = self.line_ids._get_duties()
        succession._assign(duties, self.leaving_ids, self.user_id)
        # What nobody else could take.
        succession._hand_over(self.leaving_ids, self.user_id)
        if self.with_teams:
            # sudo: whoever archives users need not manage the teams
            self._get_teams().sudo().user_id = self.user_id
        return {"type": "ir.actions.act_window_close"}

    def _get_teams(self):
        # sudo: which teams they lead
        teams = self.env["crm.team"].sudo()
        return teams.search([("user_id", "in", self.leaving_ids.ids)])


class CrmContractTakeChargeLine(models.TransientModel):
    _name = "crm.contract.take.charge.line"
    _description = "What somebody was responsible for"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.dialog.mixin"]

    wizard_id = fields.Many2one(
        "crm.contract.take.charge",
        required=True,
        ondelete="cascade",
        index=True,
        owned=True,
    )
    res_model = fields.Char(string="Model", readonly=True, owned=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", readonly=True, owned=True
    )
    field = fields.Char(readonly=True, owned=True)
    label = fields.Char(string="What", readonly=True, owned=True)
    contract_id = fields.Many2one(
        "crm.contract", readonly=True, ondelete="cascade", owned=True
    )
    contract_name = fields.Char(
        string="Name", related="contract_id.display_name", related_sudo=True
    )
    user_id = fields.Many2one("res.users", string="Now with", readonly=True, owned=True)

    def _get_duties(self):
        """Return what the lines name and those still have who got it (list of `Duty`)."""
        # sudo: the lines are made by code alone
        succession = self.env["crm.contract.succession"].sudo()
        duties = []
        for line in self.sudo().filtered("field"):
            record = self.env[line.res_model].sudo().browse(line.res_id).exists()
            if record and record[line.field] == line.user_id:
                duties += succession._list(record, line.field, line.label)
        return duties
