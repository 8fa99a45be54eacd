from datetime import timedelta

from freezegun import freeze_time

from odoo.addons.crm_contract.tests.test_health import HealthCommon

from .test_mrr_log import MrrCommon


class TestHealthRenewal(MrrCommon, HealthCommon):
    """Reminders, amendments, renewals, ends and recurring revenue."""

    def _later(self, days):
        self.env.flush_all()
        return freeze_time(self._days(days))

    def test_sound(self):
        """Amended, renewed, terminated, ended, and with steps."""
        self.env["ir.config_parameter"].set_param("crm_contract.health_days", 1000)
        contract = self._create_stepped()
        amendment = self._draft(contract)
        amendment.line_ids.price_unit = 200
        self._sign(amendment)
        renewed = self._create_running()
        self._sign(self._renew(renewed))
        over = self._create_running()
        self._end(over, reason="terminated", note="Moves abroad")
        self.assert_sound()
        self._advance(120, ("core", "renew", "ladder", "mrr"))
        with self._later(120):
            self.assert_sound()

    def _draft(self, contract, days=0):
        wizard = (
            self.env["crm.contract.amend"]
            .with_user(self.user)
            .create(
                {
                    "contract_id": contract.id,
                    "date_effective": self._days(days),
                    "reason": "More sites",
                }
            )
        )
        action = wizard.action_amend()
        return contract.browse(action["res_id"]).with_user(self.user)

    def test_reminders_nobody(self):
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        with self._found("reminders_nobody", contract):
            contract.sudo().fired_ids.activity_ids.unlink()
            self.env.flush_all()

    def test_reminders_done(self):
        """Who marks it as done had it; what is decided needs none."""
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        contract.activity_ids.action_done()
        self.assertFalse(self._find("reminders_nobody"))
        contract._decide_renewal("expire", "Too dear")
        contract.sudo().fired_ids.activity_ids.unlink()
        self.env.flush_all()
        self.assertFalse(self._find("reminders_nobody"))

    def test_reminders_late(self):
        contract = self._create_running()
        day = self._days_before(contract, 60)
        with self._later(day + 1):
            self.assertFalse(self._find("reminders_late"))
        with self._later(day + 2):
            self.assertEqual(self._find("reminders_late"), contract)

    def test_amendments_late(self):
        amendment = self._draft(self._create_running(), 10)
        amendment.line_ids.price_unit = 200
        self._sign(amendment)
        with self._later(11):
            self.assertFalse(self._find("amendments_late"))
        with self._later(12):
            self.assertEqual(self._find("amendments_late"), amendment)

    def test_terminations_late(self):
        contract = self._create_running()
        self._end(
            contract, reason="terminated", date=self._days(40), note="Moves abroad"
        )
        self.assertTrue(contract.date_termination)
        day = (contract.date_termination - self.today).days
        with self._later(day + 1):
            self.assertFalse(self._find("terminations_late"))
        with self._later(day + 2):
            self.assertEqual(self._find("terminations_late"), contract)

    def test_renewals_late(self):
        contract = self._create_running()
        renewal = self._sign(self._renew(contract))
        day = (renewal.date_start - self.today).days
        with self._later(day + 1):
            self.assertFalse(self._find("renewals_late"))
        with self._later(day + 2):
            self.assertEqual(self._find("renewals_late"), renewal)

    def test_automatic_late(self):
        contract = self._create_running(renewal_mode="automatic")
        day = (contract.date_notice - self.today).days
        with self._later(day + 1):
            self.assertFalse(self._find("automatic_late"))
        with self._later(day + 2):
            self.assertEqual(self._find("automatic_late"), contract)

    def test_renewal_days(self):
        contract = self._create_running()
        renewal = self._sign(self._renew(contract))
        for days in (-2, 0):
            self._set(contract, date_end=renewal.date_start - timedelta(days=1))
            with self._found("renewal_days", renewal):
                self._set(contract, date_end=renewal.date_start + timedelta(days=days))

    def test_mrr_log(self):
        contract = self._create_running()
        with self._found("mrr_log", contract):
            self.env.cr.execute(
                "DELETE FROM crm_contract_mrr_movement WHERE contract_id = %s",
                contract.ids,
            )

    def test_mrr_of_the_contract(self):
        contract = self._create_running()
        with self._found("mrr_log", contract):
            self._set(contract, amount_mrr=77)
