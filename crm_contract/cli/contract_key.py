import argparse
import os
import stat
import sys

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import config

# The file is loaded as `odoo.cli.contract_key`, to which relative names would refer.
# pylint: disable=odoo-addons-relative-import

# Exit statuses: of monitoring and of `&&` in scripts.
SOUND, LEFT, BROKEN = 0, 1, 2


class ContractKey(Command):
    """Make the keys that protect what is secret in contracts, change them, look at them.

    Exit status: 0 if all is well, 1 if something is off or left to do, 2 if it failed.
    """

    name = "contract_key"

    def run(self, args):
        options = self._parse(args)
        if not self._configure(options):
            sys.exit(BROKEN)
        # The add-on's own tools: its folder is known by now.
        from odoo.addons.crm_contract.tools.secret import SecretError

        try:
            status = options.action(self, options)
        except (SecretError, OSError, psycopg2.Error) as error:
            status = self._fail(str(error).strip())
        except UserError as error:
            status = self._fail(error.args[0])
        sys.exit(status)

    def _parse(self, args):
        parser = self.parser
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        actions = parser.add_subparsers(required=True, metavar="action")
        for name, text in _OF_FILES.items():
            action = actions.add_parser(name, help=text)
            action.add_argument("file", help="file of master keys")
            action.add_argument("key", help="name of the key, like k2026")
            action.set_defaults(action=getattr(ContractKey, f"_{name}"))
            self._add_server(action)
        for name, text in _OF_DATABASES.items():
            action = actions.add_parser(name, help=text)
            action.add_argument("-d", "--database", required=True)
            action.set_defaults(action=ContractKey._do, name=name)
            self._add_server(action)
        return parser.parse_args(args)

    def _add_server(self, action):
        action.add_argument("-c", "--config", help="configuration file of the server")
        action.add_argument("--addons-path", help="as of the server")

    def _configure(self, options):
        """Let the server's settings be read; return whether they could be."""
        arguments = ["--no-http", "--log-level=error"]
        if getattr(options, "database", None):
            arguments += ["-d", options.database]
        if options.config:
            arguments += ["-c", options.config]
        if options.addons_path:
            arguments += ["--addons-path", options.addons_path]
        try:
            config.parse_config(arguments, setup_logging=True)
        except (OSError, ValueError) as error:
            self._fail(error)
            return False
        return True

    def _fail(self, message):
        sys.stderr.write(f"{message}\n")
        return BROKEN

    # Files of master keys

    def _make(self, options):
        from odoo.addons.crm_contract.tools.secret_master import make_line

        lines, keys = _read(options.file)
        if options.key in keys:
            return self._fail(
                f"There is a key {options.key} in {options.file} already."
            )
        _write(options.file, [*lines, make_line(options.key)])
        path = os.path.abspath(options.file)
        use = (
            f"Only decrypts, behind {next(iter(keys))}. Bring the file to all servers, "
            f"then: contract_key promote {path} {options.key}"
            if keys
            else "Write into the server's configuration file under [options], and "
            f"restart:\n\ncontract_secret_key_file = {path}\n\nthen turn the protection "
            "on: contract_key on -d the database"
        )
        sys.stdout.write(
            f"The key {options.key} is in {path}. Keep a copy of it apart from all "
            f"backups: without it, what it protects is lost.\n{use}\n"
        )
        return SOUND

    def _promote(self, options):
        lines, keys = _read(options.file)
        if options.key not in keys:
            return self._fail(f"There is no key {options.key} in {options.file}.")
        first = [line for line in lines if _get_name(line) == options.key]
        _write(options.file, first + [line for line in lines if line not in first])
        sys.stdout.write(
            f"{options.key} is the first key. Bring the file to all servers, then: "
            "contract_key rewrap -d each database\n"
        )
        return SOUND

    def _drop(self, options):
        lines, keys = _read(options.file)
        if options.key not in keys:
            return self._fail(f"There is no key {options.key} in {options.file}.")
        if options.key == next(iter(keys)):
            return self._fail(f"{options.key} is the first key: promote another one.")
        _write(options.file, [li for li in lines if _get_name(li) != options.key])
        sys.stdout.write(
            f"{options.key} is gone from {options.file}. Keep its copy as long as there "
            "are backups from its time.\n"
        )
        return SOUND

    # Databases

    def _do(self, options):
        # Not by `Registry.new`: nothing is installed or upgraded on the way.
        registry = Registry(options.database)
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if "crm.contract.secrecy" not in env:
                return self._fail(
                    f"The add-on crm_contract is not installed in {options.database}."
                )
            status = getattr(self, f"_do_{options.name}")(env)
            # Other servers hear of it.
            registry.signal_changes()
            return status

    def _do_show(self, env):
        self._tell_permissions()
        sys.stdout.write(f"{env['crm.contract.secrecy.job']._describe()}\n\n")
        row = "{:>5} {:24.24} {:10} {:>9} {:>9} {:16} {}\n"
        sys.stdout.write(
            row.format("Key", "Company", "State", "Values", "Files", "Master", "Made")
        )
        keys = env["crm.contract.secret.key"].search([])
        for key in keys:
            sys.stdout.write(
                row.format(
                    key.id,
                    key.company_id.name or "all",
                    key.state,
                    key.value_count,
                    key.file_count,
                    key.master + ("" if key.is_readable else " (?)"),
                    str(key.create_date)[:10],
                )
            )
        wrong = keys.filtered(
            lambda key: key.state != "retired" and not key.is_readable
        )
        if wrong:
            return BROKEN
        return SOUND if env["crm.contract.secrecy"]._get_state() == "on" else LEFT

    def _tell_permissions(self):
        from odoo.addons.crm_contract.tools.server_options import get_option

        path = get_option("secret_key_file")
        if path and os.path.exists(path):
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & 0o077:
                sys.stdout.write(f"{path}: others may read it ({mode:o}); chmod 600.\n")

    def _do_on(self, env):
        env["crm.contract.secrecy.job"]._turn_on()
        return self._do_run(env)

    def _do_off(self, env):
        env["crm.contract.secrecy.job"]._turn_off()
        return self._do_run(env)

    def _do_rotate(self, env):
        env["crm.contract.secrecy.job"]._rotate()
        return self._do_run(env)

    def _do_rewrap(self, env):
        count = env["crm.contract.secrecy.job"]._rewrap()
        sys.stdout.write(f"{count} keys are wrapped by the first master key now.\n")
        return SOUND

    def _do_run(self, env):
        # The batches are committed one by one; other servers may begin meanwhile.
        env.cr.commit()
        env.registry.signal_changes()
        job = env["crm.contract.secrecy.job"]
        job._run()
        left = job._count_left()
        sys.stdout.write(f"{job._describe()}\n")
        return LEFT if left else SOUND

    def _do_stop(self, env):
        env["crm.contract.secrecy.job"]._stop()
        return SOUND

    def _do_resume(self, env):
        env["crm.contract.secrecy.job"]._resume()
        return SOUND


_OF_FILES = {
    "make": "make a master key in a file: the first one is in use, others only decrypt",
    "promote": "let another key of a file be the first one",
    "drop": "take a key that nothing needs any more out of a file",
}
_OF_DATABASES = {
    "show": "say what is protected, by which keys, and what is in the way",
    "on": "protect from now on, and what there is",
    "off": "store everything in clear again",
    "rotate": "give each company a new key, and protect everything anew",
    "rewrap": "wrap the keys of the companies by the first master key",
    "run": "do what is left to do now",
    "stop": "let the job stop after its batch",
    "resume": "let the job of the server go on",
}


def _get_name(line):
    return line.partition(":")[0].strip()


def _read(path):
    """Return lines and keys of a file; nothing of one that is not there yet."""
    from odoo.addons.crm_contract.tools.secret_master import parse_keys

    if not os.path.exists(path):
        return [], {}
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text.splitlines(), parse_keys(text)


def _write(path, lines):
    """Write a file that only its owner reads, whole or not at all."""
    part = f"{path}.new"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
