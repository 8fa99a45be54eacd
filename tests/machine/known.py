"""What lives don't do yet, because it is known to go wrong: {deed: (when, why)}."""

AVOIDED = {
    "draft_amendment": (
        lambda life: life.contract.amendment_ids,
        "amended twice inside a billed period, a line is billed again",
    ),
    "edit_invoice": (
        lambda life: True,
        "figures say the amount of the row, not that of the changed draft",
    ),
}


def reason_to_avoid(life, deed):
    """Return why a deed is left out (str, empty if it is not)."""
    when, why = AVOIDED.get(deed, (lambda life: False, ""))
    return why if when(life) else ""
