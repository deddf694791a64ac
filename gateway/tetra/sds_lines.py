"""Joins the two lines of ``+CTSDSR``; every other line passes.

The second line can look like anything, so it is known by its place alone, as long as it is hex. A
header that was cut behind an address goes on in a line that begins with a comma. Where the payload
is missing, the header is ``Bad`` and the line in its place is read as what it is.
"""

from dataclasses import dataclass

from gateway.tetra.bits import Payload, is_hex
from gateway.tetra.pei_grammar import parse_line, split_glued
from gateway.tetra.pei_lines import Bad, PeiLine, SdsHeader

_HEADER = "+CTSDSR:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSds:
    """A header with its payload, cut to the stated number of bits."""

    header: SdsHeader
    payload: Payload
    raw_hex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One line as it came, and what it says; ``held`` marks half of a message."""

    text: str
    said: PeiLine | ReceivedSds
    held: bool = False


class SdsLineJoiner:
    """Takes lines of text, gives what they say."""

    def __init__(self) -> None:
        """Begin without a header."""
        self._header: str | None = None

    def clear(self) -> None:
        """Forget a header whose payload did not come yet."""
        self._header = None

    def feed(self, text: str) -> list[Heard]:
        """Take one line; glued lines are taken apart."""
        heard: list[Heard] = []
        for line in split_glued(text):
            heard += self._take(line)
        return heard

    def finish(self) -> list[Heard]:
        """Return the header left without its payload, at the end of a text."""
        return [] if self._header is None else [self._without_payload()]

    def _take(self, line: str) -> list[Heard]:
        if self._header is not None:
            if line.startswith(","):
                self._header += line
                return [self._hold(line)]
            if is_hex("".join(line.split())):
                return [self._payload(line)]
            return [self._without_payload(), *self._take(line)]
        if line.startswith(_HEADER):
            self._header = line
            return [self._hold(line)]
        return [Heard(text=line, said=parse_line(line))]

    def _hold(self, line: str) -> Heard:
        return Heard(text=line, said=parse_line(self._header or line), held=True)

    def _payload(self, line: str) -> Heard:
        header_text, self._header = self._header or "", None
        header = parse_line(header_text)
        text = f"{header_text} {line}"
        if not isinstance(header, SdsHeader):
            if isinstance(header, Bad):
                return Heard(text=text, said=header)
            return Heard(text=text, said=Bad(text=text, offset=0, reason="no message header"))
        try:
            payload = Payload.from_hex(line, header.bits)
        except ValueError as fault:
            offset = len(header_text) + 1
            return Heard(text=text, said=Bad(text=text, offset=offset, reason=str(fault)))
        return Heard(
            text=text,
            said=ReceivedSds(header=header, payload=payload, raw_hex="".join(line.split()).upper()),
        )

    def _without_payload(self) -> Heard:
        header, self._header = self._header or "", None
        reason = "expected the payload in the next line, got none"
        return Heard(text=header, said=Bad(text=header, offset=len(header), reason=reason))
