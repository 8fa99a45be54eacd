"""Reads what Odoo's test runner and pytest leave behind.

Each test has to be accounted for once, and Odoo's log is judged, too: tours that were
skipped and errors that were logged fail no test.
"""

import collections
import dataclasses
import re
import xml.etree.ElementTree as ET

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) (?P<db>\S+) (?P<logger>\S+): (?P<text>.*)"
)
# As pytest says it without and with several processes
COLLECTED = re.compile(r"collected (\d+) item|\d+ workers? \[(\d+) items?\]")
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
    # Where to read on
    logs: list = dataclasses.field(default_factory=list)
    # What failed, each in a line
    broken: list = dataclasses.field(default_factory=list)
    # (seconds, name) of each test
    times: list = dataclasses.field(default_factory=list)

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


def of_odoo(title, found, answers, output, files=()):
    """Judge what processes with Odoo's test runner answered and logged.

    :param found: the tests that had to run: {class: [method, ...]}
    :param answers: as `odoo_worker` gives them
    :param output: the logs of the processes
    :param files: the test files of which at least one test had to be found
    """
    outcome = Outcome(title)
    ran = collections.Counter()
    for kind, name, *words in answers:
        if kind == "class":
            outcome.times.append((words[0], f"{name} (set-up)"))
        else:
            method, result, seconds = words
            ran[name, method] += 1
            _count(outcome, f"{name}.{method}", result)
            outcome.times.append((seconds, f"{name}.{method}"))
    errors = error_records(output) + demo_failures(output)
    outcome.details += errors
    if not outcome.failed:
        # With failed tests, these are their tracebacks.
        outcome.problems += [f"error in the log: {text[:200]}" for text in errors]
    outcome.problems += _unaccounted(found, ran, files)
    outcome.problems += [
        f"browser test skipped: {text}"
        for text in outcome.skipped
        if BROWSER.search(text)
    ]
    return outcome


def _count(outcome, name, result):
    if result == "passed":
        outcome.passed += 1
    elif result == "failed":
        outcome.failed += 1
        outcome.broken.append(name)
    else:
        outcome.skipped.append(f"{name} : {result.partition(': ')[2]}")


def _unaccounted(found, ran, files):
    """What did not run exactly once."""
    for file in sorted(files):
        if not any(name.startswith(f"{file}:") for name in found):
            yield f"no test of {file} was found; does tests/__init__.py import it?"
    for name, methods in found.items():
        if ran[name, "setUpClass"]:
            # Failed or skipped as a whole, and counted as such
            continue
        missing = [method for method in methods if not ran[name, method]]
        if missing:
            yield f"{len(missing)} tests of {name} did not run: {missing[0]} ..."
        if any(ran[name, method] > 1 for method in methods):
            yield f"tests of {name} ran more than once"
    if not found:
        yield "no test was found"


def of_pytest(title, code, report, output, files):
    """Judge a run of pytest from its exit code, its JUnit file and what it printed.

    :param files: the test files of which at least one test has to be there
    """
    outcome = Outcome(title)
    try:
        suite = ET.parse(report).getroot()
    except (OSError, ET.ParseError):
        outcome.problems.append("pytest stopped before its tests ended")
        outcome.details.append("\n".join(output.splitlines()[-LINES_SHOWN:]))
        return outcome
    cases = list(suite.iter("testcase"))
    for case in cases:
        name = f"{case.get('classname')}.{case.get('name')}"
        outcome.times.append((float(case.get("time") or 0), name))
        broken = [*case.iter("failure"), *case.iter("error")]
        if broken:
            text = broken[0].text or ""
            outcome.failed += 1
            outcome.details.append(f"{name}\n{text}")
            outcome.broken.append(f"{name}: {_first_words(text)}")
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
    collected = COLLECTED.search(output)
    if not collected or int(collected[1] or collected[2]) > len(cases):
        number = f"{collected[1] or collected[2]} tests" if collected else "no test"
        outcome.problems.append(f"pytest found {number} and ran {len(cases)}")
    # What is no test of a file, such as pytest's own failure, has no class.
    names = {(case.get("classname") or "").rpartition(".")[2] for case in cases}
    outcome.problems += [
        f"no test of {file} ran" for file in sorted(files) if file not in names
    ]
    return outcome


def _first_words(text):
    """What a test said when it failed, in a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("E ")] or lines
    return told[0][:200] if told else ""


def broken(outcomes, number=40):
    """A line for each of the first tests that failed, and each other problem."""
    lines = [
        line for outcome in outcomes for line in (*outcome.broken, *outcome.problems)
    ]
    more = [f"... {len(lines)} in all"] if len(lines) > number else []
    return lines[:number] + more


def slowest(outcomes, number=20):
    """A table of the tests that took longest."""
    times = sorted(
        (each for outcome in outcomes for each in outcome.times), reverse=True
    )
    return [f"{seconds:7.1f} s  {name}" for seconds, name in times[:number]]
