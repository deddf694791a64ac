"""How long an MP4 file plays: the ``mvhd`` box (ISO/IEC 14496-12), and fragments' sums.

Reads box headers only; a clip of hundreds of megabytes is skipped over, not read.
"""

import struct
from pathlib import Path
from typing import BinaryIO

HEADER = struct.Struct(">I4s")
MAX_BOXES = 100_000
MAX_HEAD_BYTES = 64 * 1024 * 1024
"""A larger ``moov`` is no clip of ours."""


def duration_ms(path: Path) -> int | None:
    """Return the length in ms, None when the file is no MP4 or does not say."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(0)
        return _find(file, end)


def _find(file: BinaryIO, end: int) -> int | None:
    for _ in range(MAX_BOXES):
        place = file.tell()
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        size, name = HEADER.unpack(head)
        start = HEADER.size
        if size == 1:
            large = file.read(8)
            if len(large) < 8:
                return None
            size, start = int.from_bytes(large, "big"), 16
        size = size or end - place
        if size < start or place + size > end:
            return None
        if name == b"moov":
            if size > MAX_HEAD_BYTES:
                return None
            return _of_moov(file.read(size - start))
        file.seek(place + size)
    return None


def _of_moov(moov: bytes) -> int | None:
    boxes = _children(moov)
    header = boxes.get(b"mvhd", b"")
    timescale, length = _length(header)
    if not length and b"mvex" in boxes:
        length = _fragments(_children(boxes[b"mvex"]).get(b"mehd", b""))
    return length * 1000 // timescale if timescale and length else None


def _children(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 0
    while place + HEADER.size <= len(data):
        size, name = HEADER.unpack_from(data, place)
        if size < HEADER.size or place + size > len(data):
            break
        found.setdefault(name, data[place + HEADER.size : place + size])
        place += size
    return found


def _length(header: bytes) -> tuple[int, int]:
    """Return timescale and duration of an ``mvhd`` box, version 0 or 1."""
    if header[:1] == b"\x01" and len(header) >= 32:
        timescale, length = struct.unpack_from(">IQ", header, 20)
    elif header[:1] == b"\x00" and len(header) >= 20:
        timescale, length = struct.unpack_from(">II", header, 12)
    else:
        return 0, 0
    return timescale, length


def _fragments(header: bytes) -> int:
    """Return the whole length of a fragmented file (``mehd``), 0 when it is not told."""
    if header[:1] == b"\x01" and len(header) >= 12:
        return int.from_bytes(header[4:12], "big")
    if header[:1] == b"\x00" and len(header) >= 8:
        return int.from_bytes(header[4:8], "big")
    return 0
