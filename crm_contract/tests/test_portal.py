import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user

from ..models.portal.crm_contract_portal import LinkExpiredError
from .common import ContractCommon

SECRET = "Margin is thin, do not tell"


class PortalCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._create_buyer("buyer", cls.signatory)
        cls.stranger = cls.env["res.partner"].create(
            {"name": "Other Corp", "is_company": True}
        )

    @classmethod
    def _create_buyer(cls, login, partner, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=login,
            name=partner.name,
            groups="base.group_portal",
            partner_id=partner.id,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _portal(self, user):
        return self.env["crm.contract.portal"].with_user(user)

    def _visit(self, contract, user=None, token=None):
        return self._portal(user or self.buyer)._visit(contract.id, token)

    def _get_page(self, contract, user=None, token=None):
        portal = self._portal(user or self.buyer)
        return portal._get_page(portal._visit(contract.id, token))

    def _get_ids(self, user=None):
        rows = self._portal(user or self.buyer)._get_list([], "id", 80, 0)
        return [row["id"] for row in rows]

    def _create_link(self, contract, partner=None, **vals):
        return self.env["crm.contract.link"].create(
            {
                "contract_id": contract.id,
                "partner_id": (partner or self.signatory).id,
                **vals,
            }
        )

    def _token(self, link):
        return link.sudo().access_token


class TestPortalAccess(PortalCommon):
    def test_shown_from_to_sign_on(self):
        states = ("draft", "review", "to_sign", "signed", "running", "suspended",
                  "ended", "cancelled")  # fmt: skip
        contracts = {state: self._in_state(state) for state in states}
        shown = ("to_sign", "signed", "running", "suspended", "ended")
        expected = [contracts[state].id for state in shown]
        self.assertEqual(self._get_ids(), expected)
        self.assertEqual(self._portal(self.buyer)._count(), 5)
        for state in shown:
            self.assertEqual(self._visit(contracts[state]).how, "login")
        for state in ("draft", "review", "cancelled"):
            with self.subTest(state), self.assertRaises(MissingError):
                self._visit(contracts[state])

    def test_withdrawn_after_it_was_shown(self):
        contract = self._submit(self._create_contract())
        token = self._token(self._create_link(contract))
        public = self.env.ref("base.public_user")
        self.assertEqual(self._visit(contract, public, token).partner, self.signatory)
        contract.action_withdraw()
        with self.assertRaises(MissingError):
            self._visit(contract)
        with self.assertRaisesRegex(AccessError, "revised"):
            self._visit(contract, public, token)
        self._submit(contract)
        self.assertTrue(self._visit(contract, public, token))
        contract.action_cancel()
        with self.assertRaisesRegex(AccessError, "withdrawn"):
            self._visit(contract, public, token)

    def test_archived(self):
        contract = self._in_state("ended")
        token = self._token(self._create_link(contract))
        contract.active = False
        self.assertEqual(self._get_ids(), [])
        with self.assertRaises(MissingError):
            self._visit(contract)
        with self.assertRaises(AccessError):
            self._visit(contract, self.env.ref("base.public_user"), token)

    def test_contacts_of_one_customer(self):
        """All contacts of the entity that contracts see it; its affiliates do not."""
        colleague = self.env["res.partner"].create(
            {"name": "Colleague", "parent_id": self.customer.id}
        )
        daughter, sister = self.env["res.partner"].create(
            [
                {"name": "Daughter", "is_company": True, "parent_id": self.customer.id},
                {"name": "Sister", "is_company": True},
            ]
        )
        contract = self._submit(self._create_contract(partner_id=self.signatory.id))
        for number, (partner, sees) in enumerate(
            [(colleague, 1), (self.customer, 1), (daughter, 0), (sister, 0),
             (self.stranger, 0)]
        ):  # fmt: skip
            user = self._create_buyer(f"buyer_{number}", partner)
            with self.subTest(partner.name):
                self.assertEqual(self._get_ids(user), [contract.id] * sees)
                if not sees:
                    with self.assertRaises(MissingError):
                        self._visit(contract, user)

    def test_parent_does_not_see_the_daughter(self):
        daughter = self.env["res.partner"].create(
            {"name": "Daughter", "is_company": True, "parent_id": self.customer.id,
             "company_registry": "HRB 2", "legal_representative": "Di Rector",
             "street": "1 Road", "city": "Town",
             "country_id": self.env.ref("base.us").id}
        )  # fmt: skip
        contract = self._submit(
            self._create_contract(partner_id=daughter.id, customer_signatory_id=False)
        )
        self.assertEqual(self._get_ids(), [])
        with self.assertRaises(MissingError):
            self._visit(contract)

    def test_customer_of_another_of_our_companies(self):
        """Who is a customer of a sister company of ours alone sees none of ours."""
        contract = self._submit(self._create_contract())
        other = self.env["res.company"].create({"name": "Our sister"})
        partner = self.env["res.partner"].create(
            {"name": "Two", "parent_id": self.customer.id}
        )
        user = self._create_buyer("sister_buyer", partner, other)
        self.assertEqual(self._get_ids(user), [])
        with self.assertRaises(MissingError):
            self._visit(contract, user)

    def test_customer_merged(self):
        """After a merge of customers, the contract is seen by those who remain."""
        contract = self._submit(self._create_contract())
        token = self._token(self._create_link(contract, self.customer))
        double = self.env["res.partner"].create(
            {"name": "Customer Corp.", "is_company": True}
        )
        user = self._create_buyer(
            "double",
            self.env["res.partner"].create({"name": "X", "parent_id": double.id}),
        )
        self.assertEqual(self._get_ids(user), [])
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {"state": "selection", "dst_partner_id": double.id}
        )
        wizard._merge((self.customer | double).ids, double)
        self.env.invalidate_all()
        self.assertEqual(contract.partner_id, double)
        self.assertEqual(self._get_ids(user), [contract.id])
        self.assertEqual(self._get_ids(), [contract.id])
        visit = self._visit(contract, self.env.ref("base.public_user"), token)
        self.assertEqual(visit.partner, double)

    def test_customer_merged_while_it_is_signed(self):
        """Whoever was invited signs, by the old link, what was offered to the old one."""
        contract = self._submit(self._create_contract())
        link = self._create_link(contract)
        self.signatory.email = "sam@customer.example"
        self.manager.email = "manager@supplier.example"
        request = self.env["crm.contract.signature.request"].create(
            {"contract_id": contract.id}
        )
        request.action_send()
        signatory = request.sudo().signatory_ids.filtered(
            lambda row: row.side == "customer"
        )
        token = signatory.access_token
        double = self.env["res.partner"].create(
            {"name": "Customer Corp.", "is_company": True}
        )
        person = self.env["res.partner"].create(
            {"name": "S. Signatory", "parent_id": double.id, "email": "s@other.example"}
        )
        for kept, gone in ((double, self.customer), (person, self.signatory)):
            wizard = self.env["base.partner.merge.automatic.wizard"].create(
                {"state": "selection", "dst_partner_id": kept.id}
            )
            wizard._merge((kept | gone).ids, kept)
        self.env.invalidate_all()
        self.assertEqual(contract.commercial_partner_id, double)
        self.assertEqual(request.commercial_partner_id, double)
        # By the link of the page, and by that of the signature
        public = self.env.ref("base.public_user")
        visit = self._visit(contract, public, self._token(link))
        self.assertEqual((visit.how, visit.partner), ("link", person))
        found = signatory.browse(signatory.id)._get_by_token(token)
        self.assertEqual(found, signatory)
        self.assertFalse(signatory._get_refusal())
        self.assertEqual(signatory.partner_id, person)
        # As who he was invited as, and where his link went to
        self.assertEqual(
            (signatory.name, signatory.email), ("Sam Signatory", "sam@customer.example")
        )
        self.assertIn("Customer Corp.", contract.partner_id.name)
        self.assertIn("for Customer Corp.", signatory._get_consent_text())
        # By log-in, which is that of the contact who remains
        rows = self.env["crm.contract.signatory"]
        self.assertEqual(rows._get_of_user(contract, self.buyer), signatory)
        signatory._sign(
            "Sam Signatory",
            None,
            request.content_hash,
            request.text_sha256,
            signatory._get_consent_hash(),
            None,
            {"ip": "", "user_agent": "", "by": "link"},
        )
        self.assertEqual(signatory.state, "signed")
        broken = self.env["crm.contract.verification"]
        self.assertFalse(broken._get_broken_proofs(contract.sudo()))
        self.assertFalse(broken._get_broken_chain(contract.sudo()))

    def test_one_of_us_looks_and_does_not_speak(self):
        contract = self._submit(self._create_contract())
        token = self._token(self._create_link(contract))
        self.assertEqual(self._visit(contract, self.user, token).how, "preview")
        visit = self._visit(contract, self.user)
        self.assertEqual(visit.how, "preview")
        with self.assertRaisesRegex(UserError, "preview"):
            self._portal(self.user)._ask(visit, "question", "Hello")
        with self.assertRaises(MissingError):
            self._visit(contract, self.salesman)
        draft = self._create_contract()
        with self.assertRaisesRegex(AccessError, "does not see"):
            self._visit(draft, self.user)

    def test_visitors_without_a_key(self):
        contract = self._submit(self._create_contract())
        other = self._submit(self._create_contract())
        token = self._token(self._create_link(other))
        for wrong in (None, "", token, token[:-1], "é" * 43, ["x"], 7):
            with self.subTest(wrong), self.assertRaises(MissingError):
                self._visit(contract, self.env.ref("base.public_user"), wrong)

    def test_sorts_and_filters_show_nothing_more(self):
        self._in_state("draft")
        to_sign, ended = self._in_state("to_sign"), self._in_state("ended")
        portal = self._portal(self.buyer)
        filters = portal._get_filters()
        found = {
            name: [row["id"] for row in portal._get_list(filters[name]["domain"], "id",
                                                         80, 0)]
            for name in filters
        }  # fmt: skip
        self.assertEqual(
            found,
            {"all": [to_sign.id, ended.id], "to_sign": [to_sign.id], "live": [],
             "over": [ended.id]},
        )  # fmt: skip
        for sorting in portal._get_sortings().values():
            self.assertEqual(len(portal._get_list([], sorting["order"], 80, 0)), 2)
        domain = portal._get_search_domain("number", to_sign.number)
        self.assertEqual(portal._count(domain), 1)
        self.assertEqual(portal._count(portal._get_search_domain("all", "plant")), 2)
        self.assertEqual(portal._count(portal._get_search_domain("all", "%' OR 1")), 0)


