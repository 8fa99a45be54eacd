"""A calendar of whole days, as RFC 5545 has it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

# Longer lines are folded (3.1), counted in bytes of UTF-8.
_MOST = 75


class Entry(NamedTuple):
    """A day: its key, and what a calendar shows. `changed` is in UTC."""

    key: str
    day: date
    title: str
    text: str
    url: str
    changed: datetime


def write_calendar(name: str, entries: Iterable[Entry]) -> bytes:
    r"""Return a calendar of the entries.

    >>> day = Entry("1", date(2026, 5, 1), "Report; monthly", "a\nb", "https://x/1",
    ...             datetime(2026, 4, 1, 8))
    >>> for line in write_calendar("Mine", [day]).decode().splitlines()[4:13]:
    ...     print(line)
    X-WR-CALNAME:Mine
    BEGIN:VEVENT
    UID:1
    DTSTAMP:20260401T080000Z
    DTSTART;VALUE=DATE:20260501
    DTEND;VALUE=DATE:20260502
    SUMMARY:Report\; monthly
    DESCRIPTION:a\nb
    URL:https://x/1
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//crm_contract//Obligations//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escape(name)}",
    ]
    for entry in entries:
        lines += _get_lines(entry)
    lines.append("END:VCALENDAR")
    return "".join(f"{_fold(line)}\r\n" for line in lines).encode()


def _get_lines(entry):
    after = entry.day + timedelta(days=1)
    return [
        "BEGIN:VEVENT",
        f"UID:{_escape(entry.key)}",
        f"DTSTAMP:{entry.changed:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{after:%Y%m%d}",
        f"SUMMARY:{_escape(entry.title)}",
        f"DESCRIPTION:{_escape(entry.text)}",
        f"URL:{entry.url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escape(text):
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,")):
        text = text.replace(plain, escaped)
    return "\\n".join(text.splitlines())


def _fold(line):
    """Fold a line so that no character is cut.

    >>> [len(part.encode()) <= 75 for part in _fold("合" * 40).split("\\r\\n")]
    [True, True]
    """
    parts, part = [], ""
    for letter in line:
        if len((part + letter).encode()) > _MOST - bool(parts):
            parts.append(part)
            part = ""
        part += letter
    return "\r\n ".join([*parts, part])
