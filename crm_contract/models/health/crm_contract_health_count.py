from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain


class CrmContractHealthCount(models.Model):
    """How many records a check found in a company; of no company, such as jobs."""

    _name = "crm.contract.health.count"
    _description = "Result of a health check"
    _order = "check_id, company_id, id"

    check_id = fields.Many2one(
        "crm.contract.health.check", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    count = fields.Integer(string="Found", readonly=True)
    count_before = fields.Integer(
        string="Before", readonly=True, help="When it was looked at the time before."
    )
    date_since = fields.Date(string="Since", readonly=True)
    is_told = fields.Boolean(
        readonly=True, help="Somebody was told of the number that is found now."
    )
    activity_id = fields.Many2one("mail.activity", readonly=True, ondelete="set null")

    _company_uniq = models.UniqueIndex(
        "(check_id, COALESCE(company_id, 0))", "The company has a result already."
    )

    def _note(self, check, counts):
        """Keep the results of a look at a check.

        :param counts: `{company id or None: number}`, as of `_count`
        """
        today = fields.Date.context_today(self)
        rows = {row.company_id.id or None: row for row in self}
        for company_id, row in rows.items():
            found = counts.get(company_id, 0)
            row.write(
                {
                    "count": found,
                    "count_before": row.count,
                    "date_since": (row.date_since or today) if found else False,
                    "is_told": found <= row.count and (row.is_told or not found),
                }
            )
        self.create(
            [
                {
                    "check_id": check.id,
                    "company_id": company_id,
                    "count": found,
                    "date_since": today,
                }
                for company_id, found in counts.items()
                if company_id not in rows
            ]
        )

    @api.model
    def _tell(self):
        """Tell contract managers of what is found more often than they were told.

        One activity per company lists all that is found there; it goes when all of it
        is over.
        """
        for company, rows in self.search(Domain.TRUE).grouped("company_id").items():
            found = rows.filtered("count")
            if found.filtered(lambda row: not row.is_told):
                rows.activity_id.filtered("active").unlink()
                found.activity_id = self._create_activity(company, found)
                found.is_told = True
            elif not found:
                rows.activity_id.filtered("active").unlink()

    @api.model
    def _create_activity(self, company, found):
        """Return the activity of a contract manager who is there."""
        managers = self.env["crm.contract"]._get_contract_managers(company)
        user = managers[:1]
        rows = found.with_context(lang=user.lang or self.env.lang).sorted("check_id")
        env = rows.env
        warning = env.ref("mail.mail_activity_data_warning")
        lines = [
            Markup("<li>%s: %s (%s)</li>")
            % (
                row.check_id.label,
                row.count,
                env._("before: %s", row.count_before),
            )
            for row in rows
        ]
        note = Markup("<p>%s</p><ul>%s</ul>") % (
            env._("Look under Contracts → Configuration → Health what to do."),
            Markup().join(lines),
        )
        summary = env._("Health of contracts: something is wrong")
        if company:
            summary = f"{summary} ({company.name})"
        return self.env["mail.activity"].create(
            {
                "activity_type_id": warning.id,
                "summary": summary,
                "note": note,
                "user_id": user.id,
            }
        )
