from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .common_secrecy import ID_NUMBER, SecrecyCommon
from .common_signature import SignatureCommon


@tagged("post_install", "-at_install")
class TestPrivacy(SecrecyCommon, SignatureCommon):
    """People are erased on request, contracts that they signed are not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who changes contacts at all
        for user in (cls.manager, cls.user):
            user.group_ids |= cls.env.ref("base.group_partner_manager")

    def _open(self, partners, user=None):
        wizards = self.env["crm.contract.anonymise"].with_user(user or self.manager)
        wizards = wizards.with_context(
            active_model="res.partner", active_ids=partners.ids
        )
        return wizards.create({})

    def test_signed_contracts_stay(self):
        self.signatory.write({"phone": "+1 555", "contract_id_number": ID_NUMBER})
        self.signatory.message_post(body="He lives in Springfield")
        self.signatory.invalidate_recordset()
        signed = self._create_signed()
        digest = signed.version_id.content_hash
        wizard = self._open(self.signatory)
        self.assertIn(signed.display_name, wizard.note)
        wizard.action_confirm()
        person = self.signatory
        self.assertNotIn("Sam", person.name)
        for name in ("email", "phone", "contract_id_number"):
            self.assertFalse(person[name])
        history = " ".join(person.message_ids.mapped("body"))
        self.assertNotIn("Springfield", history)
        self.env.invalidate_all()
        self.assertEqual(signed.version_id.content_hash, digest)
        self.assertIn("Sam Signatory", signed.version_id.sudo().content)
        self.assertFalse(
            self.env["crm.contract.verification"]._get_problems(signed.sudo())
        )

    def test_who_can_not_be_erased(self):
        with self.assertRaisesRegex(UserError, "only people"):
            self._open(self.customer).action_confirm()
        with self.assertRaisesRegex(UserError, "log-in"):
            self._open(self.user.partner_id).action_confirm()
        request = self._send()
        with self.assertRaisesRegex(UserError, "Withdraw"):
            self._open(self.signatory).action_confirm()
        self.assertEqual(self.signatory.name, "Sam Signatory")
        request.action_withdraw()
        with self.assertRaises(AccessError):
            self._open(self.signatory, self.user)
        with self.assertRaises(AccessError):
            self.env["crm.contract.privacy"].with_user(self.user)._anonymise(
                self.signatory
            )

    def test_privacy_look_up_finds_contracts(self):
        if "privacy.lookup.wizard" not in self.env:
            self.skipTest("privacy_lookup is not installed")
        contract = self._create_contract()
        self.signatory.email = "sam@customer.example"
        self.env.flush_all()
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": self.signatory.name, "email": self.signatory.email}
        )
        wizard.action_lookup()
        found = {(line.res_model, line.res_id) for line in wizard.line_ids}
        self.assertIn(("crm.contract", contract.id), found)

    def test_drafts_are_kept_for_their_time(self):
        lead = self.env["crm.lead"].create({"name": "Lost", "type": "opportunity"})
        old, lost, new = (self._create_contract().sudo() for _number in range(3))
        submitted = self._submit(self._create_contract()).sudo()
        lost.opportunity_id = lead
        lead.action_set_lost()
        privacy = self.env["crm.contract.privacy"]
        self._age(old | submitted, 20)
        self._age(lost, 10)
        privacy._gc_drafts()
        self.assertEqual(
            len((old | lost | new | submitted).exists()), 4, "off at first"
        )
        self.company.write({"contract_draft_days": 15, "contract_lost_days": 5})
        privacy._gc_drafts()
        left = (old | lost | new | submitted).exists()
        self.assertEqual(left, new | submitted)
        with self.assertRaises(UserError):
            self.company.contract_draft_days = -1

    def _age(self, contracts, days):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE crm_contract SET write_date = %s WHERE id IN %s",
                fields.Datetime.now() - timedelta(days=days),
                tuple(contracts.ids),
            )
        )
        self.env.invalidate_all()
