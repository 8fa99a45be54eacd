from odoo import fields, models

RETENTIONS = [("10", "10 years"), ("20", "20 years"), ("ever", "For ever")]


class CrmContractType(models.Model):
    """What happens to the paper of contracts of a type."""

    _inherit = "crm.contract.type"

    seal_last = fields.Boolean(
        string="We seal last",
        help="A seal is applied for once the customer has signed: there is a scan with "
        "the customer's signature, or all signed online.",
    )
    filing_days = fields.Integer(
        string="Days to file the originals",
        default=10,
        help="Working days after the signature, by the working hours of the company. "
        "0: nobody is reminded.",
    )
    file_online = fields.Boolean(
        string="File prints of online signatures",
        help="A print of the sealed file goes to the archive. Otherwise what was signed "
        "online has no paper to file.",
    )
    retention = fields.Selection(
        RETENTIONS,
        default="10",
        required=True,
        help="How long originals are kept, counted from the end of the last contract "
        "of the family.",
    )

    _filing_days_positive = models.Constraint(
        "CHECK (filing_days >= 0)", "The days to file must not be negative."
    )
