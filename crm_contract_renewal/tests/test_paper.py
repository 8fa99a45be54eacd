from dateutil.relativedelta import relativedelta

from odoo.exceptions import UserError

from .test_amend import AmendmentCommon


class TestPaper(AmendmentCommon):
    """Papers of a family: each text has its own, and they are kept together."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._create_user("contract_family_keeper")
        cls.stamp = cls.env["crm.contract.stamp"].create(
            {
                "name": "Contract seal",
                "company_id": cls.company.id,
                "keeper_id": cls.keeper.id,
            }
        )
        cls.archivist = cls._create_user(
            "contract_family_archivist", "crm_contract.crm_contract_group_archivist"
        )

    def _apply(self, contract):
        rows = self.env["crm.contract.sealing"].with_user(self.user)
        return rows.create(
            {
                "contract_id": contract.id,
                "stamp_id": self.stamp.id,
                "purpose": "Originals",
            }
        )

    def _get_file(self, contract):
        rows = self.env["crm.contract.archive"].with_user(self.archivist)
        return rows.search([("contract_id", "=", contract.id)])

    def _file(self, contract):
        archive = self._get_file(contract)
        archive.write({"originals": 1, "place": "Shelf"})
        return archive.action_file()

    def _let_end(self, contract, years):
        if contract.state != "ended":
            self._end(contract.with_user(self.manager), reason="completed")
        self._tamper(contract.sudo().installment_ids, state="paid", amount_open=0)
        self._tamper(
            contract, date_ended=self.today - relativedelta(years=years, days=1)
        )

    def _is_listed(self, archive):
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [("is_destroyable", "=", True), ("id", "=", archive.id)]
        return bool(self.env["crm.contract.archive"].search(domain))

    def test_amendment_is_sealed_for_itself(self):
        contract = self._create_running()
        row = self._apply(contract)
        row.with_user(self.keeper).action_seal()
        amendment = self._change_line(self._draft(contract), price_unit=200)
        with self._refused("no number yet"):
            self._apply(amendment)
        self._submit(amendment)
        mine = self._apply(amendment)
        self.assertEqual(mine.version_id, amendment.version_id)
        self.assertEqual(row.version_id, contract.version_id)
        amendment.action_withdraw()
        self.assertEqual(mine.state, "void")
        self.assertFalse(row.is_withdrawn)
        amendment.action_submit()
        again = self._apply(amendment)
        again.with_user(self.keeper).action_seal()
        self._open_sign(amendment).action_sign()
        self.assertEqual(amendment.state, "in_force")
        self.assertEqual(self._get_file(amendment).state, "to_file")
        self.assertNotEqual(self._get_file(amendment), self._get_file(contract))

    def test_amendment_that_is_set_aside(self):
        """It was signed: its sealed copies are no copies of a withdrawn text."""
        contract = self._create_running()
        amendment = self._change_line(self._draft(contract, 20), price_unit=200)
        self._submit(amendment)
        row = self._apply(amendment)
        row.with_user(self.keeper).action_seal()
        self._open_sign(amendment).action_sign()
        self._end(contract.with_user(self.manager), reason="completed")
        self.assertEqual(amendment.state, "superseded")
        self.assertTrue(row.sudo().version_id.date_withdrawn)
        self.assertFalse(row.is_withdrawn)
        self.assertFalse(row.sudo().activity_ids)
        with self._refused("not part of what is agreed"):
            self._apply(amendment)
        self._file(amendment)

    def test_renewal_keeps_the_papers_of_its_predecessor(self):
        contract = self._create_running()
        amendment = self._change_line(self._draft(contract), price_unit=200)
        self._sign(amendment)
        archives = self._file(contract) | self._file(amendment)
        renewal = self._renew(contract).with_user(self.user)
        self._sign(renewal)
        archives |= self._file(renewal)
        # Decades later
        self._tamper(contract | renewal, state="ended")
        self._tamper(renewal, state="running")
        self._let_end(contract, 30)
        for archive in archives:
            self.assertFalse(self._is_listed(archive))
        self._tamper(renewal, state="ended")
        self._let_end(renewal, 9)
        for archive in archives:
            self.assertFalse(self._is_listed(archive))
        self._let_end(renewal, 10)
        for archive in archives:
            self.assertTrue(self._is_listed(archive))
        self._get_file(renewal).retention = "ever"
        for archive in archives:
            self.assertFalse(self._is_listed(archive))

    def test_draft_amendment_keeps_nobody_from_the_end(self):
        contract = self._create_running()
        archive = self._file(contract)
        self._draft(contract)
        self._let_end(contract, 11)
        self.assertTrue(self._is_listed(archive))

    def test_reopened_from_the_list(self):
        contract = self._create_running()
        archive = self._file(contract)
        self._let_end(contract, 11)
        self.env.invalidate_all()
        archive.action_propose()
        archive.with_user(self.manager).action_approve()
        contract.with_user(self.manager)._action_reopen()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "not at its end"):
            archive.action_destroy()
