"""A company, its people, and what they do to contracts, at times set by hand.

Runs in an Odoo shell. All is done with the forms, buttons, dialogs and scheduled jobs
that a user has, with the lowest rights that should do. Nothing is committed: what a job
commits stays in the transaction of the shell, which is rolled back in the end.
"""

import contextlib
import datetime
import types
from collections import Counter

from freezegun import freeze_time

from odoo.fields import Command

GROUPS = {
    "sales": "crm_contract.crm_contract_group_user sales_team.group_sale_salesman",
    "manager": "crm_contract.crm_contract_group_manager sales_team.group_sale_manager",
    "accountant": "account.group_account_invoice",
}
JOBS = {
    "advance": "crm_contract.ir_cron_advance",
    "bill": "crm_contract.ir_cron_bill",
    "ladder": "crm_contract_renewal.ir_cron_ladder",
    "renew": "crm_contract_renewal.ir_cron_renew",
    "mrr": "crm_contract_renewal.ir_cron_mrr",
    "remind": "crm_contract_approval.ir_cron_remind",
}
PDF = b"%PDF-1.4 text of a test"
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "no_reset_password": True,
}


def hold(cr):
    """Let commits be savepoints, so that all can be taken back."""

    def commit(self):
        self.flush()
        self.clear()
        self.postcommit.clear()
        self._obj.execute("RELEASE SAVEPOINT held; SAVEPOINT held")

    def rollback(self):
        self.clear()
        self.postcommit.clear()
        self._obj.execute("ROLLBACK TO SAVEPOINT held")

    cr.execute("SAVEPOINT held")
    cr.commit = types.MethodType(commit, cr)
    cr.rollback = types.MethodType(rollback, cr)


def release(cr):
    """Let commits be commits again, and take everything back."""
    del cr.commit, cr.rollback
    cr.rollback()


