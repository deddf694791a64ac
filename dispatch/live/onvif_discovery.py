"""WS-Discovery of ONVIF devices: the probe, and what an answer says. Pure.

For commissioning only: in service, cameras stand in the configuration. Scopes are a list with
spaces between, and some devices put a space into a name ("Test Cam"): words without a scheme belong
to the one before.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from dispatch.cameras.xml_safe import BadXml, below, local, parse, text_of

GROUP, PORT = "239.255.255.250", 3702
MAX_ANSWER_BYTES = 64 * 1024
_SCOPE = re.compile(r"^onvif://www\.onvif\.org/([^/]+)/?(.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One device that answered."""

    endpoint: str
    addresses: tuple[str, ...]
    name: str = ""
    hardware: str = ""
    location: str = ""
    profiles: tuple[str, ...] = ()
    """S, T, G, M and the like."""


def probe(message_id: str) -> bytes:
    """Return the question for video transmitters; ``message_id`` is a UUID."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:MessageID>uuid:{message_id}</w:MessageID>"
        '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
        '<w:Action e:mustUnderstand="true">'
        "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
        "<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body>"
        "</e:Envelope>"
    ).encode()


def read_matches(answer: bytes) -> list[Found]:
    """Return the devices of one answer; nothing for what cannot be read."""
    try:
        root = parse(answer, max_bytes=MAX_ANSWER_BYTES)
    except BadXml:
        return []
    found = []
    for match in root.iter():
        if local(match) != "ProbeMatch":
            continue
        addresses = tuple(
            word
            for word in text_of(below(match, "XAddrs")).split()
            if word.startswith(("http://", "https://"))
        )
        scopes = scopes_of(text_of(below(match, "Scopes")))
        found.append(
            Found(
                endpoint=text_of(below(match, "Address")),
                addresses=addresses,
                name=" ".join(scopes.get("name", ())),
                hardware=" ".join(scopes.get("hardware", ())),
                location=", ".join(scopes.get("location", ())),
                profiles=tuple(scopes.get("profile", ())),
            )
        )
    return [one for one in found if one.addresses]


def scopes_of(text: str) -> dict[str, list[str]]:
    """Return the values of each kind of ONVIF scope, in the device's order."""
    words: list[str] = []
    for word in text.split():
        if "://" in word or not words:
            words.append(word)
        else:
            words[-1] += f" {word}"
    scopes: dict[str, list[str]] = {}
    for word in words:
        known = _SCOPE.match(word)
        if known and known[2]:
            scopes.setdefault(known[1].lower(), []).append(unquote(known[2]))
    return scopes
