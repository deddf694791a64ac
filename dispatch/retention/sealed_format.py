"""The bytes of a sealed file: a header, then chunks that can be opened one by one.

Header (40 octets): ``SAMBSEAL``, version (u8) 1, three zero octets, chunk size (u32), plain size
(u64), file id (16 octets); numbers big-endian. Then for each chunk of the plain file its
AES-256-GCM ciphertext and tag (16 octets). The nonce is the chunk's number (12 octets, big-endian):
every sealing has a key of its own, so no nonce is used twice under one key. The header is each
chunk's additional data: a chunk of another file, a moved or a cut one does not open.
"""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.model.errors import RemoteError

SUFFIX: Final = ".sealed"
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
_MAGIC: Final = b"SAMBSEAL"
_HEADER: Final = struct.Struct(">8sB3xIQ16s")
_VERSION: Final = 1


class SealBroken(RemoteError):
    """A sealed file that does not open: changed, cut, or sealed with another key."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the chunks."""

    file_id: bytes
    plain_size: int
    chunk_bytes: int = CHUNK_BYTES

    def to_bytes(self) -> bytes:
        """Return the 40 octets."""
        return _HEADER.pack(_MAGIC, _VERSION, self.chunk_bytes, self.plain_size, self.file_id)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Header":
        """Read a header; raises SealBroken when it is none."""
        if len(raw) != _HEADER.size:
            raise SealBroken(f"sealed file: expected a header of 40 octets, got {len(raw)}")
        magic, version, chunk_bytes, plain_size, file_id = _HEADER.unpack(raw)
        if magic != _MAGIC or version != _VERSION or not 0 < chunk_bytes <= 1 << 26:
            raise SealBroken("sealed file: expected SAMBSEAL version 1")
        return cls(file_id=file_id, plain_size=plain_size, chunk_bytes=chunk_bytes)


HEADER_BYTES: Final = _HEADER.size


def read_header(file: BinaryIO) -> Header:
    """Read the header at the beginning of an open file; raises SealBroken."""
    file.seek(0)
    return Header.from_bytes(file.read(HEADER_BYTES))


def seal_stream(plain: BinaryIO, sealed: BinaryIO, header: Header, key: bytes) -> None:
    """Write header and chunks of all that ``plain`` holds from here; raises SealBroken, OSError."""
    cipher, additional = AESGCM(key), header.to_bytes()
    sealed.write(additional)
    number, done = 0, 0
    while chunk := plain.read(header.chunk_bytes):
        sealed.write(cipher.encrypt(_nonce(number), chunk, additional))
        number, done = number + 1, done + len(chunk)
    if done != header.plain_size:
        raise SealBroken(f"sealing: expected {header.plain_size} octets, read {done}")


class ChunkReader:
    """Opens chunks of a sealed file as they are asked for."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        """Read the header; raises SealBroken. The file stays the caller's to close."""
        self._file = file
        self.header = read_header(file)
        self._cipher = AESGCM(key)
        self._additional = self.header.to_bytes()
        self._kept: tuple[int, bytes] = (-1, b"")

    def read(self, offset: int, length: int) -> bytes:
        """Return plain octets from ``offset``, fewer at the end; raises SealBroken, OSError."""
        end = min(offset + length, self.header.plain_size)
        parts = []
        while offset < end:
            number, inside = divmod(offset, self.header.chunk_bytes)
            part = self._chunk(number)[inside : inside + end - offset]
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def _chunk(self, number: int) -> bytes:
        if self._kept[0] == number:
            return self._kept[1]
        whole = self.header.chunk_bytes
        size = min(whole, self.header.plain_size - number * whole)
        self._file.seek(HEADER_BYTES + number * (whole + TAG_BYTES))
        raw = self._file.read(size + TAG_BYTES)
        try:
            plain = self._cipher.decrypt(_nonce(number), raw, self._additional)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"sealed file: part {number} does not open: it was changed") from error
        self._kept = (number, plain)
        return plain


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def new_file_id() -> bytes:
    """Return 16 random octets that name one sealing."""
    return os.urandom(16)
