import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..signature.crm_contract_signatory import PENDING

_logger = logging.getLogger(__name__)
# What a person's contact says of him; the name is replaced.
_CLEARED = (
    "email", "phone", "street", "street2", "zip", "city", "website", "function",
    "vat", "company_registry", "comment", "image_1920", "legal_representative",
    "contract_id_number", "contract_private_phone", "contract_bank_account",
)  # fmt: skip
_BATCH = 100


class CrmContractPrivacy(models.AbstractModel):
    """Personal data: what is erased on request, and what is not kept for ever."""

    _name = "crm.contract.privacy"
    _description = "Personal data of contracts"

    @api.model
    def _anonymise(self, partners):
        """Erase what contacts say of people; what was signed stays as it was signed.

        :raise AccessError: unless the user manages contracts
        :raise UserError: for companies, users, and who is still asked to sign
        """
        if not self.env.user.has_group("crm_contract.crm_contract_group_manager"):
            raise AccessError(self.env._("Only contract managers may do this."))
        partners.check_access("write")
        self._check_can_anonymise(partners)
        # sudo: traces beyond the contact itself, of whoever may write it
        for partner in partners.sudo():
            partner._clear_history()
            partner.write(
                {
                    "name": self.env._("Anonymised person %s", partner.id),
                    **{name: False for name in _CLEARED if name in partner._fields},
                }
            )
            partner._message_log(
                body=self.env._("The personal data of this contact were erased.")
            )

    @api.model
    def _check_can_anonymise(self, partners):
        companies = partners.filtered("is_company")
        if companies:
            raise UserError(
                self.env._(
                    "%s: only people are anonymised. Of a company, change its legal "
                    "representative.",
                    ", ".join(companies.mapped("display_name")),
                )
            )
        # sudo: whether there are some
        if partners.sudo().with_context(active_test=False).user_ids:
            raise UserError(
                self.env._("Somebody has a log-in here. Delete the user first.")
            )
        asked = self._get_signatories(partners).filtered(
            lambda row: row.state in ("draft", *PENDING)
        )
        if asked:
            raise UserError(
                self.env._(
                    "Somebody is asked to sign %s. Withdraw the request first.",
                    ", ".join(asked.contract_id.mapped("display_name")),
                )
            )

    @api.model
    def _get_signatories(self, partners):
        # sudo: that there are some
        signatories = self.env["crm.contract.signatory"].sudo()
        return signatories.search([("partner_id", "in", partners.ids)])

    @api.model
    def _get_kept(self, partners):
        """Return the contracts that go on naming people, since they were signed (sudo)."""
        # sudo: that there are some
        contracts = self.env["crm.contract"].sudo().with_context(active_test=False)
        named = contracts.search(
            Domain("customer_signatory_id", "in", partners.ids)
            | Domain("partner_id", "in", partners.ids)
        )
        named |= self._get_signatories(partners).contract_id
        return named.filtered(lambda contract: contract.version_ids)

    @api.model
    def _describe(self, partners):
        """Return what is erased of people, and what stays (str)."""
        kept = self._get_kept(partners)
        lines = [
            self.env._(
                "Name, addresses, numbers, picture, notes and history of %s will be "
                "erased. It can't be undone.",
                ", ".join(partners.mapped("display_name")),
            )
        ]
        if kept:
            lines.append(
                self.env._(
                    "These contracts were submitted or signed, and stay as they are, "
                    "with the names in their texts, signatures and evidence, as long as "
                    "they have to be kept: %s.",
                    ", ".join(kept.mapped("display_name")),
                )
            )
        return "\n\n".join(lines)

    @api.model
    def _get_stale_domain(self, company):
        """Return the domain of drafts that a company does not keep any longer."""
        now = fields.Datetime.now()
        parts = [
            Domain("write_date", "<", now - timedelta(days=days)) & condition
            for days, condition in (
                (company.contract_draft_days, Domain.TRUE),
                (
                    company.contract_lost_days,
                    Domain("opportunity_id.active", "=", False)
                    & Domain("opportunity_id.probability", "=", 0),
                ),
            )
            if days
        ]
        never = Domain("number", "in", (False, "")) & Domain("state", "=", "draft")
        return (
            never
            & Domain("company_id", "=", company.id)
            & Domain("version_ids", "=", False)
            & (Domain.OR(parts) if parts else Domain.FALSE)
        )

    @api.autovacuum
    def _gc_drafts(self):
        """Delete drafts that were never submitted, after the days of their company."""
        done = left = 0
        # sudo: by the job
        contracts = self.env["crm.contract"].sudo().with_context(active_test=False)
        for company in self.env["res.company"].sudo().search(Domain.TRUE):
            stale = contracts.search(self._get_stale_domain(company), limit=_BATCH)
            for contract in stale:
                done += self._delete_draft(contract)
            left += len(stale) == _BATCH
        return done, left

    @api.model
    def _delete_draft(self, contract):
        try:
            with self.env.cr.savepoint():
                contract.unlink()
        except UserError as error:
            # Something else needs it: it stays, and the others go.
            _logger.info("A draft is kept (%s): %s", contract.id, error)
            return 0
        return 1


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _clear_history(self):
        """Delete what the contact's own history says of him, and who follows what."""
        self.ensure_one()
        self.message_ids.unlink()
        self.activity_ids.unlink()
        followers = self.env["mail.followers"].search([("partner_id", "=", self.id)])
        followers.unlink()
        written = self.env["mail.message"].search([("author_id", "=", self.id)])
        written.write({"email_from": False})
        self.bank_ids.filtered("active").write({"active": False})


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_draft_days = fields.Integer(
        string="Days that drafts are kept",
        help="Drafts that were never submitted are deleted that many days after their "
        "last change; 0 for never.",
    )
    contract_lost_days = fields.Integer(
        string="Days that drafts of lost opportunities are kept",
        help="The same for drafts of opportunities that were lost; 0 for never.",
    )

    @api.constrains("contract_draft_days", "contract_lost_days")
    def _check_contract_draft_days(self):
        if any(c.contract_draft_days < 0 or c.contract_lost_days < 0 for c in self):
            raise UserError(self.env._("Numbers of days can't be below zero."))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_draft_days = fields.Integer(
        related="company_id.contract_draft_days", readonly=False
    )
    contract_lost_days = fields.Integer(
        related="company_id.contract_lost_days", readonly=False
    )
