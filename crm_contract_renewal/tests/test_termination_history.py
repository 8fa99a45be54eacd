from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common_end import TODAY, EndCommon

JUNE = date(2026, 6, 30)


@freeze_time(TODAY)
class TestTerminationHistory(EndCommon):
    """Ends are on record: announced, in effect, taken back, and decided on anew."""

    def _get_history(self, contract, user=None):
        """Return the ends of a contract as its user sees them, the first one first."""
        self.env.flush_all()
        model = self.env["crm.contract.termination"].with_user(user or self.user)
        return model.search([("contract_id", "=", contract.id)], order="id")

    def test_terminated_taken_back_and_terminated_again(self):
        contract = self._create_fee()
        self._terminate(contract, JUNE)
        self._reopen(contract, reason="They stay")
        self.assertFalse(contract.termination_id)
        self.assertFalse(contract.date_termination)
        with freeze_time("2026-04-02"):
            self._terminate(contract, date(2026, 5, 31), note="Now they go")
        first, second = self._get_history(contract)
        self.assertEqual((first.state, second.state), ("taken_back", "announced"))
        self.assertEqual(contract.termination_id, second)
        self.assertEqual(contract.date_termination, date(2026, 5, 31))
        self.assertEqual((first.date, first.reason), (JUNE, "Closed"))
        self.assertEqual((first.user_id, first.date_recorded), (self.user, TODAY))
        self.assertEqual(first.taken_back_by_id, self.manager)
        self.assertEqual(first.date_taken_back, TODAY)
        self.assertEqual(first.taken_back_reason, "They stay")
        self.assertEqual(second.reason, "Now they go")
        self.assertEqual(second.date_recorded, date(2026, 4, 2))
        self.assertFalse(second.date_taken_back)
        # The decision to let it expire went, and came, with them.
        decisions = contract.renewal_decision_id.search(
            [("contract_id", "=", contract.id)], order="id"
        )
        self.assertEqual(decisions.mapped("decision"), ["expire", "expire"])
        self.assertEqual(decisions.mapped("taken_back_by_id.id"), self.manager.ids)
        self.assertEqual(contract.renewal_decision_id, decisions[1])

    def test_in_effect_from_its_day_on(self):
        contract = self._create_fee()
        self._terminate(contract, date(2026, 5, 10))
        [termination] = self._get_history(contract)
        self._run_on("renew", "2026-05-10")
        self.assertEqual(termination.state, "announced")
        self._run_on("renew", "2026-05-11")
        self.assertEqual(contract.state, "ended")
        self.assertEqual(termination.state, "effective")
        self.assertEqual(contract.termination_id, termination)

    def test_at_once(self):
        contract = self._terminate(self._create_fee())
        [termination] = self._get_history(contract)
        self.assertEqual(termination.state, "effective")
        self.assertEqual(contract.date_termination, TODAY)
        self.assertEqual(
            termination.display_name, "03/10/2026 (Both, by mutual agreement)"
        )

    def test_completed(self):
        contract = self._create_fee()
        invoice = self._bill(self._row_of(contract, 3))
        self._end(contract.with_user(self.manager), note="All done")
        [termination] = self._get_history(contract)
        self.assertEqual(
            (termination.end_reason, termination.state), ("completed", "effective")
        )
        self.assertEqual(
            (termination.reason, termination.user_id), ("All done", self.manager)
        )
        self.assertEqual(self._get_settlement(contract).reversed_entry_id, invoice)

    def test_penalty_stays_on_record(self):
        contract = self._create_fee()
        penalty = {
            "penalty": "fixed",
            "penalty_fixed": 500,
            "penalty_owed_by": "customer",
            "penalty_clause_id": contract.clause_ids.id,
            "penalty_tax_ids": [Command.set(self.tax.ids)],
        }
        self._terminate(contract, **penalty)
        row = contract.sudo().termination_id.penalty_row_ids
        row.invoice_id.button_cancel()
        self._reopen(contract)
        self._terminate(contract, **{**penalty, "penalty_fixed": 700})
        first, second = self._get_history(contract)
        self.assertEqual((first.amount_penalty, second.amount_penalty), (500, 700))
        self.assertEqual(first.penalty_clause_id, contract.clause_ids)
        self.assertEqual(first.penalty_tax_ids, self.tax)
        self.assertEqual(first.penalty_row_ids, row)
        self.assertTrue(row.is_cancelled)
        self.assertFalse(second.penalty_row_ids.is_cancelled)
        self.assertEqual(second.penalty_row_ids.amount, 805)
        # What settled the first end is not in the way of the second one.
        self._get_settlement(contract).button_cancel()
        self._reopen(contract)
        self.assertEqual(second.state, "taken_back")

    def test_made_by_code_alone(self):
        contract = self._terminate(self._create_fee(), JUNE)
        [termination] = self._get_history(contract)
        vals = {"contract_id": contract.id, "end_reason": "completed", "date": TODAY}
        for user in (self.user, self.manager, self.env.ref("base.user_admin")):
            mine = termination.with_user(user)
            for call in (
                lambda mine=mine: mine.create(vals),
                lambda mine=mine: mine.write({"reason": "Forged"}),
                lambda mine=mine: mine.write({"date_taken_back": TODAY}),
                lambda mine=mine: mine.write({"state": "taken_back"}),
                lambda mine=mine: mine.copy(),
                lambda mine=mine: mine.unlink(),
            ):
                with self._refused():
                    call()
        self.assertEqual(termination.reason, "Closed")

    def test_what_is_on_record_never_changes(self):
        contract = self._terminate(self._create_fee(), JUNE)
        termination = self._get_history(contract).sudo()
        for vals in ({"date": TODAY}, {"reason": "Other"}, {"amount_penalty": 1}):
            with self._refused("can't be changed"):
                termination.write(vals)
        with self._refused("can't be deleted"):
            termination.unlink()

    def test_who_sees_what(self):
        mine = self._terminate(self._create_fee(), JUNE)
        other = self._create_fee(user=self.manager, user_id=self.manager.id)
        self._terminate(other, JUNE, user=self.manager)
        both = mine | other
        for user, contracts in (
            (self.user, mine),
            (self.user_all, both),
            (self.reader, both),
            (self.accountant, both),
        ):
            model = self.env["crm.contract.termination"].with_user(user)
            found = model.search([("contract_id", "in", both.ids)])
            self.assertEqual(found.contract_id, contracts, user.login)
        for user in (self.portal, self.salesman):
            with self._refused("", AccessError):
                self._get_history(mine, user)
        company = self._create_company("Other Ltd")
        reader = self._create_user(
            "other_reader", "crm_contract.crm_contract_group_reader", company
        )
        model = self.env["crm.contract.termination"].with_user(reader)
        self.assertFalse(model.with_context(allowed_company_ids=company.ids).search([]))

    def test_rows_of_the_ledger_lead_to_it_by_code_alone(self):
        contract = self._create_fee()
        self._terminate(contract, JUNE)
        row = contract.installment_ids[:1].with_user(self.manager)
        with self._refused("", UserError):
            row.termination_id = contract.termination_id

    def test_the_chatter_tells_the_day(self):
        contract = self._create_fee()
        # What is created is not tracked until it is committed.
        self.env.cr.flush()
        tracked = {"tracking_disable": False, "mail_notrack": False}
        self.env = self.env(context={**self.env.context, **tracked})
        self._terminate(contract, JUNE)
        self.env.cr.flush()
        self.env.invalidate_all()
        names = contract.message_ids.sudo().tracking_value_ids.field_id.mapped("name")
        self.assertLessEqual({"date_termination", "renewal_decision"}, set(names))
