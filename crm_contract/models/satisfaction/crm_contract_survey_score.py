from typing import NamedTuple

from odoo import api, fields, models

from ...tools.records import one
from .crm_contract_survey import LOW

_GROUPS = "crm_contract.crm_contract_group_reader,crm_contract.crm_contract_group_user"
ARROWS = {-1: "↘", 0: "→", 1: "↗"}


class Score(NamedTuple):
    """How content a customer is: the last answer, all together, and whereto it goes.

    `trend` is -1, 0 or 1: the last answer against the ones before; 0 for a first one.
    """

    last: int
    average: float
    trend: int
    answers: int

    def tell(self):
        """Return it in short (str).

        >>> Score(4, 3.5, 1, 3).tell()
        '4/5 ↗'
        """
        return f"{self.last}/5 {ARROWS[self.trend]}"


def read_scores(scores):
    """Return what answers come to, the newest last; None without any.

    >>> read_scores([3, 4])
    Score(last=4, average=3.5, trend=1, answers=2)
    >>> read_scores([5])
    Score(last=5, average=5.0, trend=0, answers=1)
    """
    if not scores:
        return None
    *before, last = scores
    usual = sum(before) / len(before) if before else last
    trend = (last > usual) - (last < usual)
    return Score(last, sum(scores) / len(scores), trend, len(scores))


class CrmContractSurvey(models.Model):
    """What answers come to, of contracts and of customers."""

    _inherit = "crm.contract.survey"

    @api.model
    def _get_scores(self, records):
        """Return how content customers are: `{record: Score}`, in one query.

        :param records: contracts, or commercial entities; those without an answer are
            left out
        """
        field = "partner_id" if records._name == "res.partner" else "contract_id"
        found = {}
        # sudo: the scores alone, for whoever may read the record
        rows = self.sudo() if field == "contract_id" else self
        for row in rows.search_fetch(
            [(field, "in", records.ids), ("state", "=", "answered")],
            [field, "score"],
            order="date_answered, id",
        ):
            found.setdefault(row[field].id, []).append(row.score)
        return {
            record: read_scores(found[record._origin.id])
            for record in records
            if record._origin.id in found
        }


class CrmContract(models.Model):
    _inherit = "crm.contract"

    satisfaction = fields.Char(
        compute="_compute_satisfaction",
        help="What the customer answered last, of 5, and whether it is more or less than"
        " before.",
    )

    def _compute_satisfaction(self):
        scores = self.env["crm.contract.survey"]._get_scores(self)
        for contract in self:
            score = scores.get(contract)
            contract.satisfaction = score and score.tell()


class CrmContractOverview(models.AbstractModel):
    _inherit = "crm.contract.overview"

    @api.model
    def get_overviews(self, contract_ids=None):
        """Add `satisfaction` (what the customer answered last, or empty) to each."""
        pages = super().get_overviews(contract_ids)
        contracts = self.env["crm.contract"].browse([page["id"] for page in pages])
        scores = self.env["crm.contract.survey"]._get_scores(contracts)
        for contract, page in zip(contracts, pages, strict=True):
            score = scores.get(contract)
            page["satisfaction"] = score.tell() if score else ""
            page["is_content"] = not score or score.last > LOW
        return pages


class ResPartner(models.Model):
    _inherit = "res.partner"

    contract_satisfaction = fields.Char(
        string="Satisfaction",
        compute="_compute_contract_satisfaction",
        groups=_GROUPS,
        help="What somebody of the company answered last, of 5, and its trend.",
    )

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_contract_satisfaction(self):
        companies = self.commercial_partner_id
        scores = self.env["crm.contract.survey"]._get_scores(companies)
        for partner in self:
            score = scores.get(partner.commercial_partner_id)
            partner.contract_satisfaction = score and score.tell()

    def action_view_contract_surveys(self):
        """Open what people of the company of the partner answered."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_survey_action"
        )
        partner = one(self).commercial_partner_id
        return dict(action, domain=[("partner_id", "=", partner.id)], context={})
