from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmContractHealth(models.AbstractModel):
    """What signatures wait for, and nobody misses until it is needed."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_setup_checks(self):
        return [
            *super()._get_setup_checks(),
            self._check(
                "seal_key",
                self.env._("Companies whose key for seals can't be used, or ends soon"),
                self.env._(
                    "Contracts that are signed meanwhile get no seal. On the server, "
                    "`odoo-bin contract_seal show` says what is wrong; `contract_seal "
                    "make` makes another key."
                ),
                "res.company",
            ),
            self._check(
                "seals_unstamped",
                self.env._("Seals that still wait for their time stamp"),
                self.env._(
                    "See that the server reaches the time-stamp server "
                    "(contract_seal_timestamp_url); the daily job asks it again."
                ),
                "crm.contract.document.seal",
            ),
            self._check(
                "signatures_stuck",
                self.env._("Signature requests that can't be completed"),
                self.env._(
                    "Everybody has signed but the last one, whose signature is refused "
                    "for the reason that the request tells. Mend it, or withdraw the "
                    "request."
                ),
                "crm.contract.signature.request",
            ),
        ]

    @api.model
    def _query_seal_key(self):
        seals = self.env["crm.contract.seal"]
        # sudo: of all companies, as in `_get_check`
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        wrong = companies.filtered(seals._get_finding)
        return SQL(
            "SELECT id, id AS company_id FROM res_company WHERE id IN %s",
            tuple(wrong.ids) or (0,),
        )

    @api.model
    def _query_seals_unstamped(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        return self._select(
            "crm.contract.document.seal",
            [("is_waiting", "=", True), ("create_date", "<", limit)],
        )

    @api.model
    def _query_signatures_stuck(self):
        return self._select(
            "crm.contract.signature.request",
            [("state", "=", "open"), ("problem", "!=", False)],
        )
