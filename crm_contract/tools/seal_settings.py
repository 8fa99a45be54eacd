"""Which key the settings of the server name: a file, or a token."""

from .seal_key import SealError, SealKey, read_key
from .seal_token import Token, read_token
from .server_options import get_option


def is_set(number: int | None = None) -> bool:
    """Return whether a key is named, whatever it is worth.

    :param number: id of a company
    """
    return bool(get_option("seal_file", number) or get_option("seal_token", number))


def get_key(number: int | None = None) -> SealKey:
    """Return the key of a company. A token comes before a file.

    :param number: id of the company, None for what holds for all
    :raise SealError: `none` if none is named, else why it can't be used
    """
    password = get_option("seal_password", number)
    label = get_option("seal_token", number)
    if label:
        key = get_option("seal_token_key", number)
        return read_token(
            Token(
                module=get_option("seal_token_module", number),
                label=label,
                key=key,
                certificate=get_option("seal_token_certificate", number) or key,
                pin=password,
            )
        )
    path = get_option("seal_file", number)
    if not path:
        raise SealError("none")
    return read_key(path, password)


def describe_source(number: int | None = None) -> str:
    """Return where the key is: a path, or token and library (str)."""
    label = get_option("seal_token", number)
    if label:
        return f"token {label} ({get_option('seal_token_module', number) or '?'})"
    return get_option("seal_file", number)
