"""What visitors of the portal do: with a link, a log-in, or neither."""

import re

import requests
from client import TIMEOUT, Client

PASSWORD = "Portal-2026"


class Visitor:
    """A browser without scripts: keeps cookies, finds the token of a page's forms."""

    def __init__(self, url, session=None):
        self.url = url
        self.session = session or requests.Session()
        self.session.trust_env = False

    def get(self, path, **kwargs):
        kwargs.setdefault("allow_redirects", False)
        return self.session.get(self.url + path, timeout=TIMEOUT, **kwargs)

    def get_csrf(self, path):
        """The token that the page at a path gives its forms, or its scripts."""
        page = self.get(path, allow_redirects=True).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        found = found or re.search(r'csrf_token: "([^"]+)"', page)
        return found[1] if found else ""

    def post(self, path, values, page=None, files=None, csrf=None):
        """Send a form of a page; `csrf` in place of the token that the page has."""
        token = self.get_csrf(page or path) if csrf is None else csrf
        return self.session.post(
            self.url + path,
            data={**values, "csrf_token": token},
            files=files,
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def act(self, path, step, values=None):
        """Do a step of the signing page as its script does; its answer (dict)."""
        answer = self.post(f"{path}/{step}", values or {}, page=path)
        answer.raise_for_status()
        return answer.json()


def make_portal_user(admin, login, partner_id, company_id):
    """Let a contact log in to the portal; return the client."""
    values = {
        "login": login,
        "name": admin.read("res.partner", partner_id, "name"),
        "partner_id": partner_id,
        "password": PASSWORD,
        "company_id": company_id,
        "company_ids": [(6, 0, [company_id])],
        "group_ids": [(6, 0, [admin.ref("base.group_portal")])],
        "lang": "en_US",
    }
    admin.create("res.users", values, no_reset_password=True)
    return Client(admin.url, admin.database, login, PASSWORD)


def make_customer(admin, name, people):
    """A customer that can sign; return its id, and those of its people."""
    partner_id = admin.create(
        "res.partner",
        {
            "name": name,
            "is_company": True,
            "company_registry": f"HRB {name}",
            "street": "Deichweg 9",
            "zip": "26721",
            "city": "Emden",
        },
    )
    admin.call(
        "res.partner", "write", [partner_id], {"legal_representative": people[0]}
    )
    contacts = [
        admin.create(
            "res.partner",
            {
                "name": person,
                "parent_id": partner_id,
                "email": f"{person.split()[0].lower()}.{partner_id}@example.com",
            },
        )
        for person in people
    ]
    return {"id": partner_id, "signatory_id": contacts[0], "people": contacts}


class Signing:
    """A signature request that was sent, and the links of its signatories."""

    def __init__(self, admin, database, contract_id, signatories, until=None):
        self.admin = admin
        self.database = database
        self.contract_id = contract_id
        until = {"date_expiry": until} if until else {}
        self.request_id = admin.create(
            "crm.contract.signature.request", {"contract_id": contract_id, **until}
        )
        admin.call(
            "crm.contract.signatory",
            "unlink",
            admin.search(
                "crm.contract.signatory", [("request_id", "=", self.request_id)]
            ),
        )
        self.ids = [
            admin.create(
                "crm.contract.signatory",
                {"request_id": self.request_id, "capacity": "representative", **values},
            )
            for values in signatories
        ]
        admin.call("crm.contract.signature.request", "action_send", [self.request_id])

    def path(self, position):
        """The address of the page of a signatory, as his mail has it."""
        signatory_id = self.ids[position]
        [(token,)] = self.database.rows(
            "SELECT access_token FROM crm_contract_signatory WHERE id = %s",
            signatory_id,
        )
        return f"/contract/sign/{signatory_id}/{token}"

    def successor(self, position):
        """The address of the page of whom a signatory handed over to."""
        [(signatory_id, token)] = self.database.rows(
            "SELECT id, access_token FROM crm_contract_signatory WHERE former_id = %s",
            self.ids[position],
        )
        return f"/contract/sign/{signatory_id}/{token}"

    def state(self, position):
        return self.admin.read("crm.contract.signatory", self.ids[position], "state")

    def prepare(self, position, **values):
        """What the form of a signatory sends when he signs."""
        signatory_id = self.ids[position]
        hashes = self.admin.read(
            "crm.contract.signature.request",
            self.request_id,
            "content_hash",
            "text_sha256",
        )
        return {
            "name": self.admin.read("crm.contract.signatory", signatory_id, "name"),
            "signature": "",
            "content_hash": hashes["content_hash"],
            "text_sha256": hashes["text_sha256"],
            **values,
        }


def read_consent(page):
    """The hash of the consent that a signing page hands back."""
    found = re.search(r"consentHash&#34;: &#34;([0-9a-f]{64})", page)
    found = found or re.search(r'consentHash": "([0-9a-f]{64})', page)
    found = found or re.search(r"consentHash&quot;: &quot;([0-9a-f]{64})", page)
    return found[1] if found else ""
