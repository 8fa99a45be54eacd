from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

STAMP_KINDS = [
    ("company", "Company seal"),
    ("contract", "Contract seal"),
    ("representative", "Seal of the legal representative"),
    ("finance", "Finance seal"),
    ("other", "Other seal"),
]


class CrmContractStamp(models.Model):
    """A physical seal of a company, and who keeps it."""

    _name = "crm.contract.stamp"
    _description = "Company seal"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.named.mixin"]
    _order = "company_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(STAMP_KINDS, required=True, default="contract")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    code = fields.Char(
        string="Registered as", help="Number under which the seal is registered."
    )
    place = fields.Char(help="Where it is kept, such as a safe.")
    keeper_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Gives the seal out and takes it back. Needs no role of contracts.",
    )
    deputy_ids = fields.Many2many(
        "res.users",
        "crm_contract_stamp_deputy_rel",
        string="Deputies",
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Do what the keeper does while he is away.",
    )
    type_ids = fields.Many2many(
        "crm.contract.type",
        "crm_contract_stamp_type_rel",
        string="Contract types",
        check_company=True,
        help="The seal is for contracts of these types alone. Empty: for all.",
    )
    sealing_ids = fields.One2many("crm.contract.sealing", "stamp_id")
    holder_id = fields.Many2one(
        "res.users",
        string="Is with",
        readonly=True,
        copy=False,
        help="Who has taken the seal out and not returned it.",
        owned=True,
    )

    @api.constrains("company_id")
    def _check_company_stays(self):
        # sudo: that there is a row, whoever asks
        rows = self.env["crm.contract.sealing"].sudo()
        used = rows.search([("stamp_id", "in", self.ids)]).filtered(
            lambda row: row.stamp_id.company_id != row.company_id
        )
        if used:
            raise UserError(
                self.env._(
                    "%s is in the register of its company. Archive it, and make a new "
                    "seal for the other company.",
                    ", ".join(used.stamp_id.mapped("name")),
                )
            )

    def write(self, vals):
        if vals.get("active") is False:
            self._check_not_out()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: that there is a row, whoever asks
        if self.sudo().sealing_ids:
            raise UserError(
                self.env._("A seal that is in the register can be archived only.")
            )

    def _check_not_out(self):
        for stamp in self:
            if stamp.holder_id:
                raise UserError(
                    self.env._(
                        "%(stamp)s is with %(user)s. It has to be returned first.",
                        stamp=stamp.name,
                        user=stamp.holder_id.name,
                    )
                )

    def _get_keepers(self):
        """Return who may give the seals out and take them back (users)."""
        # sudo: the people alone, whoever asks
        stamps = self.sudo()
        keepers = stamps.keeper_id | stamps.deputy_ids
        return (keepers | stamps.keeper_id._get_stand_ins()).filtered("active")

    def _check_keeper(self):
        """Raise AccessError unless the user keeps all of the seals."""
        for stamp in self:
            if not self.env.su and self.env.user not in stamp._get_keepers():
                # sudo: the names alone
                raise AccessError(
                    self.env._(
                        "%(stamp)s is given out and taken back by its keeper: "
                        "%(keepers)s.",
                        stamp=stamp.sudo().name,
                        keepers=", ".join(stamp._get_keepers().sudo().mapped("name")),
                    )
                )
