import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

TERM_UNITS = [
    ("day", "Days"),
    ("week", "Weeks"),
    ("month", "Months"),
    ("quarter", "Quarters"),
    ("half_year", "Half-years"),
    ("year", "Years"),
]
BILLED_IN = [("advance", "In advance"), ("arrears", "In arrears")]


# Letters first; no digits and no slash, so that the year and the counter of a number
# can always be told apart.
_CODE = re.compile(r"^[^\W\d_][^\d\s/]*$")


class CrmContractType(models.Model):
    _name = "crm.contract.type"
    _description = "Contract type"
    _inherit = ["crm.contract.bounds.mixin", "crm.contract.late.terms.mixin"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        help="First part of the numbers of this type, e.g. SVC in SVC/2026/00001.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one("res.company", index="btree_not_null")
    responsible_id = fields.Many2one(
        "res.users",
        domain=[("share", "=", False)],
        help="Is told of contracts whose salesperson and team leader have left.",
    )
    description = fields.Text(translate=True)

    duration = fields.Integer(help="Length of the term of new contracts.")
    duration_unit = fields.Selection(TERM_UNITS, default="month", required=True)
    notice_period = fields.Integer(string="Notice period")
    notice_unit = fields.Selection(TERM_UNITS, default="month", required=True)
    payment_term_id = fields.Many2one("account.payment.term", string="Payment terms")
    journal_id = fields.Many2one(
        "account.journal",
        string="Sales journal",
        domain="[('type', '=', 'sale')]",
        check_company=True,
    )

    is_framework = fields.Boolean(
        string="Framework contracts",
        help="Sales orders are called off against contracts of this type, up to a "
        "ceiling; they bill nothing by themselves.",
    )
    bill_suspended = fields.Boolean(
        string="Bill suspended periods",
        help="Recurring lines are billed while the contract is suspended, too.",
    )

    require_registration = fields.Boolean(
        string="Registration and representative",
        help="Company ID and legal representative of both parties must be "
        "known on submission.",
    )
    require_signatories = fields.Boolean(string="Signatories")
    require_service_standard = fields.Boolean(
        string="Scope and service standard",
        help="Every line states its scope and its service standard.",
    )
    require_plan = fields.Boolean(
        string="Payment plan",
        help="Fees that are paid once need a payment plan before the submission. "
        "Otherwise, those without one fall due on signature.",
    )
    require_end_date = fields.Boolean(string="Fixed end date")
    require_dispute = fields.Boolean(string="Dispute resolution")
    required_category_ids = fields.Many2many(
        "crm.contract.clause.category",
        string="Obligatory clause categories",
        help="At least one clause of each of these categories must be in the contract.",
    )
    mandatory_clause_ids = fields.Many2many(
        "crm.contract.clause.template",
        relation="crm_contract_type_mandatory_clause_rel",
        string="Mandatory clauses",
        help="Inserted by themselves, in the language of the contract.",
    )

    _code_uniq = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE active IS TRUE",
        "Another contract type of this company uses this code.",
    )
    _duration_positive = models.Constraint(
        "CHECK (duration >= 0 AND notice_period >= 0)",
        "Durations and notice periods must not be negative.",
    )

    @api.constrains("code")
    def _check_code(self):
        for contract_type in self:
            if not _CODE.match(contract_type.code):
                raise ValidationError(
                    self.env._(
                        "The code %(code)s must begin with a letter and must not "
                        "contain digits, spaces or slashes.",
                        code=contract_type.code,
                    )
                )

    def copy_data(self, default=None):
        default = dict(default or {})
        vals_list = super().copy_data(default=default)
        for contract_type, vals in zip(self, vals_list, strict=True):
            if not vals:
                # Named twice by a client
                continue
            if "name" not in default:
                vals["name"] = self.env._("%s (copy)", contract_type.name)
            if "code" not in default:
                vals["code"] = f"{contract_type.code}-C"
        return vals_list
