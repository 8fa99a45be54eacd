"""make docs: the pages that are made from the source and from measurements.

The hooks of each add-on from its docstrings, its README from `readme/*.md`, and the
tables of speed from the benchmark's last results.
"""

import argparse

from . import console, figures, hooks, python_env, readme, settings


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/docs", description="Make the pages that come from the source."
    )
    parser.add_argument(
        "--check", action="store_true", help="only say which pages are not up to date"
    )
    parser.add_argument(
        "--figures",
        action="store_true",
        help="take over what make bench measured last on this machine",
    )
    options = parser.parse_args(arguments)
    python_env.ensure(python_env.LINT_VENV, "-lint")
    if options.figures:
        figures.take_over()
    found, problems = hooks.find()
    for addon in settings.ADDONS:
        page = settings.ROOT / addon / "readme/HOOKS.md"
        problems += _bring({page: hooks.page(addon, found)}, options.check)
        problems += _bring(readme.pages(addon), options.check)
    problems += _bring(figures.pages(), options.check)
    for problem in problems:
        console.say(problem)
    return 1 if problems else 0


def _bring(pages, check):
    """Write the pages that differ, or return what is wrong with them."""
    stale = [
        path for path in pages if not path.exists() or path.read_text() != pages[path]
    ]
    if check:
        return [
            f"{path.relative_to(settings.ROOT)} is old: make docs" for path in stale
        ]
    for path in stale:
        path.write_text(pages[path])
        console.say(str(path.relative_to(settings.ROOT)))
    return []
