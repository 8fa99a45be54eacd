from odoo.exceptions import AccessError, UserError

from .common import ContractCommon


class TestSuccession(ContractCommon):
    """Somebody leaves: what he was responsible for waits for nobody who is not there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._create_user("contract_admin", "base.group_erp_manager")
        cls.leader = cls._create_user(
            "contract_leader", "crm_contract.crm_contract_group_user_all"
        )
        cls.team = cls.env["crm.team"].create(
            {"name": "Team", "user_id": cls.leader.id, "company_id": cls.company.id}
        )

    def setUp(self):
        super().setUp()
        self.contract = self._create_signed(team_id=self.team.id)
        self.milestone = self.env["crm.contract.milestone"].create(
            {
                "contract_id": self._create_contract(team_id=self.team.id).id,
                "name": "Delivery",
                "user_id": self.user.id,
            }
        )
        self.other = self._sign(self.milestone.contract_id.with_user(self.user))
        self.contract.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.user.id, summary="Call"
        )

    def _get_wizard(self, action):
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        return wizard.with_user(self.admin)

    def _assert_with(self, user):
        self.assertEqual((self.contract | self.other).sudo().user_id, user)
        self.assertEqual(self.milestone.user_id, user)
        activities = self.milestone.sudo().activity_ids
        activities |= self.contract.sudo().activity_ids
        self.assertEqual(activities.user_id, user)
        self.assertIn("Call", activities.mapped("summary"))

    def test_archived_by_rpc(self):
        """Without the dialog, the next in charge has it."""
        self.user.with_user(self.admin).write({"active": False})
        self._assert_with(self.leader)

    def test_asks_who_takes_over(self):
        action = self.user.with_user(self.admin).action_archive()
        self.assertFalse(self.user.active)
        self._assert_with(self.leader)
        wizard = self._get_wizard(action)
        self.assertEqual(
            set(wizard.line_ids.mapped("label")), {"Contract", "Obligation", "Reminder"}
        )
        self.assertIn(
            self.contract.sudo().display_name, wizard.line_ids.mapped("contract_name")
        )
        wizard.user_id = self.user_all
        wizard.action_take_over()
        self._assert_with(self.user_all)

    def test_nothing_to_take_over(self):
        idle = self._create_user(
            "contract_idle", "crm_contract.crm_contract_group_user"
        )
        self.assertFalse(idle.with_user(self.admin).action_archive())

    def test_leader_leaves(self):
        """His teams go to the successor; without one, reminders skip him."""
        mine = self._create_signed(user=self.leader, user_id=self.leader.id)
        action = self.leader.with_user(self.admin).action_archive()
        self.assertEqual(mine.sudo().user_id, self.contract._get_contract_managers(
            self.company)[:1])  # fmt: skip
        wizard = self._get_wizard(action)
        wizard.user_id = self.user_all
        wizard.action_take_over()
        self.assertEqual(self.team.user_id, self.user_all)
        self.assertEqual(mine.sudo().user_id, self.user_all)

    def test_successor_without_access(self):
        """Who can't read a contract does not take it over."""
        action = self.user.with_user(self.admin).action_archive()
        wizard = self._get_wizard(action)
        wizard.user_id = self.salesman
        wizard.action_take_over()
        self._assert_with(self.leader)

    def test_several_leave_at_once(self):
        (self.user | self.leader).with_user(self.admin).action_archive()
        self.assertEqual(
            self.contract.sudo().user_id,
            self.contract._get_contract_managers(self.company)[:1],
        )

    def test_what_is_over_stays(self):
        ended = self._end(self._create_signed(), date=self.today)
        self.user.with_user(self.admin).write({"active": False})
        self.assertEqual(ended.sudo().user_id, self.user)

    def test_only_who_may_archive(self):
        for user in (self.user_all, self.manager):
            for archive in (
                lambda user=user: self.user.with_user(user).action_archive(),
                lambda user=user: self.user.with_user(user).write({"active": False}),
            ):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    archive()
        self.assertEqual(self.contract.sudo().user_id, self.user)

    def test_no_forged_lines(self):
        """The dialog moves what the code put there, and nothing else."""
        action = self.user.with_user(self.admin).action_archive()
        wizard = self._get_wizard(action)
        with self.assertRaises(AccessError):
            wizard.create({"leaving_ids": self.user.ids})
        for vals in (
            {"leaving_ids": [(6, 0, self.manager.ids)]},
            {"line_ids": [(0, 0, {"res_model": "res.users"})]},
        ):
            with self.assertRaises(AccessError):
                wizard.write(vals)
        with self.assertRaises(AccessError):
            wizard.line_ids[0].write({"res_id": self.other.id})
        with self.assertRaises(AccessError):
            wizard.with_user(self.manager).action_take_over()
        with self.assertRaises(UserError):
            wizard.action_take_over()
