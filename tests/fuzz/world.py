"""The world that is fuzzed: people of every role, and a contract in every state.

Runs inside an Odoo shell; nothing of it is ever committed. What some roles must not read
carries a word that shows wherever it leaks.
"""

from datetime import date, timedelta

from odoo.fields import Command

CONTRACT = "crm_contract.crm_contract_group_"
APPROVAL = "crm_contract_approval.crm_contract_approval_group_"
ROLES = {
    "own": [f"{CONTRACT}user", "sales_team.group_sale_salesman"],
    "all": [f"{CONTRACT}user_all", "sales_team.group_sale_salesman_all_leads"],
    "manager": [f"{CONTRACT}manager", "sales_team.group_sale_manager"],
    "reader": [f"{CONTRACT}reader"],
    "accountant": ["account.group_account_invoice"],
    "salesman": ["sales_team.group_sale_salesman"],
    "lawyer": [f"{APPROVAL}legal"],
    "approval_manager": [f"{APPROVAL}manager"],
    "portal": ["base.group_portal"],
    "elsewhere": [f"{CONTRACT}manager", "account.group_account_invoice"],
}
# Who is in the other company alone.
ELSEWHERE = {"elsewhere"}
# Words in what belongs to another salesperson, and to another company.
OTHERS, ABROAD = "Zqothers", "Zqabroad"
TODAY = date.today()


