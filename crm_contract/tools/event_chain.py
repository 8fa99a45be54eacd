"""The bytes of an event, which names the one before it by its hash."""

from collections.abc import Mapping
from typing import Any

from .canonical import canonical_json, file_hash

FORMAT = 1


def write_event(envelope: Mapping[str, Any]) -> tuple[str, str]:
    """Return (text, hash) of an event in the present format.

    The text is stored in UTF-8, as it is; the hash is the SHA-256 of these bytes. The
    next event of the contract holds it as `previous`. Bytes are never written anew:
    whoever changes what they hold raises the format and teaches it to
    `evidence/verify_contract.py`, which reads all of them.

    >>> text, digest = write_event({"number": 1, "kind": "submitted", "previous": None})
    >>> text
    '{"format":1,"kind":"submitted","number":1,"previous":null}'
    >>> len(digest)
    64

    :param envelope: `contract` (key and number), `number`, `kind`, `date`, `actor`,
        `version` (hash or None), `facts` (flat dict), `previous` (hash or None)
    """
    data = canonical_json({**envelope, "format": FORMAT})
    return data.decode(), file_hash(data)
