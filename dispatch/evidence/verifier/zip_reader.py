"""Reads a ZIP by hand and believes nothing: ``zipfile`` forgives what a forger needs.

Refused: bytes that belong to no file, headers that disagree, folders, links, encryption, comments,
names that another program would read as other names, what unpacks to far more than it is.
"""

import contextlib
import hashlib
import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from dispatch.evidence.verifier.names import MEDIA, BadZip, check_names, ending

END = struct.Struct("<4s4H2IH")
END64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR = struct.Struct("<4sIQI")
CENTRAL = struct.Struct("<4s6H3I5H2I")
LOCAL = struct.Struct("<4s5H3I2H")
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
STORED, DEFLATED = 0, 8
DESCRIPTOR = 0x0008
ALLOWED_FLAGS = 0x0008 | 0x0800 | 0x0006
"""Data descriptor, UTF-8 names, and the two bits that tell how deflate was set."""
REFUSED_EXTRA = {0x7075: "another name in a Unicode-path field", 0x6375: "a Unicode comment",
                 0x9901: "encryption"}  # fmt: skip
MAX_FILES = 100_000
MAX_RATIO = 100
MAX_READ_BYTES = 256 * 1024 * 1024
CHUNK = 1 << 20


class Member(NamedTuple):
    """A file of the archive as the directory tells of it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    stamp: int
    crc: int
    packed: int
    size: int
    offset: int
    data: int
    """Where its bytes begin; 0 before the local header was read."""


class Octets(Protocol):
    """The bytes of an archive that lies in no file of its own: sealed ones are opened in parts."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...

    def release(self) -> None:
        """Let go of what they come from; safe twice."""