class TestContractLink(PortalCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._submit(self._create_contract())
        self.public = self.env.ref("base.public_user")

    def test_expiry_and_withdrawal(self):
        link = self._create_link(self.contract)
        token = self._token(link)
        self.assertEqual(self._visit(self.contract, self.public, token).how, "link")
        link.date_expiry = fields.Datetime.now() - timedelta(minutes=1)
        with self.assertRaises(LinkExpiredError):
            self._visit(self.contract, self.public, token)
        link.date_expiry = fields.Datetime.now() + timedelta(days=1)
        self.assertTrue(self._visit(self.contract, self.public, token))
        link.with_user(self.user).action_revoke()
        with self.assertRaises(LinkExpiredError):
            self._visit(self.contract, self.public, token)

    def test_clock_put_back(self):
        """A link that is over stays so; what happened tells how late it was."""
        link = self._create_link(self.contract)
        token, later = self._token(link), link.date_expiry + timedelta(hours=1)
        with freeze_time(later):
            self.env["crm.contract.event"]._add(self.contract, "mailed")
        self.env.invalidate_all()
        with self.assertRaises(LinkExpiredError):
            self._visit(self.contract, self.public, token)
        # The clock was ahead, and is right again: what happens next tells so.
        self.env["crm.contract.event"]._add(self.contract, "mailed")
        self.env.invalidate_all()
        self.assertEqual(self._visit(self.contract, self.public, token).how, "link")

    def test_expired_link_of_somebody_logged_in(self):
        """The link decides: it says so rather than showing what a log-in would show."""
        link = self._create_link(self.contract)
        link.date_expiry = fields.Datetime.now() - timedelta(minutes=1)
        with self.assertRaises(LinkExpiredError):
            self._visit(self.contract, self.buyer, self._token(link))
        self.assertEqual(self._visit(self.contract, self.buyer).how, "login")

    def test_new_link_goes_to_the_same_person(self):
        link = self._create_link(self.contract)
        link.date_expiry = fields.Datetime.now() - timedelta(minutes=1)
        self._tamper(link, create_date=fields.Datetime.now() - timedelta(days=40))
        self.signatory.email = False
        self.assertFalse(link._send_new(), "without an address")
        self.signatory.email = "sam@customer.example"
        self.assertTrue(link.with_user(self.public)._send_new())
        new = self.contract.env["crm.contract.link"].search([], limit=1)
        self.assertNotEqual(new, link)
        self.assertEqual(new.partner_id, self.signatory)
        self.assertNotEqual(self._token(new), self._token(link))
        self.assertFalse(link.with_user(self.public)._send_new(), "a second time")
        self._tamper(new, create_date=fields.Datetime.now() - timedelta(days=1))
        self.assertFalse(link.with_user(self.public)._send_new(), "of the one in use")
        new.action_revoke()
        self.assertFalse(new._send_new(), "of one that was withdrawn")

    def test_mail_holds_the_key(self):
        self.signatory.email = "sam@customer.example"
        link = self._create_link(self.contract).with_user(self.user)
        link.action_send()
        mail = self.env["mail.mail"].sudo().search([("model", "=", link._name)])
        self.assertEqual(mail.recipient_ids, self.signatory)
        self.assertIn(link._get_path().replace("&", "&amp;"), mail.body_html)
        self.assertTrue(link.date_sent)

    def test_nobody_reads_the_key(self):
        link = self._create_link(self.contract)
        for user in (self.user, self.manager, self.env.ref("base.user_admin")):
            rows = link.with_user(user)
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    rows.read(["access_token"])
                with self.assertRaises(AccessError):
                    rows.search([("access_token", "like", "a")])
                self.assertNotIn("access_token", rows.fields_get())
                for name, value in (("access_token", "x" * 43),
                                    ("date_revoked", False)):  # fmt: skip
                    with self.assertRaises(AccessError):
                        rows.write({name: value})

    def test_only_for_the_customers_people(self):
        mine = self.env["crm.contract.link"].with_user(self.user)
        vals = {"contract_id": self.contract.id}
        self.assertTrue(mine.create({**vals, "partner_id": self.signatory.id}))
        with self.assertRaisesRegex(UserError, "does not belong"):
            mine.create({**vals, "partner_id": self.stranger.id})
        with self.assertRaises(AccessError):
            mine.create({**vals, "partner_id": self.signatory.id,
                         "access_token": "a" * 43})  # fmt: skip
        link = mine.search([])
        with self.assertRaisesRegex(UserError, "new link"):
            link.partner_id = self.customer
        with self.assertRaisesRegex(UserError, "days at most"):
            link.date_expiry = fields.Datetime.now() + timedelta(days=3000)

    def test_rights(self):
        link = self._create_link(self.contract)
        colleague = self._create_user(
            "colleague", "crm_contract.crm_contract_group_user"
        )
        for user in (colleague, self.reader, self.salesman, self.buyer):
            own = self.env["crm.contract.link"].with_user(user)
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    own.create({"contract_id": self.contract.id,
                                "partner_id": self.signatory.id})  # fmt: skip
                with self.assertRaises(AccessError):
                    link.with_user(user).action_revoke()

    def test_person_left(self):
        link = self._create_link(self.contract)
        self.signatory.parent_id = self.stranger
        with self.assertRaises(MissingError):
            self._visit(self.contract, self.public, self._token(link))
        self.signatory.parent_id = self.customer
        self.assertTrue(self._visit(self.contract, self.public, self._token(link)))
        self.buyer.active = False
        self.signatory.active = False
        with self.assertRaises(MissingError):
            self._visit(self.contract, self.public, self._token(link))

    def test_mails_to_the_customer_have_a_button(self):
        self.contract.message_post(
            body="Hello",
            partner_ids=self.customer.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        link = self.env["crm.contract.link"].search([])
        self.assertEqual(link.partner_id, self.customer)
        mails = self.env["mail.mail"].sudo().search([("res_id", "=", self.contract.id)])
        self.assertIn(self._token(link), "".join(map(str, mails.mapped("body_html"))))

    def test_mails_among_us_make_no_key(self):
        self.contract.message_post(
            body="Hello",
            partner_ids=self.manager.partner_id.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertFalse(self.env["crm.contract.link"].search([]))


class TestPortalPage(PortalCommon):
    def _dump(self, page):
        return json.dumps(page, default=str)

    def test_nothing_of_ours_is_told(self):
        contract = self._create_contract(note=f"<p>{SECRET}</p>")
        contract.clause_ids.body = "<p>Liable without a limit.</p>"
        contract.message_post(body=SECRET)
        contract.message_post(
            body=f"{SECRET} either",
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )
        message = contract.message_post(
            body=f"{SECRET}, internally",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        message.sudo().is_internal = True
        self._submit(contract)
        self.assertTrue(contract.deviating_count)
        page = self._get_page(contract)
        told = self._dump(page)
        self.assertNotIn(SECRET, told)
        self.assertNotIn("deviating", told)
        self.assertNotIn(self.manager.login, told)
        self.assertIn("Liable without a limit", told)
        self.assertFalse(page["messages"])

    def test_says_what_was_frozen(self):
        contract = self._submit(self._create_contract())
        self.customer.name = "Renamed Corp"
        self.tax.name = "Renamed tax"
        self.category.name = "Renamed section"
        page = self._get_page(contract)
        self.assertEqual(page["text"]["parties"][0][1], "Customer Corp")
        self.assertEqual(page["text"]["clauses"][0][0], "Test liability")
        self.assertNotIn("Renamed", self._dump(page))
        self.assertEqual(page["content_hash"], contract.content_hash)

    def test_lines(self):
        lines = [
            Command.create({"display_type": "line_section", "name": "Part A"}),
            Command.create(self._prepare_line_vals(quantity=2, discount=10)),
            Command.create(
                self._prepare_line_vals(
                    is_recurring=True,
                    recurrence_interval=3,
                    recurrence_unit="month",
                    price_unit=50,
                )
            ),
        ]
        page = self._get_page(self._submit(self._create_contract(line_ids=lines)))
        section, once, recurring = page["text"]["lines"]
        self.assertEqual(section["display_type"], "line_section")
        self.assertEqual((once["quantity"], once["discount"]), (2, 10))
        self.assertEqual(once["subtotal"], 1800)
        self.assertEqual(recurring["per"], "per 3 months")

    def test_plan_and_payment(self):
        """A draft invoice is none; of a posted one, what is open can be paid."""
        contract = self._create_signed()
        rows = {row["name"]: row for row in self._get_page(contract)["plan"]["rows"]}
        self.assertEqual({row["status"] for row in rows.values()}, {"ahead"})
        contract.with_user(self.manager).sudo().action_bill()
        invoice = contract.sudo().invoice_ids
        self.assertEqual(invoice.state, "draft")
        rows = {row["name"]: row for row in self._get_page(contract)["plan"]["rows"]}
        self.assertEqual(rows["Deposit"]["status"], "ahead")
        self.assertFalse(rows["Deposit"]["invoices"])
        invoice.action_post()
        rows = {row["name"]: row for row in self._get_page(contract)["plan"]["rows"]}
        [told] = rows["Deposit"]["invoices"]
        self.assertEqual(rows["Deposit"]["status"], "open")
        self.assertIn(f"/my/invoices/{invoice.id}?access_token=", told["url"])
        self.assertEqual(told["residual"], invoice.amount_total)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        rows = {row["name"]: row for row in self._get_page(contract)["plan"]["rows"]}
        self.assertEqual(rows["Deposit"]["status"], "paid")
        self.assertFalse(rows["Deposit"]["invoices"][0]["is_open"])

    def test_invoice_of_somebody_else(self):
        """Who gets the invoice by agreement is another company: its key is not ours."""
        contract = self._create_signed(partner_invoice_id=self.stranger.id)
        contract.with_user(self.manager).sudo().action_bill()
        contract.sudo().invoice_ids.action_post()
        row = self._get_page(contract)["plan"]["rows"][0]
        self.assertFalse(row["invoices"])
        self.assertEqual(row["status"], "open")

    def test_documents(self):
        annex = [Command.create({"name": "Annex.pdf", "file": b"YW5uZXg="})]
        contract = self._submit(self._create_contract(document_ids=annex))
        first = contract._get_text_document()
        contract.action_withdraw()
        contract.document_ids.filtered(lambda row: row.kind == "annex").unlink()
        self._submit(contract)
        documents = self._get_page(contract)["documents"]
        self.assertEqual([row["kind"] for row in documents], ["text"])
        self.assertNotEqual(documents[0]["id"], first.id)
        files = self._portal(self.buyer)._get_documents(contract.sudo())
        self.assertEqual(files.ids, [documents[0]["id"]])

    def test_duties(self):
        milestones = [
            Command.create(
                {"name": "Give access", "party": "customer",
                 "date_deadline": self._days(-1)}
            ),
            Command.create({"name": "Install", "date_deadline": self._days(5)}),
        ]  # fmt: skip
        contract = self._create_signed(milestone_ids=milestones)
        theirs, ours = self._get_page(contract)["duties"]
        self.assertEqual((theirs["name"], theirs["is_theirs"]), ("Give access", True))
        self.assertTrue(theirs["is_late"])
        self.assertFalse(ours["is_late"] or ours["is_theirs"])
        contract.milestone_ids.action_done()
        theirs, ours = self._get_page(contract)["duties"]
        self.assertEqual(theirs["date_done"], self.today)
        self.assertFalse(theirs["is_late"])

    def test_messages_both_ways(self):
        contract = self._create_signed()
        contract.message_post(
            body="Good day",
            attachments=[("plan.txt", b"plan")],
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        followers = contract.message_partner_ids
        portal = self._portal(self.buyer)
        portal._ask(self._visit(contract), "question", "Is it <b>ready</b>?\nThanks")
        newest, first = self._get_page(contract)["messages"]
        self.assertEqual(newest["author"], "Sam Signatory")
        self.assertTrue(newest["is_theirs"])
        self.assertIn("&lt;b&gt;ready&lt;/b&gt;?<br>Thanks", newest["body"])
        self.assertFalse(first["is_theirs"])
        [file] = first["files"]
        visit = self._visit(contract)
        self.assertEqual(
            portal._get_message_file(visit.contract, file["id"]).raw, b"plan"
        )
        self.assertEqual(contract.message_partner_ids, followers)
        other = self._create_signed()
        self.assertFalse(portal._get_message_file(other.sudo(), file["id"]))

    def test_files_of_customers(self):
        """They come with a message, within bounds, and are this contract's alone."""
        contract, portal = self._create_signed(), self._portal(self.buyer)
        visit = self._visit(contract)
        files = [("a\u200bb.pdf", b"%PDF-1.7 a"), ("b.png", b"\x89PNG\r\n\x1a\n")]
        portal._ask(visit, "question", "See these", files)
        [message] = self._get_page(contract)["messages"]
        self.assertEqual([f["name"] for f in message["files"]], ["a b.pdf", "b.png"])
        kept = portal._get_message_file(visit.contract, message["files"][0]["id"])
        self.assertEqual(
            (kept.raw, kept.res_model, kept.res_id, kept.public),
            (b"%PDF-1.7 a", "crm.contract", contract.id, False),
        )
        large = b"%PDF-" + b"0" * (10 * 1024**2)
        for wrong in (
            [("a.svg", b"<svg onload='x'/>")],
            [("a.pdf", b"MZ program")],
            [("a.pdf", b"")],
            [("a.pdf", large)],
            [("a.pdf", b"%PDF-")] * 6,
        ):
            with self.assertRaisesRegex(UserError, "at most 5 files|choose PDF"):
                portal._ask(visit, "question", "See this", wrong)
        self.assertEqual(len(self._get_page(contract)["messages"]), 1)

    def test_request_goes_to_whoever_is_there(self):
        contract = self._create_signed()
        portal = self._portal(self.buyer)
        portal._ask(self._visit(contract), "change", "Two more licences, please")
        activity = contract.activity_ids.filtered(lambda row: "change" in row.summary)
        self.assertEqual(activity.user_id, contract.user_id)
        self.assertIn("Two more licences", activity.note)
        self.assertIn("Sam Signatory", activity.summary)

    def test_what_can_be_asked(self):
        kinds = {
            state: [kind for kind, _label in self._get_page(self._in_state(state))["requests"]]
            for state in ("to_sign", "running", "ended")
        }  # fmt: skip
        self.assertEqual(
            kinds,
            {"to_sign": ["question"], "running": ["question", "change", "renewal"],
             "ended": ["question", "renewal"]},
        )  # fmt: skip
        contract = self._in_state("to_sign")
        portal = self._portal(self.buyer)
        for kind, text in (("renewal", "x"), ("approve", "x"), ("question", "  "),
                           ("question", "x" * 10001)):  # fmt: skip
            with self.subTest(kind), self.assertRaises(UserError):
                portal._ask(self._visit(contract), kind, text)
        self.assertFalse(self._get_page(contract)["messages"])

    def test_rate_of_messages(self):
        contract = self._submit(self._create_contract())
        portal = self._portal(self.buyer)
        for number in range(20):
            portal._ask(self._visit(contract), "question", str(number))
        with self.assertRaisesRegex(UserError, "20 messages"):
            portal._ask(self._visit(contract), "question", "more")

    def test_family_by_link_and_by_login(self):
        contract = self._create_signed()
        follower = self._submit(self._create_contract())
        hidden = self._create_contract()
        (follower | hidden).sudo().write({"origin_id": contract.id})
        by_login = self._get_page(contract)["family"]
        self.assertEqual([row["id"] for row in by_login], [follower.id])
        self.assertTrue(by_login[0]["url"])
        token = self._token(self._create_link(contract))
        page = self._get_page(contract, self.env.ref("base.public_user"), token)
        self.assertEqual([row["url"] for row in page["family"]], [False])

    def test_query_count(self):
        """A contract ten times as long takes as many queries."""
        small, large = (
            self._create_signed(
                line_ids=[
                    Command.create(self._prepare_line_vals(quantity=number + 1))
                    for number in range(count)
                ],
                milestone_ids=[
                    Command.create({"name": str(number)}) for number in range(count)
                ],
            )
            for count in (2, 20)
        )
        counts = []
        for contract in (small, small, large):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get_page(contract)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[1])
