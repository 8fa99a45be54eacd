from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """The register by mail, once a month."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        return [
            *super()._get_steps(),
            Step(
                "register",
                self.env._("Mail the register of contracts"),
                # sudo: each company in turn, whoever the job runs as
                self.env["res.company"].sudo(),
                self._get_register_due_domain,
                lambda company: self.env["crm.contract.register"]._mail(company),
                chunk=1,
            ),
        ]

    @api.model
    def _get_register_due_domain(self):
        """Return the domain of companies whose last month was not sent yet."""
        wanted = Domain("contract_register_user_ids", "!=", False)
        return wanted & self.env["res.company"]._on_days(
            lambda today: (
                Domain("contract_register_sent", "=", False)
                | Domain("contract_register_sent", "<", _get_last_day(today))
            ),
            path="id",
        )


class CrmContractRegister(models.AbstractModel):
    _inherit = "crm.contract.register"

    @api.model
    def _mail(self, company):
        """Mail the register of the month before to those who want it in a company.

        Each gets what he may read. Months that were missed are not sent one by one.

        :raise UserError: if there is nobody left who can get it, with the reason
        """
        last = _get_last_day(company._get_today())
        users = company.contract_register_user_ids
        able = users.filtered(lambda user: self._can_get(user, company))
        if users and not able:
            raise UserError(
                self.env._(
                    "Nobody can get the register of contracts: %s may not read contracts "
                    "of the company, or has no mail address. Choose others in the "
                    "settings.",
                    ", ".join(users.mapped("name")),
                )
            )
        # sudo: mails are sent by the system; each was written with its reader's rights
        self.env["mail.mail"].sudo().create(
            [self._prepare_mail(user, company, last, users - able) for user in able]
        )
        company.contract_register_sent = last

    def _can_get(self, user, company):
        return (
            user.active
            and user.email
            and company in user.company_ids
            and self.env["crm.contract"].with_user(user).has_access("read")
        )

    def _prepare_mail(self, user, company, last, unable):
        """Return values of the mail to a user: the register, or that it is empty."""
        first = last.replace(day=1)
        register = self.with_user(user).with_context(
            allowed_company_ids=company.ids, lang=user.lang, tz=user.tz
        )
        env = register.env
        contracts = register._find_signed(company, first, last)
        month = format_date(env, last, date_format="MMMM yyyy")
        told = {"company": company.name, "month": month, "count": len(contracts)}
        subject = env._("Register of contracts: %(company)s, %(month)s", **told)
        if contracts:
            text = env._("%(count)s contracts were signed in %(month)s.", **told)
        else:
            text = env._("No contract was signed in %(month)s.", **told)
        if unable:
            names = ", ".join(unable.sudo().mapped("name"))
            text += " " + env._("It could not be sent to: %s.", names)
        vals = {
            "subject": subject,
            "body_html": env["ir.qweb"]._render(
                "crm_contract.register_mail", {"user": user, "text": text}
            ),
            "email_from": company.email_formatted or user.email_formatted,
            "recipient_ids": [Command.link(user.partner_id.id)],
            "auto_delete": True,
        }
        if contracts:
            vals["attachment_ids"] = [register._attach(contracts, subject)]
        return vals

    def _find_signed(self, company, first, last):
        """Return the contracts of a company that were signed from a day to another."""
        return self.env["crm.contract"].search(
            [
                ("company_id", "=", company.id),
                ("date_signed", ">=", first),
                ("date_signed", "<=", last),
            ],
            order="date_signed, number, id",
        )

    def _attach(self, contracts, subject):
        """Return the command that attaches the register of contracts to a mail."""
        return Command.create(
            {
                "name": f"{subject.replace('/', '-')}.xlsx",
                "raw": self._write_register(contracts, "mailed"),
                # Goes with the mail
                "res_model": "mail.message",
                "res_id": 0,
            }
        )


def _get_last_day(today):
    """Return the last day of the month before.

    >>> from datetime import date
    >>> _get_last_day(date(2026, 3, 1))
    datetime.date(2026, 2, 28)
    """
    return today + relativedelta(day=1) - timedelta(days=1)
