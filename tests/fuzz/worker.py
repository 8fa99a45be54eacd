"""Inside Odoo: calls public methods as one role or another, and tells what came of it.

Started in an Odoo shell by `fuzz.driver`; speaks JSON lines over a socket. Each call runs
as the server would run it, in a savepoint that is taken back.
"""

import inspect
import json
import os
import signal
import socket
import time
import traceback

import psycopg2

from odoo.exceptions import AccessDenied, UserError
from odoo.models import BaseModel
from odoo.service.model import call_kw, get_public_method

from fuzz import holes
from fuzz.world import ABROAD, OTHERS, World

OF_RECORD = "$content_hash"
OURS = "odoo.addons.crm_contract"
# Seconds after which a call counts as hanging.
PATIENCE = 40
# Tables that tell of what happens, in which whoever acts leaves traces.
TRACES = (
    "bus_", "mail_message", "mail_mail", "mail_notification", "mail_tracking",
    "mail_followers", "mail_push", "ir_logging", "ir_cron", "ir_sequence", "res_users_log",
    "ir_profile", "ir_ui_view", "ir_model", "ir_module", "ir_act", "ir_ui_menu",
    "ir_asset", "base_", "discuss_", "res_device", "res_users_settings", "presence",
)  # fmt: skip
POOL = 25


class HangError(Exception):
    """The call took too long."""


