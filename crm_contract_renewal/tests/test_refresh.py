from odoo.fields import Command

from .common import RenewalCommon


class TestRefresh(RenewalCommon):
    """Clauses of renewals in the present versions of the library."""

    def _new_version(self, clause, body, **vals):
        """Return the next version of a library clause, as its manager makes it."""
        action = clause.with_user(self.manager).action_new_version()
        version = self.env["crm.contract.clause.template"].browse(action["res_id"])
        version.write({"body": body, **vals})
        return version

    def _create_with(self, *clauses):
        return self._create_running(
            clause_ids=[Command.create(vals) for vals in clauses]
        )

    def test_takes_the_present_version(self):
        """Over two generations, with the heading; without a code as well."""
        contract = self._create_running()
        self._new_version(self.clause, "<p>Liable to a limit of old.</p>")
        latest = self._new_version(
            self.clause.search([("previous_version_id", "=", self.clause.id)]),
            "<p>Liable to the new limit.</p>",
            name="Limits",
        )
        successor = self._renew(contract, refresh_clauses=True)
        self.assertEqual(successor.clause_ids.template_id, latest)
        self.assertEqual(successor.clause_ids.name, "Limits")
        self.assertIn("new limit", successor.clause_ids.body)
        self.assertFalse(successor.clause_ids.is_deviating)

    def test_only_when_ticked(self):
        contract = self._create_running()
        self._new_version(self.clause, "<p>New.</p>")
        wizard = self._open_renew(contract)
        self.assertFalse(wizard.clause_changes)
        wizard.action_renew()
        self.assertEqual(contract.renewal_ids.clause_ids.template_id, self.clause)

    def test_each_clause_takes_its_own(self):
        """Whatever order the clauses have, and whatever lies between them."""
        names = ("Alpha", "Beta", "Gamma", "Delta")
        library = {
            name: self._create_clause(name, f"<p>{name} of old.</p>") for name in names
        }
        # Sequences that are equal, and another order of creation.
        contract = self._create_with(
            {"template_id": library["Gamma"].id, "sequence": 10},
            {"template_id": library["Alpha"].id, "sequence": 10},
            {"name": "Own", "category_id": self.category.id, "sequence": 5},
            {"template_id": library["Delta"].id, "sequence": 10, "name": "Heading"},
            {"template_id": library["Beta"].id, "sequence": 1},
        )
        for name in ("Alpha", "Gamma", "Delta"):
            self._new_version(library[name], f"<p>{name} anew.</p>")
        successor = self._renew(contract, refresh_clauses=True)
        texts = {
            clause.name: (clause.body and str(clause.body), clause.sequence)
            for clause in successor.clause_ids
        }
        self.assertEqual(
            texts,
            {
                "Gamma": ("<p>Gamma anew.</p>", 10),
                "Alpha": ("<p>Alpha anew.</p>", 10),
                "Own": (False, 5),
                "Heading": ("<p>Delta anew.</p>", 10),
                "Beta": ("<p>Beta of old.</p>", 1),
            },
        )

    def test_deviating_ones_stay_and_are_named(self):
        contract = self._create_with(
            {"template_id": self.clause.id, "body": "<p>Liable to nothing.</p>"}
        )
        self._new_version(self.clause, "<p>New.</p>")
        wizard = self._open_renew(contract, refresh_clauses=True)
        shown = str(wizard.clause_changes)
        self.assertRegex(shown, r"(?s)deviates.*Liability")
        self.assertNotIn("<ins>", shown)
        wizard.action_renew()
        self.assertIn("nothing", contract.renewal_ids.clause_ids.body)

    def test_preview(self):
        contracts = self._create_running() | self._create_running()
        self._new_version(self.clause, "<p>Liable to the <b>new</b> limit.</p>")
        wizard = self._open_renew(contracts, refresh_clauses=True)
        shown = str(wizard.clause_changes)
        for contract in contracts:
            self.assertIn(contract.number, shown)
        # The texts are compared once, however many contracts use them.
        self.assertEqual(shown.count("<ins>"), 1)
        self.assertRegex(shown, r"<ins>[^<]*new[^<]*</ins>")
        self.assertIn("v2", shown)

    def test_preview_of_nothing(self):
        wizard = self._open_renew(self._create_running(), refresh_clauses=True)
        self.assertIn("present version", str(wizard.clause_changes))

    def test_archived_ones_are_not_taken(self):
        contract = self._create_running()
        self._new_version(self.clause, "<p>New.</p>").active = False
        successor = self._renew(contract, refresh_clauses=True)
        self.assertEqual(successor.clause_ids.template_id, self.clause)

    def test_alternates_stay_alternates(self):
        """An alternate has the code of its main clause: it follows its own versions."""
        self.clause.code = "LIAB"
        alternate = self._create_clause(
            "Mild", "<p>Mild.</p>", code="LIAB", alternate_of_id=self.clause.id
        )
        contract = self._create_with({"template_id": alternate.id})
        self._new_version(self.clause, "<p>New.</p>")
        successor = self._renew(contract, refresh_clauses=True)
        self.assertEqual(successor.clause_ids.template_id, alternate)

    def test_versions_that_lead_in_a_circle(self):
        other = self._create_clause("Other", "<p>Other.</p>")
        other.previous_version_id = self.clause
        self.clause.previous_version_id = other
        self.assertFalse(self.clause._get_present_versions())

    def test_no_clauses(self):
        contract = self._create_running(clause_ids=[Command.clear()])
        self.assertFalse(self._renew(contract, refresh_clauses=True).clause_ids)

    def test_no_query_per_clause(self):
        def create(count):
            clauses = [self._create_clause(f"C{n}", "<p>C.</p>") for n in range(count)]
            contract = self._create_with(*({"template_id": c.id} for c in clauses))
            for clause in clauses:
                self._new_version(clause, "<p>D.</p>")
            return contract.sudo()

        counts = []
        for contract in (create(2), create(12)):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(contract.clause_ids._get_library_updates())
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
