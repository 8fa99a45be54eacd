"""Runs tests of add-ons inside Odoo, class after class, as it is told.

Started by `suite.addon_tests` with Odoo's own Python, on a database where the add-ons are
installed; its arguments are the add-ons and options of Odoo. Each line of its input
names a test class. Each line of its output is an answer in JSON:

* ["found", {class: [method, ...]}] at first: all tests that Odoo's loader finds,
* ["test", class, method, outcome, seconds] for each test that was run,
* ["class", class, seconds] in the end of each class, with the time of its set-up.

Odoo's log goes to the other channel; `suite.results` judges it, too.
"""

import importlib
import json
import os
import sys
import time
from unittest import TestCase

import odoo.cli  # makes the odoo package complete
import odoo.http
from odoo import SUPERUSER_ID, api, modules
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tests import HttpCase, loader
from odoo.tests.result import OdooTestResult
from odoo.tests.suite import OdooSuite
from odoo.tools import config

# Written to by `_answer` alone: what a test prints belongs to the log.
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)


class Result(OdooTestResult):
    """Tells the outcome and the time of each test."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.outcome = ""
        self.seconds = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.outcome = "passed"
        self.began = _clock()

    def stopTest(self, test):
        super().stopTest(test)
        seconds = _clock() - self.began
        self.seconds += seconds
        _answer("test", self.name, test._testMethodName, self.outcome, seconds)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, f"skipped: {reason}")

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "failed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failed")

    def _note(self, test, outcome):
        if isinstance(test, TestCase):
            self.outcome = outcome
        else:
            # What comes before and after the tests of a class: "setUpClass (…)"
            _answer("test", self.name, test.id().partition(" ")[0], outcome, 0)


def main():
    os.dup2(2, 1)
    addons, options = sys.argv[1].split(","), sys.argv[2:]
    config.parse_config(options, setup_logging=True)
    server.load_server_wide_modules()
    server.server = server.ThreadedServer(odoo.http.root)
    server.server.http_spawn()
    registry = Registry.new(config["db_name"][0])
    classes = _find(addons)
    _prepare(registry)
    if any(isinstance(test, HttpCase) for tests in classes.values() for test in tests):
        with registry.cursor() as cursor:
            env = api.Environment(cursor, SUPERUSER_ID, {})
            env["ir.qweb"]._pregenerate_assets_bundles()
    _answer("found", {name: [_method(t) for t in classes[name]] for name in classes})
    for line in sys.stdin:
        _run(line.strip(), classes)


def _prepare(registry):
    """Make once what the classes would otherwise make one by one."""
    # The add-ons can be found since Odoo read its configuration.
    common = importlib.import_module("odoo.addons.crm_contract.tests.common")
    with registry.cursor() as cursor:
        common.prepare(api.Environment(cursor, SUPERUSER_ID, {}))


def _find(addons):
    """Return the tests that the options choose: {add-on/file:class: test cases}."""
    classes = {}
    for position in ("at_install", "post_install"):
        for test in loader.make_suite(addons, position):
            file = type(test).__module__.rpartition(".")[2]
            tests = classes.setdefault(
                f"{test.test_module}/{file}:{type(test).__name__}", {}
            )
            tests[_method(test)] = test
    return {name: list(tests.values()) for name, tests in classes.items()}


def _run(name, classes):
    began, result = _clock(), Result(name)
    modules.module.current_test = True
    OdooSuite(classes[name])(result)
    modules.module.current_test = False
    _answer("class", name, _clock() - began - result.seconds)


def _method(test):
    return test._testMethodName


def _answer(*words):
    ANSWERS.write(f"{json.dumps(words)}\n")


def _clock():
    """Seconds that go on while a test stops the time."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


if __name__ == "__main__":
    main()
