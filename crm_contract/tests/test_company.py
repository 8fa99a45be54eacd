from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL


@tagged("post_install", "-at_install")
class TestCompany(TransactionCase):
    def test_inserted_without_the_add_on(self):
        """As by another add-on that an upgrade loads before these."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'res_company'"
            " AND column_name != ALL(ARRAY['id', 'name'])"
            " AND column_name NOT LIKE 'contract%'"
        )
        columns = SQL(", ").join(
            SQL.identifier(name) for [name] in self.env.cr.fetchall()
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO res_company (name, %s)"
                " SELECT 'Upgraded Ltd', %s FROM res_company LIMIT 1 RETURNING id",
                columns,
                columns,
            )
        )
        [company_id] = self.env.cr.fetchone()
        company = self.env["res.company"].browse(company_id)
        self.assertEqual(company.contract_billing_mode, "draft")
        self.assertEqual(company.contract_ceiling_policy, "refuse")
        self.assertEqual(company.contract_ceiling_warning, 80)
        self.assertEqual(company.contract_horizon, 12)
        self.assertIs(company.contract_win_opportunity, True)

    def test_columns_of_other_models(self):
        """The add-ons add no column to models of others that has to be filled."""
        missing = [
            str(field)
            for model in self.env.registry.values()
            if not model._name.startswith("crm.contract") and model._auto
            for field in model._fields.values()
            if field.required
            and field.store
            and not model._transient
            and (field._module or "").startswith("crm_contract")
            and not (model._name == "res.company" and field.default)
        ]
        self.assertFalse(missing)
