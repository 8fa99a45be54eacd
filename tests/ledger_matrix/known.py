"""Cells that are known to be wrong, and why: strict, so a cell that comes right says so.

Each entry is (what a cell has: {dimension: values}, reason).
"""

KNOWN = []


def reason_of(cell):
    """Return why a cell is known to be wrong (str, empty for others)."""
    for values, reason in KNOWN:
        if all(getattr(cell, name) in allowed for name, allowed in values.items()):
            return reason
    return ""


def judge(outcomes):
    """Return (what fails unexpectedly, what came right), of {cell: problem} (lists)."""
    failed = [
        f"{cell}: {problem}"
        for cell, problem in outcomes.items()
        if problem and not reason_of(cell)
    ]
    right = [
        f"{cell}: {reason_of(cell)}"
        for cell, problem in outcomes.items()
        if not problem and reason_of(cell)
    ]
    return failed, right
