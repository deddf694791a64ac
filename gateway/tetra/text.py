"""Text of SDS messages: codings, time stamp, user data header (392-2 29.5, table 29.29).

A text header is ``time stamp flag 1 + coding 7``; simple text has no time stamp. Text in 7 bit is
packed with the least significant bit first (GSM 03.38).
"""

from dataclasses import dataclass

from gateway.model.radio_time import RadioTime
from gateway.tetra import tables, viscii
from gateway.tetra.bits import BitReader, Payload

_GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION = {
    10: "\f",
    20: "^",
    40: "{",
    41: "}",
    47: "\\",
    60: "[",
    61: "~",
    62: "]",
    64: "|",
    101: "€",
}
_GSM7_ESCAPE = 27
_TIME_FRAMES = {0: "local", 1: "utc"}
CODING_VISCII = 27
_CONCATENATED_8, _CONCATENATED_16 = 0x00, 0x08
"""Elements of a user data header. The one of 16 bits is GSM's; no radio's use of it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Place of a text in a concatenated one: user data header ``05 00 03 ref total seq``.

    ``reference`` has 8 bits, or 16 with the wider element ``08 04``.
    """

    reference: int
    total: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A decoded text. ``guessed`` where its coding is not known and Latin-1 was used."""

    text: str
    coding: int
    coding_name: str
    guessed: bool = False
    time_stamp: RadioTime | None = None
    part: Part | None = None


def decode_text(body: Payload, *, user_data_header: bool = False) -> Text:
    """Read text header, time stamp, user data header and text; raises OutOfBits."""
    reader = BitReader(body)
    stamped = bool(reader.unsigned(1))
    coding = reader.unsigned(7)
    time_stamp = _time_stamp(reader) if stamped else None
    part = _user_data_header(reader) if user_data_header else None
    text, name, guessed = decode_characters(coding, reader.rest())
    return Text(
        text=text,
        coding=coding,
        coding_name=name,
        guessed=guessed,
        time_stamp=time_stamp,
        part=part,
    )


def decode_characters(coding: int, data: Payload) -> tuple[str, str, bool]:
    """Return the text in ``data``, the coding's name, and whether it is a guess."""
    if coding == tables.CODING_GSM7:
        return _gsm7(data), "GSM 7 bit", False
    if coding == CODING_VISCII:
        return viscii.decode(data.octets()), "VISCII", False
    known = tables.TEXT_CODINGS.get(coding)
    if known is None:
        return data.octets().decode("latin-1"), f"coding {coding}", True
    name, codec = known
    octets = data.octets()
    if coding == tables.CODING_UTF16:
        octets = octets[: len(octets) // 2 * 2]
    try:
        return octets.decode(codec), name, False
    except UnicodeDecodeError:
        return octets.decode(codec, errors="replace"), name, True


def encode_characters(text: str) -> tuple[int, bytes]:
    """Return coding and octets: Latin-1 where it holds every character, else UTF-16BE."""
    try:
        return tables.CODING_LATIN1, text.encode("latin-1")
    except UnicodeEncodeError:
        return tables.CODING_UTF16, text.encode("utf-16-be", errors="replace")


def encode_text(text: str) -> Payload:
    """Return text header and text."""
    coding, data = encode_characters(text)
    return Payload.from_bytes(bytes([coding]) + data)


def encode_part(coding: int, data: bytes, part: Part) -> Payload:
    """Return text header, user data header and one part's octets; the reference has 8 bits."""
    header = bytes([coding, 5, _CONCATENATED_8, 3, part.reference, part.total, part.sequence])
    return Payload.from_bytes(header + data)


PART_HEADER_BITS = 8 * 7
"""Bits of text header and user data header before a part's octets."""


def _time_stamp(reader: BitReader) -> RadioTime:
    frame = _TIME_FRAMES.get(reader.unsigned(2), "unknown")
    reader.unsigned(2)
    return RadioTime(
        frame=frame,
        month=reader.unsigned(4),
        day=reader.unsigned(5),
        hour=reader.unsigned(5),
        minute=reader.unsigned(6),
    )


def _user_data_header(reader: BitReader) -> Part | None:
    header = bytes(reader.unsigned(8) for _ in range(reader.unsigned(8)))
    while len(header) >= 2:
        kind, length = header[0], header[1]
        part = _part(kind, header[2 : 2 + length])
        if part is not None:
            return part
        header = header[2 + length :]
    return None


def _part(kind: int, body: bytes) -> Part | None:
    if kind == _CONCATENATED_8 and len(body) == 3:
        return Part(reference=body[0], total=body[1], sequence=body[2])
    if kind == _CONCATENATED_16 and len(body) == 4:
        return Part(reference=body[0] << 8 | body[1], total=body[2], sequence=body[3])
    return None


def _gsm7(data: Payload) -> str:
    octets = data.padded_octets()
    packed = int.from_bytes(octets, "little")
    septets = [packed >> 7 * index & 0x7F for index in range(data.length_bits // 7)]
    characters: list[str] = []
    escaped = False
    for septet in septets:
        if septet == _GSM7_ESCAPE and not escaped:
            escaped = True
            continue
        plain = _GSM7[septet]
        characters.append(_GSM7_EXTENSION.get(septet, plain) if escaped else plain)
        escaped = False
    return "".join(characters)
