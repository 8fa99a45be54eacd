from odoo import fields, models


class CrmContractType(models.Model):
    _inherit = "crm.contract.type"

    has_confidential_terms = fields.Boolean(
        string="Confidential terms",
        help="Contracts of this type have a protected text beside the others, which "
        "people see after they asked to.",
    )
    prints_secrets = fields.Boolean(
        string="Print protected data",
        help="Printed contracts, and so the text that is signed, have confidential terms "
        "and the customer's protected bank account in full: whoever may print or read the "
        "text reads them. Otherwise they are masked there as well.",
    )
