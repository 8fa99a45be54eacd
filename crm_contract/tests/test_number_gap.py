from .common import ContractCommon


class TestNumberGap(ContractCommon):
    """Numbers have no gaps; where one is, the report names it."""

    def _number(self, count, **vals):
        return [
            self._submit(self._create_contract(self.manager, **vals))
            for _n in range(count)
        ]

    def _get_gaps(self, prefix=None):
        self.env.flush_all()
        self.env.invalidate_all()
        gaps = self.env["crm.contract.number.gap"].with_user(self.reader)
        rows = gaps.search(
            [("prefix", "=", prefix or f"TST/{self.today.year}/")], order="number_from"
        )
        return [(row.number_from, row.number_to, row.count) for row in rows]

    def _remove(self, *contracts):
        """Give numbers that a deletion past the server would leave behind."""
        for contract in contracts:
            self._tamper(contract, number=None, sequence_number=0, sequence_prefix=None)

    def test_none(self):
        contracts = self._number(4)
        contracts[1].action_cancel()
        contracts[2].action_withdraw()
        contracts[1].active = False
        self.assertEqual(self._get_gaps(), [])

    def test_deleted_drafts_leave_none(self):
        self._number(1)
        self._create_contract(self.manager).unlink()
        self._number(1)
        self.assertEqual(self._get_gaps(), [])

    def test_gaps(self):
        contracts = self._number(7)
        self._remove(contracts[0], contracts[2], contracts[3], contracts[5])
        self.assertEqual(self._get_gaps(), [(1, 1, 1), (3, 4, 2), (6, 6, 1)])
        gap = self.env["crm.contract.number.gap"].search(
            [("number_from", "=", 3), ("type_id", "=", self.type.id)]
        )
        self.assertEqual(gap.contract_before_id, contracts[1])
        self.assertEqual(gap.contract_after_id, contracts[4])

    def test_last_one_missing_is_given_again(self):
        contracts = self._number(3)
        self._remove(contracts[2])
        self.assertEqual(self._get_gaps(), [])

    def test_archived_type_and_contract(self):
        contracts = self._number(4)
        self._remove(contracts[1])
        contracts[3].action_cancel()
        contracts[3].active = False
        self.type.active = False
        self.assertEqual(self._get_gaps(), [(2, 2, 1)])

    def test_types_and_years_count_for_themselves(self):
        other = self.type.copy({"code": "OTH"})
        self._number(2)
        self._number(2, type_id=other.id)
        next_year = self._create_contract(self.manager)
        self._tamper(
            self._submit(next_year),
            number="TST/2031/00002",
            sequence_prefix="TST/2031/",
            sequence_number=2,
        )
        self.assertEqual(self._get_gaps(), [])
        self.assertEqual(self._get_gaps(f"OTH/{self.today.year}/"), [])
        # A counter that was set back does not hide what is missing before it.
        self.assertEqual(self._get_gaps("TST/2031/"), [(1, 1, 1)])

    def test_companies(self):
        contracts = self._number(3)
        sister = self._create_company("Sister of numbers")
        self._tamper(contracts[1], company_id=sister.id)
        # The reader sees his company's: 2 is missing there; the sister's are not his.
        self.assertEqual(self._get_gaps(), [(2, 2, 1)])
        gaps = (
            self.env["crm.contract.number.gap"]
            .sudo()
            .search([("company_id", "=", sister.id)])
        )
        self.assertEqual([(g.number_from, g.number_to) for g in gaps], [(1, 1)])
