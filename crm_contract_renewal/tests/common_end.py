from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from odoo.addons.crm_contract.tests.test_installment import LedgerCommon

from .common import RenewalCommon

TODAY = date(2026, 3, 10)


@freeze_time(TODAY)
class EndCommon(RenewalCommon, LedgerCommon):
    """Contracts of the year 2026 with a monthly fee of 310, seen from 10 March.

    Notice has to be given by 30 September.
    """

    def _create_fee(self, line=(), **vals):
        fee = {
            "price_unit": 310,
            "is_recurring": True,
            "tax_ids": False,
            "name": "Fee",
            **dict(line),
        }
        return self._create_signed(
            **{
                "date_start": date(2026, 1, 1),
                "notice_period": 3,
                "line_ids": [Command.create(self._prepare_line_vals(**fee))],
                "installment_ids": False,
                **vals,
            }
        )

    def _create_with_plan(self):
        """Return a contract with a fee and two installments, due 10 and 30 March."""
        one_off = self._prepare_line_vals(price_unit=1000, tax_ids=False)
        fee = self._prepare_line_vals(
            price_unit=310, is_recurring=True, tax_ids=False, name="Fee"
        )
        plan = [
            {"name": "First", "date": date(2026, 3, 10), "percentage": 40},
            {"name": "Second", "date": date(2026, 3, 30), "percentage": 60},
        ]
        return self._create_fee(
            line_ids=[Command.create(one_off), Command.create(fee)],
            installment_ids=[Command.create(row) for row in plan],
        )

    def _open_terminate(self, contract, user=None, **vals):
        return (
            self.env["crm.contract.end"]
            .with_user(user or self.user)
            .create(
                {
                    "contract_id": contract.id,
                    "reason": "terminated",
                    "terminated_by": "mutual",
                    "note": "Closed",
                    **vals,
                }
            )
        )

    def _terminate(self, contract, day=TODAY, user=None, **vals):
        self._open_terminate(contract, user, date=day, **vals).action_end()
        self.env.flush_all()
        return contract

    def _reopen(self, contract, user=None, reason="Both changed their minds"):
        (
            self.env["crm.contract.reopen"]
            .with_user(user or self.manager)
            .create({"contract_id": contract.id, "reason": reason})
            .action_reopen()
        )
        self.env.flush_all()

    def _get_settlement(self, contract):
        return contract.sudo().termination_id.settlement_move_ids

    def _run_on(self, name, day, addon="crm_contract_renewal"):
        """Run a daily job on a day."""
        self.env.flush_all()
        cron = self.env.ref(f"{addon}.ir_cron_{name}")
        with freeze_time(day), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def _bill(self, rows):
        """Invoice and post rows; return the invoice."""
        return self._post(self._invoice(rows))

    def _periods(self, contract):
        """Return the fee rows as (month, first day, last day, amount, state)."""
        self.env.flush_all()
        rows = contract.installment_ids.filtered("line_id").sorted("period_start")
        return [
            (
                row.period_start.month,
                row.period_start.day,
                row.period_end.day,
                row.amount,
                row.state,
            )
            for row in rows
        ]

    def _row_of(self, contract, month):
        return contract.installment_ids.filtered(
            lambda row: row.line_id and row.period_start.month == month
        )

    def _get_net(self, contract):
        """Return what was billed of the fees, less what was credited."""
        self.env.invalidate_all()
        rows = contract.installment_ids.filtered("line_id")
        return round(sum(rows.mapped("amount_invoiced")), 2)
