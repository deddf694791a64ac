"""Elements of an XML file with their lines. A document type or an entity refuses the file."""

from collections.abc import Callable
from xml.parsers import expat

from dispatch.errors import ServiceError
from dispatch.importing.csv_rows import FIELD_TOO_LONG, MAX_FIELD_CHARACTERS

MAX_DEPTH = 32


def read_elements(
    data: bytes,
    started: Callable[[int, str, dict[str, str], int], None],
    ended: Callable[[str], None],
) -> None:
    """Call ``started(line, name, attributes, depth)`` and ``ended(name)`` in document order.

    Raises ServiceError when the file is not XML, or has a document type or entities.
    """
    parser = expat.ParserCreate()
    depth = 0

    def refuse(*_: object) -> None:
        raise ServiceError(
            f"file, line {parser.CurrentLineNumber}: a document type or an entity is not read",
            hint="Export the file again: no program of the field writes them.",
        )

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ServiceError(f"file, line {parser.CurrentLineNumber}: nested too deep")
        if max(map(len, attributes.values()), default=0) > MAX_FIELD_CHARACTERS:
            raise ServiceError(f"file, line {parser.CurrentLineNumber}: {FIELD_TOO_LONG}")
        started(parser.CurrentLineNumber, name, attributes, depth)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        ended(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ServiceError(f"file: not XML: {error}") from error
