from odoo.fields import Command
from odoo.tests import Form

from .common_defaults import STRANGE, DefaultsCommon
from .test_bridges import BridgeCommon

HEADINGS = ["Liability", "Liquidated damages", "Confidentiality"]


class TemplateCommon(BridgeCommon):
    """A template with headings of its own, and an opportunity to make contracts of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["crm.contract.template"].create(
            {
                "name": "Maintenance",
                "title": "Maintenance contract",
                "type_id": cls.type.id,
                "lang_id": cls.lang_en.id,
                "clause_ids": [
                    Command.create(cls._prepare_clause_vals(name)) for name in HEADINGS
                ],
                "line_ids": [
                    Command.create(
                        {"name": "Services", "display_type": "line_section"}
                    ),
                    Command.create({"product_id": cls.product.id, "name": "Upkeep"}),
                ],
                "milestone_ids": [
                    Command.create({"name": "Kick-off"}),
                    Command.create({"name": "Acceptance", "party": "customer"}),
                ],
                "installment_ids": [
                    Command.create({"name": "Deposit", "percentage": 40}),
                    Command.create({"name": "Rest", "percentage": 60}),
                ],
            }
        )

    @classmethod
    def _prepare_clause_vals(cls, name):
        return {
            "name": name,
            "body": f"<p>{name} is agreed.</p>",
            "category_id": cls.category.id,
            "lang_id": cls.lang_en.id,
        }

    def _check_content(self, contract):
        """Check that the content is the template's, and only the template's."""
        clauses = contract.clause_ids.sorted("id")
        self.assertEqual(clauses.mapped("name"), HEADINGS)
        self.assertFalse(contract.deviating_count)
        self.assertEqual(
            contract.line_ids.sorted("id").mapped("name"), ["Services", "Upkeep"]
        )
        milestones = contract.milestone_ids.sorted("id")
        self.assertEqual(milestones.mapped("name"), ["Kick-off", "Acceptance"])
        self.assertFalse(milestones.user_id)
        self.assertEqual(
            contract.installment_ids.sorted("id").mapped("name"), ["Deposit", "Rest"]
        )
        self.assertEqual(
            contract.installment_ids.mapped("amount_type"), ["percent"] * 2
        )


class TestContextDefaults(TemplateCommon):
    def _get_model(self, context):
        return self.env["crm.contract"].with_user(self.seller).with_context(**context)

    def _prepare_vals(self, **vals):
        return {"type_id": self.type.id, "template_id": self.template.id, **vals}

    def test_opportunity(self):
        """As the web client saves a new form: what it shows goes along as values."""
        context = self.lead.with_user(self.seller).action_new_contract()["context"]
        with Form(self._get_model(context)) as form:
            form.type_id = self.type
            form.template_id = self.template
        contract = form.save()
        self.assertEqual(contract.name, "Plant in Springfield")
        self.assertEqual(contract.opportunity_id, self.lead)
        self.assertEqual(contract.user_id, self.seller)
        self._check_content(contract)

    def test_opportunity_and_little_more(self):
        """What the values leave out comes from the context, for the contract alone."""
        self.lead.tag_ids = self.env["crm.tag"].create({"name": "Plant"})
        context = self.lead.with_user(self.seller).action_new_contract()["context"]
        model = self._get_model(context)
        data = model.web_save(self._prepare_vals(), {"name": {}})
        contract = model.browse(data[0]["id"])
        self.assertEqual(contract.name, "Plant in Springfield")
        self.assertEqual(contract.partner_id, self.customer)
        self.assertEqual(contract.tag_ids, self.lead.tag_ids)
        self._check_content(contract)
        self.assertEqual(contract.env.context["default_name"], "Plant in Springfield")

    def test_list_of_the_opportunity(self):
        action = self.lead.with_user(self.seller).action_view_contracts()
        self._check_content(
            self._get_model(action["context"]).create(self._prepare_vals())
        )

    def test_template_by_itself(self):
        context = self.template.action_new_contract()["context"]
        contract = self._get_model(context).create({"partner_id": self.customer.id})
        self.assertEqual(contract.template_id, self.template)
        self._check_content(contract)

    def test_order(self):
        """The action that showed the order proposes values for orders."""
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "client_order_ref": "Purchase 7",
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "name": "Upkeep"}
                        )
                    ],
                }
            )
        )
        order.with_context(
            default_name="Order of the action",
            default_note="For orders",
            default_color=7,
            default_discount=50,
            default_template_id=self.template.id,
            default_user_id=self.manager.id,
        ).action_new_contract()
        contract = order.contract_id
        self.assertEqual(contract.name, "Purchase 7")
        self.assertEqual(contract.user_id, self.seller)
        self.assertFalse(contract.note or contract.color or contract.template_id)
        self.assertEqual(contract.line_ids.mapped("name"), ["Upkeep"])
        self.assertFalse(contract.line_ids.discount)

    def test_kanban(self):
        """A column proposes what all of its contracts have in common."""
        columns = {"default_user_id": self.user.id, "default_sequence": 99}
        model = self._get_model(columns).with_user(self.manager)
        contract = model.create(self._prepare_vals(partner_id=self.customer.id))
        self.assertEqual(contract.user_id, self.user)
        self._check_content(contract)
        self.assertEqual(set(contract.line_ids.mapped("sequence")), {10})

    def test_import(self):
        context = self.lead.with_user(self.seller).action_new_contract()["context"]
        model = self._get_model(context)
        result = model.load(
            ["id", "type_id/.id", "template_id/.id", "note"],
            [["defaults.one", str(self.type.id), str(self.template.id), "N"]],
        )
        self.assertFalse(result["messages"])
        contract = model.browse(result["ids"])
        self.assertEqual(contract.opportunity_id, self.lead)
        self._check_content(contract)

    def test_rows_as_commands(self):
        """Rows that come with the values get the model's own defaults."""
        context = {
            "default_name": "For the contract",
            "default_sequence": 99,
            "default_discount": 50,
            "default_quantity": 7,
            "default_user_id": self.seller.id,
            "default_description": "For the contract",
            "default_amount_type": "fixed",
            "default_date": "2020-02-02",
        }
        model = self._get_model(context)
        rows = {
            "line_ids": [Command.create({"product_id": self.product.id})],
            "milestone_ids": [Command.create({"name": "Kick-off"})],
            "installment_ids": [Command.create({"name": "All", "percentage": 100})],
            "clause_ids": [Command.create({"template_id": self.clause.id})],
        }
        contract = model.create(self._prepare_vals(partner_id=self.customer.id, **rows))
        contract.write(rows)
        for line in contract.line_ids:
            self.assertIn("Maintenance", line.name)
            self.assertEqual((line.quantity, line.discount), (1, 0))
            self.assertEqual(line.sequence, 10)
        for milestone in contract.milestone_ids:
            self.assertFalse(milestone.user_id or milestone.description)
        for row in contract.installment_ids:
            self.assertEqual((row.amount_type, row.date), ("percent", False))
        self.assertEqual(contract.clause_ids.mapped("name"), ["Liability"] * 2)
        self.assertEqual(contract.name, "For the contract")

    def test_rows_in_the_context(self):
        """Content that the context itself holds takes the place of the template's."""
        line = Command.create({"product_id": self.product.id, "name": "Own"})
        contract = self._get_model({"default_line_ids": [line]}).create(
            self._prepare_vals(partner_id=self.customer.id)
        )
        self.assertEqual(contract.line_ids.mapped("name"), ["Own"])
        self.assertEqual(contract.clause_ids.sorted("id").mapped("name"), HEADINGS)

    def test_row_of_its_own_action(self):
        contract = self._create_contract(self.seller)
        context = {"default_contract_id": contract.id}
        milestones = self.env["crm.contract.milestone"].with_user(self.seller)
        with Form(milestones.with_context(**context, default_party="customer")) as form:
            form.name = "Hand-over"
        milestone = form.save()
        self.assertEqual(milestone.contract_id, contract)
        self.assertEqual(milestone.party, "customer")
        milestone = milestones.with_context(**context).create({"name": "Another"})
        self.assertEqual(milestone.contract_id, contract)

    def test_mandatory_clauses(self):
        contract = self._create_contract(self.seller, clause_ids=False)
        self.type.mandatory_clause_ids = self.template.clause_ids
        contract.clause_ids.unlink()
        context = {"default_name": "For the contract", "default_sequence": 99}
        contract.with_context(**context).action_insert_mandatory_clauses()
        self.assertEqual(contract.clause_ids.sorted("id").mapped("name"), HEADINGS)
        self.assertEqual(set(contract.clause_ids.mapped("sequence")), {10})

    def test_copy(self):
        contract = self._get_model({}).create(
            self._prepare_vals(partner_id=self.customer.id)
        )
        context = {"default_name": "For the contract", "default_user_id": self.user.id}
        copied = contract.with_context(**context).copy()
        self.assertEqual(copied.name, "Maintenance contract (copy)")
        self._check_content(copied)


