"""YAML with lines, as plain values: no tags, no anchors, nothing is constructed."""

from collections.abc import Callable, Iterator
from typing import Any

from dispatch.errors import ServiceError, TooLarge
from dispatch.importing.csv_rows import FIELD_TOO_LONG, MAX_FIELD_CHARACTERS
from dispatch.importing.progress import APART, EVERY_ROWS, tell

MAX_BYTES = 50 * 1024 * 1024
MAX_DEPTH = 32


class Line(dict[str, Any]):
    """A mapping with the line it begins in. Values: Line, list or str."""

    line: int = 0


def read_yaml(data: bytes) -> Any:  # Line, list or str
    """Return a document's values, every scalar as its text; raises ServiceError."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"file: {len(data)} bytes, at most {MAX_BYTES} of YAML are read")
    import yaml  # noqa: PLC0415 - its memory costs who reads one

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where it was built
    try:
        events = iter(yaml.parse(data, Loader=loader))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                return _Builder(events, yaml, data.count(b"\n")).value(next(events), 0)
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise ServiceError(f"file: not YAML: {str(error).splitlines()[0]}") from error
    return ""


class _Builder:
    """Makes values of the parser's events as they come."""

    def __init__(self, events: Iterator[Any], yaml: Any, lines: int) -> None:
        self._events = events
        self._scalar, self._mapping = yaml.ScalarEvent, yaml.MappingStartEvent
        self._list, self._alias = yaml.SequenceStartEvent, yaml.AliasEvent
        self._end = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        self._lines = lines
        self._made = 0

    def value(self, event: Any, depth: int) -> Any:  # Line, list or str
        kind = type(event)
        if kind is self._scalar:
            if len(event.value) > MAX_FIELD_CHARACTERS:
                raise ServiceError(f"file, line {event.start_mark.line + 1}: {FIELD_TOO_LONG}")
            return event.value
        line = event.start_mark.line + 1
        if kind is self._alias:
            raise ServiceError(f"file, line {line}: references (*name) are not read")
        if depth > MAX_DEPTH:
            raise ServiceError(f"file, line {line}: nested too deep")
        self._made += 1
        if self._made % EVERY_ROWS == 0:
            tell(APART, line, self._lines)
        return self._line(line, depth) if kind is self._mapping else self._items(depth)

    def _items(self, depth: int) -> list[Any]:  # values
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, self._end):
                return found
            found.append(self.value(event, depth + 1))
        return found

    def _line(self, line: int, depth: int) -> Line:
        found = Line()
        found.line = line
        take: Callable[[Any, int], Any] = self.value
        for event in self._events:
            if isinstance(event, self._end):
                return found
            key = str(take(event, depth + 1))
            found[key] = take(next(self._events), depth + 1)
        return found
