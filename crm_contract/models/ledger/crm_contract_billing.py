import logging
import time

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from .crm_contract_installment import BILLABLE_STATES

_logger = logging.getLogger(__name__)

BILLING_MODES = [
    ("draft", "Draft invoices"),
    ("post", "Posted invoices"),
    ("send", "Posted invoices, sent to the customer"),
]
BILLING_ACTIVITY = ["mail.mail_activity_data_warning"]
# Contracts invoiced and committed at once: what a killed process loses at most.
CHUNK = 50
# Parts that a chunk is cut into when one of its contracts fails.
PARTS = 5
# Chunks that a worker looks over for contracts that no other worker has.
LOOKAHEAD = 8
# Conflicts in a row after which a worker leaves the rest to its next run.
MAX_CONFLICTS = 20


class CrmContract(models.Model):
    """Billing run: chunks of contracts, locked, invoiced, linked and committed."""

    _inherit = "crm.contract"

    billing_mode = fields.Selection(
        BILLING_MODES,
        string="Billing run makes",
        copy=False,
        help="Empty: what the company's settings say.",
    )
    billing_error = fields.Text(
        string="Billing problem",
        readonly=True,
        copy=False,
        help="Why the last billing run set the contract aside.",
    )
    date_billing_error = fields.Date(
        string="Set aside on", readonly=True, copy=False, index="btree_not_null"
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"billing_error", "date_billing_error"}

    @api.model
    def _cron_bill(self):
        """Invoice all rows that are due, in chunks, each committed.

        Several of these jobs share the work. A contract that can't be invoiced is set
        aside for the day, with the reason, and tried again the day after.
        """
        cron = self.env["ir.cron"]
        today = fields.Date.context_today(self)
        domain = self._get_bill_domain(today) & self._get_not_set_aside_domain()
        cron._commit_progress(remaining=len(self._find_contracts_to_bill(domain)))
        for done, _invoices, _failures in self._bill_in_chunks(domain, today):
            left = cron._commit_progress(done)
            if not left:
                cron._commit_progress(
                    remaining=len(self._find_contracts_to_bill(domain))
                )
                break

    @api.model
    def _get_bill_domain(self, until):
        """Return the domain of the ledger rows to invoice on a day.

        :param until: last day on which the rows fall due
        """
        return Domain(
            [
                ("state", "in", ("planned", "due")),
                ("date_due", "<=", until),
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
    def _get_not_set_aside_domain(self):
        # `!=` and not `<`: a clock that was moved back must not set aside for longer.
        today = fields.Date.context_today(self)
        return Domain("contract_id.date_billing_error", "!=", today)

    @api.model
    def _find_contracts_to_bill(self, domain, limit=None):
        """Return contracts with rows in the domain, those due first in front."""
        groups = self.env["crm.contract.installment"]._read_group(
            domain,
            ["contract_id"],
            ["date_due:min"],
            order="date_due:min, contract_id",
            limit=limit,
        )
        return self.browse([contract.id for contract, _due in groups])

    @api.model
    def _bill_in_chunks(self, domain, date):
        """Yield what was done of each chunk; the caller commits.

        :param domain: of the ledger rows
        :param date: date of the invoices
        :return: iterator of (number of contracts, invoices, failed contracts)
        """
        conflicts, seen = 0, set()
        while conflicts < MAX_CONFLICTS:
            try:
                contracts = self._claim_contracts(domain, seen)
                if not contracts:
                    return
                result = contracts._bill_chunk(domain, date)
            except psycopg2.OperationalError:
                # Another worker or user was faster: look again, as things are now.
                self.env.cr.rollback()
                self.env.invalidate_all()
                conflicts += 1
                time.sleep(0.05 * conflicts)
                continue
            conflicts = 0
            # Whatever happens, no contract comes twice in a run.
            seen.update(contracts.ids)
            yield len(contracts), *result

    @api.model
    def _claim_contracts(self, domain, seen):
        """Lock the next contracts that nobody else bills."""
        self.env.cr.commit()  # pylint: disable=invalid-commit  # a snapshot as of now
        if seen:
            domain &= Domain("contract_id", "not in", list(seen))
        found = self._find_contracts_to_bill(domain, limit=CHUNK * LOOKAHEAD)
        return found.try_lock_for_update(allow_referencing=True, limit=CHUNK)

    def _bill_chunk(self, domain, date):
        """Invoice the rows of locked contracts; set those aside that can't be.

        :return: (invoices, failed contracts)
        """
        rows = self.env["crm.contract.installment"].search(
            domain & Domain("contract_id", "in", self.ids)
        )
        invoices, failed = self.env["account.move"], self.browse()
        for company, mine in rows.grouped("company_id").items():
            mine = mine.with_company(company)
            problems = mine.contract_id._get_billing_problems(mine, date)
            for contract, problem in problems.items():
                contract._set_aside(problem)
                failed |= contract
            mine -= mine.filtered(lambda row, bad=failed: row.contract_id in bad)
            created, failures = mine._bill_or_split(date)
            invoices |= created
            failed |= failures
        (self - failed)._clear_billing_error()
        return invoices, failed

    def _get_billing_problems(self, rows, date):
        """Return why contracts can't be invoiced: `{contract: reason}`.

        Known reasons are found before, because a failure in the middle of a chunk
        costs the work of the chunk.
        """
        by_contract = rows.grouped("contract_id")
        context = self._prepare_billing_context(date)
        found = {
            contract: next(
                contract._find_billing_problems(by_contract[contract], context), None
            )
            for contract in self
        }
        return {contract: problem for contract, problem in found.items() if problem}

    def _prepare_billing_context(self, date):
        """Return what is the same for many contracts.

        :return: `{"default": journal, "journals": {journal: problem}}`; a journal that
            is all right has no problem
        """
        # sudo: journals and lock dates that a salesperson may not see
        company = self.company_id.sudo()
        default = company._get_default_sales_journal()
        problems = {}
        for journal in self.sudo().journal_id | default:
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

    def _find_billing_problems(self, rows, context):
        """Yield the reasons that keep a contract from being invoiced (str)."""
        # sudo: accounts and journals the salesperson may not see
        contract = self.sudo()
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
        if rows._filter_content():
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

    def _set_aside(self, problem):
        """Note why a contract can't be invoiced, and tell its owner once."""
        self.ensure_one()
        is_news = problem != self.billing_error
        # sudo: owned by the billing run
        self.sudo().write(
            {
                "billing_error": problem,
                "date_billing_error": fields.Date.context_today(self),
            }
        )
        if is_news:
            self._tell_billing_problem(problem)

    def _tell_billing_problem(self, problem):
        # sudo: an activity subscribes its user, which an accountant, who starts the run
        # by hand, may not do
        contract = self.sudo()
        contract.activity_unlink(BILLING_ACTIVITY)
        contract.activity_schedule(
            *BILLING_ACTIVITY,
            user_id=self.user_id.id or self.env.uid,
            summary=self.env._("Billing problem"),
            note=problem,
        )

    def _clear_billing_error(self):
        # sudo: owned by the billing run, as are its activities
        flagged = self.filtered("billing_error").sudo()
        flagged.write({"billing_error": False, "date_billing_error": False})
        flagged.activity_unlink(BILLING_ACTIVITY)

    def _get_billing_mode(self):
        self.ensure_one()
        return self.billing_mode or self.company_id.contract_billing_mode


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _bill_or_split(self, date):
        """Invoice the rows at once; where that fails, part by part.

        Parts of a fifth cost less than halves until the bad contract is known.

        :return: (invoices, failed contracts)
        """
        contracts = self.contract_id
        failed = contracts.browse()
        if not self:
            return self.env["account.move"], failed
        try:
            with self.env.cr.savepoint():
                return self._bill(date), failed
        except psycopg2.OperationalError:
            # Not the contract's fault: the whole chunk is tried again.
            raise
        except Exception as error:
            if len(contracts) == 1:
                contracts._set_aside(_describe_error(contracts, error))
                return self.env["account.move"], contracts
        invoices = self.env["account.move"]
        size = max(1, len(contracts) // PARTS)
        for start in range(0, len(contracts), size):
            part = contracts[start : start + size]
            rows = self.filtered(lambda row, part=part: row.contract_id in part)
            created, failures = rows._bill_or_split(date)
            invoices |= created
            failed |= failures
        return invoices, failed

    def _bill(self, date):
        """Create the invoices of checked rows; post and send them as they are set."""
        invoices = self._create_checked_invoices(date)
        modes = {
            invoice: invoice.contract_id._get_billing_mode()
            for invoice in invoices.sudo()
        }
        # sudo: what the run makes is set by the company, not by who starts it
        posted = invoices.sudo().filtered(lambda move: modes[move] != "draft")
        posted._post_billed()
        posted.filtered(lambda move: modes[move] == "send")._send_later()
        self.env.flush_all()
        return invoices


def _describe_error(contract, error):
    """Return an exception as a person understands it (str)."""
    if isinstance(error, UserError):
        return str(error)
    _logger.exception("Contract %s can't be invoiced", contract.id)
    return contract.env._("Odoo could not make the invoice: %s", error)
