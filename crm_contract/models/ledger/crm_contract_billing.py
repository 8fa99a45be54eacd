from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ..job.crm_contract_job import Step
from .crm_contract_installment import BILLABLE_STATES

BILLING_MODES = [
    ("draft", "Draft invoices"),
    ("post", "Posted invoices"),
    ("send", "Posted invoices, sent to the customer"),
]
# Contracts invoiced and committed at once: what a killed process loses at most.
CHUNK = 50


class CrmContract(models.Model):
    _inherit = "crm.contract"

    billing_mode = fields.Selection(
        BILLING_MODES,
        string="Billing run makes",
        copy=False,
        help="Empty: what the company's settings say.",
    )


class CrmContractBilling(models.AbstractModel):
    """Billing run: chunks of contracts, locked, invoiced, linked and committed.

    Several jobs share the work. A contract that can't be invoiced is set aside for the
    day, with the reason, and tried again the day after.
    """

    _name = "crm.contract.billing"
    _inherit = "crm.contract.job"
    _description = "Invoice what is due"

    @api.model
    def _get_steps(self):
        return [
            *super()._get_steps(),
            self._get_bill_step(None, self._get_bill_domain),
        ]

    @api.model
    def _get_bill_step(self, date, domain):
        """Return the step that invoices contracts.

        :param date: date of the invoices; None for today, where the company is
        :param domain: function that returns the domain of the ledger rows
        """
        return Step(
            "bill",
            self.env._("Invoice what is due"),
            self.env["crm.contract"],
            domain,
            lambda contracts: self._bill(contracts, domain(), date),
            check=lambda contracts: self._get_problems(contracts, domain(), date),
            batch=True,
            chunk=CHUNK,
        )

    @api.model
    def _find(self, step, ids=None, failures=None):
        if step.name != "bill":
            return super()._find(step, ids, failures)
        domain = step.domain() & self._get_not_set_aside(step, "contract_id", failures)
        if ids is not None:
            domain &= Domain("contract_id", "in", ids)
        # Those due first in front.
        groups = self.env["crm.contract.installment"]._read_group(
            domain,
            ["contract_id"],
            ["date_due:min", "amount_rest:max"],
            order="date_due:min, contract_id",
        )
        owed = [contract.id for contract, _due, most in groups if most <= 0]
        waiting = self._get_waiting(owed) if owed else ()
        return step.records.browse(
            [contract.id for contract, *_rest in groups if contract.id not in waiting]
        )

    @api.model
    def _get_waiting(self, ids):
        """Return the contracts, of some, whose next invoice is still to come (set of ids).

        What is due of them goes to the customer: it joins that invoice.
        """
        rows = self.env["crm.contract.installment"]
        return {
            contract.id
            for [contract] in rows._read_group(
                [
                    ("contract_id", "in", ids),
                    ("state", "in", ("planned", "due")),
                    ("trigger", "not in", self._get_triggers_on_request()),
                    ("amount_rest", ">", 0),
                    ("date_due", "!=", False),
                ],
                ["contract_id"],
            )
        }

    @api.model
    def _get_bill_domain(self, until=None):
        """Return the domain of the ledger rows to invoice on a day.

        :param until: last day on which the rows fall due; today, where the company is,
            if not given
        """
        due = self.env["res.company"]._on_days(
            lambda today: Domain("date_due", "<=", until or today)
        )
        return due & Domain(
            [
                ("state", "in", ("planned", "due")),
                ("trigger", "not in", self._get_triggers_on_request()),
                ("is_beyond_end", "=", False),
                ("contract_id.state", "in", BILLABLE_STATES),
            ]
        )

    @api.model
    def _get_triggers_on_request(self):
        """Return the triggers of rows that no run invoices, only a person (tuple)."""
        return ("interest",)

    @api.model
    def _group_rows(self, contracts, domain):
        """Return the ledger rows of contracts by company: `{company: rows}`."""
        rows = self.env["crm.contract.installment"].search(
            domain & Domain("contract_id", "in", contracts.ids)
        )
        return {
            company: mine.with_company(company)
            for company, mine in rows.grouped("company_id").items()
        }

    @api.model
    def _bill(self, contracts, domain, date):
        """Invoice the rows of locked contracts; return the invoices."""
        self._bring_up_to_date(contracts, domain)
        invoices = self.env["account.move"]
        for company, rows in self._group_rows(contracts, domain).items():
            invoices |= rows._bill(date or company._get_today())
        return invoices

    @api.model
    def _bring_up_to_date(self, contracts, domain):
        """Let what is billed again be what is charged now, not what was charged then.

        A row that its invoice gave up has the terms of that day; since then, the
        contract may have been amended, or ended and reopened. Extended by satellites
        with what else has to be known before rows are billed.

        :param domain: that of the rows to invoice
        """
        again = Domain([("trigger", "=", "period"), ("was_billed", "=", True)])
        for rows in self._group_rows(contracts, again & domain).values():
            for contract, mine in rows.grouped("contract_id").items():
                self.env["crm.contract.ledger"]._derive_again(contract, mine)

    @api.model
    def _get_problems(self, contracts, domain, date):
        """Return why contracts can't be invoiced: `{contract: reason}`.

        Known reasons are found before, because a failure in the middle of a chunk
        costs the work of the chunk.
        """
        problems = {}
        for company, rows in self._group_rows(contracts, domain).items():
            day = date or company._get_today()
            context = self._prepare_context(rows.contract_id, day)
            for contract, mine in rows.grouped("contract_id").items():
                problem = next(self._find_problems(contract, mine, context), None)
                if problem:
                    problems[contract] = problem
        return problems

    @api.model
    def _prepare_context(self, contracts, date):
        """Return what is the same for many contracts of a company.

        :return: `{"default": journal, "journals": {journal: problem}}`; a journal that
            is all right has no problem
        """
        # sudo: journals and lock dates that a salesperson may not see
        company = contracts.company_id.sudo()
        default = company._get_default_sales_journal()
        problems = {}
        for journal in contracts.sudo().journal_id | default:
            locks = company._get_violated_lock_dates(date, True, journal)
            if not journal.active:
                problems[journal] = self.env._(
                    "The sales journal %s is archived. Choose another one on the "
                    "contract.",
                    journal.display_name,
                )
            elif locks:
                problems[journal] = self.env._(
                    "The accounting period of %s is locked.",
                    format_date(self.env, date),
                )
        if not default:
            problems[default] = self.env._(
                "The company %s has no sales journal.", company.name
            )
        return {"default": default, "journals": problems}

    @api.model
    def _find_problems(self, contract, rows, context):
        """Yield the reasons that keep a contract from being invoiced (str)."""
        # sudo: accounts and journals the salesperson may not see
        contract = contract.sudo()
        customer = contract.partner_invoice_id or contract.partner_id
        account = customer.property_account_receivable_id
        if not account or not account.active:
            yield self.env._(
                "The customer %s has no receivable account. Set one under Accounting on"
                " the customer.",
                customer.display_name,
            )
        if not contract.currency_id.active:
            yield self.env._("The currency %s is archived.", contract.currency_id.name)
        if problem := context["journals"].get(
            contract.journal_id or context["default"]
        ):
            yield problem
        lines = rows.line_id
        if rows._filter_plan():
            lines = contract.line_ids
        archived = lines.sudo().tax_ids.filtered(lambda tax: not tax.active)
        if archived:
            yield self.env._(
                "The tax %s is archived. Restore it or amend the contract.",
                ", ".join(archived.mapped("display_name")),
            )
        for row in rows:
            if reason := row._get_reason_not_billable():
                yield f"{row.name}: {reason}"
                return


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _bill(self, date):
        """Create the invoices of checked rows; post and send them as they are set."""
        invoices = self._create_checked_invoices(date)
        modes = {
            invoice: contract.billing_mode or contract.company_id.contract_billing_mode
            for invoice in invoices.sudo()
            for contract in invoice.contract_id
        }
        # sudo: what the run makes is set by the company, not by who starts it
        posted = invoices.sudo().filtered(lambda move: modes[move] != "draft")
        posted._post_billed()
        posted.filtered(lambda move: modes[move] == "send")._send_later()
        self.env.flush_all()
        return invoices
