from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_seal_description = fields.Text(
        string="Electronic seal", compute="_compute_contract_seal_description"
    )

    @api.depends("company_id")
    def _compute_contract_seal_description(self):
        for settings in self:
            settings.contract_seal_description = settings._describe_contract_seal()

    def _describe_contract_seal(self):
        """Return with what signed contracts are sealed, or why they are not (str)."""
        seals, _ = self.env["crm.contract.seal"], self.env._
        seal = seals._describe(self.company_id)
        if seal["problem"]:
            return _("Signed contracts get no seal. %s", seal["problem"])
        origin = _("self-signed") if seal["is_self_signed"] else _("issued")
        lines = [
            _(
                "Sealed in the name of %(name)s (%(algorithm)s, %(origin)s), until "
                "%(until)s.",
                name=seal["name"],
                algorithm=seal["algorithm"],
                origin=origin,
                until=seal["valid_until"].date(),
            ),
            _("Serial number %s", seal["serial"]),
            _("Fingerprint %s", seal["fingerprint"]),
            _("Time stamps of %s", seal["url"]) if seal["url"] else _("No time stamps"),
            seals._get_finding(self.company_id),
        ]
        return "\n".join(filter(None, lines))