class World:
    """Makes the world in a transaction; `contracts` is {name: record}."""

    def __init__(self, env):
        self.env = env(context={"tracking_disable": True, "no_reset_password": True})
        self.company = self.env.company
        self.users, self.contracts = {}, {}
        self._make_companies()
        self._make_users()
        self._make_catalogue()
        self._make_contracts()
        self._make_foreign()
        self._make_things()
        self.env.flush_all()

    def _make_companies(self):
        abroad = self.env["res.company"].create({"name": f"{ABROAD} company"})
        self.abroad = abroad
        for company in self.company | abroad:
            company.write(
                {"company_registry": "HRB 1", "street": "Way 1", "city": "Bremen"}
            )
            company.partner_id.legal_representative = "Frieda Kaufmann"
        chart = self.company.chart_template
        self.env["account.chart.template"].try_loading(
            chart, company=abroad, install_demo=False
        )

    def _make_users(self):
        for role, groups in ROLES.items():
            company = self.abroad if role in ELSEWHERE else self.company
            self.users[role] = self.env["res.users"].create(
                {
                    "name": f"Fuzz {role}",
                    "login": f"fuzz_{role}",
                    "email": f"fuzz_{role}@example.com",
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                    "group_ids": [
                        Command.set([self.env.ref(xmlid).id for xmlid in groups])
                    ],
                }
            )

    def _make_catalogue(self):
        self.customer = self._make_customer("Fuzz customer")
        self.product = self.env["product.product"].create(
            {"name": "Service", "type": "service", "taxes_id": [Command.clear()]}
        )
        source = self.env.ref("crm_contract.crm_contract_type_service")
        self.type, self.reviewed_type = (
            source.copy({"code": "FZ"}),
            source.copy({"code": "FZR"}),
        )
        self.category = self.env["crm.contract.clause.category"].search(
            [("part", "=", "breach")], limit=1
        )
        lawyers = self.users["lawyer"]
        self.env["crm.contract.approval.policy"].create(
            {
                "name": "Fuzz",
                "type_ids": [Command.set(self.reviewed_type.ids)],
                "step_ids": [
                    Command.create(
                        {"name": name, "user_ids": [Command.set(lawyers.ids)]}
                    )
                    for name in ("Legal", "Executive")
                ],
            }
        )

    def _make_customer(self, name):
        customer = self.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "company_registry": "HRB 2",
                "street": "Dike 7",
                "city": "Emden",
                "legal_representative": "Okke Janssen",
            }
        )
        self.env["res.partner"].create(
            {"name": f"{name} signatory", "parent_id": customer.id}
        )
        return customer

    def _draft(self, role, **vals):
        user = self.users[role]
        line = {"product_id": self.product.id, "name": "Work", "price_unit": 1000.0}
        line |= {"scope": "All", "service_standard": "Good"}
        fee = dict(line, name="Fee", is_recurring=True, price_unit=100.0)
        clause = {
            "name": "Breach",
            "category_id": self.category.id,
            "body": "<p>Pay.</p>",
        }
        customer = vals.pop("customer", self.customer)
        plan = [
            Command.create(
                {"name": "Deposit", "trigger": "signature", "percentage": 30}
            ),
            Command.create({"name": "Rest", "date": TODAY, "percentage": 70}),
        ]
        contract = self.env(user=user.id)["crm.contract"].create(
            {
                "name": "Fuzz contract",
                "partner_id": customer.id,
                "customer_signatory_id": customer.child_ids[:1].id,
                "company_signatory_id": user.id,
                "user_id": user.id,
                "type_id": self.type.id,
                "date_start": TODAY,
                "date_end": TODAY + timedelta(days=364),
                "line_ids": [Command.create(line), Command.create(fee)],
                "clause_ids": [Command.create(clause)],
                "installment_ids": plan,
                "dispute_method": "mediation",
                "milestone_ids": [
                    Command.create({"name": "Handover", "user_id": user.id})
                ],
                **vals,
            }
        )
        contract.action_insert_mandatory_clauses()
        return contract

    def _submitted(self, role, **vals):
        contract = self._draft(role, **vals)
        contract.action_submit()
        return contract

    def _signed(self, role, **vals):
        contract = self._submitted(role, **vals)
        contract.action_sign(content_hash=contract.content_hash)
        return contract

    def _keep(self, state, contract, name=None):
        assert contract.state == state, (name or state, contract.state)
        self.contracts[name or state] = contract.sudo().with_env(self.env)

    def _make_contracts(self):
        self._keep("draft", self._draft("own"))
        self._keep("to_sign", self._submitted("own"))
        later = TODAY + timedelta(days=20)
        self._keep(
            "signed",
            self._signed("own", date_start=later, date_end=later + timedelta(days=90)),
        )
        self._keep("review", self._submitted("own", type_id=self.reviewed_type.id))
        self._keep("running", self._signed("own"))
        billed = self._signed("own")
        billed.action_bill()
        self._keep("running", billed, "billed")
        suspended = self._signed("own")
        suspended.action_suspend()
        self._keep("suspended", suspended)
        ended = self._signed("own")
        self.env(user=self.users["manager"].id)["crm.contract"].browse(
            ended.id
        ).action_end(reason="completed", settle=True)
        self._keep("ended", ended)
        cancelled = self._draft("own")
        cancelled.action_cancel()
        self._keep("cancelled", cancelled)
        self._make_successors()

    def _make_successors(self):
        parent = self._signed("own")
        amendment = parent.action_amend(date_effective=str(TODAY), reason="More")
        amendment.write({"name": "Fuzz contract, more"})
        amendment.action_submit()
        amendment.action_sign(content_hash=amendment.content_hash)
        self._keep("in_force", amendment)
        self._keep("running", parent, "amended")
        draft = parent.action_amend(date_effective=str(TODAY), reason="Even more")
        self._keep("draft", draft, "amendment_draft")
        renewed = self._signed("own")
        self._keep("draft", renewed.action_renew(), "renewal_draft")
        self._keep("running", renewed, "renewed")

    def _make_foreign(self):
        """What others own: not for the role “own”, nor beyond the company."""
        for state, make in (("draft", self._draft), ("running", self._signed)):
            contract = make("all", name=f"{OTHERS} contract", note=OTHERS)
            self._keep(state, contract, f"others_{state}")
        customer = self._make_customer(f"{ABROAD} customer")
        customer.company_id = self.abroad
        customer.child_ids.company_id = self.abroad
        vals = {"customer": customer, "name": f"{ABROAD} contract", "note": ABROAD}
        vals |= {"preamble": f"<p>{ABROAD}</p>", "company_id": self.abroad.id}
        for state, make in (
            ("draft", self._draft),
            ("to_sign", self._submitted),
            ("running", self._signed),
        ):
            self._keep(state, make("elsewhere", **vals), f"abroad_{state}")

    def _make_things(self):
        """What a caller might reach for from a contract: leads, orders, activities."""
        for role, word, company in (
            ("own", "Fuzz", self.company),
            ("all", OTHERS, self.company),
            ("elsewhere", ABROAD, self.abroad),
        ):
            user = self.users[role]
            partner = self.customer if role != "elsewhere" else company.partner_id
            lead = self.env["crm.lead"].create(
                {
                    "name": f"{word} lead",
                    "type": "opportunity",
                    "user_id": user.id,
                    "company_id": company.id,
                    "partner_id": partner.id,
                }
            )
            self.env["sale.order"].create(
                {
                    "partner_id": partner.id,
                    "user_id": user.id,
                    "company_id": company.id,
                    "client_order_ref": word,
                    "order_line": [Command.create({"product_id": self.product.id})],
                }
            )
            lead.activity_schedule(
                "mail.mail_activity_data_todo", user_id=user.id, summary=f"{word} call"
            )
            self.env["ir.attachment"].create(
                {
                    "name": f"{word} file",
                    "raw": word.encode(),
                    "res_model": "crm.lead",
                    "res_id": lead.id,
                }
            )
