from contextlib import contextmanager

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.crm_contract.tests.common import ContractCommon


@tagged("post_install", "-at_install")
class RenewalCommon(ContractCommon):
    """A type with three reminders, and a contract with a recurring line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.type.rung_ids = [
            Command.create({"name": f"{days} days", "days": days})
            for days in (60, 30, 7)
        ]

    def _create_running(self, **vals):
        """Return a contract of twelve months from today, with a monthly fee of 100."""
        line = self._prepare_line_vals(
            price_unit=100, is_recurring=True, tax_ids=False, name="Fee"
        )
        return self._create_signed(
            **{"line_ids": [Command.create(line)], "installment_ids": False, **vals}
        )

    def _run(self, name, days=0):
        """Run a job some days from now."""
        self.env.flush_all()
        cron = self.env.ref(f"crm_contract_renewal.ir_cron_{name}")
        with freeze_time(self._days(days)), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def _days_before(self, contract, days):
        """Return how many days from now it is that many days before the deadline."""
        return (contract.date_deadline - self.today).days - days

    @contextmanager
    def _refused(self, text="", error=UserError):
        with self.assertRaisesRegex(error, text), self.env.cr.savepoint():
            yield

    def _open_renew(self, contracts, **vals):
        return (
            self.env["crm.contract.renew"]
            .with_user(self.user)
            .create({"contract_ids": [Command.set(contracts.ids)], **vals})
        )

    def _renew(self, contract, **vals):
        self._open_renew(contract, **vals).action_renew()
        return contract.renewal_ids
