"""Looks for whatever is wrong, and ends with the first thing that is found."""

from ledger_matrix import play
from machine import machine


def main(env, lives=40):
    """Return what was found first (str), empty if nothing is wrong."""
    found = play.main(env, "pairs", fail_fast=True)
    if found["failed"]:
        return f"matrix: {found['failed'][0][:300]}"
    problem = machine.main(env, lives)["problem"]
    return problem and f"machine: {problem[:300]}"
