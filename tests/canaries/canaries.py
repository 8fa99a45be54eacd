"""Deliberate defects, one line each, that the matrix and the machine have to catch.

`make soak` plants one after the other into a copy of the add-ons, and says which
survived. `make test` checks that all can still be planted.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ADDONS = ("crm_contract", "crm_contract_approval", "crm_contract_renewal")
TOOLS = "crm_contract/tools"
LEDGER = "crm_contract/models/ledger"
RENEWAL = "crm_contract_renewal/models"


class Canary(NamedTuple):
    """`old` stands once in `file`; `new` in its place is wrong as `name` says."""

    name: str
    file: str
    old: str
    new: str


CANARIES = [
    Canary(
        "a quarter has four months",
        f"{TOOLS}/period.py",
        '"quarter": relativedelta(months=3)',
        '"quarter": relativedelta(months=4)',
    ),
    Canary(
        "half a year has 182 days",
        f"{TOOLS}/period.py",
        '"half_year": relativedelta(months=6)',
        '"half_year": relativedelta(days=182)',
    ),
    Canary(
        "each period has one unit",
        f"{TOOLS}/recurrence.py",
        "slot * recurrence.interval, recurrence.unit",
        "slot, recurrence.unit",
    ),
    Canary(
        "suspended days are billed",
        f"{TOOLS}/recurrence.py",
        "return period.days - paused",
        "return period.days",
    ),
    Canary(
        "the last day of a period is lost",
        f"{TOOLS}/recurrence.py",
        "return (self.end - self.start).days + 1",
        "return (self.end - self.start).days",
    ),
    Canary(
        "a full period is a day longer",
        f"{TOOLS}/recurrence.py",
        "return (self.full_end - self.full_start).days + 1",
        "return (self.full_end - self.full_start).days + 2",
    ),
    Canary(
        "periods go beyond the end",
        f"{TOOLS}/recurrence.py",
        "end = min(full_end, recurrence.end or full_end)",
        "end = full_end",
    ),
    Canary(
        "a year has eleven months",
        f"{TOOLS}/recurrence.py",
        "/ interval / 12",
        "/ interval / 11",
    ),
    Canary(
        "the day of the resumption is not billed",
        f"{LEDGER}/crm_contract_ledger.py",
        "pause.date_end = add(day, days=-1)",
        "pause.date_end = day",
    ),
    Canary(
        "rows are due the day after",
        f"{LEDGER}/crm_contract_billing.py",
        'Domain("date_due", "<=", until or today)',
        'Domain("date_due", "<", until or today)',
    ),
    Canary(
        "in arrears is in advance",
        f"{LEDGER}/crm_contract_installment.py",
        "return add(self.period_end, days=1)",
        "return self.period_start",
    ),
    Canary(
        "what ends is used a day less",
        f"{LEDGER}/crm_contract_settlement.py",
        "cut = Period(0, start, min(day, end), start, end)",
        "cut = Period(0, start, fields.Date.add(min(day, end), days=-1), start, end)",
    ),
    Canary(
        "contracts end on their last day",
        "crm_contract/models/job/crm_contract_schedule.py",
        'Domain("date_end", "<", today)',
        'Domain("date_end", "<=", today)',
    ),
    Canary(
        "who reopens has to resume",
        "crm_contract/models/contract/crm_contract_lifecycle.py",
        '"reopen": Transition(("ended",), "running")',
        '"reopen": Transition(("ended",), "suspended")',
    ),
    Canary(
        "terminated contracts go on",
        f"{RENEWAL}/termination/crm_contract_termination.py",
        'lambda today: Domain("date_termination", "<", today)',
        'lambda today: Domain("date_termination", "<", "2000-01-01")',
    ),
    Canary(
        "amendments take effect the day after",
        f"{RENEWAL}/amendment/crm_contract_incorporation_service.py",
        'Domain("date_effective", "<=", today)',
        'Domain("date_effective", "<", today)',
    ),
    Canary(
        "a renewal begins a day late",
        f"{RENEWAL}/renewal/crm_contract_renewal.py",
        "start = (version.date_end or contract.date_end) + timedelta(days=1)",
        "start = (version.date_end or contract.date_end) + timedelta(days=2)",
    ),
]


def problems():
    """Return why canaries can't be planted any more (list of str)."""
    return [
        f"“{canary.name}”: {canary.file} has its line {count} times"
        for canary in CANARIES
        if (count := _count(canary)) != 1
    ]


def _count(canary):
    path = ROOT / canary.file
    return path.read_text().count(canary.old) if path.exists() else 0


def plant(canary, folder):
    """Make a copy of the add-ons that has the defect; return its folder (str)."""
    folder = Path(folder)
    for addon in ADDONS:
        shutil.copytree(
            ROOT / addon, folder / addon, ignore=shutil.ignore_patterns("__pycache__")
        )
    path = folder / canary.file
    path.write_text(path.read_text().replace(canary.old, canary.new))
    return str(folder)
