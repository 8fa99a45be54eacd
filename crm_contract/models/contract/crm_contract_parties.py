from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.version import read_name

# Field of the contract: (party, entry of the frozen data)
PARTY_FIELDS = {
    "customer_legal_name": ("customer", "legal_name"),
    "customer_registry": ("customer", "registry"),
    "customer_vat": ("customer", "vat"),
    "customer_representative": ("customer", "representative"),
    "customer_address": ("customer", "address"),
    "customer_bank_account": ("customer", "bank_account"),
    "company_legal_name": ("company", "legal_name"),
    "company_registry_number": ("company", "registry"),
    "company_vat_number": ("company", "vat"),
    "company_representative": ("company", "representative"),
    "company_address": ("company", "address"),
    "company_bank_account": ("company", "bank_account"),
}


class CrmContract(models.Model):
    """Parties: who contracts, with the legal data frozen on submission."""

    _inherit = "crm.contract"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        tracking=True,
        check_company=True,
        ondelete="restrict",
        content=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    partner_invoice_id = fields.Many2one(
        "res.partner",
        string="Invoice address",
        compute="_compute_addresses",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        content=True,
    )
    partner_shipping_id = fields.Many2one(
        "res.partner",
        string="Delivery address",
        compute="_compute_addresses",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        content=True,
    )
    customer_signatory_id = fields.Many2one(
        "res.partner",
        string="Customer's signatory",
        compute="_compute_customer_contacts",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id),"
        " ('is_company', '=', False)]",
        check_company=True,
        ondelete="restrict",
        content=True,
    )
    company_signatory_id = fields.Many2one(
        "res.users",
        string="Our signatory",
        domain="[('share', '=', False)]",
        check_company=True,
        ondelete="restrict",
        content=True,
    )
    customer_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Customer's bank account",
        compute="_compute_customer_contacts",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('partner_id', '=', commercial_partner_id)]",
        check_company=True,
        ondelete="restrict",
        content=True,
    )
    company_partner_id = fields.Many2one(related="company_id.partner_id")
    company_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Our bank account",
        compute="_compute_company_bank_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('partner_id', '=', company_partner_id)]",
        check_company=True,
        ondelete="restrict",
        help="Account to which the customer pays; printed on contract and invoices.",
        content=True,
    )
    customer_legal_name = fields.Char(
        string="Customer's legal name", compute="_compute_parties"
    )
    customer_registry = fields.Char(
        string="Customer's company ID", compute="_compute_parties"
    )
    customer_vat = fields.Char(string="Customer's tax ID", compute="_compute_parties")
    customer_representative = fields.Char(
        string="Customer's legal representative", compute="_compute_parties"
    )
    customer_address = fields.Char(
        string="Customer's registered address", compute="_compute_parties"
    )
    customer_bank_account = fields.Char(
        string="Customer's bank and account", compute="_compute_parties"
    )
    company_legal_name = fields.Char(
        string="Our legal name", compute="_compute_parties"
    )
    company_registry_number = fields.Char(
        string="Our company ID", compute="_compute_parties"
    )
    company_vat_number = fields.Char(string="Our tax ID", compute="_compute_parties")
    company_representative = fields.Char(
        string="Our legal representative", compute="_compute_parties"
    )
    company_address = fields.Char(
        string="Our registered address", compute="_compute_parties"
    )
    company_bank_account = fields.Char(
        string="Our bank and account", compute="_compute_parties"
    )

    @api.depends("partner_id")
    def _compute_addresses(self):
        for contract in self:
            addresses = contract.partner_id.address_get(["invoice", "delivery"])
            contract.partner_invoice_id = addresses.get("invoice")
            contract.partner_shipping_id = addresses.get("delivery")

    @api.depends("partner_id")
    def _compute_customer_contacts(self):
        party = self.env["crm.contract.party"]
        for contract in self:
            customer = contract.partner_id.commercial_partner_id
            for name in ("customer_signatory_id", "customer_bank_id"):
                if contract[name] and party._get_owner(contract[name]) != customer:
                    contract[name] = False
                else:
                    contract[name] = contract[name]

    @api.depends("company_id")
    def _compute_company_bank_id(self):
        for contract in self:
            # sudo: the company's own account is printed on every contract
            contract.company_bank_id = contract.company_id.sudo().bank_ids[:1]

    @api.depends(
        "version_id",
        "partner_id",
        "company_id",
        "customer_bank_id",
        "company_bank_id",
    )
    def _compute_parties(self):
        for contract in self:
            frozen = contract._get_frozen_fields()
            live = not frozen and self.env["crm.contract.party"]._get_data(contract)
            for name, (party, entry) in PARTY_FIELDS.items():
                contract[name] = (
                    live[party][entry] if live else frozen.get(read_name(name))
                )

    @api.constrains(
        "partner_id",
        "company_id",
        "customer_signatory_id",
        "customer_bank_id",
        "company_bank_id",
    )
    def _check_parties(self):
        party = self.env["crm.contract.party"]
        for contract in self:
            owners = {
                "customer_signatory_id": contract.partner_id.commercial_partner_id,
                "customer_bank_id": contract.partner_id.commercial_partner_id,
                "company_bank_id": contract.company_partner_id.commercial_partner_id,
            }
            for name, owner in owners.items():
                if contract[name] and party._get_owner(contract[name]) != owner:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(value)s does not belong to %(owner)s.",
                            field=self._fields[name]._description_string(self.env),
                            value=contract[name].display_name,
                            owner=owner.display_name,
                        )
                    )


