#!/usr/bin/env python3
"""Check the evidence of a contract: without the system that it comes from.

    python3 verify_contract.py evidence.zip
    python3 verify_contract.py evidence.json contract.pdf signed.pdf

Needs Python 3.8 or newer and nothing else. The archive, or the JSON file and the files
beside it, are what "Download evidence" on a contract gives. Says what does not match;
exits with 0 if all of it does, with 1 if not, and with 2 if it can't be read.

What is checked: every event still has its hash and names the one before; every text
that was submitted still has its hash, and the chain names it; every file has the
SHA-256 that the chain, or a text in it, names. What can't be checked here is whether
somebody made the whole chain anew: compare its last hash, which is printed below, with
one that you noted or were sent earlier, or that is on an evidence page.
"""

import argparse
import hashlib
import json
import sys
import zipfile
from collections import namedtuple

# code: see `_TEXTS`; about: what it is about, such as the number of an event
Problem = namedtuple("Problem", "code about")

FORMAT = "contract-evidence/1"
EVENT_FORMATS = (1,)
# A clock that was put back changes nothing of the order, which is that of the numbers.
NOTES = {"clock"}

UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
)

_TEXTS = {
    "format": "The evidence is in a format that this program does not know: {}",
    "no_event": "There is no event for contract {}",
    "head": "The last event is not the one that the evidence names: {}",
    "count": "There should be {} events: some at the end were taken away, or added",
    "event_bytes": "Event {} was changed: it does not have its hash any more",
    "event_format": "Event {} is in a format that this program does not know",
    "event_number": "Event {}: events are missing, doubled or in another order",
    "event_previous": "Event {} does not follow the one before it: something was "
    "removed, added or moved",
    "event_contract": "Event {} belongs to another contract",
    "version_bytes": "Version {} was changed: it does not have its hash any more",
    "version_unnamed": "Version {} is named by no event",
    "version_missing": "Event {} names a text that is not there",
    "version_contract": "Version {} is the text of another contract",
    "file_unnamed": "File {} is named by no event and no text",
    "file_missing": "File {} is missing",
    "file_bytes": "File {} was changed: it does not have its SHA-256 any more",
    "file_unknown": "File {} is none of this contract",
    "clock": "Event {} has a date before the event that it follows: the clock of the "
    "server was put back, the numbers tell the order",
}


def describe(problem):
    """Return a problem as people read it."""
    return _TEXTS[problem.code].format(problem.about)


def get_problems(evidence):
    """Return what is wrong with evidence, its files left aside (list of `Problem`).

    :param evidence: dict with `contract` (`key` and `number`), `count` and `head` (number
        and hash of the last event), `events` and `versions` (dicts with `content`, the text that was hashed,
        and `content_hash`), and `documents` (dicts with `name` and `sha256`)
    """
    if evidence.get("format") != FORMAT:
        return [Problem("format", evidence.get("format"))]
    if not evidence["events"]:
        return [Problem("no_event", evidence["contract"]["number"])]
    problems, events = _read_events(evidence)
    problems += _check_versions(evidence, events)
    problems += _check_names(evidence, events)
    return problems


def check_files(evidence, files):
    """Return what is wrong with files that came by themselves (list of `Problem`).

    :param files: `{name: SHA-256}` of what is at hand
    """
    known = {row["sha256"] for row in evidence["documents"]}
    names = {row["name"] for row in evidence["documents"]}
    return [
        Problem("file_bytes" if _base(name) in names else "file_unknown", name)
        for name, digest in sorted(files.items())
        if digest not in known
    ]


def check_archive(evidence, files):
    """Return what is wrong with the files of an archive, which has all of them.

    :param files: `{path in the archive: SHA-256}`
    """
    listed = {row["file"]: row for row in evidence["documents"]}
    problems = [
        Problem("file_bytes" if path in files else "file_missing", row["name"])
        for path, row in sorted(listed.items())
        if files.get(path) != row["sha256"]
    ]
    return problems + [
        Problem("file_unknown", path) for path in sorted(files) if path not in listed
    ]


def _base(path):
    return path.replace("\\", "/").rpartition("/")[2]


def _digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _read_event(text):
    """Return what an event says, None if it is not written as events are."""
    said = _read_json(text)
    shape = {"contract": dict, "number": int, "kind": str, "date": str, "facts": dict}
    if said.get("format") not in EVENT_FORMATS:
        return None
    if not all(isinstance(said.get(name), kind) for name, kind in shape.items()):
        return None
    return said


