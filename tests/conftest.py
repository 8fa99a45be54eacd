"""Fixtures: the server, users of every role, and contracts ready to be submitted."""

import json
import os
import uuid

import pytest
from browser import chromium, page  # noqa: F401 (fixtures)
from client import Client, Database, together

PASSWORD = "Black-box-2026"
GROUPS = {
    "reader": ["crm_contract.crm_contract_group_reader"],
    "own": ["crm_contract.crm_contract_group_user", "sales_team.group_sale_salesman"],
    "all": [
        "crm_contract.crm_contract_group_user_all",
        "sales_team.group_sale_salesman_all_leads",
    ],
    "manager": [
        "crm_contract.crm_contract_group_manager",
        "sales_team.group_sale_manager",
    ],
    "accountant": ["account.group_account_invoice", "base.group_user"],
    "founder": [
        "crm_contract.crm_contract_group_manager",
        "sales_team.group_sale_manager",
        "account.group_account_invoice",
    ],
    "salesman": ["sales_team.group_sale_salesman"],
    "portal": ["base.group_portal"],
}
TEMPLATE = "crm_contract.crm_contract_template_service_en"


def pytest_configure(config):
    """Each of several processes has a server and a database of its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    servers = json.loads(os.environ.get("CONTRACT_SERVERS", "[]"))
    if servers:
        url, database = servers[int(worker.removeprefix("gw"))]
        os.environ.update(CONTRACT_URL=url, CONTRACT_DB=database)


def pytest_collection_modifyitems(items):
    """The longest come first: who is through with the others takes from the end."""
    items.sort(key=lambda item: item.path.stem != "test_ledger_matrix")


def _setting(name):
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: start these tests with make test ONLY=tests")
    return value


@pytest.fixture(scope="session")
def admin():
    """The administrator; every test fails when the server does not answer."""
    return Client(
        _setting("CONTRACT_URL"),
        _setting("CONTRACT_DB"),
        _setting("CONTRACT_LOGIN"),
        _setting("CONTRACT_PASSWORD"),
    )


@pytest.fixture(scope="session")
def database(admin):
    connection = Database(admin.database)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def company(admin):
    """The administrator's company, with the legal data that contracts print."""
    company_id = admin.read("res.users", admin.uid, "company_id")
    admin.call(
        "res.company",
        "write",
        [company_id],
        {
            "company_registry": "HRB 424242",
            "street": "Hafenstrasse 1",
            "city": "Bremen",
        },
    )
    admin.call(
        "res.partner",
        "write",
        [admin.read("res.company", company_id, "partner_id")],
        {"legal_representative": "Frieda Kaufmann"},
    )
    return company_id


@pytest.fixture(scope="session")
def people(admin, company):
    """A session per role (dict of clients), the administrator's included."""
    users = {"administrator": admin}
    for role, groups in GROUPS.items():
        users[role] = make_user(admin, role, groups, company)
    return users


def make_user(admin, role, groups, company_id):
    """Make the user of a role, or find the one of an earlier run; log in."""
    login = f"blackbox_{role}"
    values = {
        "name": f"Black Box {role.title()}",
        "email": f"{login}@example.com",
        "password": PASSWORD,
        "company_id": company_id,
        "company_ids": [(6, 0, [company_id])],
        "group_ids": [(6, 0, [admin.ref(xmlid) for xmlid in groups])],
        "lang": "en_US",
    }
    found = admin.search("res.users", [("login", "=", login)])
    if found:
        admin.call("res.users", "write", found, values)
    else:
        admin.create("res.users", {**values, "login": login}, no_reset_password=True)
    return Client(admin.url, admin.database, login, PASSWORD)


