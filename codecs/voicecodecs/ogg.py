"""Ogg Opus: pages in, pages out. Ogg framing by RFC 3533, its Opus mapping by RFC 7845.

The writer gives bytes to append to a file, the reader takes the bytes of a file that may have been
cut anywhere: whatever whole pages there are, are read.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from voicecodecs.errors import VoiceError

GRANULE_HZ: Final = 48_000
"""Granule positions of Opus are at 48 kHz whatever rate was coded (RFC 7845 section 4)."""
FRAME_GRANULES: Final = GRANULE_HZ * 20 // 1000
PRE_SKIP: Final = 312
"""6.5 ms: the look-ahead of libopus at 8 kHz, in 48 kHz units."""
MAX_SEGMENTS: Final = 255
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_TAGS_BYTES: Final = 64 * 1024
_HEADER: Final = struct.Struct("<4sBBqIIIB")
_CRC_AT: Final = 22
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MIRROR: Final = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


def crc32(data: bytes) -> int:
    """Return Ogg's CRC: polynomial 0x04C11DB7, most significant bit first, start 0, no final XOR.

    zlib's CRC has the same polynomial with every bit order turned round, so the bits are turned
    on the way in and out; 0xFFFFFFFF cancels its start value and final XOR.
    """
    mirrored = zlib.crc32(data.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")


def _page(flags: int, granule: int, serial: int, number: int, packets: list[bytes]) -> bytes:
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    header = _HEADER.pack(b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    page = bytearray(header + lacing + b"".join(packets))
    page[_CRC_AT : _CRC_AT + 4] = struct.pack("<I", crc32(bytes(page)))
    return bytes(page)


def _segments(packet: bytes) -> int:
    return len(packet) // 255 + 1


class OggOpusWriter:
    """Frames the packets of one transmission; each call returns the bytes to append."""

    def __init__(self, serial: int, *, tags: dict[str, str] | None = None) -> None:
        """Begin a stream; ``serial`` is any number that tells streams apart."""
        self._serial = serial & 0xFFFFFFFF
        self._tags = tags or {}
        self._number = 0
        self._granule = 0
        self._packets: list[bytes] = []
        self._segments = 0

    @property
    def duration_ms(self) -> int:
        """Milliseconds written so far."""
        return self._granule * 1000 // GRANULE_HZ

    def header(self) -> bytes:
        """Return the two header pages: OpusHead and OpusTags."""
        head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, 8000, 0, 0)
        vendor = b"samband"
        comments = [f"{key}={value}".encode() for key, value in self._tags.items()]
        tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor
        tags += struct.pack("<I", len(comments))
        tags += b"".join(struct.pack("<I", len(text)) + text for text in comments)
        if len(tags) > 255 * (MAX_SEGMENTS - 1):
            raise VoiceError(f"OpusTags: expected at most 64 kB of comments, got {len(tags)} bytes")
        return self._emit(_FIRST, 0, [head]) + self._emit(0, 0, [tags])

    def write(self, packet: bytes, duration_ms: int = 20) -> bytes:
        """Add a packet; returns a page when one became full, else nothing."""
        need = _segments(packet)
        if need > MAX_SEGMENTS:
            raise VoiceError(f"Ogg: expected a packet under 65025 bytes, got {len(packet)}")
        out = self.flush() if self._segments + need > MAX_SEGMENTS else b""
        self._packets.append(packet)
        self._segments += need
        self._granule += duration_ms * GRANULE_HZ // 1000
        return out

    def flush(self) -> bytes:
        """Return a page with what waits; nothing when nothing waits."""
        if not self._packets:
            return b""
        return self._emit(0, self._granule, self._take())

    def finish(self) -> bytes:
        """Return the last page, marked as such (empty when nothing waits)."""
        return self._emit(_LAST, self._granule, self._take())

    def _take(self) -> list[bytes]:
        packets, self._packets, self._segments = self._packets, [], 0
        return packets

    def _emit(self, flags: int, granule: int, packets: list[bytes]) -> bytes:
        page = _page(flags, granule, self._serial, self._number, packets)
        self._number += 1
        return page


@dataclass(frozen=True, slots=True, kw_only=True)
class OggOpus:
    """What a file holds."""

    serial: int
    channels: int
    pre_skip: int
    input_rate_hz: int
    tags: dict[str, str]
    packets: tuple[bytes, ...]
    granule: int
    ended: bool
    """Whether the last page is marked as the last: False after a crash."""
    whole_bytes: int
    """Bytes up to the end of the last whole page: cut a broken file here."""
    next_page: int

    @property
    def duration_ms(self) -> int:
        """Milliseconds of sound by the last granule position."""
        return self.granule * 1000 // GRANULE_HZ


@dataclass(slots=True)
class _Page:
    flags: int
    granule: int
    serial: int
    number: int
    segments: list[bytes]
    """Packets; the last one is unfinished when ``open``."""
    open: bool
    size: int


def _read_page(data: bytes, at: int) -> _Page | None:
    """Return the page at ``at``, None when it is cut short or broken."""
    if len(data) - at < _HEADER.size:
        return None
    magic, version, flags, granule, serial, number, crc, count = _HEADER.unpack_from(data, at)
    body = at + _HEADER.size + count
    lacing = data[at + _HEADER.size : body]
    size = _HEADER.size + count + sum(lacing)
    if magic != b"OggS" or version != 0 or len(lacing) < count or at + size > len(data):
        return None
    raw = bytearray(data[at : at + size])
    raw[_CRC_AT : _CRC_AT + 4] = bytes(4)
    if crc32(bytes(raw)) != crc:
        return None
    packets, begin, length = [], body, 0
    for lace in lacing:
        length += lace
        if lace < 255:
            packets.append(data[begin : begin + length])
            begin, length = begin + length, 0
    if length:
        packets.append(data[begin : begin + length])
    return _Page(flags, granule, serial, number, packets, bool(length), size)


def _pages(data: bytes) -> list[_Page]:
    pages: list[_Page] = []
    at = 0
    while (page := _read_page(data, at)) is not None:
        if pages and (page.serial != pages[0].serial or page.number != pages[-1].number + 1):
            break
        pages.append(page)
        at += page.size
    return pages


def _packets(pages: list[_Page]) -> list[bytes]:
    packets: list[bytes] = []
    unfinished = b""
    for page in pages:
        segments = list(page.segments)
        if page.flags & _CONTINUED and segments:
            segments[0] = unfinished + segments[0]
        unfinished = segments.pop() if page.open else b""
        packets.extend(segments)
    return packets


def _read_tags(packet: bytes) -> dict[str, str]:
    def number(at: int) -> int:
        if at + 4 > len(packet):
            raise VoiceError(f"OpusTags: cut short at byte {at} of {len(packet)}")
        return int.from_bytes(packet[at : at + 4], "little")

    if packet[:8] != b"OpusTags" or len(packet) > MAX_TAGS_BYTES:
        raise VoiceError(f"Ogg: expected OpusTags of at most 64 kB, got {packet[:8]!r}")
    at = 12 + number(8)
    count = number(at)
    at += 4
    tags: dict[str, str] = {}
    for _ in range(count):
        size = number(at)
        text = packet[at + 4 : at + 4 + size].decode("utf-8", "replace")
        key, _, value = text.partition("=")
        tags[key] = value
        at += 4 + size
    return tags


def read(data: bytes) -> OggOpus:
    """Read an Ogg Opus file, also one without its end; VoiceError when it is no such file."""
    if len(data) > MAX_FILE_BYTES:
        raise VoiceError(f"Ogg: expected at most {MAX_FILE_BYTES} bytes, got {len(data)}")
    pages = _pages(data)
    packets = _packets(pages)
    if len(packets) < 2 or packets[0][:8] != b"OpusHead" or len(packets[0]) < 19:
        raise VoiceError("Ogg: expected the pages OpusHead and OpusTags, found no such start")
    _, version, channels, pre_skip, rate, _, _ = struct.unpack_from("<8sBBHIhB", packets[0])
    if version >> 4:
        raise VoiceError(f"OpusHead: expected version 0 to 15, got {version}")
    return OggOpus(
        serial=pages[0].serial,
        channels=channels,
        pre_skip=pre_skip,
        input_rate_hz=rate,
        tags=_read_tags(packets[1]),
        packets=tuple(packets[2:]),
        granule=max((page.granule for page in pages if page.granule >= 0), default=0),
        ended=bool(pages[-1].flags & _LAST),
        whole_bytes=sum(page.size for page in pages),
        next_page=pages[-1].number + 1,
    )


def end_page(found: OggOpus) -> bytes:
    """Return the last page that a file cut by a crash is missing (append at ``whole_bytes``)."""
    return _page(_LAST, found.granule, found.serial, found.next_page, [])
