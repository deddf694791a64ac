"""Text of SDS messages: codings, time stamp, user data header (392-2 29.5, table 29.29).

A text header is ``time stamp flag 1 + coding 7``; simple text has no time stamp. Text in 7 bit is
packed with the least significant bit first (GSM 03.38).
"""

from dataclasses import dataclass

from gateway.tetra import tables
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamp:
    """When a text was written, without a year; ``frame`` is local, utc or unknown."""

    frame: str
    month: int
    day: int
    hour: int
    minute: int

    def words(self) -> str:
        """Return ``MM-DD hh:mm frame``."""
        clock = f"{self.hour:02d}:{self.minute:02d}"
        return f"{self.month:02d}-{self.day:02d} {clock} {self.frame}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Place of a text in a concatenated one: user data header ``05 00 03 ref total seq``."""

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
    time_stamp: TimeStamp | None = None
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


def encode_text(text: str) -> Payload:
    """Return text header and text: Latin-1 where it holds every character, else UTF-16BE."""
    try:
        data, coding = text.encode("latin-1"), tables.CODING_LATIN1
    except UnicodeEncodeError:
        data = text.encode("utf-16-be", errors="replace")
        coding = tables.CODING_UTF16
    return Payload.from_bytes(bytes([coding]) + data)


def _time_stamp(reader: BitReader) -> TimeStamp:
    frame = _TIME_FRAMES.get(reader.unsigned(2), "unknown")
    reader.unsigned(2)
    return TimeStamp(
        frame=frame,
        month=reader.unsigned(4),
        day=reader.unsigned(5),
        hour=reader.unsigned(5),
        minute=reader.unsigned(6),
    )


def _user_data_header(reader: BitReader) -> Part | None:
    header = bytes(reader.unsigned(8) for _ in range(reader.unsigned(8)))
    if len(header) == 5 and header[:2] == b"\x00\x03":
        return Part(reference=header[2], total=header[3], sequence=header[4])
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
