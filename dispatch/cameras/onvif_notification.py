"""ONVIF notifications as they travel: XML of a pull, Profile M JSON over MQTT, Axis' own JSON.

All three become one ``Notification``. Pure. Shapes: ONVIF Core and Analytics (26.06) examples,
captures of Axis devices (docs/standards.md).
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from dispatch.cameras.event import MAX_LIST_ITEMS, MAX_NAME_CHARACTERS, Unread
from dispatch.cameras.fields import Json, inner, iso_time, seconds
from dispatch.cameras.xml_safe import BadXml, attribute, children, local, parse, text_of
from gateway.model.ids import UtcUs

MAX_NOTIFICATIONS = 1000
MAX_PICTURE_BYTES = 2 * 1024 * 1024
MAX_VALUE_CHARACTERS = 1000
PICTURE_NAMES = frozenset({"Image", "Snapshot"})
SLICE = re.compile(
    rb"<(?P<prefix>[A-Za-z_][\w.-]*:)?NotificationMessage[\s>].*?</(?P=prefix)?NotificationMessage\s*>",
    re.DOTALL,
)
INITIALIZED, CHANGED, DELETED = "Initialized", "Changed", "Deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message of a device. Names and values are the device's own texts."""

    topic: str
    """As sent: ``tns1:RuleEngine/LineDetector/Crossed``."""
    t_utc: UtcUs | None
    operation: str
    """Initialized, Changed, Deleted; empty for what is not a property."""
    source: dict[str, str] = field(default_factory=dict)
    key: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    elements: Json = field(default_factory=dict)
    """Element items, as nested JSON: attributes ``@name``, text ``#text``."""
    picture: bytes = field(default=b"", repr=False)
    raw: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """The topic without namespace prefixes: ``RuleEngine/LineDetector/Crossed``."""
        return "/".join(part.rpartition(":")[2] for part in self.topic.split("/"))

    @property
    def identity(self) -> str:
        """What names a property: topic, source and key (ONVIF Core, properties)."""
        parts = [self.path, *(f"{k}={v}" for k, v in sorted(self.source.items()))]
        return "|".join(parts + [f"{k}={v}" for k, v in sorted(self.key.items())])


def read_xml(payload: bytes) -> list[Notification | Unread]:
    """Return the notifications of a PullMessages answer, a Notify or a metadata stream."""
    try:
        root = parse(payload)
    except BadXml as error:
        return [Unread(reason=str(error))]
    found = [element for element in root.iter() if local(element) == "NotificationMessage"]
    raws = [match.group(0) for match in SLICE.finditer(payload)]
    if len(raws) != len(found):
        raws = [payload] * len(found)
    pairs = list(zip(found, raws, strict=True))[:MAX_NOTIFICATIONS]
    return [_of_element(element, raw) for element, raw in pairs]


def _of_element(element: Element, raw: bytes) -> Notification | Unread:
    topic = next((text_of(child) for child in element if local(child) == "Topic"), "")
    outer = next(iter(children(element, "Message")), None)
    message = next((one for one in element.iter() if one.get("UtcTime") is not None), None)
    if message is None and outer is not None:
        message = next(iter(outer), None)
    if not topic or message is None:
        return Unread(reason="a notification without topic or message")
    picture, raw = _picture(message, raw)
    stamp = attribute(message, "UtcTime") or ""
    return Notification(
        topic=topic[:MAX_NAME_CHARACTERS],
        t_utc=iso_time(stamp),
        operation=attribute(message, "PropertyOperation") or "",
        source=_items(message, "Source"),
        key=_items(message, "Key"),
        data=_items(message, "Data"),
        elements=_elements(message),
        picture=picture,
        raw=raw,
    )


