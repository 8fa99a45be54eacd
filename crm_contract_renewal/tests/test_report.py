from datetime import datetime, time, timedelta

from .test_amend import AmendmentCommon


class TestReport(AmendmentCommon):
    """Amendments are in the figures of the contract that they change."""

    def test_value_as_signed_and_with_what_was_amended(self):
        contract = self._create_running()
        value = contract.amount_total
        amendment = self._draft(contract)
        self._change_line(amendment, price_unit=amendment.line_ids[:1].price_unit + 100)
        self._sign(amendment)
        self.assertGreater(contract.amount_total, value)
        self.env.flush_all()
        report = self.env["crm.contract.report"].with_user(self.user)
        domain = [("contract_id", "in", (contract | amendment).ids)]
        row = report.search(domain)
        self.assertRecordValues(
            row,
            [
                {
                    "contract_id": contract.id,
                    "amount_signed": value,
                    "amount_total": contract.amount_total,
                    "amendment_count": 1,
                    "renewal_mode": contract.renewal_mode,
                }
            ],
        )

    def test_digest(self):
        """What recurs since the contract began is the change of its first day."""
        contract = self._create_running()
        movements = self.env["crm.contract.mrr.movement"].search(
            [("contract_id", "=", contract.id)]
        )
        day = datetime.combine(movements[:1].date or self.today, time.min)
        digest = self.env["digest.digest"].create(
            {"name": "MRR", "company_id": self.company.id, "kpi_contract_mrr": True}
        )
        digest = digest.with_user(self.reader).with_context(
            start_datetime=day, end_datetime=day + timedelta(days=1)
        )
        self.assertEqual(
            digest.kpi_contract_mrr_value, sum(movements.mapped("amount_mrr"))
        )
