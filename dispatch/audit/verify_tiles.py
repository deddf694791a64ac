"""Verifies a tiles export: every entry hashed again, every tile compared, the signed root reached.

Shares only the format with what wrote it. A pruned mirror lacks whole bundles of entries from its
start: their leaf hashes are then taken from the hash tiles, and the first index that is there is
told from outside (``first``).
"""

import hashlib
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from dispatch.audit.trust import (
    Signed,
    TrustedKey,
    cosignatures,
    read_note,
    trusted_keys,
    trusted_witnesses,
)
from dispatch.audit.verify import Tree, check_entry
from dispatch.audit.verify_report import Report

WIDTH = 256
HASH = 32


class _TilesVerifier:
    def __init__(self, folder: Path, keys: list[TrustedKey], report: Report) -> None:
        self._folder = folder
        self._keys = keys
        self.report = report
        self._tree = Tree()
        self._upper: dict[int, list[bytes]] = {}

    def run(self, first: int, witnesses: list[TrustedKey]) -> None:
        checkpoint = self._note("checkpoint", witnesses)
        head = self._note("audit.head", [])
        if checkpoint is None:
            return
        self.report.origin = checkpoint.origin
        self.report.newest_checkpoint = checkpoint.size
        self.report.checkpoints = 1
        if head is not None:
            self._compare_head(head, checkpoint)
        self._leaves(checkpoint.size, first, head)
        self._lines(checkpoint.size, first)
        self.report.size = self._tree.size
        self.report.root = self._tree.root().hex()
        if self._tree.size != checkpoint.size:
            self.report.fault("tiles", f"they end at entry {self._tree.size}: cut off")
        elif self._tree.root() != checkpoint.root:
            self.report.fault("tiles", "they do not lead to the root that the checkpoint signs")
        self._upper_tiles(checkpoint.size)

    def _note(self, name: str, witnesses: list[TrustedKey]) -> Signed | None:
        try:
            note = (self._folder / name).read_text("utf-8")
            signed = read_note(note, self._keys, name)
            for found in cosignatures(note, witnesses):
                self.report.witnessed.append(f"{found.name} at size {signed.size}")
        except FileNotFoundError:
            self.report.fault(name, "it is missing")
        except (ValueError, OSError) as error:
            self.report.fault(name, str(error))
        else:
            return signed
        return None

    def _compare_head(self, head: Signed, checkpoint: Signed) -> None:
        self.report.head_size = head.size
        if head.origin != checkpoint.origin:
            self.report.fault("audit.head", f"it is of the log {head.origin}")
        if head.size > checkpoint.size:
            self.report.fault(
                "audit.head", f"it names {head.size} entries, the checkpoint {checkpoint.size}: cut"
            )

    def _leaves(self, size: int, first: int, head: Signed | None) -> None:
        if first % WIDTH or first > size:
            self.report.fault(
                "tiles", f"a mirror cannot begin at entry {first}: whole bundles only"
            )
            return
        for start in range(0, size, WIDTH):
            width = min(WIDTH, size - start)
            tile = self._read(_path("0", start // WIDTH, width), width * HASH)
            if tile is None:
                return
            stored = [tile[at : at + HASH] for at in range(0, len(tile), HASH)]
            leaves = stored if start < first else self._bundle(start, width, stored)
            for leaf in leaves:
                for level, digest in self._tree.grow(leaf):
                    if level % 8 == 0:
                        self._upper.setdefault(level // 8, []).append(digest)
                self._check_head_root(head)

    def _check_head_root(self, head: Signed | None) -> None:
        if head is not None and head.size == self._tree.size and head.root != self._tree.root():
            self.report.fault("audit.head", "the entries are not those that it signs")

    def _bundle(self, start: int, width: int, stored: list[bytes]) -> list[bytes]:
        raws = self._entries(start, width)
        for number, raw in enumerate(raws):
            leaf = hashlib.sha256(b"\x00" + raw).digest()
            if leaf != stored[number]:
                self.report.fault(
                    f"entry {start + number}", "its bytes were changed: they have another leaf hash"
                )
            check_entry(start + number, raw, self.report)
        # The tree is grown from what the tiles say, so that one changed entry is named alone.
        return stored

    def _entries(self, start: int, width: int) -> list[bytes]:
        path = _path("entries", start // WIDTH, width)
        data = self._read(path, None)
        if data is None:
            return []
        raws, at = [], 0
        while at + 2 <= len(data):
            (length,) = struct.unpack_from(">H", data, at)
            raws.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        if at != len(data) or len(raws) != width:
            self.report.fault(path, f"expected {width} whole entries, found {len(raws)}")
            return []
        return raws

    def _upper_tiles(self, size: int) -> None:
        for level, hashes in sorted(self._upper.items()):
            for number in range((len(hashes) + WIDTH - 1) // WIDTH):
                part = hashes[number * WIDTH : (number + 1) * WIDTH]
                path = _path(str(level), number, len(part))
                tile = self._read(path, len(part) * HASH)
                if tile is not None and tile != b"".join(part):
                    self.report.fault(path, "it holds other hashes than its entries lead to")

    def _lines(self, size: int, first: int) -> None:
        path = self._folder / "entries.jsonl"
        if not path.is_file():
            self.report.fault("entries.jsonl", "it is missing")
            return
        with path.open("rb") as file:
            seq = first
            for seq, raw in enumerate(self._all_entries(size, first), start=first):
                if file.readline() != raw + b"\n":
                    self.report.fault(f"entries.jsonl, entry {seq}", "it is not that of the tiles")
                    return
            if file.read(1):
                self.report.fault("entries.jsonl", f"there is more behind entry {seq}")

    def _all_entries(self, size: int, first: int) -> Iterator[bytes]:
        for start in range(first - first % WIDTH, size, WIDTH):
            yield from self._entries(start, min(WIDTH, size - start))

    def _read(self, path: str, length: int | None) -> bytes | None:
        try:
            data = (self._folder / path).read_bytes()
        except OSError:
            self.report.fault(path, "it is missing")
            return None
        if length is not None and len(data) != length:
            self.report.fault(path, f"expected {length} bytes, found {len(data)}")
            return None
        return data


def _path(level: str, number: int, width: int) -> str:
    name = f"{number % 1000:03d}"
    while number >= 1000:
        number //= 1000
        name = f"x{number % 1000:03d}/{name}"
    return f"tile/{level}/{name}" + ("" if width == WIDTH else f".p/{width}")


def verify_tiles(folder: Path, trust: Path, *, first: int = 0) -> Report:
    """Verify a tiles export; raises ValueError when there is none, or no key to believe."""
    began = time.monotonic()
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder")
    report = Report(trust=f"keys of {trust}")
    _TilesVerifier(folder, trusted_keys(trust), report).run(first, trusted_witnesses(trust))
    report.took_ms = round((time.monotonic() - began) * 1000)
    return report