class Worker:
    def __init__(self, env):
        self.env = env
        self.is_calling = False
        cr = env.cr
        cr.commit = self._commit
        cr.rollback = self._rollback
        self.world = World(env)
        self.contract_ids = {
            record.id: name for name, record in self.world.contracts.items()
        }
        self.baseline = {}
        self.tables = {
            model._table: name
            for name, model in env.registry.items()
            if model._auto and not model._abstract and not model._transient
        }
        self.readable = self._find_readable()
        self.holes = []
        self.before = self._get_states()

    # A call that commits goes on, a call that rolls back begins anew.
    def _commit(self):
        self.env.cr.flush()
        self.env.cr.postcommit.clear()

    def _rollback(self):
        cr = self.env.cr
        if not self.is_calling:
            type(cr).rollback(cr)
            return
        cr.clear()
        cr.execute("ROLLBACK TO SAVEPOINT fuzz")

    def _find_readable(self):
        """Which words may show in what a role is answered: {role: words}."""
        contracts = self.world.contracts
        found = {}
        for role, user in self.world.users.items():
            words = set()
            for word, name in ((OTHERS, "others_draft"), (ABROAD, "abroad_draft")):
                record = contracts[name].with_env(self.env(user=user.id))
                if record.with_context({}).has_access("read"):
                    words.add(word)
            found[role] = words
        return found

    def describe(self):
        """What there is to call, and with what."""
        env = self.env
        models = {target["model"] for target in self.targets()}
        pools = {}
        for name in models | {"res.users", "crm.lead", "sale.order", "account.move",
                              "res.partner", "account.tax", "ir.attachment",
                              "mail.activity", "crm.contract.index",
                              "crm.contract.approval.reason"}:  # fmt: skip
            model = env[name]
            if model._abstract or model._transient or not model._auto:
                continue
            rows = model.with_context(active_test=False).search([], order="id desc")
            pools[name] = rows.ids[:POOL]
        contracts = {name: row.id for name, row in self.world.contracts.items()}
        return {
            "targets": self.targets(),
            "roles": list(self.world.users),
            "users": {role: user.id for role, user in self.world.users.items()},
            "pools": pools,
            "contracts": contracts,
            "fields": {name: self._describe_fields(name) for name in models},
        }

    def dig(self, is_open):
        """Make holes in the models, or fill them; return what there is to call then."""
        holes.fill(self.holes)
        self.holes = holes.make(self.env) if is_open else []
        return {"targets": self.targets()}

    def _describe_fields(self, name):
        """The fields that a client may want to write: {name: [type, relation, keys]}."""
        model = self.env[name]
        described = {}
        for field in model._fields.values():
            if field.name in (
                "id",
                "create_uid",
                "create_date",
                "write_uid",
                "write_date",
            ) or field.name.startswith(("message_", "activity_")):
                continue
            keys = []
            if field.type == "selection":
                keys = [key for key, _label in field._description_selection(self.env)]
            described[field.name] = [field.type, field.comodel_name or "", keys]
        return described

    def targets(self):
        """All public methods of our models, and ours on other models (list of dict)."""
        found = []
        for name, model in sorted(self.env.registry.items()):
            own = model._original_module and model._original_module.startswith(
                "crm_contract"
            )
            for method in sorted(dir(model)):
                if method.startswith("_"):
                    continue
                function = inspect.getattr_static(model, method, None)
                if not inspect.isfunction(function):
                    continue
                ours = any(
                    method in vars(base) and base.__module__.startswith(OURS)
                    for base in model.__mro__
                )
                if not (own or ours):
                    continue
                try:
                    function = get_public_method(self.env[name], method)
                except Exception:
                    continue
                found.append(
                    {
                        "model": name,
                        "method": method,
                        "ours": ours,
                        "api_model": bool(getattr(function, "_api_model", False)),
                        "transient": bool(model._transient),
                        "abstract": bool(model._abstract),
                        "params": self._describe_params(function),
                    }
                )
        return found

    def _describe_params(self, function):
        parameters = list(inspect.signature(function).parameters.values())[1:]
        return [
            [p.name, p.kind.name, p.default is inspect.Parameter.empty]
            for p in parameters
        ]

    def call(
        self, role, model, method, ids, kwargs, context=None, make=None, patience=None
    ):
        """Call a method as a role; return what came of it (dict)."""
        env = self.env
        started = time.monotonic()
        env.cr.execute("SAVEPOINT fuzz")
        self.is_calling = True
        counts = self._count_writes()
        user_env = env(user=self.world.users[role].id, context=context or {}, su=False)
        answer = {"outcome": "ok", "none": False, "made": None, "stage": "call"}
        signal.signal(signal.SIGALRM, _hang)
        signal.alarm(patience or PATIENCE)
        try:
            self._act(user_env, model, method, ids, kwargs, make, answer)
        except psycopg2.IntegrityError as error:
            # What the server makes a ValidationError of; a name would be missing.
            answer |= {"outcome": "refused", "kind": "integrity", "message": str(error)}
        except (UserError, AccessDenied) as error:
            answer |= {"outcome": "refused", "kind": type(error).__name__}
            answer["message"] = str(error)
        except Exception as error:
            answer |= {"outcome": "error", "kind": type(error).__name__}
            answer |= {"message": str(error)[:500], "trace": _trace(error)}
        finally:
            signal.alarm(0)
        if answer["outcome"] == "ok":
            answer["moves"] = self._find_moves()
            answer["written"] = self._read_written(counts)
        answer["leaks"] = [
            word
            for word in {OTHERS, ABROAD} - self.readable[role]
            if word in f"{answer.pop('text', '')} {answer.get('message', '')}"
            and word not in json.dumps([kwargs, context, make])
        ]
        self.is_calling = False
        self._take_back()
        if answer.get("written"):
            answer["written"] = self._judge(role, answer["written"])
        answer["seconds"] = time.monotonic() - started
        return answer

    def _act(self, env, model, method, ids, kwargs, make, answer):
        records = env[model]
        if kwargs.get("content_hash") == OF_RECORD:
            shown = self.env[model].browse(ids).exists()[:1]
            kwargs = {**kwargs, "content_hash": shown.content_hash}
        if make is not None:
            if make.get("content_hash") == OF_RECORD:
                contract = self.env["crm.contract"].browse(make["contract_id"])
                make = {**make, "content_hash": contract.content_hash}
            answer["stage"] = "make"
            made = call_kw(records, "create", [make], {})
            env.flush_all()
            answer |= {"made": made, "stage": "call"}
            ids = [made]
        function = get_public_method(records, method)
        signature = inspect.signature(function)
        try:
            signature.bind(records, **kwargs)
        except TypeError as error:
            # The dispatcher refuses it before anything of ours runs.
            raise UserError(str(error)) from error
        positional = [] if getattr(function, "_api_model", False) else [ids]
        result = call_kw(records, method, positional, kwargs)
        self.env.cr.flush()
        answer["none"] = result is None
        if isinstance(result, BaseModel):
            result = result.ids
        answer["text"] = json.dumps(result, default=str)

    def _take_back(self):
        cr = self.env.cr
        cr.clear()
        cr.precommit.clear()
        cr.postcommit.clear()
        cr.execute("ROLLBACK TO SAVEPOINT fuzz")
        cr.execute("RELEASE SAVEPOINT fuzz")
        self.env.transaction.reset()
        if self.env.registry.cache_invalidated:
            self.env.registry.clear_all_caches()
            self.env.registry.cache_invalidated.clear()

    def _get_states(self):
        self.env.cr.execute("SELECT id, state, kind FROM crm_contract")
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}

    def _find_moves(self):
        """The states that changed: [from, to, kind]; from is None for a new contract."""
        after = self._get_states()
        moves = []
        for record, (state, kind) in after.items():
            before = self.before.get(record, (None, kind))[0]
            if before != state:
                moves.append([before, state, kind])
        moves += [
            [state, None, kind]
            for record, (state, kind) in self.before.items()
            if record not in after
        ]
        return sorted(moves, key=str)

    def _count_writes(self):
        self.env.cr.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del"
            " FROM pg_stat_xact_user_tables"
        )
        return dict(self.env.cr.fetchall())

    def _read_written(self, counts):
        """The tables that the call wrote, with what is in them now."""
        now = self._count_writes()
        tables = [
            table
            for table, number in now.items()
            if number != counts.get(table, 0)
            and table in self.tables
            and not table.startswith(TRACES)
        ]
        return {table: self._read_table(table) for table in tables}

    def _read_table(self, table):
        skipped = "{write_date,write_uid,message_main_attachment_id}"
        self.env.cr.execute(
            f"SELECT id, (to_jsonb(t) - '{skipped}'::text[])::text FROM {table} t"
        )
        return dict(self.env.cr.fetchall())

    def _judge(self, role, written):
        """What was written that the role may not write by itself (list of dict).

        Runs when all is taken back, so that the rights are those from before the call.
        """
        env = self.env(user=self.world.users[role].id, context={}, su=False)
        found = []
        for table, after in written.items():
            before = self.baseline.get(table)
            if before is None:
                before = self.baseline[table] = self._read_table(table)
            model = self.tables[table]
            for record in sorted(after.keys() | before.keys()):
                old, new = before.get(record), after.get(record)
                if old == new:
                    continue
                operation = "write" if old and new else "unlink" if old else "create"
                if self._may(env, model, record, operation, new or old):
                    continue
                found.append(
                    {
                        "model": model,
                        "operation": operation,
                        "record": record,
                        "contract": self._name_contract(model, record, new or old),
                        "columns": _differences(old, new),
                    }
                )
        return found

    def _may(self, env, model, record, operation, row):
        records = env[model]
        if operation == "create":
            contract = _contract_of(row)
            company = json.loads(row).get("company_id")
            if company and company not in env.user.company_ids.ids:
                return False
            if contract and contract in self.before:
                contracts = env["crm.contract"].browse(contract)
                if model.startswith("crm.contract."):
                    return contracts.has_access("write")
                return contracts.has_access("read") and records.has_access("create")
            return records.has_access("create")
        if records.browse(record).has_access(operation):
            return True
        # Rows that the code owns go with the contract.
        contract = _contract_of(row)
        contracts = env["crm.contract"].browse(contract or ())
        return bool(
            model.startswith("crm.contract.")
            and contract in self.before
            and contracts.has_access("write")
        )

    def _name_contract(self, model, record, row):
        contract = (
            record if model == "crm.contract" else json.loads(row).get("contract_id")
        )
        return self.contract_ids.get(contract)


