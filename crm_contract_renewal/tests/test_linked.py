from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.fields import Command

from .common_end import TODAY, EndCommon

END = date(2026, 12, 31)
EARLIER = date(2026, 9, 30)
LATER = date(2027, 3, 31)


@freeze_time(TODAY)
class TestLinked(EndCommon):
    """The end of a term and the begin of its renewal stay together."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_fee(
            milestone_ids=[
                Command.create({"name": "Report", "date_deadline": date(2026, 6, 30)})
            ],
        )

    def _amend_end(self, end, sign=True):
        amendment = self.contract._amend(TODAY)
        amendment.date_end = end
        if sign:
            self._submit(amendment)
            self._open_sign(amendment).action_sign()
        return amendment

    def _get_activities(self, renewal):
        return renewal.activity_ids.filtered(
            lambda a: "term before" in (a.summary or "")
        )

    def test_draft_moves_along(self):
        for end in (EARLIER, LATER):
            contract = self.contract = self._create_fee(
                milestone_ids=self._prepare_milestone()
            )
            renewal = self._renew(contract)
            renewal.line_ids.write(
                {"date_start": date(2027, 2, 1), "date_end": date(2027, 5, 31)}
            )
            self._amend_end(end)
            self.assertEqual(contract.date_end, end)
            first = {EARLIER: date(2026, 10, 1), LATER: date(2027, 4, 1)}[end]
            last = {EARLIER: date(2027, 9, 30), LATER: date(2028, 3, 31)}[end]
            self.assertEqual((renewal.date_start, renewal.date_end), (first, last))
            lines = {
                EARLIER: (date(2026, 11, 1), date(2027, 2, 28)),
                LATER: (date(2027, 5, 1), date(2027, 8, 31)),
            }
            line = renewal.line_ids
            self.assertEqual((line.date_start, line.date_end), lines[end])
            report = {EARLIER: date(2027, 3, 31), LATER: date(2027, 9, 30)}
            self.assertEqual(renewal.milestone_ids.date_deadline, report[end])
            self.assertIn("was moved from", self._get_activities(renewal).note)

    def _prepare_milestone(self):
        return [Command.create({"name": "Report", "date_deadline": date(2026, 6, 30)})]

    def test_moves_when_it_is_agreed_on(self):
        """A draft of an amendment moves nothing, one to come does when it is signed."""
        renewal = self._renew(self.contract)
        amendment = self._amend_end(LATER, sign=False)
        self.assertEqual(renewal.date_start, date(2027, 1, 1))
        amendment.date_effective = date(2026, 5, 1)
        self._submit(amendment)
        self._open_sign(amendment).action_sign()
        self.assertEqual(self.contract.date_end, END)
        self.assertEqual(renewal.date_start, date(2027, 4, 1))

    def test_moves_back_before_the_end_is_moved(self):
        renewal = self._renew(self.contract)
        amendment = self._amend_end(EARLIER, sign=False)
        amendment.date_effective = date(2026, 5, 1)
        self._submit(amendment)
        self._open_sign(amendment).action_sign()
        self.assertEqual(renewal.date_start, date(2026, 10, 1))
        self._sign(renewal)
        self._run_on("renew", "2026-05-01")
        self.assertEqual(self.contract.date_end, EARLIER)

    def test_other_amendments_move_nothing(self):
        renewal = self._renew(self.contract)
        renewal.date_start = date(2027, 1, 15)
        amendment = self.contract._amend(TODAY)
        amendment.line_ids.price_unit = 320
        self._submit(amendment)
        self._open_sign(amendment).action_sign()
        self.assertEqual(renewal.date_start, date(2027, 1, 15))
        self.assertFalse(self._get_activities(renewal))

    def test_out_for_signature(self):
        renewal = self._submit(self._renew(self.contract))
        with self._refused("out for review or signature"):
            self._amend_end(LATER)
        amendment = self._amend_end(LATER, sign=False)
        renewal.action_withdraw()
        self._submit(amendment)
        self._submit(renewal)
        # It was submitted meanwhile; it can't be signed before it is taken back.
        with self._refused("out for review or signature"):
            self._open_sign(amendment).action_sign()
        renewal.action_withdraw()
        self._open_sign(amendment).action_sign()
        self.assertEqual(renewal.date_start, date(2027, 4, 1))

    def test_signed(self):
        renewal = self._sign(self._renew(self.contract))
        for end in (EARLIER, LATER):
            with self._refused("is signed and follows"):
                self._amend_end(end)
        with self._refused("is signed and follows"):
            self._terminate(self.contract, EARLIER)
        with self._refused("is signed and follows"):
            self._terminate(self.contract)
        with self._refused("is signed and follows"):
            self._end(self.contract.with_user(self.manager))
        self._terminate(renewal)
        self._terminate(self.contract, EARLIER)
        self.assertEqual(self.contract.date_termination, EARLIER)

    def test_to_the_end_of_the_term(self):
        """A renewal that follows is no reason against the end that it follows on."""
        self._sign(self._renew(self.contract))
        self._terminate(self.contract, END)
        self.assertEqual(self.contract.date_termination, END)

    def test_draft_that_can_not_follow(self):
        renewal = self._renew(self.contract)
        amendment = self.contract._amend(TODAY)
        amendment.is_open_ended = True
        self._submit(amendment)
        self._open_sign(amendment).action_sign()
        self.assertIn("has no end any more", self._get_activities(renewal).note)
        with self._refused("has no end any more"):
            self._submit(renewal)

    def test_drafted_before_the_present_end(self):
        """Nobody moves the draft back into the term before it."""
        renewal = self._renew(self.contract)
        amendment = self._amend_end(LATER, sign=False)
        amendment.date_effective = date(2026, 5, 1)
        self._submit(amendment)
        self._open_sign(amendment).action_sign()
        with self._refused("before the term of its predecessor", ValidationError):
            renewal.date_start = date(2027, 1, 1)

    def test_suspended_over_the_end(self):
        """A suspension goes on in the renewal: nothing is billed before it is over."""
        renewal = self._sign(self._renew(self.contract))
        self.contract.action_suspend()
        self._run_on("advance", "2027-01-03", "crm_contract")
        self._run_on("renew", "2027-01-03")
        self.assertEqual(self.contract.end_reason, "superseded")
        self.assertEqual(renewal.state, "suspended")
        self.assertEqual(renewal.suspension_ids.date_start, date(2027, 1, 1))
        self.assertIn("suspended", self._get_activities(renewal).note)
        self.assertFalse(renewal.installment_ids)
        with freeze_time("2027-02-15"):
            renewal.action_resume()
            self.env.flush_all()
        # 14 of 28 days of February
        self.assertEqual(self._periods(renewal)[0][:4], (2, 1, 28, 155))
