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
        seals = self.env["crm.contract.seal"]
        seal = seals._describe(self.company_id)
        if seal["problem"]:
            return self.env._("Signed contracts get no seal. %s", seal["problem"])
        origin = (
            self.env._("self-signed")
            if seal["is_self_signed"]
            else self.env._("issued")
        )
        lines = [
            self.env._(
                "Sealed in the name of %(name)s (%(algorithm)s, %(origin)s), until "
                "%(until)s.",
                name=seal["name"],
                algorithm=seal["algorithm"],
                origin=origin,
                until=seal["valid_until"].date(),
            ),
            self.env._("Serial number %s", seal["serial"]),
            self.env._("Fingerprint %s", seal["fingerprint"]),
            self.env._("Time stamps of %s", seal["url"])
            if seal["url"]
            else self.env._("No time stamps"),
            seals._get_finding(self.company_id),
        ]
        return "\n".join(filter(None, lines))
