from odoo import api, fields, models
from odoo.exceptions import ValidationError

# As many pages as somebody reads.
MOST_PAGES = 50


class CrmContractEvaluation(models.Model):
    """What a company's contracts of a year came to, and what was learnt; printed."""

    _name = "crm.contract.evaluation"
    _description = "Evaluation of a year"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "year desc, company_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    year = fields.Char(
        required=True,
        default=lambda self: str(self.env.company._get_today().year),
        help="Four figures.",
    )
    pages = fields.Integer(
        string="Major contracts",
        default=5,
        help="Number of the largest contracts of the year that get a page of their own.",
    )
    lessons = fields.Html(
        help="What went well, what did not, and what is to be done otherwise."
    )
    note_ids = fields.One2many(
        "crm.contract.evaluation.note", "evaluation_id", string="Lessons of contracts"
    )

    _year_uniq = models.UniqueIndex(
        "(company_id, year)", "There is an evaluation of this year already."
    )

    @api.depends("year", "company_id")
    def _compute_display_name(self):
        for evaluation in self:
            evaluation.display_name = f"{evaluation.year} {evaluation.company_id.name}"

    @api.constrains("year", "pages")
    def _check_year(self):
        for evaluation in self:
            year = evaluation.year
            now = evaluation.company_id._get_today().year
            is_year = year.isascii() and year.isdigit() and len(year) == 4
            if not is_year or not 1990 <= int(year) <= now:
                raise ValidationError(
                    self.env._(
                        "“%(year)s” is no year that has begun: four figures, at most "
                        "%(now)s.",
                        year=year,
                        now=now,
                    )
                )
            if not 0 <= evaluation.pages <= MOST_PAGES:
                raise ValidationError(
                    self.env._("At most %s contracts get a page.", MOST_PAGES)
                )

    def _get_page(self):
        """Return what is printed (dict, see `crm.contract.evaluation.page`)."""
        return self.env["crm.contract.evaluation.page"]._get_page(self)


class CrmContractEvaluationNote(models.Model):
    """What was learnt of one contract."""

    _name = "crm.contract.evaluation.note"
    _description = "Lesson of a contract"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "evaluation_id, id"
    _check_company_auto = True

    evaluation_id = fields.Many2one(
        "crm.contract.evaluation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="evaluation_id.company_id", store=True, index=True, precompute=True
    )
    contract_id = fields.Many2one(
        "crm.contract",
        required=True,
        index=True,
        check_company=True,
        ondelete="cascade",
    )
    lesson = fields.Text(required=True)

    _once_uniq = models.UniqueIndex(
        "(evaluation_id, contract_id)", "The contract has its lesson already."
    )
