"""Writes the log as C2SP ``tlog-tiles``: plain files that a disk or any web server can mirror.

``tile/<level>/<number>[.p/<width>]`` hold 256 hashes of 32 bytes each (level L: subtrees of 256^L
leaves), ``tile/entries/…`` the entries themselves, each with a big-endian 16-bit length before it;
a last, partial one bears its width in its name. Beside them ``checkpoint``, ``entries.jsonl`` (the
same entries, one a line) and ``audit.head`` as it stood before the checkpoint was made.

Full tiles never change, so a second export into the same folder writes what is new.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dispatch.audit.files import LogUnavailable, replace_file
from dispatch.audit.prover import Prover
from gateway.model.errors import ConfigError

TILE_WIDTH = 256
HEIGHT_BITS = 8
ENTRIES = "entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote. ``tiles`` counts files that were not there before."""

    size: int
    tiles: int
    bundles: int


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """Return ``tile/0/x001/x234/067`` (tile 1 234 067 of level 0), ``….p/5`` when partial."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def export_tiles(prover: Prover, note: str, size: int, out: Path, head: bytes) -> Exported:
    """Write the log up to a checkpoint note of ``size`` into ``out``.

    ``head`` is what ``audit.head`` held before. Raises ConfigError when ``out`` holds another log,
    LogUnavailable when it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        tiles = _hash_tiles(prover, size, out)
        bundles = _entries(prover, size, out)
        replace_file(out / "checkpoint", note.encode())
        (out / "entries.jsonl.part").replace(out / "entries.jsonl")
        replace_file(out / "audit.head", head)
    except OSError as error:
        raise LogUnavailable(f"{out}: {error.strerror}") from error
    return Exported(size=size, tiles=tiles, bundles=bundles)


def _hash_tiles(prover: Prover, size: int, out: Path) -> int:
    written = 0
    level = 0
    while size >> (level * HEIGHT_BITS):
        count = size >> (level * HEIGHT_BITS)
        for number in range((count + TILE_WIDTH - 1) // TILE_WIDTH):
            first = number * TILE_WIDTH
            width = min(TILE_WIDTH, count - first)
            data = b"".join(_hashes(prover, level, first, width))
            written += _put(out / tile_path(level, number, width), data)
        level += 1
    return written


def _hashes(prover: Prover, level: int, first: int, width: int) -> Iterable[bytes]:
    if level == 0:
        return [leaf for _, _, leaf in prover.entries(first, first + width)]
    return [prover.node(level * HEIGHT_BITS, idx) for idx in range(first, first + width)]


def _entries(prover: Prover, size: int, out: Path) -> int:
    written = 0
    with (out / "entries.jsonl.part").open("wb") as lines:
        for first in range(0, size, TILE_WIDTH):
            width = min(TILE_WIDTH, size - first)
            raws = [raw for _, raw, _ in prover.entries(first, first + width)]
            lines.write(b"".join(raw + b"\n" for raw in raws))
            bundle = b"".join(struct.pack(">H", len(raw)) + raw for raw in raws)
            written += _put(out / tile_path(ENTRIES, first // TILE_WIDTH, width), bundle)
    return written


def _put(path: Path, data: bytes) -> int:
    """Write a tile unless it is there; returns how many files were written."""
    if path.is_file():
        if path.read_bytes() == data:
            return 0
        raise ConfigError(
            f"{path}: expected the tile of this log, found another",
            hint="The folder is the mirror of another log, or was changed: use an empty one.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data)
    fresh.replace(path)
    return 1
