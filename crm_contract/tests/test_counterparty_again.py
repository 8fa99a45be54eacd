from odoo.exceptions import UserError

from .common_signature import SignatureCommon
from .test_counterparty import GuardCommon


class TestListedMeanwhile(SignatureCommon, GuardCommon):
    """What was learnt since the submission counts when a contract is sent to be signed."""

    def test_black_list_since_the_submission(self):
        contract = self._submit(self._create_contract())
        request = self._request(contract=contract)
        row = self._blacklist()
        self.assertFalse(self._get_refused(request), "The type does not refuse it")
        self.type.refuse_listed = True
        self.assertIn("Never paid", self._get_refused(request))
        with self.assertRaisesRegex(UserError, "Never paid"):
            request.action_send()
        row.list_status = "none"
        self.assertNotIn("Never paid", self._get_refused(request))

    def _get_refused(self, request):
        checks = request.env["crm.contract.signature.check"]
        return " ".join(checks._get_text_problems(request))

    def test_findings_that_were_changed(self):
        self._blacklist()
        contract = self._submit(self._create_contract())
        health, version = self.env["crm.contract.health"].sudo(), contract.version_id
        [scan] = [s for s in health._get_scans() if s.name == "finding_hash"]
        versions = self.env["crm.contract.version"].sudo()
        self.assertIn(version, versions.search(scan.domain()))
        self.assertEqual(scan.judge(version), "")
        finding = self.env["crm.contract.finding"].sudo()._get_rows(version)
        self._tamper(finding, message="All is well")
        self.assertIn("not what the chain", scan.judge(version))

    def test_submissions_that_may_be_split_wait_for_each_other(self):
        """The second of two at once is retried: it updates what the first one did."""
        split = self.env["crm.contract.split"]
        contract = self._create_contract()
        self.customer.flush_recordset()

        def is_locked():
            split._serialise(contract)
            self.env.cr.execute(
                "SELECT ctid::text FROM res_partner WHERE id = %s", [self.customer.id]
            )
            return self.env.cr.fetchone()

        before = is_locked()
        self.assertEqual(
            is_locked(), before, "Types that look at no split wait for none"
        )
        self.type.write({"split_days": 30, "split_amount": 5000})
        self.assertNotEqual(is_locked(), before)
