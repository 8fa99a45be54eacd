from .common import ApprovalCommon


class TestLanguages(ApprovalCommon):
    """Who decides reads in his own language, whoever submitted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.legal.with_context(lang="zh_CN").name = "法务审核"

    def _read(self, contract, lang):
        task = contract.with_context(lang=lang).approval_task_ids.sorted("sequence")[0]
        return task.name, task.reason

    def test_each_reader_in_his_language(self):
        for lang in ("en_US", "zh_CN"):
            with self.subTest(submitted_in=lang):
                contract = self._create_contract(self.user_all)
                self._submit(contract.with_context(lang=lang))
                english = self._read(contract, "en_US")
                self.assertEqual(english, (self.legal.name, "Always needed"))
                chinese = self._read(contract, "zh_CN")
                self.assertEqual(chinese, ("法务审核", "始终需要"))

    def test_figures_by_step(self):
        contract = self._create_contract(self.user_all)
        self._submit(contract)
        self.env.flush_all()
        reports = self.env["crm.contract.approval.report"].with_context(lang="zh_CN")
        domain = [("contract_id", "=", contract.id), ("row_type", "=", "waiting")]
        self.assertEqual(reports.search(domain).mapped("step_name"), ["法务审核"])
        [(name, count)] = reports._read_group(domain, ["step_name"], ["__count"])
        self.assertEqual((name, count), ("法务审核", 1))
