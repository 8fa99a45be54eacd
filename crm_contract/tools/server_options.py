"""What only the server's administrator sets: in its environment or configuration file."""

import os

from odoo.tools import config

PREFIX = "contract_"


def get_option(name: str, number: int | None = None) -> str:
    """Return an option of the server, "" without one.

    The environment comes before the file, what is meant for one company before what is
    meant for all: `CONTRACT_SEAL_FILE_3`, `contract_seal_file_3` under `[options]`,
    `CONTRACT_SEAL_FILE`, `contract_seal_file`.

    :param name: without its prefix, like `seal_file`
    :param number: id of a company, if it may have an option of its own
    """
    names = [f"{PREFIX}{name}"]
    if number:
        names.insert(0, f"{names[0]}_{number}")
    for full in names:
        value = os.environ.get(full.upper()) or config.get(full)
        if value:
            return str(value).strip()
    return ""