def _items(message: Element, part: str) -> dict[str, str]:
    items = {}
    for group in children(message, part):
        for item in children(group, "SimpleItem")[:MAX_LIST_ITEMS]:
            name, value = attribute(item, "Name"), attribute(item, "Value")
            if name and name not in PICTURE_NAMES:
                items[name[:MAX_NAME_CHARACTERS]] = (value or "")[:MAX_VALUE_CHARACTERS]
    return items


def _elements(message: Element) -> Json:
    items: Json = {}
    for group in children(message, "Data"):
        for item in children(group, "ElementItem")[:MAX_LIST_ITEMS]:
            name = attribute(item, "Name") or "element"
            if name not in PICTURE_NAMES:
                items[name] = {local(child): as_json(child) for child in item}
    return items


def as_json(element: Element) -> Any:
    """Return an element in the JSON form of ONVIF: ``@attribute``, ``#text``, lists of equals."""
    value: Json = {f"@{name.rpartition('}')[2]}": text for name, text in element.attrib.items()}
    for child in element:
        name, inside = local(child), as_json(child)
        if name in value:
            known = value[name]
            value[name] = [*known, inside] if isinstance(known, list) else [known, inside]
        else:
            value[name] = inside
    text = text_of(element)[:MAX_VALUE_CHARACTERS]
    if not value:
        return text
    if text:
        value["#text"] = text
    return value


def _picture(message: Element, raw: bytes) -> tuple[bytes, bytes]:
    """Return the picture in a message (up to 2 MiB) and the raw bytes without it."""
    for item in message.iter():
        if attribute(item, "Name") not in PICTURE_NAMES:
            continue
        text = attribute(item, "Value") or "".join(item.itertext()).strip()
        picture = _decoded(text)
        if picture:
            digest = hashlib.sha256(picture).hexdigest()
            return picture, raw.replace(text.encode(), f"[cut out, SHA-256 {digest}]".encode())
        if len(text) > MAX_VALUE_CHARACTERS:
            return b"", raw.replace(text.encode(), f"[{len(text)} characters cut out]".encode())
    return b"", raw


def _decoded(text: str) -> bytes:
    if not 100 < len(text) <= MAX_PICTURE_BYTES * 4 // 3 + 4:
        return b""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def read_profile_m(topic: str, body: Json, raw: bytes, *, retained: bool) -> Notification:
    """Return a Profile M event (``onvif-ej``): ``topic`` is what stands after ``onvif-ej/``.

    The bridge leaves the property operation out; properties are kept by the broker. So what comes
    as kept was there before us: ``Initialized``.
    """
    path = topic.partition("/&")[0]
    return Notification(
        topic=path[:MAX_NAME_CHARACTERS],
        t_utc=seconds(body.get("UtcTime")),
        operation=INITIALIZED if retained else str(body.get("PropertyOperation") or ""),
        source=_texts(inner(body, "Source")),
        key=_texts(inner(body, "Key")),
        data=_texts(inner(body, "Data")),
        elements={k: v for k, v in inner(body, "Data").items() if isinstance(v, dict | list)},
        raw=raw,
    )


def read_axis(body: Json, raw: bytes, *, retained: bool) -> Notification | None:
    """Return an event of Axis' own bridge ``{topic, timestamp (ms), message}``; None if not one."""
    message, topic = inner(body, "message"), body.get("topic")
    if not message or not isinstance(topic, str):
        return None
    return Notification(
        topic=topic[:MAX_NAME_CHARACTERS],
        t_utc=seconds(body.get("timestamp")),
        operation=INITIALIZED if retained else "",
        source=_texts(inner(message, "source")),
        key=_texts(inner(message, "key")),
        data=_texts(inner(message, "data")),
        raw=raw,
    )


def _texts(values: Json) -> dict[str, str]:
    """Return simple items as texts: the bridge may leave out quotes of numbers and booleans."""
    found = {}
    for name, value in list(values.items())[:MAX_LIST_ITEMS]:
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, str | int | float) and name not in PICTURE_NAMES:
            found[name] = str(value)[:MAX_VALUE_CHARACTERS]
    return found
