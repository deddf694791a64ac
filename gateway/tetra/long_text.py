"""A text as SDS payloads to send: one transfer, or parts with a user data header (392-2 29.5.10).

Each part has an SDS-TL reference of its own, since each is reported on by itself; all share the
reference in the user data header.
"""

from gateway.tetra import sds_tl, tables
from gateway.tetra.text import (
    PART_HEADER_BITS,
    Part,
    encode_characters,
    encode_part,
    encode_text,
)

TL_HEADER_BITS = 24
MAX_PARTS = 255


class TooLong(ValueError):
    """A text that the radio cannot carry; the words are for the operator."""


def transfers(
    text: str,
    *,
    references: "list[int]",
    limit_bits: int,
    asked: sds_tl.ReportRequest,
    to_group: bool = False,
    immediate: bool = False,
) -> list[sds_tl.Transfer]:
    """Return the transfers of a text, with ``references`` in order; raises TooLong.

    ``references`` must hold as many as ``parts_needed`` says.
    """
    pid = tables.PID_IMMEDIATE if immediate else tables.PID_TEXT
    bodies = [encode_text(text)]
    if _too_long(text, limit_bits):
        pid = tables.PID_TEXT_UDH
        coding, pieces = _pieces(text, limit_bits)
        bodies = [
            encode_part(
                coding, piece, Part(reference=references[0], total=len(pieces), sequence=number)
            )
            for number, piece in enumerate(pieces, 1)
        ]
    return [
        sds_tl.Transfer(
            pid=pid,
            reference=reference,
            data=body,
            report_request=asked,
            group_service=to_group,
        )
        for reference, body in zip(references, bodies, strict=True)
    ]


def parts_needed(text: str, limit_bits: int, *, immediate: bool = False) -> int:
    """Return how many messages a text needs; raises TooLong.

    An immediate text cannot be parted: the reference has no protocol id for that.
    """
    if not _too_long(text, limit_bits):
        return 1
    if immediate:
        most = (limit_bits - TL_HEADER_BITS - 8) // 8
        raise TooLong(
            f"an immediate text must fit one message: at most {most} characters, "
            f"half of it with characters outside Latin-1, got {len(text)}"
        )
    count = len(_pieces(text, limit_bits)[1])
    if count > MAX_PARTS:
        raise TooLong(f"text too long: {count} parts, at most {MAX_PARTS} can be sent")
    return count


def _too_long(text: str, limit_bits: int) -> bool:
    return TL_HEADER_BITS + encode_text(text).length_bits > limit_bits


def _pieces(text: str, limit_bits: int) -> tuple[int, list[bytes]]:
    """Cut the octets; characters of two or four octets stay whole."""
    coding, data = encode_characters(text)
    room = (limit_bits - TL_HEADER_BITS - PART_HEADER_BITS) // 8
    if room < 4:
        raise TooLong(f"text too long: the radio takes {limit_bits} bits a message")
    pieces = []
    start = 0
    while start < len(data):
        end = min(start + room, len(data))
        if coding == tables.CODING_UTF16 and end < len(data):
            end -= (end - start) % 2
            if 0xD8 <= data[end - 2] <= 0xDB:
                end -= 2
        pieces.append(data[start:end])
        start = end
    return coding, pieces
