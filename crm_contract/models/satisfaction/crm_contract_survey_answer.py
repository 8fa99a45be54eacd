from odoo import api, fields, models
from odoo.exceptions import UserError

from .crm_contract_survey import LOW, SCORES

MAX_COMMENT = 2000


class CrmContractSurvey(models.Model):
    """The answer: by a key that was mailed to one person, and once."""

    _inherit = "crm.contract.survey"

    @api.model
    def _find(self, token):
        """Return the question of a key (sudo), answered or not; none for a wrong one.

        :param token: str, as a visitor sent it
        """
        # sudo: the key is the right
        rows = self.sudo()
        if not token or not isinstance(token, str) or "\0" in token:
            return rows.browse()
        return rows.search([("access_token", "=", token)], limit=1)

    @api.model
    def _answer(self, token, score, comment=""):
        """Take an answer; return the question.

        :param score: 1 to 5, as a number or as a form sends it
        :raise UserError: in one sentence; for a key that is wrong, used or too old
        """
        row = self._find(token)
        if row:
            # Two clicks at once: the second one finds it answered.
            row.lock_for_update()
            row.invalidate_recordset()
        if not row or not row._is_live():
            raise UserError(self.env._("This question is answered, or too old."))
        try:
            number = int(score)
        except (TypeError, ValueError):
            number = 0
        if number not in SCORES:
            raise UserError(self.env._("Choose one to five stars."))
        text = comment if isinstance(comment, str) else ""
        row.write(
            {
                "state": "answered",
                "score": number,
                "comment": text.replace("\0", "").strip()[:MAX_COMMENT] or False,
                "date_answered": fields.Datetime.now(),
            }
        )
        if number <= LOW:
            row._tell_low()
        return row

    def _tell_low(self):
        """Let the person in charge know that a customer is not content."""
        note = self.comment or ""
        self.contract_id._tell_person_in_charge(
            self.env._(
                "%(person)s is not content: %(score)s of 5",
                person=self.person_id.name or self.partner_id.name,
                score=self.score,
            ),
            note,
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _clear_history(self):
        """Keep scores of somebody whose personal data are erased, and no more of them."""
        result = super()._clear_history()
        # sudo: owned fields, of whoever may erase the person
        surveys = self.env["crm.contract.survey"].sudo()
        rows = surveys.search([("person_id", "=", self.id)])
        rows.write({"email": False, "comment": False})
        asked = rows.filtered(lambda row: row.state == "asked")
        asked.write({"state": "skipped"})
        return result