def _contract_of(row):
    """The contract that a row belongs to, or the amendment."""
    row = json.loads(row)
    return row.get("contract_id") or row.get("amendment_id")


def _differences(old, new):
    if not (old and new):
        return []
    old, new = json.loads(old), json.loads(new)
    return sorted(
        name for name in old.keys() | new.keys() if old.get(name) != new.get(name)
    )


def _trace(error):
    """The frames of Odoo and of ours: [[file, line, function, ours], …]."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        [frame.filename.rpartition("/addons/")[2] or frame.filename, frame.lineno,
         frame.name, "crm_contract" in frame.filename]
        for frame in frames
        if "/odoo/" in frame.filename or "crm_contract" in frame.filename
    ][-6:]  # fmt: skip


def _hang(_signal, _frame):
    raise HangError("still at work")


def serve(env):
    """Answer until the other side hangs up."""
    worker = Worker(env)
    link = socket.socket(socket.AF_UNIX)
    link.connect(os.environ["FUZZ_SOCKET"])
    stream = link.makefile("rw", encoding="utf-8")

    def send(message):
        stream.write(json.dumps(message, default=str) + "\n")
        stream.flush()

    send(worker.describe())
    for line in stream:
        message = json.loads(line)
        holes_open = message.pop("holes", None)
        if holes_open is not None:
            send(worker.dig(holes_open))
        else:
            send(worker.call(**message))
