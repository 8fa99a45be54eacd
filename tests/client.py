"""What the tests talk to: the server, as its clients do, and the database beneath."""

import configparser
import contextlib
import os
import re
import threading

import psycopg2
import psycopg2.extras
import pytest
import requests

TIMEOUT = 120
# What a person who is refused gets; anything else is a crash.
REFUSALS = {
    "odoo.exceptions.AccessDenied",
    "odoo.exceptions.AccessError",
    "odoo.exceptions.LockError",
    "odoo.exceptions.MissingError",
    "odoo.exceptions.UserError",
    "odoo.exceptions.ValidationError",
}
# The tables that hold a contract, and the column that leads to it.
TABLES = {
    "crm_contract": "id",
    "crm_contract_line": "contract_id",
    "crm_contract_clause": "contract_id",
    "crm_contract_installment": "contract_id",
    "crm_contract_milestone": "contract_id",
    "crm_contract_document": "contract_id",
}


class RpcError(Exception):
    """The server answered with an error; `kind` is the name of its exception."""

    def __init__(self, kind, message):
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class Client:
    """A user's session, calling as the web client does."""

    last_call = None

    def __init__(self, url, database, login, password):
        self.url = url
        self.database = database
        self.login = login
        self.password = password
        self.session = requests.Session()
        self.session.trust_env = False
        answer = self.post_json(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        self.uid = answer["uid"]
        self.partner_id = answer.get("partner_id")

    def again(self):
        """Another session of the same user, as of a second browser."""
        return Client(self.url, self.database, self.login, self.password)

    def post_json(self, path, params):
        answer = self.session.post(
            self.url + path,
            json={"jsonrpc": "2.0", "method": "call", "id": 1, "params": params},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        content = answer.json()
        if "error" in content:
            data = content["error"].get("data") or {}
            raise RpcError(data.get("name", ""), data.get("message") or str(content))
        return content.get("result")

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model; `context` goes among the named arguments."""
        Client.last_call = f"{self.login}: {model}.{method}{args}"
        return self.post_json(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def create(self, model, values, **context):
        return self.call(model, "create", [values], context=context)[0]

    def read(self, model, record_id, *names):
        """The values of one record, many2one fields as ids."""
        row = self.call(model, "read", [record_id], list(names), load=None)[0]
        return row[names[0]] if len(names) == 1 else row

    def search(self, model, domain, **kwargs):
        return self.call(model, "search", domain, **kwargs)

    def ref(self, xmlid):
        module, name = xmlid.split(".")
        rows = self.call(
            "ir.model.data",
            "search_read",
            [("module", "=", module), ("name", "=", name)],
            ["res_id"],
        )
        assert rows, f"{xmlid} is missing"
        return rows[0]["res_id"]

    def get(self, path, **kwargs):
        return self.session.get(self.url + path, timeout=TIMEOUT, **kwargs)

    def post_form(self, path, values, files=None, headers=None):
        """Send a form as a page of the server does."""
        page = self.get("/web/login_successful").text
        token = re.search(r"csrf_token: [\"']([^\"']+)", page)
        if not token:
            page = self.get("/odoo").text
            token = re.search(r"csrf_token: [\"']([^\"']+)", page)
        return self.session.post(
            self.url + path,
            data={**values, "csrf_token": token[1]},
            files=files,
            headers=headers,
            timeout=TIMEOUT,
        )


class Database:
    """What is really stored, seen past the server."""

    def __init__(self, name):
        self.name = name
        self._connection = psycopg2.connect(dbname=name, **_connection_options())
        self._connection.autocommit = True
        self._lock = threading.Lock()

    def rows(self, query, *values):
        """The rows of a query, or [] for a statement."""
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def value(self, query, *values):
        return self.rows(query, *values)[0][0]

    def contract(self, contract_id):
        """Everything stored of a contract, to compare it with itself later."""
        stored = {}
        for table, column in TABLES.items():
            query = f"SELECT id, to_jsonb(t) FROM {table} t WHERE {column} = %s"
            for row_id, values in self.rows(query, contract_id):
                for name, value in values.items():
                    stored[f"{table}({row_id}).{name}"] = value
        query = (
            "SELECT a.id, a.checksum, a.store_fname, a.res_id, a.res_field"
            " FROM ir_attachment a JOIN crm_contract_document d ON a.res_id = d.id"
            " WHERE a.res_model = 'crm.contract.document' AND d.contract_id = %s"
        )
        for row_id, *values in self.rows(query, contract_id):
            stored[f"ir_attachment({row_id})"] = values
        return stored

    def close(self):
        self._connection.close()


def _connection_options():
    """The database options of Odoo's configuration; the rest comes from PG*."""
    parser = configparser.RawConfigParser()
    parser.read(os.environ.get("ODOO_CONF", ""))
    options = parser["options"] if parser.has_section("options") else {}
    names = {"db_host": "host", "db_port": "port", "db_user": "user"}
    names["db_password"] = "password"
    return {
        target: options[name]
        for name, target in names.items()
        if options.get(name) not in (None, "", "False")
    }


def changes(before, after):
    """What differs between two states of a contract: {name: (before, after)}."""
    return {
        name: (before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


@contextlib.contextmanager
def refused(*kinds):
    """The block has to be refused with words for people, not with a crash."""
    try:
        yield
    except RpcError as error:
        assert error.kind in (kinds or REFUSALS), f"{Client.last_call}\n{error}"
        assert error.message
    else:
        pytest.fail(f"was not refused: {Client.last_call}")


def together(*functions):
    """Run the functions at once; return their results or the errors they raised."""
    barrier = threading.Barrier(len(functions))
    results = [None] * len(functions)

    def run(position, function):
        barrier.wait(TIMEOUT)
        try:
            results[position] = function()
        except Exception as error:
            results[position] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    return results