class Archive:
    """An archive whose structure was checked; use it as a context."""

    def __init__(self, source: Path | Octets) -> None:
        """Open and check everything but the bytes of the files; raises BadZip, OSError."""
        self._map: mmap.mmap | None = None
        self._data: memoryview | Octets
        if isinstance(source, Path):
            with source.open("rb") as file:
                try:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                except ValueError as error:
                    raise BadZip("it is empty") from error
            self._data = memoryview(self._map)
        else:
            self._data = source
        try:
            self._files = self._check()
        except struct.error as error:
            self.close()
            raise BadZip("it ends in the middle of a header") from error
        except BadZip:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; safe twice."""
        with contextlib.suppress(BufferError):  # a frame of an exception may still look at it
            self._data.release()
            if self._map is not None:
                self._map.close()

    @property
    def package(self) -> str:
        """The package id: name of the top folder."""
        return self._package

    @property
    def names(self) -> list[str]:
        """Names from the top folder on, in the directory's order."""
        return list(self._files)

    @property
    def length(self) -> int:
        """Bytes of the archive."""
        return len(self._data)

    def size(self, name: str) -> int:
        """Return the unpacked length of a file."""
        return self._files[name].size

    def read(self, name: str) -> bytes:
        """Return a file whole; raises BadZip when it is damaged or too big to be read at once."""
        if self._files[name].size > MAX_READ_BYTES:
            raise BadZip(f"{name}: {self._files[name].size} bytes are too many to be read")
        return b"".join(self._checked(self._files[name]))

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file; raises BadZip when its bytes and its headers disagree."""
        digest = hashlib.sha256()
        for chunk in self._checked(self._files[name]):
            digest.update(chunk)
        return digest.hexdigest()

    def _checked(self, member: Member) -> Iterator[bytes | memoryview]:
        crc, size = 0, 0
        for chunk in self._chunks(member):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            yield chunk
        if size != member.size or crc != member.crc:
            raise BadZip(
                f"{member.name}: its bytes are not those that its header tells of (changed)"
            )

    def _chunks(self, member: Member) -> Iterator[bytes | memoryview]:
        end = member.data + member.packed
        if member.method == STORED:
            for at in range(member.data, end, CHUNK):
                yield self._data[at : min(at + CHUNK, end)]
            return
        packed = self._data[member.data : end]
        unpack = zlib.decompressobj(-15)
        left, waiting = member.size, bytes(packed)
        try:
            while not unpack.eof:
                chunk = unpack.decompress(waiting, CHUNK)
                waiting = unpack.unconsumed_tail
                left -= len(chunk)
                if left < 0 or (not chunk and not waiting and not unpack.eof):
                    raise BadZip(f"{member.name}: it unpacks to another length than it says")
                yield chunk
        except zlib.error as error:
            raise BadZip(f"{member.name}: it cannot be unpacked (damaged)") from error
        if unpack.unused_data or waiting or left:
            raise BadZip(f"{member.name}: it unpacks to another length than it says")

    def _fields(self, form: struct.Struct, at: int) -> tuple[Any, ...]:
        """Return a header's fields; raises struct.error where the archive ends before it does."""
        return form.unpack(self._data[at : at + form.size])

    # ---- structure -----------------------------------------------------------------------------

    def _check(self) -> dict[str, Member]:
        start, count, end = self._directory()
        members, at = [], start
        for _ in range(count):
            member, at = self._central(at)
            members.append(member)
        if at != end:
            raise BadZip("the directory has another length than the end record says")
        names = check_names([member.raw_name for member in members])
        self._package = names[0].partition("/")[0]
        placed = self._local_headers(members, start)
        return {name.partition("/")[2]: placed[name] for name in names}

    def _directory(self) -> tuple[int, int, int]:
        """Return where the directory begins, its number of files, and where it must end."""
        at = len(self._data) - END.size
        if at < 0:
            raise BadZip("it is too short for a ZIP")
        mark, disk, first, here, count, size, start, comment = self._fields(END, at)
        if mark != b"PK\x05\x06":
            raise BadZip("no end record at its end: bytes were added behind it, or it is no ZIP")
        if comment:
            raise BadZip("the archive has a comment")
        end = at
        if at >= LOCATOR.size and bytes(self._data[at - LOCATOR.size :][:4]) == b"PK\x06\x07":
            end, wide = self._wide_end(at - LOCATOR.size)
            for narrow, full, limit in zip((here, count, size, start), wide, _LIMITS, strict=True):
                if narrow not in (limit, full):
                    raise BadZip("the two end records disagree")
            here, count, size, start = wide
        if disk not in (0, FULL16) or first not in (0, FULL16) or here != count:
            raise BadZip("it is a part of a split archive")
        if not count or count > MAX_FILES:
            raise BadZip(f"{count} files: expected 1 to {MAX_FILES}")
        if start + size != end:
            raise BadZip("bytes lie between the directory and the end record")
        return start, count, end

    def _wide_end(self, locator: int) -> tuple[int, tuple[int, int, int, int]]:
        _, disk, at, disks = self._fields(LOCATOR, locator)
        if disk or disks != 1 or at + END64.size != locator:
            raise BadZip("the Zip64 end record is not where it must be")
        mark, length, _, _, disk, first, here, count, size, start = self._fields(END64, at)
        if mark != b"PK\x06\x06" or length != END64.size - 12 or disk or first:
            raise BadZip("the Zip64 end record is not whole")
        return at, (here, count, size, start)

    def _central(self, at: int) -> tuple[Member, int]:
        fields = self._fields(CENTRAL, at)
        mark, _, _, flags, method, time, date, crc, packed, size = fields[:10]
        name_bytes, extra_bytes, comment, disk, _, attributes, offset = fields[10:]
        if mark != b"PK\x01\x02":
            raise BadZip("the directory holds something that is no file")
        at += CENTRAL.size
        raw = bytes(self._data[at : at + name_bytes])
        extra = bytes(self._data[at + name_bytes : at + name_bytes + extra_bytes])
        shown = raw.decode("ascii", "backslashreplace")
        if comment:
            raise BadZip(f"{shown}: it has a comment")
        _check_kind(shown, attributes, flags, method)
        wide = [size, packed, offset]
        size, packed, offset = _wide_fields(shown, extra, wide)
        if disk not in (0, FULL16):
            raise BadZip(f"{shown}: it lies in another part of a split archive")
        _check_size(shown, method, packed, size)
        member = Member(shown, raw, flags, method, date << 16 | time, crc, packed, size, offset, 0)
        return member, at + name_bytes + extra_bytes

    def _local_headers(self, members: list[Member], end: int) -> dict[str, Member]:
        placed, at = {}, 0
        ordered = sorted(members, key=lambda each: each.offset)
        for number, member in enumerate(ordered):
            if member.offset != at:
                where = "before the first file" if number == 0 else "between files"
                raise BadZip(f"bytes lie {where}, or files lie in each other ({member.name})")
            data = self._local(member)
            at = data + member.packed
            if member.flags & DESCRIPTOR:
                limit = ordered[number + 1].offset if number + 1 < len(ordered) else end
                at = self._descriptor(member, at, limit)
            if at > end:
                raise BadZip(f"{member.name}: it reaches into the directory")
            placed[member.name] = member._replace(data=data)
        if at != end:
            raise BadZip("bytes lie between the last file and the directory")
        return placed

    def _local(self, member: Member) -> int:
        """Compare a local header with the directory; returns where the bytes begin."""
        fields = self._fields(LOCAL, member.offset)
        mark, _, flags, method, time, date, crc, packed, size, name_bytes, extra_bytes = fields
        at = member.offset + LOCAL.size
        name = bytes(self._data[at : at + name_bytes])
        extra = bytes(self._data[at + name_bytes : at + name_bytes + extra_bytes])
        if mark != b"PK\x03\x04":
            raise BadZip(f"{member.name}: there is no file where the directory says")
        if name != member.raw_name:
            raise BadZip(f"{member.name}: it has another name in the file than in the directory")
        size, packed, _ = _wide_fields(member.name, extra, [size, packed, 0])
        told = (flags, method, date << 16 | time)
        if told != (member.flags, member.method, member.stamp):
            raise BadZip(f"{member.name}: directory and file disagree about it")
        if (crc, packed, size) != (member.crc, member.packed, member.size):
            later = flags & DESCRIPTOR and (crc, packed, size) == (0, 0, 0)
            if not later:
                raise BadZip(f"{member.name}: directory and file disagree about its length")
        return int(at + name_bytes + extra_bytes)

    def _descriptor(self, member: Member, at: int, limit: int) -> int:
        """Check the data descriptor between a file's bytes and ``limit``; returns its end."""
        raw = bytes(self._data[at:limit]) if at <= limit else b""
        for form in ("<3I", "<I2Q"):
            mask = FULL32 if form == "<3I" else 2**64 - 1
            told = struct.pack(form, member.crc, member.packed & mask, member.size & mask)
            if raw in (told, b"PK\x07\x08" + told):
                return limit
        raise BadZip(f"{member.name}: directory and data descriptor disagree, or bytes lie between")


