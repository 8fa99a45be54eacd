"""What lives don't do yet, because it goes wrong or was not tried: {deed: (when, why)}."""

from machine.life import DEEDS

AVOIDED = {
    "draft_amendment": (
        lambda life: life.contract.amendment_ids,
        "lives with several amendments were not let go on yet since these bill right",
    ),
}


def reason_to_avoid(life, deed):
    """Return why a deed is left out (str, empty if it is not)."""
    when, why = AVOIDED.get(deed, (lambda life: False, ""))
    return why if when(life) else ""


def possible_deeds(life):
    """Return the names of what can be done now, less what is left out."""
    return [
        name
        for name, can in DEEDS.items()
        if can(life) and not reason_to_avoid(life, name)
    ]
