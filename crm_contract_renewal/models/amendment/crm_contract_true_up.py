from odoo import api, fields, models
from odoo.tools import format_date

BILLED_DAYS = [
    ("next", "From the next period"),
    ("settle", "Settle the difference"),
]


class CrmContractType(models.Model):
    _inherit = "crm.contract.type"

    billed_days = fields.Selection(
        BILLED_DAYS,
        string="Days billed before an amendment",
        default="next",
        required=True,
        help="What new amendments say of days that are billed when they take effect. "
        "From the next period: they stay as billed. Settle the difference: they are "
        "invoiced or credited by the day.",
    )


class CrmContract(models.Model):
    """True-up: what an amendment says of days that are billed when it takes effect."""

    _inherit = "crm.contract"

    billed_days = fields.Selection(
        BILLED_DAYS,
        string="Days that are billed already",
        copy=False,
        help="From the next period: they stay as they were billed. Settle the "
        "difference: it is invoiced or credited by the day.",
        content=True,
    )

    def _settles(self):
        """Return whether the amendment brings billed days to its terms."""
        return self._is_amendment() and self.billed_days == "settle"


class CrmContractLineVersion(models.AbstractModel):
    _inherit = "crm.contract.line.version"

    @api.model
    def _get_differences(self, amendment):
        """Return what days that are billed cost otherwise with a draft (`Difference`)."""
        # sudo: what the contract billed, for whoever drafts
        contract = amendment.origin_id.sudo()
        day = amendment.date_effective
        found = []
        for memory, lines in self._get_drafted_pairs(amendment):
            parts = lines._get_billed_parts(day) if lines and day else []
            pauses = (memory or lines)[-1:]._get_pauses(contract)
            found += memory._get_differences(parts, pauses)
        return found

    @api.model
    def _get_printed_differences(self, amendment):
        """Return what billed days cost otherwise: list of dicts with name and amount.

        As of today: what is billed until the amendment takes effect comes on top.
        """
        if not amendment._settles():
            return []
        printer = self.env["crm.contract.print"]
        found = []
        for difference in self._get_differences(amendment):
            first, last, row = difference.part
            line = difference.charge.source if difference.charge else row.line_id
            dates = printer._format_days(amendment.origin_id, first, last)
            name = line.name.partition("\n")[0]
            found.append(
                {"name": f"{name} {' – '.join(dates)}", "amount": difference.total}
            )
        return found

    @api.model
    def _describe_billed(self, amendment):
        """Return what becomes of periods that are billed beyond its day (str)."""
        stays = self.env["crm.contract.amendment"]._describe_billed_beyond(
            amendment.origin_id, amendment.date_effective
        )
        settles = stays and amendment._settles()
        return self._describe_differences(amendment) if settles else stays

    @api.model
    def _describe_differences(self, amendment):
        """Return what is settled when the amendment takes effect (str)."""
        differences = self._get_printed_differences(amendment)
        total = sum(row["amount"] for row in differences)
        if not differences:
            return self.env._("No day that is billed already costs anything else.")
        money = amendment.currency_id.format
        texts = [f"{row['name']}: {money(row['amount'])}" for row in differences]
        texts.append(
            self.env._("To be invoiced in addition: %s", money(total))
            if total >= 0
            else self.env._("To be credited: %s", money(-total))
        )
        return "\n".join(
            [
                self.env._(
                    "By what is billed today, this is settled on %s:",
                    format_date(self.env, amendment.date_effective),
                ),
                *texts,
            ]
        )