_LIMITS = (FULL16, FULL16, FULL32, FULL32)


def _check_kind(name: str, attributes: int, flags: int, method: int) -> None:
    kind = attributes >> 16 & 0o170000
    if kind == 0o120000:
        raise BadZip(f"{name}: it is a symbolic link")
    if kind not in (0, 0o100000) or attributes & 0x18:
        raise BadZip(f"{name}: it is no plain file")
    if flags & 0x2041:
        raise BadZip(f"{name}: it is encrypted")
    if flags & ~ALLOWED_FLAGS:
        raise BadZip(f"{name}: flags {flags:#06x} are not allowed")
    if method not in (STORED, DEFLATED):
        raise BadZip(f"{name}: packing method {method} is not allowed")


def _check_size(name: str, method: int, packed: int, size: int) -> None:
    if method == STORED and packed != size:
        raise BadZip(f"{name}: it is stored, but with two lengths")
    if method == DEFLATED and ending(name) in MEDIA:
        raise BadZip(f"{name}: media must be stored, not packed")
    if size > MAX_RATIO * packed:
        raise BadZip(f"{name}: {packed} bytes unpack to {size}: more than {MAX_RATIO} to 1")


def _wide_fields(name: str, extra: bytes, values: list[int]) -> list[int]:
    """Return size, packed size and offset with what a Zip64 field says; refuses other names."""
    at, wide = 0, None
    while at < len(extra):
        if at + 4 > len(extra):
            raise BadZip(f"{name}: an extra field is cut")
        kind, length = struct.unpack_from("<2H", extra, at)
        body = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if len(body) != length:
            raise BadZip(f"{name}: an extra field is cut")
        if kind in REFUSED_EXTRA:
            raise BadZip(f"{name}: it carries {REFUSED_EXTRA[kind]}")
        if kind == 1:
            if wide is not None:
                raise BadZip(f"{name}: it has two Zip64 fields")
            wide = body
    result, place = [], 0
    for value in values:
        if value != FULL32:
            result.append(value)
            continue
        if wide is None or place + 8 > len(wide):
            raise BadZip(f"{name}: a Zip64 field is missing")
        result.append(int.from_bytes(wide[place : place + 8], "little"))
        place += 8
    return result