class World:
    """The company of the shell's database, at a time that goes by as it is told."""

    def __init__(self, env, start, quiet=True):
        # Hypothesis measures how long it takes.
        self.clock = freeze_time(f"{start} 09:00:00", ignore=["hypothesis"])
        self.time = self.clock.start()
        hold(env.cr)
        # The text has tests of its own, and takes most of the time.
        self.contract_class = env.registry["crm.contract"]
        self.contract_class._render_text = lambda contract: PDF
        self.env = env(context=dict(env.context, **(QUIET if quiet else {})))
        self._set_up()
        env.cr.commit()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        del self.contract_class._render_text
        self.env.invalidate_all(flush=False)
        release(self.env.cr)
        self.clock.stop()

    def move_to(self, day):
        """Let time pass; what depends on the day is not remembered."""
        self.time.move_to(f"{day} 09:00:00")
        self.env.cr.commit()

    @property
    def today(self):
        return datetime.date.today()

    @contextlib.contextmanager
    def taken_back(self):
        """Take back what is done within; as often as one likes, also nested."""
        cr = self.env.cr
        cr.commit()
        cr._obj.execute("SAVEPOINT taken_back; SAVEPOINT held")
        try:
            yield
        finally:
            self.env.invalidate_all(flush=False)
            cr.clear()
            cr._obj.execute(
                "ROLLBACK TO SAVEPOINT taken_back; RELEASE SAVEPOINT taken_back"
            )

    # Masters

    def _set_up(self):
        env = self.env
        self.company = env.company
        self.company.write(
            {
                "street": "1 Harbour Street",
                "city": "Springfield",
                "country_id": env.ref("base.us").id,
                "company_registry": "HRB 1",
            }
        )
        self.company.partner_id.write(
            {
                "legal_representative": "Director",
                "bank_ids": [Command.create({"acc_number": "0001"})],
            }
        )
        self.users = {
            login: env["res.users"].create(
                {
                    "name": f"User {login}",
                    "login": f"life_{login}",
                    "email": f"{login}@supplier.example.com",
                    "notification_type": "inbox",
                    "group_ids": [
                        Command.set([env.ref(name).id for name in groups.split()])
                    ],
                }
            )
            for login, groups in GROUPS.items()
        }
        self.product = env["product.product"].create(
            {"name": "Upkeep", "type": "service", "taxes_id": False}
        )
        self.type = env["crm.contract.type"].create(
            {
                "name": "Upkeep",
                "code": "LIFE",
                "duration": 12,
                "notice_period": 1,
                "require_plan": False,
                "require_signatories": False,
            }
        )
        # Contracts that are there already have nothing to do with it.
        env.cr.execute("UPDATE crm_contract SET state = 'cancelled'")
        env.invalidate_all()

    def make_customer(self, name):
        """A customer of its own for each contract: whatever it is sent, is the contract's."""
        return self.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "street": "2 Market Square",
                "city": "Shelbyville",
                "country_id": self.env.ref("base.us").id,
                "company_registry": f"HRB {name}",
                "legal_representative": f"Director of {name}",
                "child_ids": [Command.create({"name": f"Signatory of {name}"})],
            }
        )

    def as_user(self, record, login):
        return record.with_user(self.users[login])

    # What people do

    def draft(self, customer, title, start, end, lines, **values):
        """Draft a contract; each line is a dict of values."""
        lines = [
            {"product_id": self.product.id, "name": "Fee", "tax_ids": False, **line}
            for line in lines
        ]
        return self.as_user(self.env["crm.contract"], "sales").create(
            {
                "name": title,
                "type_id": self.type.id,
                "user_id": self.users["sales"].id,
                "partner_id": customer.id,
                "customer_signatory_id": customer.child_ids[:1].id,
                "company_signatory_id": self.users["manager"].id,
                "date_start": start,
                "duration": 0,
                "date_end": end,
                "line_ids": [Command.create(line) for line in lines],
                "installment_ids": False,
                **values,
            }
        )

    def sign(self, contract):
        """Submit a draft, and sign it."""
        contract.action_submit()
        return self.sign_submitted(contract)

    def sign_submitted(self, contract):
        contract.env["crm.contract.sign"].create(
            {"contract_id": contract.id}
        ).action_sign()
        return contract

    def draft_amendment(self, contract, effect):
        wizard = contract.env["crm.contract.amend"].create(
            {"contract_id": contract.id, "date_effective": effect, "reason": "Agreed"}
        )
        wizard.action_amend()
        drafts = contract.amendment_ids.filtered(lambda row: row.state == "draft")
        return drafts.sorted("id")[-1]

    def amend(self, contract, effect, **changes):
        """Agree on other values of the recurring line from a day on."""
        amendment = self.draft_amendment(contract, effect)
        amendment.line_ids.write(changes)
        return self.sign(amendment)

    def end(self, contract, day, reason="terminated"):
        values = {"terminated_by": "mutual", "note": "Agreed"}
        if reason == "completed":
            contract = self.as_user(contract, "manager")
            values = {"note": "Done"}
        contract.env["crm.contract.end"].create(
            {"contract_id": contract.id, "reason": reason, "date": day, **values}
        ).action_end()

    def reopen(self, contract):
        self.as_user(contract.env["crm.contract.reopen"], "manager").create(
            {"contract_id": contract.id, "reason": "Both changed their minds"}
        ).action_reopen()

    def draft_renewal(self, contract):
        before = contract.renewal_ids
        contract.env["crm.contract.renew"].create(
            {"contract_ids": [Command.set(contract.ids)]}
        ).action_renew()
        return contract.renewal_ids - before

    def renew(self, contract):
        return self.sign(self.draft_renewal(contract))

    # What accountants do

    def invoices(self, customer, kind="out_invoice", states=("draft", "posted")):
        """What a customer was sent, oldest first, whatever the ledger knows of it."""
        return self.as_user(self.env["account.move"], "accountant").search(
            [
                ("partner_id", "child_of", customer.id),
                ("move_type", "=", kind),
                ("state", "in", states),
            ],
            order="id",
        )

    def credit(self, invoice, part=None):
        """Credit an invoice, or an amount of its only line."""
        wizard = self._open_reversal(invoice)
        wizard.refund_moves()
        note = wizard.new_move_ids
        if part:
            note.invoice_line_ids.write({"quantity": 1, "price_unit": part})
        note.action_post()
        return note

    def replace(self, invoice):
        """Reverse and create invoice; what comes of it is posted."""
        wizard = self._open_reversal(invoice)
        wizard.modify_moves()
        wizard.new_move_ids.filtered(lambda move: move.state == "draft").action_post()

    def waive(self, rows):
        """Decide that rows of the ledger are never billed."""
        self.as_user(self.env["crm.contract.difference"], "accountant").create(
            {
                "installment_ids": [Command.set(rows.ids)],
                "decision": "waive",
                "reason": "Goodwill",
            }
        ).action_apply()

    def _open_reversal(self, invoice):
        return (
            self.as_user(self.env["account.move.reversal"], "accountant")
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "Wrong"})
        )

    def pay(self, invoice, amount=None):
        values = {"amount": amount} if amount else {}
        self.as_user(self.env["account.payment.register"], "accountant").with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(values).action_create_payments()

    # What the scheduler does

    def run_jobs(self, names=tuple(JOBS)):
        """Run daily jobs, in the order in which the scheduler does."""
        jobs = [self.env.ref(JOBS[name]) for name in names]
        for job in sorted(jobs, key=lambda job: (job.priority, job.id)):
            job.ir_actions_server_id.run()
        self.env.cr.commit()

    # What is there

    def booked(self, customers):
        """What customers were billed, less credit notes: {id: amount}."""
        lines = self.env["account.move.line"].sudo()
        lines.env.flush_all()
        booked = Counter({customer.id: 0.0 for customer in customers})
        for partner, kind, total in lines._read_group(
            [
                ("move_id.commercial_partner_id", "in", list(booked)),
                ("display_type", "=", "product"),
                ("parent_state", "in", ("draft", "posted")),
            ],
            ["partner_id", "move_type"],
            ["price_total:sum"],
        ):
            booked[partner.id] += -total if kind == "out_refund" else total
        return booked

    def failures(self):
        """What jobs could not do (list of str)."""
        rows = self.env["crm.contract.job.failure"].sudo().search([])
        return [f"{row.display_name}: {row.reason}" for row in rows]

    def activities(self, contracts):
        """What is to be done for contracts: {id: activities}."""
        activities = self.env["mail.activity"].sudo()
        domain = [("res_model", "=", "crm.contract")]
        ids = [contract.id for contract in contracts]
        found = activities.search([*domain, ("res_id", "in", ids)])
        return found.grouped("res_id")

    def lines(self, ids):
        """Invoice lines that are there of some, as the accountant sees them."""
        return self.as_user(self.env["account.move.line"], "accountant").search(
            [("id", "in", ids)]
        )

    def last_line(self):
        line = self.env["account.move.line"].sudo().search([], order="id desc", limit=1)
        return line.id or 0

    def new_lines(self, since):
        """Lines of invoices that were made since: {customer's id: lines}."""
        lines = self.env["account.move.line"].sudo()
        found = lines.search(
            [
                ("id", ">", since),
                ("move_type", "=", "out_invoice"),
                ("display_type", "=", "product"),
            ]
        )
        return found.grouped(lambda line: line.partner_id.id)
