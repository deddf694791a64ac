"""XML of other systems, read without document types, entities or outside references."""

from typing import cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100


class BadXml(ValueError):
    """No XML, or more than plain elements: the sentence says what."""


def parse(data: bytes, *, max_bytes: int = MAX_BYTES) -> Element:
    """Return the root element; raises BadXml."""
    if len(data) > max_bytes:
        raise BadXml(f"{len(data)} bytes of XML, expected up to {max_bytes}")
    try:
        root = cast(Element, fromstring(data, forbid_dtd=True))
    except DefusedXmlException as error:
        raise BadXml(f"XML with a document type or entities ({type(error).__name__})") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadXml(f"no XML ({error})") from error
    _check_depth(root)
    return root


def _check_depth(root: Element) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadXml(f"XML nested deeper than {MAX_DEPTH}")
        level = [child for element in level for child in element]


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def attribute(element: Element, name: str) -> str | None:
    """Return an attribute by its local name, whatever its namespace."""
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), None)


def children(element: Element, name: str) -> list[Element]:
    """Return the children of a local name."""
    return [child for child in element if local(child) == name]


def below(element: Element, name: str) -> Element | None:
    """Return the first element of a local name at any depth."""
    return next((found for found in element.iter() if local(found) == name), None)


def text_of(element: Element | None) -> str:
    """Return the stripped text of an element, empty when there is none."""
    return (element.text or "").strip() if element is not None else ""
