import base64
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common_signature import PDF_LETTER, SignatureCommon, draw


class TestSignatureRequest(SignatureCommon):
    """A request from its draft to the signed contract, and what can get in its way."""

    def test_both_sides_sign(self):
        request = self._send()
        contract = request.contract_id
        customer = self._side(request, "customer")
        ours = self._side(request, "company")
        self.assertEqual(
            (request.state, customer.state, ours.state), ("open", "invited", "waiting")
        )
        self.assertEqual(request.waiting_side, "customer")
        self.assertEqual(request.content_hash, contract.content_hash)
        self.assertEqual(request.text_id, contract._get_text_document())
        self._sign_as(customer)
        self.assertEqual((customer.state, ours.state), ("signed", "invited"))
        self.assertEqual(request.waiting_side, "company")
        self.assertEqual(contract.state, "to_sign")
        self._sign_as(ours)
        self.assertEqual((request.state, contract.state), ("done", "running"))
        self.assertFalse(request.waiting_side)
        self.assertEqual(contract.signed_by_customer, "Sam Signatory")
        self.assertEqual(contract.signed_by_company, self.manager.name)
        self.assertEqual(contract.date_signed, self.today)
        self.assertEqual(request.document_id.kind, "signed")
        self.assertEqual(request.document_id.version_id, request.version_id)
        self.assertEqual(customer.ip, "192.0.2.7")
        self.assertEqual(customer.signed_hash, contract.content_hash)
        self.assertEqual(customer.signed_sha256, request.text_id.sha256)

    def test_chain(self):
        """Each step is an event of the contract, in the words of the evidence."""
        request = self._send()
        self._side(request, "customer")._open({**self.facts})
        self._side(request, "customer")._read({**self.facts})
        self._sign_as(self._side(request, "customer"))
        self._sign_as(self._side(request, "company"))
        events = self._get_events(request)
        kinds = [row["kind"] for row in events]
        own = {"sent", "opened", "read", "signed", "mailed"}
        self.assertEqual(
            [kind for kind in kinds if kind in own],
            ["sent", "opened", "read", "signed", "signed", "mailed"],
        )
        sent, signed = events[0], events[3]
        self.assertEqual(sent["facts"]["text_sha256"], request.text_sha256)
        self.assertIn(
            "10 customer signer authorised Sam Signatory <sam@customer.example>",
            sent["facts"]["signatories"],
        )
        self.assertEqual(
            signed["actor"],
            "Sam Signatory <sam@customer.example> (Link by mail)",
        )
        self.assertEqual(signed["version"], request.content_hash)
        self.assertEqual(signed["facts"]["ip"], "192.0.2.7")
        self.assertEqual(
            signed["facts"]["consent_hash"],
            self._side(request, "customer").consent_hash,
        )
        self.assertEqual(events[-1]["facts"]["sha256"], request.document_id.sha256)

    def test_ours_sign_first(self):
        self.type.signing_order = "company"
        request = self._send()
        self.assertEqual(request.waiting_side, "company")
        with self.assertRaisesRegex(UserError, "not your turn"):
            self._sign_as(self._side(request, "customer"))

    def test_in_any_order(self):
        self.type.signing_order = "any"
        request = self._send()
        self.assertEqual(request.waiting_side, "both")
        self._sign_as(self._side(request, "company"))
        self._sign_as(self._side(request, "customer"))
        self.assertEqual(request.state, "done")

    def test_groups_sign_in_parallel(self):
        request = self._request(
            signatory_ids=[
                Command.create(self._prepare_signatory(name=name, sequence=place))
                for name, place in (("A", 1), ("B", 1), ("C", 2))
            ]
            + [Command.create({"side": "company", "user_id": self.manager.id,
                               "sequence": 3})]
        )  # fmt: skip
        request.action_send()
        rows = request.sudo().signatory_ids
        self.assertEqual(
            rows.mapped("state"), ["invited", "invited", "waiting", "waiting"]
        )
        self._sign_as(rows[1])
        self.assertEqual(rows[2].state, "waiting")
        self._sign_as(rows[0])
        self.assertEqual(rows[2].state, "invited")
        self._sign_as(rows[2])
        self._sign_as(rows[3])
        self.assertEqual(request.contract_id.signed_by_customer, "A, B, C")

    def test_order_changes_until_somebody_signed(self):
        request = self._send()
        customer, ours = (self._side(request, side) for side in ("customer", "company"))
        ours.with_user(self.user).sequence = 1
        self.assertEqual((customer.state, ours.state), ("waiting", "invited"))
        with self.assertRaisesRegex(UserError, "not your turn"):
            self._sign_as(customer)
        self._sign_as(ours)
        with self.assertRaises(UserError):
            customer.with_user(self.user).sequence = 0

    def test_order_changes_by_the_form(self):
        request = self._send()
        ours = self._side(request, "company")
        request.signatory_ids = [Command.update(ours.id, {"sequence": 1})]
        self.assertEqual(request.waiting_side, "company")

    def test_signatories_stay_with_their_request(self):
        request, draft = self._send(), self._request()
        for move in (
            lambda: draft.signatory_ids[0].write({"request_id": request.id}),
            lambda: request.write(
                {"signatory_ids": [Command.link(draft.signatory_ids[0].id)]}
            ),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                move()
        self.assertEqual(len(request.signatory_ids), 2)

    def test_sent_stays_as_it_is(self):
        request = self._send()
        customer = self._side(request, "customer").with_user(self.user)
        for vals in ({"email": "me@evil.example"}, {"name": "I"}, {"side": "company"},
                     {"role": "copy"}, {"needs_code": False},
                     {"sequence": 1, "email": "me@evil.example"}):  # fmt: skip
            with self.assertRaises(UserError), self.env.cr.savepoint():
                customer.write(vals)
        for vals in ({"note": "Other"}, {"date_expiry": False}, {"reminder_days": 1},
                     {"signatory_ids": [Command.create({"name": "X"})]}):  # fmt: skip
            with self.assertRaises(UserError), self.env.cr.savepoint():
                request.write(vals)
        with self.assertRaises(UserError):
            request.unlink()
        with self.assertRaises(UserError):
            customer.unlink()

    def test_copies_get_the_signed_file_alone(self):
        request = self._request()
        request.signatory_ids = [
            Command.create(self._prepare_signatory(name="Copy", role="copy"))
        ]
        request.action_send()
        copied = request.sudo().signatory_ids.filtered(lambda r: r.role == "copy")
        with self.assertRaisesRegex(UserError, "nothing to sign"):
            self._sign_as(copied)
        self._sign_as(self._side(request, "customer") - copied)
        self._sign_as(self._side(request, "company"))
        self.assertEqual((copied.state, request.state), ("copied", "done"))

    def test_what_is_missing_is_named_at_once(self):
        self.signatory.email = False
        contract = self._submit(self._create_contract(company_signatory_id=False))
        request = self._request(contract=contract)
        with self.assertRaises(UserError) as caught:
            request.action_send()
        self.assertIn("no mail address", str(caught.exception))
        self.assertIn("Nobody signs for us", str(caught.exception))
        self.assertEqual(request.state, "draft")
        # The address came to be known meanwhile.
        self.signatory.email = "sam@customer.example"
        self.type.signature_user_ids = self.manager
        request.unlink()
        self._send(contract=contract)

    def test_bad_signatories(self):
        self.type.signature_needs_letter = True
        other = self._create_company("Sister Ltd")
        stranger = self._create_user("contract_stranger", company=other)
        archived = self.env["res.partner"].create(
            {"name": "Gone", "email": "gone@customer.example", "active": False}
        )
        letter = {"letter": PDF_LETTER, "capacity": "authorised"}
        for vals, message in (
            ({"email": "nowhere"}, "is no mail address"),
            ({"email": "SAM@customer.example"}, "stands there twice"),
            ({"email": self.manager.email}, "one of our users"),
            ({"email": self.user.email or self.user.login}, "one of our users"),
            ({"partner_id": archived.id}, "is archived"),
            ({"user_id": stranger.id, "side": "company"}, "is no user of"),
            ({"user_id": self.manager.id}, "can't sign for the customer"),
            (
                {
                    "partner_id": self.user.partner_id.id,
                    "email": "private@mail.example",
                },
                "can't sign for the customer",
            ),
            ({"capacity": "authorised"}, "attach the letter"),
            ({**letter, "letter_until": self._days(-1)}, "has expired"),
        ):
            with self.subTest(**vals), self.env.cr.savepoint() as savepoint:
                request = self._request(user=self.manager)
                request.signatory_ids.filtered(lambda r: r.side == "customer").write(
                    letter
                )
                request.signatory_ids.filtered(
                    lambda r: r.side == "company"
                ).capacity = "representative"
                row = self._prepare_signatory(**{"capacity": "representative", **vals})
                request.signatory_ids = [Command.create(row)]
                with self.assertRaisesRegex(UserError, message):
                    request.action_send()
                savepoint.rollback()

    def test_expired_letter_keeps_from_signing(self):
        request = self._request()
        row = request.signatory_ids.filtered(lambda r: r.side == "customer")
        row.write(
            {"letter": PDF_LETTER, "letter_until": self.today, "capacity": "authorised"}
        )
        request.action_send()
        company = type(self.env["res.company"])
        with (
            patch.object(company, "_get_today", lambda *args: self._days(1)),
            self.assertRaisesRegex(UserError, "letter of authority has expired"),
        ):
            self._sign_as(self._side(request, "customer"))

    def test_only_what_waits_to_be_signed(self):
        for state in ("draft", "review", "running", "cancelled", "ended"):
            contract = self._in_state(state)
            with self.subTest(state), self.assertRaises(UserError):
                self._request(contract=contract)

    def test_one_request_at_a_time(self):
        request = self._request()
        action = request.contract_id.action_request_signatures()
        self.assertEqual(action["res_id"], request.id)
        request.action_send()
        action = request.contract_id.action_request_signatures()
        self.assertEqual(action["res_id"], request.id)

    def test_rights(self):
        request = self._request(user=self.manager)
        for user in (self.reader, self.salesman, self.user, self.accountant):
            with self.subTest(user.name), self.assertRaises(AccessError):
                request.with_user(user).action_send()
        request.action_send()
        for user in (self.reader, self.salesman, self.user, self.accountant):
            for name in ("action_withdraw", "action_remind"):
                with self.subTest(user.name), self.assertRaises(AccessError):
                    getattr(request.with_user(user), name)()
        self.assertEqual(
            request.with_user(self.reader).read(["state"])[0]["state"], "open"
        )

    def test_paper_waits_for_the_request(self):
        """Signatures are not registered beside a request, by whatever route."""
        request = self._send()
        contract = request.contract_id
        with self.assertRaisesRegex(UserError, "Withdraw the request"):
            contract.action_sign(content_hash=contract.content_hash)
        with self.assertRaisesRegex(UserError, "Withdraw the request"):
            self._open_sign(contract).action_sign()
        request.action_withdraw("Paper is wanted")
        contract.action_sign(content_hash=contract.content_hash)
        self.assertEqual(contract.state, "running")

    def test_draft_does_not_keep_from_paper(self):
        request = self._request()
        contract = request.contract_id
        contract.action_sign(content_hash=contract.content_hash)
        self.assertFalse(request.exists())

    def test_withdrawn_contract_voids_the_request(self):
        for leave in ("action_withdraw", "action_cancel"):
            request = self._send()
            contract, customer = request.contract_id, self._side(request, "customer")
            getattr(contract, leave)()
            with self.subTest(leave):
                self.assertEqual(
                    (request.state, customer.state), ("withdrawn", "withdrawn")
                )
                with self.assertRaisesRegex(UserError, "withdrawn"):
                    self._sign_as(customer)

    def test_submitted_again_is_another_text(self):
        """A link of before opens nothing of what is submitted after."""
        request = self._send()
        contract, customer = request.contract_id, self._side(request, "customer")
        contract.action_withdraw()
        contract.name = "Maintenance of another plant"
        again = self._send(contract=self._submit(contract))
        self.assertNotEqual(again.content_hash, request.content_hash)
        with self.assertRaisesRegex(UserError, "withdrawn"):
            self._sign_as(customer)
        with self.assertRaisesRegex(UserError, "changed since you opened"):
            self._sign_as(
                self._side(again, "customer"), content_hash=request.content_hash
            )

    def test_same_text_submitted_again_is_signed_anew(self):
        """Whoever signed the version that was withdrawn signs again."""
        request = self._send()
        contract = request.contract_id
        self._sign_as(self._side(request, "customer"))
        contract.action_withdraw()
        again = self._send(contract=self._submit(contract))
        self.assertEqual(self._side(again, "customer").state, "invited")
        self.assertEqual(self._side(again, "company").state, "waiting")

    def test_signatories_of_the_last_request(self):
        request = self._request()
        request.signatory_ids = [Command.create(self._prepare_signatory(name="Second"))]
        request.action_send().action_withdraw()
        again = self._request(contract=request.contract_id)
        self.assertEqual(
            again.signatory_ids.mapped("name"), request.signatory_ids.mapped("name")
        )
        self.assertEqual(set(again.signatory_ids.mapped("state")), {"draft"})

    def test_failing_completion_leaves_nothing(self):
        """What fails at the end refuses the last signature as a whole."""
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        ours = self._side(request, "company")
        seal = self.env.registry["crm.contract.seal"]
        with (
            patch.object(seal, "_make_final", side_effect=OSError("disk full")),
            self.assertRaises(OSError),
        ):
            self._sign_as(ours)
        self.assertEqual((ours.state, request.state), ("invited", "open"))
        self.assertFalse(ours.signature)
        self.assertEqual(request.contract_id.state, "to_sign")
        self._sign_as(ours)
        self.assertEqual(request.state, "done")

    def _fail(self, signatory, reason):
        """Sign last while the contract can't be signed; return what he is told."""
        seal = self.env.registry["crm.contract.seal"]
        with patch.object(seal, "_make_final", side_effect=UserError(reason)):
            try:
                self._sign_as(signatory)
            except UserError as error:
                return str(error)

    def test_completion_that_is_refused_is_told(self):
        """Whoever signs last can't mend it: whoever asked is told, once a reason."""
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        ours, contract = self._side(request, "company"), request.contract_id
        for reason in ("It was overtaken.", "It was overtaken.", "No engine."):
            said = self._fail(ours, reason)
            self.assertIn(reason, said)
            self.assertIn("Nothing was signed", said)
            self.assertEqual((ours.state, request.state), ("invited", "open"))
            self.assertEqual(request.problem, reason)
        self.assertFalse(ours.signature)
        activities = contract.activity_ids.filtered(
            lambda row: "could not be completed" in row.summary
        )
        self.assertEqual(activities.user_id, self.user)
        self.assertEqual(len(activities), 2)
        self.assertIn("overtaken", activities.sorted("id")[0].note)
        health = self.env["crm.contract.health"].sudo()
        ids = health._query_signatures_stuck()
        self.env.flush_all()
        found = [row[0] for row in self.env.execute_query(ids)]
        self.assertIn(request.id, found)
        self._sign_as(ours)
        self.assertEqual((request.state, request.problem), ("done", False))

    def test_completion_that_is_refused_is_told_to_somebody(self):
        """The owner left: the next in charge is told; withdrawing ends the alarm."""
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        self.user.active = False
        self._fail(self._side(request, "company"), "No.")
        activity = request.contract_id.sudo().activity_ids.filtered(
            lambda row: "could not be completed" in row.summary
        )
        self.assertTrue(activity.user_id.active)
        request.with_user(self.manager).action_withdraw()
        self.assertFalse(request.problem)

    def test_completion_that_is_refused_in_the_backend(self):
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        action = request.with_user(self.manager).action_open_sign()
        dialog = self.env[action["res_model"]].with_user(self.manager)
        dialog = dialog.with_context(action["context"]).create({"has_agreed": True})
        seal = self.env.registry["crm.contract.seal"]
        with patch.object(seal, "_make_final", side_effect=UserError("No engine.")):
            params = dialog.action_sign()["params"]
        self.assertEqual(params["type"], "danger")
        self.assertIn("No engine.", params["message"])
        self.assertEqual((request.state, request.problem), ("open", "No engine."))
        dialog.action_sign()
        self.assertEqual(request.state, "done")

    def test_tampered_text_is_not_signed(self):
        request = self._send()
        version = request.sudo().version_id
        forged = version.content.replace("of the plant", "of the plane")
        self._tamper(version, content=forged)
        with self.assertRaisesRegex(UserError, "damaged"):
            self._sign_as(self._side(request, "customer"))

    def test_partner_changes_after_sending(self):
        """Who was invited signs as who he was invited as."""
        request = self._send()
        customer = self._side(request, "customer")
        self.signatory.write({"name": "Sam Married", "email": "other@customer.example"})
        self.customer.name = "Renamed Corp"
        self.assertEqual(customer.email, "sam@customer.example")
        self.assertIn("Customer Corp", customer._get_consent_text())
        self._sign_as(customer)
        self._sign_as(self._side(request, "company"))
        contract = request.contract_id
        self.assertEqual(contract.signed_by_customer, "Sam Signatory")
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_archived_partner_signs_no_more(self):
        request = self._send()
        self.signatory.action_archive()
        with self.assertRaisesRegex(UserError, "not named"):
            self._sign_as(self._side(request, "customer"))

    def test_sister_company(self):
        other = self._create_company("Sister Ltd")
        sister = self._create_user(
            "contract_sister", "crm_contract.crm_contract_group_manager", other
        )
        request = self._send()
        found = request.with_user(sister).with_context(allowed_company_ids=other.ids)
        self.assertFalse(found.search([("id", "=", request.id)]))
        with self.assertRaises(AccessError):
            found.action_withdraw()

    def test_hundred_at_once(self):
        """Many are sent with a number of queries that grows little with each."""
        contracts = self.env["crm.contract"].union(
            *(self._submit(self._create_contract()) for _number in range(6))
        )
        action = contracts.action_request_signatures()
        requests = self.env["crm.contract.signature.request"].search(action["domain"])
        self.assertEqual(len(requests), 6)
        requests.action_send()
        self.assertEqual(set(requests.mapped("state")), {"open"})
        tokens = requests.sudo().signatory_ids.mapped("access_token")
        self.assertEqual(len(set(tokens)), 12)

    def test_expiry_and_terms_of_the_type(self):
        self.type.write({"signature_days": 10, "signature_reminder_days": 3})
        request = self._send()
        self.assertEqual(request.date_expiry, self._days(10))
        self.assertEqual(request.date_reminder, self._days(3))
        self.type.write({"signature_days": 0, "signature_reminder_days": 0})
        request = self._send()
        self.assertFalse(request.date_expiry)
        self.assertFalse(request.date_reminder)

    def test_png_is_written_anew(self):
        request = self._send()
        customer = self._side(request, "customer")
        self._sign_as(customer, signature=draw("JPEG", text=b"<script>hidden</script>"))
        png = base64.b64decode(customer.with_context(bin_size=False).signature)
        self.assertTrue(png.startswith(b"\x89PNG"))
        self.assertNotIn(b"script", png)
        self.assertLess(customer.date_signed, fields.Datetime.add(
            fields.Datetime.now(), minutes=1))  # fmt: skip
