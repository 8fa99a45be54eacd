from odoo import api, models
from odoo.tools import SQL

from ...tools.secret import PREFIX


class CrmContractHealth(models.AbstractModel):
    """Whether what is secret in contracts is protected, and can be read."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_setup_checks(self):
        return [
            *super()._get_setup_checks(),
            self._check(
                "secrecy",
                self.env._("Companies whose secret data are stored in clear"),
                self.env._(
                    "Make a key on the server with `odoo-bin contract_key make`, name it "
                    "in the configuration, and turn the protection on in the settings."
                ),
                "res.company",
            ),
            self._check(
                "secrecy_keys",
                self.env._("Keys of protected data that this server can't use"),
                self.env._(
                    "What they protect can't be read. Put the master key back that wraps "
                    "them; `odoo-bin contract_key show` names it."
                ),
                "crm.contract.secret.key",
            ),
        ]

    @api.model
    def _query_secrecy(self):
        """Companies with values that somebody typed in to be secret, and that are not."""
        keys = self.env["crm.contract.secret.key"]
        found = [
            SQL(
                "EXISTS (SELECT FROM %(table)s t WHERE t.%(column)s <> ''"
                " AND t.%(column)s NOT LIKE %(prefix)s"
                " AND COALESCE(t.company_id, (SELECT min(id) FROM res_company)) = c.id)",
                table=SQL.identifier(model._table),
                column=SQL.identifier(field.name),
                prefix=f"{PREFIX}%",
            )
            for model, field in keys._get_protected()
            if field.masked
        ]
        return SQL(
            "SELECT c.id, c.id AS company_id FROM res_company c WHERE %s",
            SQL(" OR ").join(found),
        )

    @api.model
    def _query_secrecy_keys(self):
        # sudo: of all companies, as in `_get_check`
        keys = self.env["crm.contract.secret.key"].sudo()
        keys = keys.search([("state", "!=", "retired")])
        wrong = keys.filtered(lambda key: not key.is_readable)
        return SQL(
            "SELECT id, company_id FROM crm_contract_secret_key WHERE id IN %s",
            tuple(wrong.ids) or (0,),
        )
