"""What `make test` makes of what the test runners leave: nothing passes unseen."""

import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "setup"))
from suite import addon_tests, console, hooks, results

TEST = "crm_contract/test_lock:TestLock"
FOUND = {TEST: ["test_one", "test_two"]}
RAN = [
    ["test", TEST, "test_one", "passed", 1.5],
    ["test", TEST, "test_two", "passed", 0.5],
    ["class", TEST, 2.0],
]
ERROR = (
    "2026-01-31 09:00:00,123 42 ERROR some_database odoo.addons.crm_contract: It hurts\n"
    "Traceback of it\n"
    "2026-01-31 09:00:00,124 42 INFO some_database odoo.addons.crm_contract: Fine\n"
)
JUNIT = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_one" time="1.0"/>
<testcase classname="tests.test_b" name="test_two" time="2.0">{outcome}</testcase>
</testsuite></testsuites>"""


def judge(found=None, answers=None, output="", files=()):
    return results.of_odoo(
        "add-ons",
        FOUND if found is None else found,
        RAN if answers is None else answers,
        output,
        files,
    )


def test_passed():
    outcome = judge(files=["crm_contract/test_lock"])
    assert (outcome.passed, outcome.failures) == (2, 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    (
        ({"answers": RAN[1:]}, "1 tests of"),
        ({"answers": []}, "2 tests of"),
        ({"answers": [*RAN, RAN[0]]}, "more than once"),
        ({"found": {}, "answers": []}, "no test was found"),
        ({"files": ["crm_contract/test_new"]}, "tests/__init__.py"),
        ({"output": ERROR}, "It hurts"),
    ),
)
def test_not_accounted_for(wrong, words):
    outcome = judge(**wrong)
    assert len(outcome.problems) == outcome.failures == 1
    assert words in outcome.problems[0]


def test_failed_tests_are_told_once():
    outcome = judge(answers=[["test", TEST, "test_one", "failed", 1], *RAN[1:]])
    assert (outcome.passed, outcome.failures) == (1, 1)
    # The log has the traceback of the test.
    outcome = judge(
        answers=[["test", TEST, "test_one", "failed", 1], *RAN[1:]], output=ERROR
    )
    assert outcome.failures == 1
    assert "Traceback of it" in outcome.details[0]


def test_class_that_is_not_set_up():
    failed = [["test", TEST, "setUpClass", "failed", 0], ["class", TEST, 1]]
    assert judge(answers=failed).failures == 1
    skipped = [["test", TEST, "setUpClass", "skipped: Chrome is missing", 0]]
    outcome = judge(answers=skipped)
    assert outcome.problems == [
        f"browser test skipped: {TEST}.setUpClass : Chrome is missing"
    ]


@pytest.mark.parametrize(
    ("code", "outcome", "said", "files", "counts"),
    (
        (0, "", "2 workers [2 items]", {"test_a", "test_b"}, (2, 0)),
        (0, "", "collected 2 items", {"test_a"}, (2, 0)),
        (1, "<failure>no</failure>", "collected 2 items", {"test_a"}, (1, 1)),
        (0, "<skipped message='no'/>", "collected 2 items", {"test_a"}, (1, 0)),
        # A process of pytest that died took its tests along.
        (0, "", "2 workers [3 items]", {"test_a"}, (2, 1)),
        (0, "", "collected 2 items", {"test_a", "test_c"}, (2, 1)),
        (3, "", "collected 2 items", {"test_a"}, (2, 1)),
    ),
)
def test_pytest(tmp_path, code, outcome, said, files, counts):
    report = tmp_path / "pytest.xml"
    report.write_text(JUNIT.format(outcome=outcome))
    judged = results.of_pytest("tests", code, report, said, files)
    assert (judged.passed, judged.failures) == counts


def test_pytest_that_leaves_nothing(tmp_path):
    assert results.of_pytest("tests", 0, tmp_path / "none.xml", "", set()).failures == 1


def test_what_failed_is_told_at_the_end(tmp_path):
    report = tmp_path / "pytest.xml"
    failure = (
        "<failure>def test():\nE  assert 1 == 2\ntest_a.py:1: AssertionError</failure>"
    )
    report.write_text(JUNIT.format(outcome=failure))
    judged = [
        judge(answers=[["test", TEST, "test_one", "failed", 1], *RAN[1:]]),
        results.of_pytest("tests", 1, report, "collected 2 items", {"test_a"}),
    ]
    first, second = results.broken(judged)
    assert first == f"{TEST}.test_one"
    assert second.endswith(": E  assert 1 == 2")
    assert results.broken(judged, number=1) == [first, "... 2 in all"]
    assert not results.broken([judge()])


def test_slowest():
    assert results.slowest([judge()], number=2) == [
        f"    2.0 s  {TEST} (set-up)",
        f"    1.5 s  {TEST}.test_one",
    ]


def test_each_class_is_given_to_one_process():
    found = {f"a/test_b:Test{number}": ["test"] * number for number in range(50)}
    installation = addon_tests.Installation("add-ons", "unit", [], [])
    taken = []

    def work():
        while name := installation.take(found):
            taken.append(name)
            time.sleep(0)

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(found)
    assert taken[0] == "a/test_b:Test49"


def test_one_that_fails_ends_the_others(monkeypatch):
    monkeypatch.setattr(console, "_ending", threading.Event())

    def sleep():
        with console.running(["sleep", "60"]) as process:
            process.wait()

    def fail():
        time.sleep(0.2)
        raise console.SetupError("broken")

    start = time.monotonic()
    with pytest.raises(console.SetupError, match="broken"):
        console.side_by_side(sleep, fail, sleep)
    assert time.monotonic() - start < 10
    with pytest.raises(console.EndedError), console.running(["true"]):
        pass


def test_hooks_are_found_and_told():
    found, problems = hooks.find()
    assert not problems
    names = {(hook.model, hook.name): hook for hook in found}
    submit = names["crm.contract", "_start_review"]
    assert submit.extended_by == ["crm_contract_approval"]
    # What every model has is no hook, and a mixin's hook is told once.
    assert ("crm.contract", "write") not in names
    assert ("crm.contract", "_get_content_fields") not in names
    assert ("crm.contract.content.mixin", "_get_content_fields") in names
    page = hooks.page("crm_contract", found)
    assert "`_start_review()`" in page
    assert "Extended by `crm_contract_approval`." in page
