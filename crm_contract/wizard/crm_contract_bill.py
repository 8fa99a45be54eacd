import time

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date, formatLang

from ..tools.records import one

# Seconds that one click works before the dialog shows how far it is.
BUDGET = 25
# Rows and contracts shown in the dialog.
PREVIEW_LIMIT = 80


class CrmContractBill(models.TransientModel):
    """Billing run by hand, with a preview, in steps that are committed one by one."""

    _name = "crm.contract.bill"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Bill now"

    state = fields.Selection(
        [("preview", "Preview"), ("running", "Running"), ("done", "Done")],
        default="preview",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    date_until = fields.Date(
        string="Due until",
        required=True,
        default=lambda self: self.env.company._get_today(),
        help="Rows of the ledger that fall due until this day are invoiced.",
    )
    date = fields.Date(
        string="Invoice date",
        required=True,
        default=lambda self: self.env.company._get_today(),
    )
    is_ahead = fields.Boolean(compute="_compute_is_ahead")
    partner_ids = fields.Many2many("res.partner", string="Customers")
    type_ids = fields.Many2many("crm.contract.type", string="Contract types")
    user_ids = fields.Many2many(
        "res.users", string="Salespersons", domain=[("share", "=", False)]
    )
    team_ids = fields.Many2many("crm.team", string="Sales teams")
    currency_id = fields.Many2one("res.currency")
    contract_count = fields.Integer(string="Contracts", compute="_compute_preview")
    row_count = fields.Integer(string="Rows", compute="_compute_preview")
    amounts = fields.Html(compute="_compute_preview", sanitize=False)
    installment_ids = fields.Many2many(
        "crm.contract.installment", compute="_compute_preview"
    )
    set_aside_ids = fields.Many2many(
        "crm.contract",
        string="Contracts that were set aside",
        compute="_compute_preview",
    )
    done_count = fields.Integer(readonly=True)
    total_count = fields.Integer(readonly=True)
    progress = fields.Float(compute="_compute_progress")
    invoice_ids = fields.Many2many("account.move", string="Invoices", readonly=True)
    invoice_count = fields.Integer(compute="_compute_progress")
    failed_ids = fields.Many2many(
        "crm.contract",
        "crm_contract_bill_failed_rel",
        string="Contracts that could not be invoiced",
        readonly=True,
    )
    failed_count = fields.Integer(compute="_compute_progress")

    @api.depends("date_until")
    def _compute_is_ahead(self):
        for wizard in self:
            today = wizard.company_id._get_today()
            wizard.is_ahead = bool(wizard.date_until and wizard.date_until > today)

    @api.depends(
        "date_until", "partner_ids", "type_ids", "user_ids", "team_ids", "currency_id"
    )
    def _compute_preview(self):
        for wizard in self:
            domain = wizard._get_rows_domain()
            groups = wizard._read_preview(domain)
            wizard.row_count = sum(rows for _currency, rows, *_sums in groups)
            wizard.contract_count = sum(count for *_sums, count in groups)
            wizard.amounts = wizard._render_amounts(groups)
            wizard.installment_ids = self.env["crm.contract.installment"].search(
                domain, limit=PREVIEW_LIMIT
            )
            wizard.set_aside_ids = self.env["crm.contract"].search(
                Domain("id", "in", wizard._find_failed())
                & Domain("installment_ids", "any", domain),
                limit=PREVIEW_LIMIT,
            )

    @api.depends("done_count", "total_count", "invoice_ids", "failed_ids")
    def _compute_progress(self):
        for wizard in self:
            total = wizard.total_count
            wizard.progress = 100 * wizard.done_count / total if total else 0
            wizard.invoice_count = len(wizard.invoice_ids)
            wizard.failed_count = len(wizard.failed_ids)

    def action_bill(self):
        """Invoice the rows of the preview, and go on with it where it was left.

        What is done is committed with each chunk of contracts; after `BUDGET` seconds
        the dialog comes back and can go on.

        :raise AccessError: unless the user is an accountant
        :raise UserError: if nothing is due, or the date lies in a locked period
        """
        one(self)
        self._check_can_bill()
        if self.state == "preview":
            self._start()
        if self._bill_for(BUDGET):
            self.write({"state": "done"})
        return self._reopen()

    def action_view_rows(self):
        """Open all rows of the preview in the billing ledger."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_installment_action"
        )
        return dict(action, domain=list(self._get_rows_domain()), context={})

    def action_view_invoices(self):
        """Open the invoices that the run made."""
        one(self)
        return self.env["sale.order"].action_view_invoice(self.invoice_ids.exists())

    def action_view_failed(self):
        """Open the contracts that could not be invoiced."""
        one(self)
        return self.failed_ids._get_records_action(name=self.env._("Billing problems"))

    def action_close(self):
        """Close the dialog, and have the list behind it loaded anew."""
        return {"type": "ir.actions.act_window_close"}

    def _check_can_bill(self):
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Only accountants may start a billing run."))
        # A locked day would set all contracts aside, one by one.
        company = self.company_id
        journal = company._get_default_sales_journal()
        if company._get_violated_lock_dates(self.date, False, journal):
            raise UserError(
                self.env._(
                    "The accounting period of %s is locked.",
                    format_date(self.env, self.date),
                )
            )

    def _start(self):
        contracts = self._find_contracts()
        if not contracts:
            raise UserError(self.env._("Nothing is due that these filters let pass."))
        self.write({"state": "running", "total_count": len(contracts)})

    def _find_failed(self):
        """Return the ids of the contracts that the billing run could not invoice."""
        # sudo: kept by the jobs; what is shown of it depends on the contracts
        failures = self.env["crm.contract.job.failure"].sudo()
        return failures.search([("job", "=", "bill")]).contract_id.ids

    def _find_contracts(self):
        return self.env["crm.contract.billing"]._find(self._get_step())

    def _get_step(self):
        """Return the step of the billing run that this dialog does.

        Contracts that the daily run set aside are tried again.
        """
        step = self.env["crm.contract.billing"]._get_bill_step(
            self.date, self._get_rows_domain
        )
        return step._replace(retry=True)

    def _bill_for(self, seconds):
        """Bill for some seconds; return whether nothing is left (bool)."""
        deadline = time.monotonic() + seconds
        # A contract that failed is not tried again, whatever click it was.
        contracts = self._find_contracts() - self.failed_ids
        # Outside a job it just commits: what was begun, and each chunk.
        cron = self.env["ir.cron"]
        cron._commit_progress()

        def commit(chunk):
            self._note_progress(chunk)
            cron._commit_progress()
            return time.monotonic() <= deadline

        left, goes_on = self.env["crm.contract.billing"]._work_through(
            self._get_step(), contracts.ids, commit
        )
        return goes_on or not left

    def _note_progress(self, chunk):
        done = self.done_count + chunk.count
        invoices = self.env["account.move"].union(*chunk.results)
        self.write(
            {
                "done_count": done,
                # Contracts may have come to be due meanwhile.
                "total_count": max(self.total_count, done),
                "invoice_ids": [fields.Command.link(i) for i in invoices.ids],
                "failed_ids": [fields.Command.link(row.id) for row in chunk.failures],
            }
        )

    def _get_rows_domain(self):
        """Return the domain of the ledger rows to invoice."""
        self.ensure_one()
        until = self.date_until or self.company_id._get_today()
        domain = self.env["crm.contract.billing"]._get_bill_domain(until)
        domain &= Domain("company_id", "=", self.company_id.id)
        for field, operator, records in (
            ("partner_id", "child_of", self.partner_ids),
            ("contract_id.type_id", "in", self.type_ids),
            ("user_id", "in", self.user_ids),
            ("contract_id.team_id", "in", self.team_ids),
            ("currency_id", "in", self.currency_id),
        ):
            if records:
                domain &= Domain(field, operator, records.ids)
        return domain

    def _read_preview(self, domain):
        """Return (currency, number of rows, amount, number of contracts) in a list.

        A contract has one currency, so that the numbers of contracts add up.
        """
        return self.env["crm.contract.installment"]._read_group(
            domain,
            ["currency_id"],
            ["__count", "amount:sum", "contract_id:count_distinct"],
        )

    def _render_amounts(self, groups):
        """Return the preview by currency as a table (Markup)."""
        row = Markup(
            "<tr><td>%s</td><td class='text-end'>%s</td>"
            "<td class='text-end'>%s</td><td class='text-end'>%s</td></tr>"
        )
        head = row % (
            self.env._("Currency"),
            self.env._("Contracts"),
            self.env._("Rows"),
            self.env._("Amount incl. taxes"),
        )
        body = [
            row
            % (
                currency.name,
                contracts,
                rows,
                formatLang(self.env, amount, currency_obj=currency),
            )
            for currency, rows, amount, contracts in groups
        ]
        return Markup(
            "<table class='table table-sm w-auto'>"
            "<thead class='fw-bold'>%s</thead><tbody>%s</tbody></table>"
        ) % (head, Markup("").join(body))

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bill now"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