def _read_json(text):
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _read_events(evidence):
    """Return the problems of the chain, and what its events say."""
    problems, events, last = [], [], {}
    for position, row in enumerate(evidence["events"], 1):
        if _digest(row["content"]) != row["content_hash"]:
            problems.append(Problem("event_bytes", position))
        said = _read_event(row["content"])
        if said:
            codes = _check_event(said, position, last.get("content_hash"))
            if not _is_of(said["contract"], evidence["contract"]):
                codes.append("event_contract")
            if events and said["date"] < events[-1]["date"]:
                codes.append("clock")
            problems += [Problem(code, position) for code in codes]
            events.append(said)
        else:
            problems.append(Problem("event_format", position))
        last = row
    if evidence.get("count") != len(evidence["events"]):
        problems.append(Problem("count", evidence.get("count")))
    if evidence.get("head") != last.get("content_hash"):
        problems.append(Problem("head", evidence.get("head")))
    return problems, events


def _check_event(said, position, previous):
    codes = []
    if said["number"] != position:
        codes.append("event_number")
    if said.get("previous") != previous:
        codes.append("event_previous")
    return codes


def _is_of(named, contract):
    # A draft that is cancelled has no number.
    return named.get("key") == contract["key"] and named.get("number") in (
        contract["number"],
        None,
    )


def _check_versions(evidence, events):
    own = {said.get("version") for said in events if said["kind"] == "submitted"}
    named = {said.get("version") for said in events}
    for said in events:
        if said["kind"] == "imported":
            named.update(_texts(said["facts"].get("versions")))
    problems = []
    for row in evidence["versions"]:
        if _digest(row["content"]) != row["content_hash"]:
            problems.append(Problem("version_bytes", row["name"]))
            continue
        if row["content_hash"] not in named:
            problems.append(Problem("version_unnamed", row["name"]))
        number = _read_json(row["content"]).get("number")
        if row["content_hash"] in own and number != evidence["contract"]["number"]:
            problems.append(Problem("version_contract", row["name"]))
    stored = {row["content_hash"] for row in evidence["versions"]} | {None}
    return problems + [
        Problem("version_missing", said["number"])
        for said in events
        if said.get("version") not in stored
    ]


def _check_names(evidence, events):
    """Return which files neither an event nor a text in the chain names."""
    named = set()
    for said in events:
        for name, value in said["facts"].items():
            if name.endswith("sha256"):
                named.update(_texts(value))
    for row in evidence["versions"]:
        _gather(_read_json(row["content"]), named)
    return [
        Problem("file_unnamed", row["name"])
        for row in evidence["documents"]
        if row["sha256"] not in named
    ]


def _texts(value):
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]


def _gather(value, named):
    """Add each SHA-256 that a content names."""
    if isinstance(value, dict):
        if isinstance(value.get("sha256"), str):
            named.add(value["sha256"])
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            _gather(part, named)


def _hash_stream(stream):
    digest = hashlib.sha256()
    for block in iter(lambda: stream.read(1 << 20), b""):
        digest.update(block)
    return digest.hexdigest()


def _read(path, names):
    """Return the evidence, what is wrong with its files, and how many there are."""
    problems, number = [], len(names)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            evidence = json.loads(archive.read("evidence.json").decode("utf-8"))
            files = {}
            for name in archive.namelist():
                if name.startswith("files/"):
                    with archive.open(name) as stream:
                        files[name] = _hash_stream(stream)
        problems = check_archive(evidence, files)
        number += len(files)
    else:
        with open(path, encoding="utf-8") as stream:
            evidence = json.load(stream)
    files = {}
    for name in names:
        with open(name, "rb") as stream:
            files[name] = _hash_stream(stream)
    return evidence, problems + check_files(evidence, files), number


def _report(evidence, problems, number):
    """Return whether all of it matches, and what to print."""
    notes = [problem for problem in problems if problem.code in NOTES]
    problems = [problem for problem in problems if problem.code not in NOTES]
    return not problems, [
        *("DOES NOT MATCH  " + describe(problem) for problem in problems),
        *("note            " + describe(note) for note in notes),
        "Contract {}: {} events, {} versions, {} files looked at".format(
            evidence["contract"]["number"],
            len(evidence["events"]),
            len(evidence["versions"]),
            number,
        ),
        "Hash of the last event: {}".format(evidence["head"]),
        "Something does not match." if problems else "All of it matches.",
    ]


def main(args=None):
    parser = argparse.ArgumentParser(
        description="Check the evidence of a contract.",
        epilog=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("evidence", help="evidence.zip or evidence.json")
    parser.add_argument("files", nargs="*", help="files of the contract")
    options = parser.parse_args(args)
    # Names may be in any script, whatever the console can show.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        evidence, problems, number = _read(options.evidence, options.files)
        problems = get_problems(evidence) + problems
        is_intact, lines = _report(evidence, problems, number)
    except UNREADABLE as error:
        sys.stderr.write(f"The evidence can't be read: {error!r}\n")
        return 2
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if is_intact else 1


if __name__ == "__main__":
    sys.exit(main())