class TestStrangeDefaults(DefaultsCommon, TemplateCommon):
    """Whatever a client puts into the context: code creates as if it were not there."""

    def _get_foreign(self, model):
        """Return the defaults that are for any model but this one."""
        return {
            key: value
            for key, value in self.strange.items()
            if key.removeprefix("default_") not in self.env[model]._fields
        }

    def _create_billable(self):
        """Return a draft with a fee and a plan, made in a context for everything else."""
        contracts = self.env["crm.contract"].with_user(self.seller)
        fee = self._prepare_line_vals(price_unit=100, is_recurring=True, name="Fee")
        return contracts.with_context(**self._get_foreign("crm.contract")).create(
            self._prepare_contract_vals(
                template_id=self.template.id,
                line_ids=[
                    Command.create(self._prepare_line_vals()),
                    Command.create(fee),
                ],
                milestone_ids=[
                    Command.create({"name": "Kick-off", "user_id": self.manager.id})
                ],
            )
        )

    def _plain(self, record):
        return record.with_env(self.env(user=self.seller))

    def test_life(self):
        last = self._get_last_ids()
        contract = self._create_billable().with_context(**self.strange)
        self.assertIn("default_name", contract.env.context)
        contract.action_submit()
        sign = self._open_sign(self._plain(contract))
        sign.with_context(**self.strange).action_sign()
        self.assertEqual(contract.state, "running")
        contract.action_suspend()
        contract.action_resume()
        due = contract.installment_ids.filtered(lambda row: row.state == "due")
        due.action_create_invoice()
        end = self._open_end(self._plain(contract), reason="terminated", note="Over")
        end.with_context(**self.strange).action_end()
        self._assert_clean(
            last,
            (
                "account.move",
                "account.move.line",
                "crm.contract",
                "crm.contract.clause",
                "crm.contract.document",
                "crm.contract.installment",
                "crm.contract.line",
                "crm.contract.milestone",
                "mail.activity",
            ),
        )

    def test_every_type_of_field_has_a_value(self):
        types = {
            field.type
            for model in self.watched
            for field in model._fields.values()
            if field.store
        }
        self.assertLessEqual(types - {"reference", "properties"}, STRANGE.keys())

    def test_end_with_credit_and_interest(self):
        self.type.write({"late_rate": 1, "late_rate_unit": "day"})
        contract = self._plain(self._create_billable())
        self._sign(contract)
        rows = contract.installment_ids.filtered(lambda row: row.state == "due")
        invoice = rows.sudo()._create_invoices(self._days(-40))
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = self._days(-30)
        invoice.action_post()
        last = self._get_last_ids()
        accountant = contract.with_user(self.accountant).with_context(**self.strange)
        late = self.env["crm.contract.late.interest"].with_env(accountant.env)
        late._charge(accountant, self.today)
        end = self._open_end(contract, reason="terminated", note="Over")
        end.with_context(**self.strange).action_end()
        self._assert_clean(last, ("account.move", "crm.contract.installment"))