@pytest.fixture(scope="session")
def customer(admin):
    """A customer company with the legal data that a contract needs, and a signatory."""
    partner_id = admin.create(
        "res.partner",
        {
            "name": "Nordlicht Werke GmbH",
            "is_company": True,
            "company_registry": "HRB 815",
            "street": "Deichweg 7",
            "zip": "26721",
            "city": "Emden",
            "email": "office@nordlicht.example.com",
        },
    )
    admin.call(
        "res.partner",
        "write",
        [partner_id],
        {"legal_representative": "Okke Janssen"},
    )
    signatory_id = admin.create(
        "res.partner", {"name": "Okke Janssen", "parent_id": partner_id}
    )
    return {"id": partner_id, "signatory_id": signatory_id}


class Factory:
    """Makes contracts through the server, as one user or another."""

    def __init__(self, admin, company_id, customer):
        self.admin = admin
        self.company_id = company_id
        self.customer = customer
        self.template_id = admin.ref(TEMPLATE)

    def prepare(self, **values):
        """Values of a contract from the shipped template."""
        template_id = values.pop("template_id", self.template_id)
        return {
            "name": f"Contract {uuid.uuid4().hex[:8]}",
            "partner_id": self.customer["id"],
            "customer_signatory_id": self.customer["signatory_id"],
            "company_signatory_id": self.admin.uid,
            "company_id": self.company_id,
            "type_id": self.admin.read("crm.contract.template", template_id, "type_id"),
            "template_id": template_id,
            **values,
        }

    def draft(self, user=None, **values):
        """A contract that can be submitted: prices set, plan complete."""
        user = user or self.admin
        contract_id = user.create(
            "crm.contract", self.prepare(**{"user_id": user.uid, **values})
        )
        self.set_prices(contract_id, user)
        return contract_id

    def set_prices(self, contract_id, user=None):
        user = user or self.admin
        lines = user.search(
            "crm.contract.line",
            [("contract_id", "=", contract_id), ("display_type", "=", False)],
        )
        user.call(
            "crm.contract",
            "write",
            [contract_id],
            {
                "line_ids": [
                    (1, line, {"price_unit": 1000.0 + 100 * position})
                    for position, line in enumerate(lines)
                ]
            },
        )

    def submitted(self, user=None, **values):
        user = user or self.admin
        contract_id = self.draft(user, **values)
        user.call("crm.contract", "action_submit", [contract_id])
        assert self.state(contract_id) == "to_sign"
        return contract_id

    def signed(self, user=None, **values):
        """A signed contract; it runs when its start has come."""
        user = user or self.admin
        contract_id = self.submitted(user, **values)
        self.sign(contract_id, user)
        return contract_id

    def sign(self, contract_id, user=None, **values):
        user = user or self.admin
        wizard = user.create(
            "crm.contract.sign",
            {
                "contract_id": contract_id,
                "signed_by_customer": "Okke Janssen",
                "signed_by_company": "Frieda Kaufmann",
                **values,
            },
        )
        return user.call("crm.contract.sign", "action_sign", [wizard])

    def drafts(self, count, user=None, **values):
        """Several drafts, made by a few sessions at once."""
        user = user or self.admin
        sessions = [user.again() for _number in range(4)]
        results = []
        for start in range(0, count, len(sessions)):
            part = sessions[: count - start]
            results += together(
                *[lambda s=session: self.draft(s, **values) for session in part]
            )
        assert all(isinstance(result, int) for result in results), results
        return results

    def rows(self, contract_id):
        """Ids of the payment plan, in its order."""
        return self.admin.search(
            "crm.contract.installment",
            [("contract_id", "=", contract_id)],
            order="sequence, id",
        )

    def state(self, contract_id):
        return self.admin.read("crm.contract", contract_id, "state")


@pytest.fixture(scope="session")
def factory(admin, company, customer):
    return Factory(admin, company, customer)


@pytest.fixture
def verify(admin):
    """A function that asks the server whether record and files are the frozen ones."""

    def ask(contract_id):
        action = admin.call("crm.contract", "action_verify", [contract_id])
        return action["params"]["type"] == "success", action["params"]["message"]

    return ask
