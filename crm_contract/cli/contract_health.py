import argparse
import json
import sys

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

# Exit statuses: of monitoring and of `&&` in scripts.
SOUND, FOUND, BROKEN = 0, 1, 2
BATCH = 200


class ContractHealth(Command):
    """Look after the health of contracts: print what is wrong, and change nothing.

    Exit status: 0 if all is well, 1 if something is found, 2 if it can't be looked at.
    """

    name = "contract_health"

    def run(self, args):
        options = self._parse(args)
        if not self._configure(options):
            sys.exit(BROKEN)
        try:
            # Not by `Registry.new`: nothing is installed or upgraded on the way.
            registry = Registry(options.database)
            with registry.cursor(readonly=True) as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
                if "crm.contract.health" not in env:
                    return self._fail(
                        f"The add-on crm_contract is not installed in {options.database}."
                    )
                results = self._look(env, options.files)
                cr.rollback()
        except psycopg2.Error as error:
            return self._fail(f"{options.database}: {str(error).strip()}")
        sys.stdout.write(_to_json(results) if options.json else _to_table(results))
        sys.exit(_get_status(results))

    def _parse(self, args):
        parser = self.parser
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument(
            "-d", "--database", required=True, help="database to look at"
        )
        parser.add_argument("-c", "--config", help="configuration file of the server")
        parser.add_argument("--addons-path", help="as of the server")
        parser.add_argument(
            "--files",
            action="store_true",
            help="read and compare all files, versions and contents as well (slow); "
            "otherwise what the weekly job found of them counts",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
        return parser.parse_args(args)

    def _configure(self, options):
        """Let the server's settings be read; return whether they could be."""
        arguments = ["--no-http", "--log-level=error", "-d", options.database]
        if options.config:
            arguments += ["-c", options.config]
        if options.addons_path:
            arguments += ["--addons-path", options.addons_path]
        try:
            config.parse_config(arguments, setup_logging=True)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{error}\n")
            return False
        return True

    def _fail(self, message):
        sys.stderr.write(f"{message}\n")
        sys.exit(BROKEN)

    def _look(self, env, with_files):
        """Return a dict per check: name, label, advice, counts by company, error."""
        health = env["crm.contract.health"]
        scans = {scan.name: scan for scan in health._get_scans()} if with_files else {}
        companies = dict(env["res.company"].search([]).mapped(lambda c: (c.id, c.name)))
        results = []
        for check in health._get_checks():
            counts, error = {}, ""
            try:
                with env.cr.savepoint(flush=False):
                    if check.name in scans:
                        counts = _read_through(env, scans[check.name])
                    else:
                        counts = health._count(check)
            except Exception as failure:
                error = str(failure).strip()
            results.append(
                {
                    "name": check.name,
                    "label": check.label,
                    "advice": check.advice,
                    "count": sum(counts.values()),
                    "companies": {
                        companies.get(company, ""): number
                        for company, number in counts.items()
                    },
                    "error": error,
                }
            )
        return results


def _read_through(env, scan):
    """Return how many records of a scan are wrong: `{company id or None: number}`."""
    records = env[scan.model].search(scan.domain(), order="id")
    counts = {}
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        for record in env["crm.contract.health"]._judge(scan, batch):
            company = record.company_id.id or None
            counts[company] = counts.get(company, 0) + 1
        env.invalidate_all(flush=False)
    return counts


def _get_status(results):
    if any(result["error"] for result in results):
        return BROKEN
    return FOUND if any(result["count"] for result in results) else SOUND


def _to_json(results):
    return json.dumps(results, indent=2, ensure_ascii=False) + "\n"


def _to_table(results):
    """Return what was found as lines, the most in front; and how many checks there are."""
    lines = []
    for result in sorted(results, key=lambda result: -result["count"]):
        if result["error"]:
            lines.append(f"  error  {result['label']}: {result['error']}")
        elif result["count"]:
            where = ", ".join(
                f"{company} {number}"
                for company, number in result["companies"].items()
                if company
            )
            lines.append(
                f"{result['count']:7}  {result['label']} [{result['name']}]"
                + (f" ({where})" if where else "")
            )
            lines.append(f"         {result['advice']}")
    found = sum(1 for result in results if result["count"])
    errors = sum(1 for result in results if result["error"])
    lines.append(
        f"{len(results)} checks, {found} found something"
        + (f", {errors} could not be looked at" if errors else "")
    )
    return "\n".join(lines) + "\n"
