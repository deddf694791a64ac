"""Four calls of ONVIF's device and media services, written and read by ourselves. Pure.

For stills and for commissioning only: events are read by ``dispatch.cameras.onvif_client``. A
digest of WS-Security (UsernameToken profile 1.0) carries the device's own time, so its clock is
asked first, without a login.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from dispatch.cameras.xml_safe import BadXml, attribute, below, children, local, parse, text_of
from gateway.model.ids import UtcUs

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
CONTENT_TYPE = "application/soap+xml; charset=utf-8"
_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    "#PasswordDigest"
)
MAX_ANSWER_BYTES = 1024 * 1024


class SoapFault(Exception):
    """The device said no; the message is its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One stream that a device offers."""

    token: str
    name: str = ""
    encoding: str = ""
    width: int = 0
    height: int = 0
    rate: int = 0


def envelope(
    body: str, *, at: UtcUs, user: str = "", password: str = "", nonce: bytes = b""
) -> bytes:
    """Return a request; with ``user`` it carries a digest made of ``nonce`` and the time ``at``."""
    head = _token(user, password, nonce, at) if user else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{_ENVELOPE}">'
        f"<s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _token(user: str, password: str, nonce: bytes, at: UtcUs) -> str:
    created = datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()  # noqa: S324  # as the profile says
    return (
        f'<w:Security xmlns:w="{_SECURITY}" xmlns:u="{_UTILITY}" s:mustUnderstand="1">'
        f"<w:UsernameToken><w:Username>{escape(user)}</w:Username>"
        f'<w:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce>"
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


CLOCK = f'<d:GetSystemDateAndTime xmlns:d="{DEVICE}"/>'
CAPABILITIES = (
    f'<d:GetCapabilities xmlns:d="{DEVICE}"><d:Category>Media</d:Category></d:GetCapabilities>'
)
INFORMATION = f'<d:GetDeviceInformation xmlns:d="{DEVICE}"/>'
PROFILES = f'<m:GetProfiles xmlns:m="{MEDIA}"/>'


def snapshot_request(profile: str) -> str:
    """Return the question for the address of a profile's picture."""
    return (
        f'<m:GetSnapshotUri xmlns:m="{MEDIA}"><m:ProfileToken>{escape(profile)}'
        "</m:ProfileToken></m:GetSnapshotUri>"
    )


def read_clock(answer: bytes) -> UtcUs | None:
    """Return the device's UTC clock, None when it tells none that can be."""
    told = below(_root(answer), "UTCDateTime")
    if told is None:
        return None
    try:
        numbers = [
            int(text_of(below(told, name)))
            for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
        ]
        year, month, day, hour, minute, second = numbers
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return UtcUs(round(moment.timestamp()) * 1_000_000)


def read_media_address(answer: bytes) -> str:
    """Return the address of the media service, empty when the device has none."""
    media = below(_root(answer), "Media")
    return text_of(below(media, "XAddr")) if media is not None else ""


def read_profiles(answer: bytes) -> list[Profile]:
    """Return the profiles in the device's order."""
    return [
        Profile(
            token=attribute(element, "token") or "",
            name=text_of(next(iter(children(element, "Name")), None)),
            encoding=text_of(below(video, "Encoding")) if video is not None else "",
            width=_number(text_of(below(video, "Width"))) if video is not None else 0,
            height=_number(text_of(below(video, "Height"))) if video is not None else 0,
            rate=_number(text_of(below(video, "FrameRateLimit"))) if video is not None else 0,
        )
        for element in _root(answer).iter()
        if local(element) == "Profiles"
        for video in [below(element, "VideoEncoderConfiguration")]
    ]


def read_snapshot_address(answer: bytes) -> str:
    """Return the address of a picture; raises SoapFault when the device gives none."""
    found = text_of(below(_root(answer), "Uri"))
    if not found:
        raise SoapFault("the camera gives no address of a picture")
    return found


def read_information(answer: bytes) -> dict[str, str]:
    """Return maker, model, firmware and serial number as the device tells them."""
    root = _root(answer)
    names = {
        "manufacturer": "Manufacturer",
        "model": "Model",
        "firmware": "FirmwareVersion",
        "serial": "SerialNumber",
    }
    return {key: text_of(below(root, name))[:100] for key, name in names.items()}


def _root(answer: bytes) -> Element:
    try:
        root = parse(answer, max_bytes=MAX_ANSWER_BYTES)
    except BadXml as error:
        raise SoapFault(f"the answer is {error}") from error
    fault = below(root, "Fault")
    if fault is not None:
        words = text_of(below(fault, "Text")) or text_of(below(fault, "faultstring"))
        raise SoapFault(words[:200] or "the camera refused without words")
    return root


def _number(text: str) -> int:
    try:
        return int(float(text))
    except ValueError:
        return 0
