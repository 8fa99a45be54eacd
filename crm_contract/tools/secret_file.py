"""Files that nobody reads without a key: frames that open alone, so that ranges work.

A file is a head (kind, number of the data key, salt) and frames of `FRAME` bytes, each
under AES-256-GCM with a key of this file alone. Number and whether it is the last one are
bound to each frame, the name of the file to all of them: what is cut off, moved to
another place or put under another name is noticed.
"""

import io
import os
import re
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .secret import DataKey, SecretError, keyed

_HEAD = struct.Struct(">8sQ16s")
_KIND = b"crmcs1\n\x00"
_TAG = 16
FRAME = 1 << 16
# cs<data key>x<two digits>/<name>: folders of which none grows too large
_NAME = re.compile(r"cs(\d{1,18})x[0-9a-f]{2}/[0-9a-f]{40}")


def is_protected(name: str) -> bool:
    """Return whether a file of the file store is protected.

    >>> is_protected("cs7x0a/" + "0a" * 20), is_protected("0a/" + "0a" * 20)
    (True, False)
    """
    return bool(name and _NAME.fullmatch(name))


def key_of_file(name: str) -> int:
    """Return the number of the data key of a protected file.

    >>> key_of_file("cs7x0a/" + "0a" * 20)
    7
    """
    return int(_NAME.fullmatch(name).group(1))


def file_mark(key: DataKey, scope: str, digest: str) -> str:
    """Return what stands for a checksum: the same within a scope alone (40 digits).

    :param scope: within which equal files are one, such as a contract
    :param digest: checksum of the content
    """
    return keyed(key.derive("mark"), f"{scope}\n{digest}").hex()[:40]


def file_name(key: DataKey, scope: str, mark: str) -> str:
    """Return the name of a protected file in the file store.

    It follows from the scope: no record of another one can point at the file.
    """
    name = keyed(key.derive("name"), f"{scope}\n{mark}").hex()[:40]
    return f"cs{key.number}x{name[:2]}/{name}"


def write_file(path: str, name: str, key: DataKey, data: bytes) -> None:
    """Write a protected file, whole or not at all.

    :param path: where it goes; its folder is there
    :param name: as of `file_name`
    """
    salt = os.urandom(16)
    cipher = AESGCM(key.derive("file", salt))
    view = memoryview(data)
    count = max(1, -(-len(data) // FRAME))
    # Beside it, under another name: nobody meets half a file.
    part = f"{path}.{os.getpid()}-{salt.hex()[:8]}"
    try:
        with open(part, "wb") as file:
            file.write(_HEAD.pack(_KIND, key.number, salt))
            for number in range(count):
                frame = view[number * FRAME : (number + 1) * FRAME]
                last = number == count - 1
                file.write(
                    cipher.encrypt(_nonce(number), frame, _bind(name, number, last))
                )
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise


class FileReader(io.RawIOBase):
    """A protected file, read like any other from wherever one seeks to.

    One frame at a time is in memory. The last frame is looked at first: a file that was
    cut off is noticed whatever is read of it.

    :raise SecretError: `broken`, on opening or reading
    """

    def __init__(self, path: str, name: str, key: DataKey):
        super().__init__()
        self._name = name
        self._file = open(path, "rb")  # noqa: SIM115 (closed by `close`)
        try:
            self._open(key)
        except BaseException:
            self.close()
            raise

    def _open(self, key):
        head = self._file.read(_HEAD.size)
        body = os.fstat(self._file.fileno()).st_size - _HEAD.size
        if len(head) < _HEAD.size or body < _TAG:
            raise SecretError("broken", self._name)
        kind, number, salt = _HEAD.unpack(head)
        if kind != _KIND or number != key.number:
            raise SecretError("broken", self._name)
        self._cipher = AESGCM(key.derive("file", salt))
        self._count = -(-body // (FRAME + _TAG))
        #: number of bytes of the content
        self.size = body - self._count * _TAG
        self._position = 0
        self._held = (None, b"")
        self._get_frame(self._count - 1)

    def _get_frame(self, number):
        if self._held[0] != number:
            self._file.seek(_HEAD.size + number * (FRAME + _TAG))
            sealed = self._file.read(FRAME + _TAG)
            bound = _bind(self._name, number, number == self._count - 1)
            try:
                frame = self._cipher.decrypt(_nonce(number), sealed, bound)
            except (InvalidTag, ValueError) as error:
                raise SecretError("broken", self._name) from error
            self._held = (number, frame)
        return self._held[1]

    def readable(self):
        """Return True: it is there to be read."""
        return True

    def seekable(self):
        """Return True: frames open alone."""
        return True

    def tell(self):
        """Return the position in the content."""
        return self._position

    def seek(self, offset, whence=os.SEEK_SET):
        """Go to a position in the content; return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}
        self._position = max(0, start[whence] + offset)
        return self._position

    def readinto(self, buffer):
        """Fill a buffer with what comes next of the content; return how much it is."""
        filled = 0
        while filled < len(buffer) and self._position < self.size:
            number, offset = divmod(self._position, FRAME)
            wanted = len(buffer) - filled
            part = self._get_frame(number)[offset : offset + wanted]
            buffer[filled : filled + len(part)] = part
            self._position += len(part)
            filled += len(part)
        return filled

    def read_block(self):
        """Return what comes next of the content, up to the end of its frame (bytes)."""
        if self._position >= self.size:
            return b""
        number, offset = divmod(self._position, FRAME)
        block = self._get_frame(number)
        self._position = (number + 1) * FRAME
        return block[offset:] if offset else block

    def read_all(self, size=None):
        """Return the content, or how it begins, once in memory (bytes)."""
        left = self.size if size is None else min(size, self.size)
        kept = io.BytesIO()
        for number in range(-(-left // FRAME)):
            kept.write(self._get_frame(number)[: left - number * FRAME])
        # The buffer itself, not a copy of it.
        return kept.getvalue()

    def close(self):
        """Close the file."""
        self._held = (None, b"")
        self._file.close()
        super().close()


def _nonce(number):
    return number.to_bytes(12, "big")


def _bind(name, number, last):
    return f"{name}\n{number}\n{int(last)}".encode()
