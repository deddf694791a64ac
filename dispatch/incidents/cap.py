"""Alerts of the Common Alerting Protocol as XML: read with mercy, written without fault. Pure."""

from xml.etree.ElementTree import Element, SubElement, tostring

from dispatch.cameras.xml_safe import BadXml, children, parse, text_of
from dispatch.incidents.cap_model import (
    MAX_BYTES,
    MAX_TEXT,
    NAMESPACE,
    Alert,
    Area,
    BadCap,
    Info,
    Pairs,
    Reference,
    Resource,
    faults_of,
)

# ---- reading -----------------------------------------------------------------------------------


def read(data: bytes) -> Alert:
    """Read an alert; raises BadCap when it cannot be used."""
    try:
        root = parse(data, max_bytes=MAX_BYTES)
    except BadXml as error:
        raise BadCap([str(error)]) from error
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise BadCap([f"expected <alert> of {NAMESPACE}, got {root.tag[:80]}"])
    alert = _alert(root)
    faults = faults_of(alert)
    if any(fault.startswith("!") for fault in faults):
        raise BadCap([fault.removeprefix("!") for fault in faults])
    values = {name: getattr(alert, name) for name in Alert.__slots__}
    return Alert(**{**values, "faults": tuple(faults)})


def _texts(element: Element, name: str) -> tuple[str, ...]:
    return tuple(text_of(child)[:MAX_TEXT] for child in children(element, name))