class CrmContractParty(models.AbstractModel):
    """What is printed of the parties of a contract."""

    _name = "crm.contract.party"
    _description = "Parties of contracts"

    @api.model
    def _get_owner(self, record):
        """Return the company that a signatory or a bank account belongs to."""
        # sudo: whose it is, not what it says
        record = record.sudo()
        partner = record if record._name == "res.partner" else record.partner_id
        return partner.commercial_partner_id.sudo(False)

    @api.model
    def _get_data(self, contract):
        """Return the legal data of both parties as they are now.

        :return: `{"customer": {...}, "company": {...}}` with the entries `legal_name`,
            `registry`, `vat`, `representative`, `address`, `bank_account` (str)
        """
        contract.ensure_one()
        contract = contract.with_context(lang=contract._get_print_lang())
        customer = self._get_printed(contract, "partner_id")
        company = self._get_printed(contract, "company_id").partner_id
        # Read together
        both = (customer | company)._prefetch_ids
        customer = customer.with_prefetch(both).commercial_partner_id
        company = company.with_prefetch(both)
        return {
            "customer": self._prepare(
                customer, self._get_printed(contract, "customer_bank_id")
            ),
            "company": self._prepare(
                company, self._get_printed(contract, "company_bank_id")
            ),
        }

    @api.model
    def _get_printed(self, contract, name):
        """Return what a field links as it may be printed (sudo).

        Of what a form proposes, that is what its user may read.
        """
        record = contract[name]
        if record != contract._origin[name]:
            record = record.sudo(False)._filtered_access("read")
        # sudo: a user who may read the contract may read the parties printed in it
        return record.sudo()

    @api.model
    def _prepare(self, partner, bank):
        # In the order of the partner's country: of a Chinese one, from the large to the
        # small. What is frozen and what is live never differ by layout alone.
        address = partner._display_address(without_company=True)
        return {
            "legal_name": partner.name or "",
            "registry": partner.company_registry or "",
            "vat": partner.vat or "",
            "representative": partner.legal_representative or "",
            "address": ", ".join(filter(None, map(str.strip, address.splitlines()))),
            "bank_account": " ".join(
                filter(None, (bank.bank_id.name, bank.acc_number))
            ),
        }
