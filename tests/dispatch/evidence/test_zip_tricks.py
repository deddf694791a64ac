"""Tricks with the archive itself, each built byte by byte, and the words of each refusal."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dispatch.evidence.builder import Built
from tests.dispatch.evidence.packages import ID, Maker, Opened

FLAG_UTF8 = 0x0800


@dataclass
class Entry:
    """One file of an archive made by hand; every field of its headers can lie."""

    name: bytes
    data: bytes
    local_name: bytes | None = None
    flags: int = 0
    local_flags: int | None = None
    method: int = 0
    crc: int | None = None
    size: int | None = None
    local_size: int | None = None
    attributes: int = 0o100644 << 16
    extra: bytes = b""
    comment: bytes = b""
    before: bytes = b""
    descriptor: bytes = b""
    packed: bytes | None = None
    disk: int = 0
    at: int = 0

    def rename(self, name: bytes) -> "Entry":
        self.name = name
        return self

    def pack(self) -> "Entry":
        self.method, self.packed = 8, deflated(self.data)
        return self


@dataclass
class Raw:
    """A whole archive made by hand."""

    entries: list[Entry] = field(default_factory=list)
    gap: bytes = b""
    comment: bytes = b""
    tail: bytes = b""
    count: int | None = None
    between_ends: bytes = b""
    start_shift: int = 0
    size_shift: int = 0
    end_disk: int = 0

    def entry(self, name: str) -> Entry:
        return next(one for one in self.entries if one.name.endswith(name.encode()))

    def bytes(self) -> bytes:
        out = b""
        for entry in self.entries:
            out += entry.before
            entry.at = len(out)
            out += _local(entry)
        out += self.gap
        start = len(out)
        for entry in self.entries:
            out += _central(entry)
        size = len(out) - start + self.size_shift
        out += self.between_ends
        count = len(self.entries) if self.count is None else self.count
        end = (self.end_disk, 0, count, count, size, start + self.start_shift)
        out += struct.pack("<4s4H2IH", b"PK\x05\x06", *end, len(self.comment))
        return out + self.comment + self.tail


def _sizes(entry: Entry) -> tuple[int, int, bytes]:
    packed = entry.packed if entry.packed is not None else entry.data
    crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
    size = len(entry.data) if entry.size is None else entry.size
    return crc, size, packed


def _local(entry: Entry) -> bytes:
    crc, size, packed = _sizes(entry)
    name = entry.name if entry.local_name is None else entry.local_name
    flags = entry.flags if entry.local_flags is None else entry.local_flags
    told = (crc, len(packed), size if entry.local_size is None else entry.local_size)
    if flags & 8:
        told = (0, 0, 0)
    head = (b"PK\x03\x04", 20, flags, entry.method, 0xB8A0, 0x5D78, *told)
    return (
        struct.pack("<4s5H3I2H", *head, len(name), len(entry.extra))
        + name + entry.extra + packed + entry.descriptor
    )  # fmt: skip


def _central(entry: Entry) -> bytes:
    crc, size, packed = _sizes(entry)
    head = (b"PK\x01\x02", 0x031E, 20, entry.flags, entry.method, 0xB8A0, 0x5D78, crc)
    lengths = (len(packed), size, len(entry.name), len(entry.extra), len(entry.comment))
    rest = (entry.disk, 0, entry.attributes, entry.at)
    return (
        struct.pack("<4s6H3I5H2I", *head, *lengths, *rest)
        + entry.name + entry.extra + entry.comment
    )  # fmt: skip


def by_hand(built: Built) -> Raw:
    opened = Opened(built.path)
    return Raw([Entry(f"{ID}/{name}".encode(), data) for name, data in opened.files.items()])


def check(maker: Maker, raw: Raw, tmp_path: Path) -> Any:
    path = tmp_path / f"{ID}.zip"
    path.write_bytes(raw.bytes())
    return maker.verify(path)


def add(name: str, data: bytes = b"x", **more: Any) -> Callable[[Raw], object]:
    return lambda raw: raw.entries.append(Entry(f"{ID}/{name}".encode(), data, **more))


def add_raw(name: bytes, **more: Any) -> Callable[[Raw], object]:
    return lambda raw: raw.entries.append(Entry(name, b"x", **more))


def on(name: str, **fields: Any) -> Callable[[Raw], object]:
    def change(raw: Raw) -> None:
        for key, value in fields.items():
            setattr(raw.entry(name), key, value)

    return change


def whole(**fields: Any) -> Callable[[Raw], object]:
    def change(raw: Raw) -> None:
        for key, value in fields.items():
            setattr(raw, key, value)

    return change


def overlap(raw: Raw) -> None:
    """One file lies inside another."""
    inner = Entry(f"{ID}/data/inner.json".encode(), b"{}")
    outer = raw.entry("README.txt")
    raw.entries.append(inner)
    data = _local(inner)
    outer.data = outer.packed = data
    whole_bytes = raw.bytes()
    inner_at = whole_bytes.index(data)
    length = len(_local(inner))
    original = raw.bytes

    def lying() -> bytes:
        out = bytearray(original())
        at = out.rindex(inner.name) - 4
        out[at : at + 4] = struct.pack("<I", inner_at)
        return bytes(out)

    assert length
    raw.bytes = lying  # type: ignore[method-assign]  # one archive with one lie


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


BOMB = bytes(1_000_000)
TRICKS: dict[str, tuple[Callable[[Raw], object], str]] = {
    "path traversal": (add("../../etc/passwd"), "a name leads out of the package"),
    "path traversal inside": (add("data/../../x.json"), "a name leads out of the package"),
    "absolute path": (add_raw(b"/etc/passwd"), "a name leads out of the package"),
    "drive letter": (add_raw(b"C:/x"), "other systems read as a path"),
    "backslashes": (add("data\\..\\x.json"), "other systems read as a path"),
    "a name with NUL": (add("data/a.json\0.exe"), "other systems read as a path"),
    "a name twice": (add("README.txt"), "the name is there twice"),
    "a name equal but for case": (add("readme.txt"), "are equal but for case"),
    "a name with capitals": (add("data/Notes.json"), "is not allowed"),
    "a name composed in Unicode": (add("data/é.json", flags=FLAG_UTF8), "plain ASCII"),
    "a name decomposed in Unicode": (add("data/e\u0301.json", flags=FLAG_UTF8), "plain ASCII"),
    "a letter that looks like another": (add("dаta/x.json", flags=FLAG_UTF8), "plain ASCII"),
    "a name that turns the writing": (add("data/\u202ex.json", flags=FLAG_UTF8), "plain ASCII"),
    "a name ending in a dot": (add("data/x."), "is not allowed"),
    "a name beginning with a dot": (add("data/.hidden"), "is not allowed"),
    "a name with a space": (add("data/a b.json"), "is not allowed"),
    "an empty part": (add("data//x.json"), "is not allowed"),
    "a very long name": (add("data/" + "a" * 250), "at most 200"),
    "a file that is a folder as well": (add("data"), "it is a file and a folder"),
    "a folder entry": (add("data/empty/"), "it is a folder entry"),
    "a second top folder": (add_raw(b"EV-2026-000322/x"), "expected one top folder"),
    "a top folder of another form": (
        lambda raw: [one.rename(b"EVIL" + one.name[14:]) for one in raw.entries],
        "expected a top folder EV-",
    ),
    "a symbolic link": (
        add("data/x.json", b"/etc/passwd", attributes=0o120777 << 16), "it is a symbolic link"
    ),
    "a device": (add("data/x.json", attributes=0o020666 << 16), "it is no plain file"),
    "a folder by its attributes": (add("data/x.json", attributes=0x10), "it is no plain file"),
    "an encrypted file": (on("README.txt", flags=1), "it is encrypted"),
    "strong encryption": (on("README.txt", flags=0x41), "it is encrypted"),
    "a flag that nobody needs": (on("README.txt", flags=0x20), "are not allowed"),
    "another packing method": (on("README.txt", method=12), "packing method 12"),
    "packed media": (
        lambda raw: [one.pack() for one in raw.entries if one.name.endswith(b".opus")],
        "media must be stored",
    ),
    "a bomb": (
        add("data/zero.json", BOMB, method=8, packed=deflated(BOMB)), "more than 100 to 1"
    ),
    "a bomb that lies about its length": (
        on("README.txt", method=8, packed=deflated(BOMB), size=90_000),
        "it unpacks to another length",
    ),
    "packed bytes with a tail": (
        on("README.txt", method=8, packed=deflated(b"x" * 30) + b"tail", size=30),
        "it unpacks to another length",
    ),
    "packed bytes that are none": (
        on("README.txt", method=8, packed=b"\xff\xff\xff\xff", size=30), "it cannot be unpacked"
    ),
    "packed bytes that end early": (
        on("README.txt", method=8, packed=deflated(bytes(range(256)))[:40], size=256),
        "it unpacks to another length",
    ),
    "a comment of the archive": (whole(comment=b"hello"), "no end record"),
    "a comment of a file": (on("README.txt", comment=b"hello"), "it has a comment"),
    "another name in a Unicode field": (
        on("README.txt", extra=struct.pack("<2H", 0x7075, 5) + bytes(5)), "another name"
    ),
    "a Unicode comment": (
        on("README.txt", extra=struct.pack("<2H", 0x6375, 5) + bytes(5)), "a Unicode comment"
    ),
    "a cut extra field": (on("README.txt", extra=b"\x75\x70\x09"), "an extra field is cut"),
    "an extra field longer than it is": (
        on("README.txt", extra=struct.pack("<2H", 9, 50)), "an extra field is cut"
    ),
    "bytes behind the end": (whole(tail=b"tail"), "no end record at its end"),
    "a second archive behind": (
        lambda raw: setattr(raw, "tail", Raw([Entry(b"EV-2026-000322/x", b"y")]).bytes()),
        "the directory holds something|bytes lie|before the first file",
    ),
    "bytes before the first file": (
        lambda raw: setattr(raw.entries[0], "before", b"#!/bin/sh\n"), "before the first file"
    ),
    "bytes between files": (
        lambda raw: setattr(raw.entries[3], "before", b"hidden"), "between files"
    ),
    "a file that the directory hides": (
        lambda raw: setattr(
            raw.entries[3], "before", _local(Entry(f"{ID}/data/h.json".encode(), b"{}"))
        ),
        "between files",
    ),
    "bytes before the directory": (whole(gap=b"hidden"), "between the last file and the directory"),
    "bytes behind the directory": (whole(between_ends=b"hidden"), "between the directory"),
    "a directory longer than told": (whole(size_shift=-1), "between the directory"),
    "a number of files that is wrong": (
        lambda raw: setattr(raw, "count", len(raw.entries) - 1), "the directory has another length"
    ),
    "no file": (lambda raw: raw.entries.clear(), "expected 1 to 100000"),
    "a part of a split archive": (whole(end_disk=3), "split archive"),
    "a file of another part": (on("README.txt", disk=2), "split archive"),
    "two names for one file": (
        on("README.txt", local_name=f"{ID}/readme.exe".encode()), "another name in the file"
    ),
    "two lengths for one file": (on("README.txt", local_size=3), "disagree about its length"),
    "two kinds of flags": (on("README.txt", local_flags=0x0800), "disagree about it"),
    "stored with two lengths": (on("README.txt", size=3), "with two lengths"),
    "a wrong checksum": (on("README.txt", crc=1), "are not those that its header tells of"),
    "a data descriptor that lies": (
        on("README.txt", flags=8, descriptor=bytes(12)), "data descriptor disagree"
    ),
    "a data descriptor that is not there": (on("README.txt", flags=8), "data descriptor disagree"),
    "files that lie in each other": (overlap, "in each other"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_is_refused(name: str, maker: Maker, built: Built, tmp_path: Path) -> None:
    change, words = TRICKS[name]
    raw = by_hand(built)
    change(raw)
    found = check(maker, raw, tmp_path)
    assert found.status == 1, found.text()
    told = " / ".join(found.faults)
    assert any(part in told for part in words.split("|")), told


def test_by_hand_without_a_trick_is_valid(maker: Maker, built: Built, tmp_path: Path) -> None:
    assert check(maker, by_hand(built), tmp_path).verdict == "VALID"


@pytest.mark.parametrize("form", ["<3I", "<4s3I", "<I2Q", "<4sI2Q"])
def test_data_descriptors_of_every_form_are_fine(
    form: str, maker: Maker, built: Built, tmp_path: Path
) -> None:
    raw = by_hand(built)
    for entry in raw.entries:
        told = (zlib.crc32(entry.data), len(entry.data), len(entry.data))
        mark = (b"PK\x07\x08",) if "4s" in form else ()
        entry.flags, entry.descriptor = 8, struct.pack(form, *mark, *told)
    assert check(maker, raw, tmp_path).verdict == "VALID"


def test_packed_text_is_fine(maker: Maker, built: Built, tmp_path: Path) -> None:
    raw = by_hand(built)
    for name in ("README.txt", "meta/custody.jsonl"):
        raw.entry(name).pack()
    assert check(maker, raw, tmp_path).verdict == "VALID"


def test_zip64_is_fine(maker: Maker, built: Built, tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.zip"
    opened = Opened(built.path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in opened.files.items():
            info = zipfile.ZipInfo(f"{ID}/{name}", (2026, 11, 24, 23, 5, 0))
            with archive.open(info, "w", force_zip64=True) as file:
                file.write(data)
    assert maker.verify(path).verdict == "VALID"
    raw = bytearray(path.read_bytes())
    end = raw[-22:]
    _, _, _, here, _, size, start, _ = struct.unpack("<4s4H2IH", end)
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, here, here, size, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(raw) - 22, 1)
    full = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    path.write_bytes(bytes(raw[:-22]) + wide + locator + full)
    assert maker.verify(path).verdict == "VALID"
    other = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, here, here, size, start + 1, 0)
    path.write_bytes(bytes(raw[:-22]) + wide + locator + other)
    assert "the two end records disagree" in maker.verify(path).verdict
    path.write_bytes(bytes(raw[:-22]) + wide + b"x" + locator + full)
    assert "not where it must be" in maker.verify(path).verdict


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all, but long enough for one"])
def test_what_is_no_archive_is_refused(data: bytes, maker: Maker, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    assert maker.verify(path).status == 1


def test_every_cut_is_refused(maker: Maker, built: Built, tmp_path: Path) -> None:
    data = built.path.read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(1, len(data), 211):
        path.write_bytes(data[:length])
        assert maker.verify(path).status == 1, length


def meaningless(data: bytearray) -> set[int]:
    """Return the places that no reader acts on: versions and the rights of a file."""
    places, at = set(), 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        places |= {*range(at + 4, at + 8), *range(at + 36, at + 42)}
        at += 46
    at = 0
    while (at := data.find(b"PK\x03\x04", at)) >= 0:
        places |= {at + 4, at + 5}
        at += 30
    return places


def test_no_single_bit_can_be_changed_without_notice(
    maker: Maker, built: Built, tmp_path: Path
) -> None:
    """Every 61st byte: structure, payload, lists, signatures."""
    data = bytearray(built.path.read_bytes())
    free = meaningless(data)
    path = tmp_path / "bent.zip"
    for at in range(0, len(data), 61):
        if at in free:
            continue
        data[at] ^= 0x10
        path.write_bytes(data)
        assert maker.verify(path).status == 1, at
        data[at] ^= 0x10
