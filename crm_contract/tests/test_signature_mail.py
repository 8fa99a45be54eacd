from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from ..models.signature.crm_contract_signatory_mail import CODE, TOKEN
from .common_signature import FACTS, SignatureCommon


@tagged("post_install", "-at_install")
class TestSignatureMail(SignatureCommon, MockEmail):
    """Who gets which mail; what is in the queue opens no page."""

    def _get_mails(self, address):
        """Return the mails that left to an address (list of dict)."""
        return [
            mail
            for mail in self._mails
            if any(address in to for to in mail["email_to"])
        ]

    def _get_subjects(self, address):
        return [mail["subject"] for mail in self._get_mails(address)]

    def test_invitation(self):
        with self.mock_mail_gateway():
            request = self._send(note="Please sign <b>soon</b>")
        customer = self._side(request, "customer")
        [mail] = self._get_mails("sam@customer.example")
        self.assertIn(
            f"/contract/sign/{customer.id}/{customer.access_token}", mail["body"]
        )
        self.assertIn("Please sign &lt;b&gt;soon", mail["body"])
        self.assertIn(request.contract_id.display_name, mail["subject"])
        self.assertFalse(self._get_mails(self.manager.email), "not his turn")
        # Whoever reads the record's messages, or the queue, gets no link.
        for stored in self._new_mails:
            self.assertNotIn(customer.access_token, stored.body_html)
            self.assertIn(TOKEN, stored.body_html)
            self.assertNotIn(customer.access_token, stored.mail_message_id.body)

    def test_link_leaves_for_the_signatory_alone(self):
        """Not to whom somebody redirects the mail in the queue, nor in a mail of his own."""
        request = self._send()
        customer = self._side(request, "customer")
        mails = self.env["mail.mail"]
        body = f'<a href="{customer._get_mailed_link()}">x</a>'
        vals = {"body_html": body, "model": customer._name, "res_id": customer.id,
                "email_to": "sam@customer.example"}  # fmt: skip
        own = mails.create(vals)
        self.assertNotIn(customer.access_token, own._prepare_outgoing_body())
        good = mails.create({**vals, "signatory_id": customer.id})
        self.assertIn(customer.access_token, good._prepare_outgoing_body())
        for change in (
            {"email_to": "me@evil.example"},
            {"email_to": "sam@customer.example, me@evil.example"},
            {"email_cc": "me@evil.example"},
            {"recipient_ids": [Command.link(self.user.partner_id.id)]},
        ):
            mail = mails.create({**vals, "signatory_id": customer.id, **change})
            self.assertNotIn(customer.access_token, mail._prepare_outgoing_body())

    def test_each_step(self):
        with self.mock_mail_gateway():
            request = self._send()
            self._sign_as(self._side(request, "customer"))
        self.assertIn("please sign", self._get_subjects(self.manager.email)[0])
        with self.mock_mail_gateway():
            self._sign_as(self._side(request, "company"))
        for address in ("sam@customer.example", self.manager.email):
            [mail] = [m for m in self._get_mails(address) if "Signed" in m["subject"]]
            [(name, content, _type)] = mail["attachments"]
            self.assertEqual(name, request.document_id.name)
            self.assertEqual(content, request.document_id._get_file())

    def test_signed_by_one(self):
        """Those who were asked hear of it, and he himself; copies and later ones don't."""
        request = self._request()
        self._side(request, "company").sequence = 30
        request.signatory_ids = [
            Command.create(self._prepare_signatory(name="Second", sequence=10)),
            Command.create(self._prepare_signatory(name="Third", sequence=20)),
            Command.create(self._prepare_signatory(name="Copy", role="copy")),
        ]
        request.action_send()
        rows = {row.name: row for row in request.sudo().signatory_ids}
        with self.mock_mail_gateway():
            self._sign_as(rows["Sam Signatory"])
        for address, warned in (("sam@", True), ("second@", False)):
            [mail] = self._get_mails(f"{address}customer.example")
            self.assertIn("Signature received", mail["subject"])
            self.assertIn("signed by: Sam Signatory.", mail["body"])
            self.assertIn("Second, Third", mail["body"])
            self.assertEqual("tell us at once" in mail["body"], warned)
            self.assertNotIn("/contract/sign/", mail["body"])
        for address in ("third@", "copy@"):
            self.assertFalse(self._get_mails(f"{address}customer.example"))
        self.assertFalse(self._get_mails(self.manager.email))
        with self.mock_mail_gateway():
            self._sign_as(rows["Second"])
        # Whose turn it is now is asked to sign, and not told beside.
        [subject] = self._get_subjects("third@customer.example")
        self.assertIn("please sign", subject)
        with self.mock_mail_gateway():
            self._sign_as(rows["Third"])
            self._sign_as(self._side(request, "company"))
        # The last one ends it: the signed contract says so.
        subjects = self._get_subjects("sam@customer.example")
        self.assertEqual([s.split(":")[0] for s in subjects],
                         ["Signature received", "Signed"])  # fmt: skip

    def test_declined(self):
        self.type.signing_order = "any"
        request = self._send()
        with self.mock_mail_gateway():
            self._side(request, "customer")._decline("No", FACTS)
        self.assertTrue(self._get_mails(self.manager.email))
        self.assertFalse(self._get_mails("sam@customer.example"))

    def test_withdrawn(self):
        request = self._send()
        with self.mock_mail_gateway():
            request.action_withdraw()
        self.assertIn("Withdrawn", self._get_subjects("sam@customer.example")[0])
        self.assertFalse(self._get_mails(self.manager.email), "was never asked")

    def test_reminder(self):
        request = self._send()
        with self.mock_mail_gateway():
            request.action_remind()
        [mail] = self._get_mails("sam@customer.example")
        self.assertIn("Reminder", mail["subject"])
        self.assertIn(self._side(request, "customer").access_token, mail["body"])
        request.action_withdraw()
        with self.assertRaises(UserError):
            request.action_remind()

    def test_handed_over(self):
        request = self._send()
        customer = self._side(request, "customer")
        with self.mock_mail_gateway():
            new = customer._hand_over(
                "Col", "col@customer.example", None, "", None, FACTS
            )
        self.assertIn(
            new.access_token, self._get_mails("col@customer.example")[0]["body"]
        )
        [mail] = self._get_mails("sam@customer.example")
        self.assertIn("Handed over", mail["subject"])
        self.assertNotIn(new.access_token, mail["body"])

    def test_code(self):
        request = self._send()
        customer = self._side(request, "customer")
        customer.needs_code = True
        with self.mock_mail_gateway():
            customer._send_code(FACTS)
        [mail] = self._get_mails("sam@customer.example")
        self.assertIn(customer.code, mail["body"])
        self.assertIn(CODE, self._new_mails.body_html)
        self.assertNotIn(customer.code, self._new_mails.body_html)

    def test_undelivered_mail_is_told(self):
        request = self._send()
        customer = self._side(request, "customer")
        mail = self.env["mail.mail"].create(
            {"email_to": customer.email, "signatory_id": customer.id, "body_html": "x"}
        )
        mail._postprocess_sent_message([], [], "No route to host", "mail_smtp")
        activity = request.contract_id.activity_ids.filtered(
            lambda row: "was not sent" in row.summary
        )
        self.assertEqual(activity.user_id, self.user)
        self.assertIn("No route to host", activity.note)

    def test_language_of_the_signatory(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.signatory.lang = "fr_FR"
        template = self.env.ref("crm_contract.mail_template_signature_invite")
        template.with_context(lang="fr_FR").subject = "Veuillez signer"
        with self.mock_mail_gateway():
            self._send()
        self.assertEqual(
            self._get_subjects("sam@customer.example"), ["Veuillez signer"]
        )


class TestSignatureJobs(SignatureCommon, MockEmail):
    """What the calendar makes of requests, after downtime and twice as well."""

    def _run(self, *names):
        job = self.env["crm.contract.schedule"]
        for name in names or ("signature_expiry", "signature_reminder"):
            _job, step = job._find_step(name)
            due = step.records.search(step.domain())
            for record in due:
                step.work(record)

    def test_expires(self):
        self.type.signature_days = 10
        request, other = self._send(), self._send(date_expiry=False)
        with freeze_time(self._days(10)):
            self._run()
            self.assertEqual(request.state, "open")
        with freeze_time(self._days(30)), self.mock_mail_gateway():
            self._run()
            self.assertEqual((request.state, other.state), ("expired", "open"))
            self.assertIn("Time is over", self._mails[0]["subject"])
        self.assertEqual(self._side(request, "customer").state, "expired")
        self.assertEqual(self._get_events(request)[-1]["kind"], "expired")
        self.assertIn(
            "Signature request expired",
            request.contract_id.activity_ids.mapped("summary"),
        )
        with self.assertRaisesRegex(UserError, "time to sign is over"):
            self._sign_as(self._side(request, "customer"))
        # There can be another.
        self._send(contract=request.contract_id)

    def test_reminds_again_and_again(self):
        self.type.write({"signature_days": 100, "signature_reminder_days": 7})
        request = self._send()
        for day, number in ((6, 0), (7, 1), (7, 0), (13, 0), (30, 1), (31, 0), (37, 1)):
            with (
                self.subTest(day=day),
                freeze_time(self._days(day)),
                self.mock_mail_gateway(),
            ):
                self._run()
                self.assertEqual(len(self._mails), number)
        self._sign_as(self._side(request, "customer"))
        self._sign_as(self._side(request, "company"))
        with freeze_time(self._days(60)), self.mock_mail_gateway():
            self._run()
            self.assertFalse(self._mails)

    def test_nobody_is_reminded_of_what_can_not_be_completed(self):
        """Until somebody mended it, and says so by reminding."""
        self.type.write({"signature_days": 100, "signature_reminder_days": 7})
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        request.sudo().problem = "No engine."
        with freeze_time(self._days(8)), self.mock_mail_gateway():
            self._run()
            self.assertFalse(self._mails)
            request.action_remind()
            self.assertEqual(len(self._mails), 1)
            self.assertFalse(request.problem)
        with freeze_time(self._days(16)), self.mock_mail_gateway():
            self._run()
            self.assertEqual(len(self._mails), 1)
        with self.assertRaises(UserError):
            request.write({"problem": "Mine"})

    def test_steps_are_in_the_daily_job(self):
        self.type.signature_days = 1
        request = self._send()
        names = [step.name for step in self.env["crm.contract.schedule"]._get_steps()]
        self.assertIn("signature_expiry", names)
        self.assertIn("signature_reminder", names)
        self.assertTrue(request.date_expiry)


class TestSignatureSuccession(SignatureCommon):
    """Our signatory leaves: his link opens nothing; another one signs who is named."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaver = cls._create_user(
            "contract_leaver", "crm_contract.crm_contract_group_user_all"
        )
        cls.other = cls._create_user(
            "contract_other", "crm_contract.crm_contract_group_user_all"
        )
        (cls.leaver + cls.other).mapped("partner_id").write({"active": True})
        cls.leaver.email, cls.other.email = (
            "leaver@supplier.example",
            "other@supplier.example",
        )

    def _send_for_leaver(self):
        contract = self._submit(
            self._create_contract(company_signatory_id=self.leaver.id)
        )
        return self._send(contract=contract)

    def test_another_one_of_the_type_signs(self):
        self.type.signature_user_ids = self.leaver + self.other
        request = self._send_for_leaver()
        old = self._side(request, "company")
        self.leaver.action_archive()
        new = self._side(request, "company") - old
        self.assertEqual((old.state, new.user_id), ("handed_over", self.other))
        self.assertEqual(new.email, "other@supplier.example")
        self._sign_as(self._side(request, "customer"))
        self._sign_as(new)
        self.assertEqual(request.contract_id.signed_by_company, self.other.name)

    def test_nobody_signs_by_chance(self):
        """The next in charge of the contract is no signatory; he is told."""
        request = self._send_for_leaver()
        self._sign_as(self._side(request, "customer"))
        ours = self._side(request, "company")
        self.leaver.action_archive()
        self.assertEqual((ours.state, ours.user_id), ("invited", self.leaver))
        with self.assertRaisesRegex(UserError, "not named"):
            self._sign_as(ours)
        summaries = request.contract_id.activity_ids.mapped("summary")
        self.assertEqual(
            len([text for text in summaries if "left and can't sign" in text]), 1
        )

    def test_successor_who_is_named(self):
        request = self._send_for_leaver()
        old = self._side(request, "company")
        self.env["crm.contract.succession"]._hand_over(self.leaver, self.other)
        new = self._side(request, "company") - old
        self.assertEqual((new.user_id, new.state), (self.other, "waiting"))

    def test_draft_follows(self):
        self.type.signature_user_ids = self.leaver + self.other
        contract = self._submit(
            self._create_contract(company_signatory_id=self.leaver.id)
        )
        request = self._request(contract=contract)
        self.leaver.action_archive()
        ours = self._side(request, "company")
        self.assertEqual((ours.user_id, ours.email), (self.other, self.other.email))

    def test_who_asked_leaves(self):
        request = self._request(user=self.leaver)
        request.action_send()
        self.leaver.action_archive()
        self.assertTrue(request.user_id.active)
