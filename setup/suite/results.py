"""Reads what Odoo's test runner and pytest leave behind.

Odoo exits with 0 when no test ran, when tours were skipped and when errors were
logged, so its log is judged rather than its exit code.
"""

import dataclasses
import re
import xml.etree.ElementTree as ET

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) (?P<db>\S+) (?P<logger>\S+): (?P<text>.*)"
)
RESULT = re.compile(r"^(\d+) failed, (\d+) error\(s\) of (\d+) tests")
STARTED = re.compile(r"^Starting (\w+)\.(\w+)")
SKIPPED = re.compile(r"^skipped (.+)$")
# Odoo repeats at error level how many tests failed.
SUMMARY = re.compile(r"^(\d+ failed, |Module \w+: \d+ fail|At least one test failed)")
MODULE = re.compile(r"^odoo\.addons\.(\w+)\.tests")
BROWSER = re.compile(r"chrom|browser|websocket", re.IGNORECASE)
DEMO_FAILED = "demo data failed to install"
LINES_SHOWN = 40


@dataclasses.dataclass
class Outcome:
    """What one part of the tests gave; each problem counts as a failure."""

    title: str
    passed: int = 0
    failed: int = 0
    skipped: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)
    details: list = dataclasses.field(default_factory=list)

    @property
    def failures(self):
        return self.failed + len(self.problems)


def records(output):
    """Split a log into (match, whole text) with the lines that follow a record."""
    found = []
    for line in output.splitlines():
        match = RECORD.match(line)
        if match:
            found.append((match, [line]))
        elif found:
            found[-1][1].append(line)
    return [(match, "\n".join(lines)) for match, lines in found]


def error_records(output):
    return [
        text
        for match, text in records(output)
        if match["level"] in ("ERROR", "CRITICAL")
    ]


def demo_failures(output):
    return [text for match, text in records(output) if DEMO_FAILED in match["text"]]


def shorten(text, lines=LINES_SHOWN):
    """The beginning and the end of a long traceback."""
    rows = text.splitlines()
    if len(rows) <= lines:
        return text
    return "\n".join(
        [*rows[:6], f"    ... {len(rows) - lines} lines ...", *rows[6 - lines :]]
    )


def of_odoo(title, code, output, addons_with_tests):
    """Judge the log of a run of Odoo's test runner.

    :param addons_with_tests: the add-ons of which at least one test has to run
    """
    outcome = Outcome(title)
    ran = dict.fromkeys(addons_with_tests, 0)
    result = None
    errors = []
    for match, text in records(output):
        words = match["text"]
        module = MODULE.match(match["logger"])
        if match["logger"] == "odoo.tests.result" and RESULT.match(words):
            result = [int(number) for number in RESULT.match(words).groups()]
        elif module and STARTED.match(words):
            ran[module[1]] = ran.get(module[1], 0) + 1
        elif module and SKIPPED.match(words):
            outcome.skipped.append(SKIPPED.match(words)[1])
        if match["level"] in ("ERROR", "CRITICAL") or DEMO_FAILED in words:
            errors.append((words, text))
    if result:
        outcome.failed = result[0] + result[1]
        outcome.passed = max(0, result[2] - outcome.failed - len(outcome.skipped))
    else:
        outcome.problems.append(f"Odoo stopped (code {code}) before its tests ended")
        if not errors:
            outcome.details.append("\n".join(output.splitlines()[-LINES_SHOWN:]))
    outcome.details += [text for words, text in errors if not SUMMARY.match(words)]
    if result and not outcome.failed:
        # With failed tests, these lines are their echo.
        outcome.problems += [f"error in the log: {words[:150]}" for words, _t in errors]
        if code and not errors:
            outcome.problems.append(f"Odoo ended with code {code}")
    outcome.problems += [
        f"no test of {addon} ran" for addon in addons_with_tests if not ran[addon]
    ]
    outcome.problems += [
        f"browser test skipped: {text}"
        for text in outcome.skipped
        if BROWSER.search(text)
    ]
    return outcome


def of_pytest(title, code, report, output):
    """Judge a run of pytest from its exit code and its JUnit file."""
    outcome = Outcome(title)
    try:
        suite = ET.parse(report).getroot()
    except (OSError, ET.ParseError):
        outcome.problems.append("pytest stopped before its tests ended")
        outcome.details.append("\n".join(output.splitlines()[-LINES_SHOWN:]))
        return outcome
    for case in suite.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        broken = [*case.iter("failure"), *case.iter("error")]
        if broken:
            outcome.failed += 1
            outcome.details.append(f"{name}\n{broken[0].text or ''}")
        elif case.find("skipped") is not None:
            outcome.skipped.append(f"{name} : {case.find('skipped').get('message')}")
        else:
            outcome.passed += 1
    if code and not outcome.failed:
        reason = "found no test" if code == 5 else f"ended with code {code}"
        outcome.problems.append(f"pytest {reason}")
        outcome.details.append("\n".join(output.splitlines()[-LINES_SHOWN:]))
    elif not outcome.passed and not outcome.failed:
        outcome.problems.append("pytest skipped every test")
    return outcome
