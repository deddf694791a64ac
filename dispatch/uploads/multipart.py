"""Reads ``multipart/form-data`` (RFC 7578) into named parts, bounded and all in memory.

The body's size is limited before it comes here. Senders differ in what they call a file and what a
field, so every part is kept as bytes with its file name, if it has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 100
MAX_HEADER_BYTES = 8192
MAX_NAME_CHARACTERS = 100
NO_TYPE, NO_MULTIPART = "Invalid content-type", "Not a multipart content"


class BadMultipart(Exception):
    """A body that cannot be read; ``form`` is False where it says itself that it is no form."""

    def __init__(self, words: str, *, form: bool) -> None:
        """Keep the words."""
        super().__init__(words)
        self.form = form


@dataclass(slots=True)
class Part:
    """One part: its name, the file's name where it has one, its bytes."""

    name: str = ""
    filename: str | None = None
    data: bytearray = field(default_factory=bytearray)


def boundary_of(types: Iterable[str]) -> bytes:
    """Return the boundary of the first ``multipart/…`` type; raises BadMultipart.

    One known sender gives two headers ``Content-Type``, the one of its file behind the right one;
    a proxy may have joined them by a comma.
    """
    told = [
        one.strip()
        for header in types
        for one in ([header] if '"' in header else header.split(","))
    ]
    for one in told:
        kind, options = parse_options_header(one)
        if kind.startswith(b"multipart/") and options.get(b"boundary"):
            return options[b"boundary"]
    if not any(b"/" in parse_options_header(one)[0] for one in told):
        raise BadMultipart(NO_TYPE, form=False)
    raise BadMultipart(NO_MULTIPART, form=False)


def read_parts(body: bytes, boundary: bytes) -> dict[str, Part]:
    """Return the parts by their names, of equal names the first; raises BadMultipart."""
    reader = MultipartReader(boundary)
    reader.feed(body)
    return reader.finish()


class MultipartReader:
    """Takes a body as it comes and collects its parts; callbacks get (bytes, from, to)."""

    def __init__(self, boundary: bytes) -> None:
        """Begin a body with this boundary; raises BadMultipart on one that cannot be."""
        self._parts: dict[str, Part] = {}
        self._ended = False
        self._count = 0
        self._part = Part()
        self._header_name = bytearray()
        self._header_value = bytearray()
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise BadMultipart(f"multipart: {error}", form=True) from error

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raises BadMultipart."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadMultipart(f"multipart: {error}", form=True) from error

    def finish(self) -> dict[str, Part]:
        """Return the parts; raises BadMultipart when the body ended too early."""
        if not self._ended:
            raise BadMultipart("multipart: the body ends before its last boundary", form=True)
        return self._parts

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._name,
            "on_header_value": self._value,
            "on_header_end": self._header,
            "on_end": self._last,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise FormParserError(f"more than {MAX_PARTS} parts")
        self._part = Part()

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._part.data += data[start:end]

    def _end(self) -> None:
        if self._part.name:
            self._parts.setdefault(self._part.name, self._part)

    def _name(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header_name, data[start:end])

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header_value, data[start:end])

    def _grow(self, header: bytearray, more: bytes) -> None:
        header += more
        if len(header) > MAX_HEADER_BYTES:
            raise FormParserError(f"a header of a part is longer than {MAX_HEADER_BYTES} bytes")

    def _header(self) -> None:
        name, value = bytes(self._header_name).lower(), bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()
        if name != b"content-disposition":
            return
        _, options = parse_options_header(value)
        self._part.name = options.get(b"name", b"").decode("utf-8", "replace")[:MAX_NAME_CHARACTERS]
        filename = options.get(b"filename")
        if filename is not None:
            self._part.filename = filename.decode("utf-8", "replace")

    def _last(self) -> None:
        self._ended = True
