import argparse
import datetime
import getpass
import os
import sys

from odoo.cli import Command
from odoo.tools import config

# The file is loaded as `odoo.cli.contract_seal`, to which relative names would refer.
# pylint: disable=odoo-addons-relative-import

# Exit statuses: of monitoring and of `&&` in scripts.
SOUND, NOTHING, BROKEN = 0, 1, 2
# Three years: what is sealed stays provable after, new keys are made before.
DAYS = 1095
LEAST = 8


class ContractSeal(Command):
    """Make the key that signed contracts are sealed with, or say what is in use.

    Exit status: 0 if all is well, 1 if there is no key or no seal, 2 if it can't be used.
    """

    name = "contract_seal"

    def run(self, args):
        options = self._parse(args)
        if not self._configure(options):
            sys.exit(BROKEN)
        # The add-on's own tools: its folder is known by now.
        from odoo.addons.crm_contract.tools import seal_key

        try:
            status = options.action(self, options)
        except seal_key.SealError as error:
            status = self._fail(_WORDS[error.reason].format(error.detail))
        except (OSError, EOFError) as error:
            status = self._fail(
                f"{getattr(error, 'filename', '') or ''} {error}".strip()
            )
        sys.exit(status)

    def _parse(self, args):
        parser = self.parser
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        actions = parser.add_subparsers(required=True, metavar="make, show or check")
        make = actions.add_parser(
            "make", help="make a self-signed key (EC P-256) in a file with a password"
        )
        make.add_argument("file", help="PKCS#12 file to make, like /etc/odoo/seal.p12")
        make.add_argument("--name", required=True, help="company whose seal it is")
        make.add_argument("--country", default="", help="its country, like CN")
        make.add_argument(
            "--days", type=int, default=DAYS, help="days of validity (%(default)s)"
        )
        make.add_argument(
            "--password-file",
            help="file whose first line is the password; else the variable "
            "CONTRACT_SEAL_PASSWORD counts, else it is asked for",
        )
        make.set_defaults(action=ContractSeal._make)
        show = actions.add_parser("show", help="say which key the server would use")
        show.add_argument(
            "--company", type=int, help="id of a company with a key of its own"
        )
        show.set_defaults(action=ContractSeal._show)
        check = actions.add_parser("check", help="look at the seal of a PDF file")
        check.add_argument("file")
        check.set_defaults(action=ContractSeal._check)
        for each in (make, show, check):
            each.add_argument("-c", "--config", help="configuration file of the server")
            each.add_argument("--addons-path", help="as of the server")
        return parser.parse_args(args)

    def _configure(self, options):
        """Let the server's settings be read; return whether they could be."""
        arguments = ["--no-http", "--log-level=error"]
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

    def _make(self, options):
        from odoo.addons.crm_contract.tools import seal_key

        problem = _get_problem(options)
        if problem:
            return self._fail(problem)
        password = _get_password(options)
        if len(password) < LEAST:
            return self._fail(f"The password needs {LEAST} characters at least.")
        data = seal_key.make_key(
            options.name.strip(), password, options.days, options.country
        )
        seal_key.write_new(options.file, data)
        path = os.path.abspath(options.file)
        sys.stdout.write(
            f"{path} is made. Keep a copy of it and of its password apart.\n"
            "Write into the server's configuration file under [options], and restart:\n\n"
            f"contract_seal_file = {path}\n"
            "contract_seal_password = the password\n\n"
            "or set CONTRACT_SEAL_FILE and CONTRACT_SEAL_PASSWORD in its environment.\n"
        )
        return SOUND

    def _show(self, options):
        from odoo.addons.crm_contract.tools import seal, seal_key, seal_settings
        from odoo.addons.crm_contract.tools.server_options import get_option

        if not seal_settings.is_set(options.company):
            sys.stdout.write("No key is set: signed contracts get no seal.\n")
            return NOTHING
        key = seal_settings.get_key(options.company)
        url = get_option("seal_timestamp_url", options.company)
        self_signed = " (self-signed)" if key.is_self_signed else ""
        sys.stdout.write(
            f"Key in       {seal_settings.describe_source(options.company)}\n"
            f"Name         {key.name}{self_signed}\n"
            f"Serial no.   {key.serial}\n"
            f"Fingerprint  {key.fingerprint}\n"
            f"Key          {key.algorithm}\n"
            f"Valid        {key.valid_from} to {key.valid_until} UTC\n"
            f"Time stamps  {url or 'none'}\n"
        )
        key.check(_get_now())
        if not seal.is_installed():
            raise seal_key.SealError("missing")
        return SOUND

    def _check(self, options):
        from odoo.addons.crm_contract.tools import seal

        with open(options.file, "rb") as file:
            status = seal.read_seal(file.read())
        if not status:
            sys.stdout.write("The file has no seal.\n")
            return NOTHING
        sound = status.is_intact and status.is_whole and not status.others
        stamp = f"{status.date_stamped} UTC by {status.stamped_by}"
        sys.stdout.write(
            f"Seal         {'intact' if status.is_intact else 'BROKEN'}\n"
            f"Covers       {'the whole file' if status.is_whole else 'NOT ALL of it'}\n"
            f"Name         {status.name}\n"
            f"Serial no.   {status.serial}\n"
            f"Fingerprint  {status.fingerprint}\n"
            f"Level        {seal.LEVELS[status.level]}\n"
            f"Sealed       {status.date} UTC (clock of the server)\n"
            f"Time stamp   {stamp if status.date_stamped else 'none'}\n"
        )
        for other in status.others:
            sys.stdout.write(f"ALSO SEALED  {other}\n")
        return SOUND if sound else BROKEN


_WORDS = {
    "missing": "pyHanko is not installed: pip install pyHanko. {}",
    "unreadable": "The key file can't be read: {}",
    "password": "The password of the key file is wrong, or it is damaged: {}",
    "empty": "The key file or token holds no key with its certificate. {}",
    "token-missing": 'Tokens need python-pkcs11: pip install "pyHanko[pkcs11]". {}',
    "token-unnamed": "Set contract_seal_token (its label) and contract_seal_token_key. {}",
    "module": "The library of the token can't be loaded (contract_seal_token_module): {}",
    "token": "The token is not there, or does not answer: {}",
    "pin": "The PIN of the token (contract_seal_password) is wrong, or it is locked: {}",
    "early": "The certificate is not valid before {} UTC.",
    "expired": "The certificate expired on {} UTC: make a new key.",
    "broken": "The file can't be read: {}",
    "time-stamp": "The time-stamp server failed: {}",
}


def _get_problem(options):
    """Return what is wrong with the wishes for a new key (str)."""
    if not options.name.strip():
        return "Give the name of the company with --name."
    if options.days < 1 or options.days > 36_500:
        return "--days takes 1 to 36500."
    if options.country and (len(options.country) != 2 or not options.country.isalpha()):
        return "--country takes a code of two letters, like CN."
    if os.path.exists(options.file):
        return (
            f"{options.file} is there already and is not overwritten: what it sealed "
            "names its key."
        )
    return ""


def _get_password(options):
    if options.password_file:
        with open(options.password_file, encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    password = os.environ.get("CONTRACT_SEAL_PASSWORD")
    if password:
        return password
    password = getpass.getpass("Password of the new key: ")
    if getpass.getpass("Once more: ") != password:
        raise OSError("The passwords differ.")
    return password


def _get_now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