def _text(element: Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def _alert(root: Element) -> Alert:
    return Alert(
        identifier=_text(root, "identifier"),
        sender=_text(root, "sender"),
        sent=_text(root, "sent"),
        status=_text(root, "status"),
        msg_type=_text(root, "msgType"),
        scope=_text(root, "scope"),
        source=_text(root, "source"),
        restriction=_text(root, "restriction"),
        addresses=_text(root, "addresses"),
        codes=_texts(root, "code"),
        note=_text(root, "note"),
        references=_references(_text(root, "references")),
        incidents=tuple(_text(root, "incidents").split()),
        infos=tuple(_info(child) for child in children(root, "info")),
    )


def _references(text: str) -> tuple[Reference, ...]:
    """Return the references; one that has not three parts keeps what it has."""
    found = []
    for item in text.split():
        sender, _, rest = item.partition(",")
        identifier, _, sent = rest.partition(",")
        found.append(Reference(sender=sender, identifier=identifier, sent=sent))
    return tuple(found)


def _info(element: Element) -> Info:
    return Info(
        language=_text(element, "language") or "en-US",
        categories=_texts(element, "category"),
        event=_text(element, "event"),
        response_types=_texts(element, "responseType"),
        urgency=_text(element, "urgency"),
        severity=_text(element, "severity"),
        certainty=_text(element, "certainty"),
        event_codes=_pairs(element, "eventCode"),
        effective=_text(element, "effective"),
        onset=_text(element, "onset"),
        expires=_text(element, "expires"),
        sender_name=_text(element, "senderName"),
        headline=_text(element, "headline"),
        description=_text(element, "description"),
        instruction=_text(element, "instruction"),
        contact=_text(element, "contact"),
        parameters=_pairs(element, "parameter"),
        resources=tuple(_resource(child) for child in children(element, "resource")),
        areas=tuple(_area(child) for child in children(element, "area")),
    )


def _pairs(element: Element, name: str) -> Pairs:
    return tuple(
        (_text(child, "valueName"), _text(child, "value")) for child in children(element, name)
    )


def _resource(element: Element) -> Resource:
    size = _text(element, "size")
    return Resource(
        description=_text(element, "resourceDesc"),
        mime_type=_text(element, "mimeType"),
        size=int(size) if size.isascii() and size.isdecimal() and len(size) < 16 else None,
        digest=_text(element, "digest"),
        uri=_text(element, "uri"),
    )


def _area(element: Element) -> Area:
    polygons = [_points(text) for text in _texts(element, "polygon")]
    circles = [_circle(text) for text in _texts(element, "circle")]
    return Area(
        description=_text(element, "areaDesc"),
        polygons=tuple(polygon for polygon in polygons if polygon),
        circles=tuple(circle for circle in circles if circle),
        geocodes=_pairs(element, "geocode"),
    )


def _point(text: str) -> tuple[float, float] | None:
    latitude, _, longitude = text.partition(",")
    try:
        point = float(latitude), float(longitude)
    except ValueError:
        return None
    return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None


def _points(text: str) -> tuple[tuple[float, float], ...]:
    found = [_point(item) for item in text.split()]
    return tuple(point for point in found if point is not None)


def _circle(text: str) -> tuple[float, float, float] | None:
    parts = text.split()
    point = _point(parts[0]) if len(parts) == 2 else None
    if point is None:
        return None
    try:
        radius = float(parts[1])
    except ValueError:
        return None
    return (*point, radius) if 0 <= radius < 25_000 else None


# ---- writing -----------------------------------------------------------------------------------


def write(alert: Alert) -> bytes:
    """Return the alert as XML; raises BadCap when anything is wrong with it."""
    faults = faults_of(alert)
    if faults:
        raise BadCap([fault.removeprefix("!") for fault in faults])
    root = Element("alert", xmlns=NAMESPACE)
    for name, value in (
        ("identifier", alert.identifier), ("sender", alert.sender), ("sent", alert.sent),
        ("status", alert.status), ("msgType", alert.msg_type), ("source", alert.source),
        ("scope", alert.scope), ("restriction", alert.restriction),
        ("addresses", alert.addresses), *(("code", code) for code in alert.codes),
        ("note", alert.note), ("references", " ".join(map(str, alert.references))),
        ("incidents", " ".join(alert.incidents)),
    ):  # fmt: skip
        _add(root, name, value)
    for info in alert.infos:
        _write_info(SubElement(root, "info"), info)
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml


def _add(parent: Element, name: str, value: str) -> None:
    if value:
        SubElement(parent, name).text = value


def _write_info(parent: Element, info: Info) -> None:
    for name, value in (
        ("language", info.language), *(("category", one) for one in info.categories),
        ("event", info.event), *(("responseType", one) for one in info.response_types),
        ("urgency", info.urgency), ("severity", info.severity), ("certainty", info.certainty),
    ):  # fmt: skip
        _add(parent, name, value)
    _write_pairs(parent, "eventCode", info.event_codes)
    for name, value in (
        ("effective", info.effective), ("onset", info.onset), ("expires", info.expires),
        ("senderName", info.sender_name), ("headline", info.headline),
        ("description", info.description), ("instruction", info.instruction),
        ("contact", info.contact),
    ):  # fmt: skip
        _add(parent, name, value)
    _write_pairs(parent, "parameter", info.parameters)
    for resource in info.resources:
        element = SubElement(parent, "resource")
        _add(element, "resourceDesc", resource.description)
        _add(element, "mimeType", resource.mime_type)
        _add(element, "size", "" if resource.size is None else str(resource.size))
        _add(element, "uri", resource.uri)
        _add(element, "digest", resource.digest)
    for area in info.areas:
        _write_area(SubElement(parent, "area"), area)


def _write_pairs(parent: Element, name: str, pairs: Pairs) -> None:
    for value_name, value in pairs:
        element = SubElement(parent, name)
        SubElement(element, "valueName").text = value_name
        SubElement(element, "value").text = value


def _write_area(parent: Element, area: Area) -> None:
    _add(parent, "areaDesc", area.description)
    for polygon in area.polygons:
        _add(parent, "polygon", " ".join(f"{a:g},{b:g}" for a, b in polygon))
    for latitude, longitude, radius in area.circles:
        _add(parent, "circle", f"{latitude:.6f},{longitude:.6f} {radius:g}")
    _write_pairs(parent, "geocode", area.geocodes)


def place_of(alert: Alert) -> tuple[str, float | None, float | None, float]:
    """Return words, latitude, longitude, radius (m) of the first area; of a polygon its middle."""
    for info in alert.infos:
        for area in info.areas:
            if area.circles:
                latitude, longitude, radius = area.circles[0]
                return area.description, latitude, longitude, max(50.0, radius * 1000)
            if area.polygons:
                corners = area.polygons[0][:-1] or area.polygons[0]
                middle = [sum(one[axis] for one in corners) / len(corners) for axis in (0, 1)]
                return area.description, middle[0], middle[1], 500.0
            if area.description:
                return area.description, None, None, 50.0
    return "", None, None, 50.0
