"""The Common Alerting Protocol, version 1.2 (OASIS): what an alert holds, and its rules. Pure.

What makes an alert unusable (no identifier, sender, time, status, type or scope) is refused. Other
faults are named and kept beside the alert: a message that other people rely on is not lost for a
``Z`` in a time. What we write has no fault at all.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.model.errors import RemoteError
from gateway.model.ids import UtcUs

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MAX_BYTES = 1024 * 1024
MAX_TEXT = 4000
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = ("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport",
              "Infra", "CBRNE", "Other")  # fmt: skip
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
"""With an offset; ``Z`` is forbidden, UTC is written ``-00:00`` (CAP 1.2, dateTime)."""
NAME = re.compile(r"[^\s,<&]+")
"""Of identifier and sender: no spaces, commas, ``<`` or ``&``."""


class BadCap(RemoteError):
    """An alert that cannot be used; ``faults`` names everything that is wrong."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults."""
        super().__init__("CAP: " + "; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An earlier message: its three names."""

    sender: str
    identifier: str
    sent: str

    def __str__(self) -> str:
        """Return it as written in ``references``."""
        return f"{self.sender},{self.identifier},{self.sent}"


Pairs = tuple[tuple[str, str], ...]
"""valueName and value; equal names repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where. A circle is (latitude, longitude, radius in km)."""

    description: str
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    geocodes: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A file that goes with it. ``digest`` is SHA-1, which proves little."""

    description: str
    mime_type: str
    size: int | None = None
    digest: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What, in one language."""

    event: str
    categories: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    language: str = "en-US"
    response_types: tuple[str, ...] = ()
    event_codes: Pairs = ()
    effective: str = ""
    onset: str = ""
    expires: str = ""
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    contact: str = ""
    parameters: Pairs = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message. ``faults``: what is wrong with it and did not make it unusable."""

    identifier: str
    sender: str
    sent: str
    status: str
    msg_type: str
    scope: str
    source: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    faults: tuple[str, ...] = field(default=(), compare=False)

    @property
    def reference(self) -> Reference:
        """How later messages name this one."""
        return Reference(sender=self.sender, identifier=self.identifier, sent=self.sent)

    @property
    def sent_utc(self) -> UtcUs | None:
        """When it was sent."""
        return time_of(self.sent)

    @property
    def expires_utc(self) -> UtcUs | None:
        """When the last of its infos expires; None when one never does, or there is none."""
        ends = [time_of(info.expires) for info in self.infos]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


def time_of(text: str) -> UtcUs | None:
    """Return a CAP time in UTC microseconds; ``Z`` is understood though forbidden."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return UtcUs(int(moment.timestamp()) * 1_000_000)


def written(at: UtcUs) -> str:
    """Return a time as CAP writes UTC: ``2026-11-24T22:40:12-00:00``."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def faults_of(alert: Alert) -> list[str]:
    """Return everything that is wrong; what makes it unusable begins with ``!``."""
    return [*_head_faults(alert), *_body_faults(alert)]


def _head_faults(alert: Alert) -> list[str]:
    faults = []
    for name in ("identifier", "sender"):
        if not NAME.fullmatch(getattr(alert, name)):
            faults.append(f"!{name}: expected text without spaces, commas, < and &")
    if alert.sent_utc is None:
        faults.append(f"!sent: expected a time with its offset, got {alert.sent[:40]!r}")
    elif not TIME.fullmatch(alert.sent):
        faults.append(f"sent: {alert.sent} is not written with an offset such as +01:00 or -00:00")
    for name, allowed in (("status", STATUSES), ("msg_type", MSG_TYPES), ("scope", SCOPES)):
        if getattr(alert, name) not in allowed:
            faults.append(f"!{name}: expected {', '.join(allowed)}, got {getattr(alert, name)!r}")
    return faults


def _body_faults(alert: Alert) -> list[str]:
    faults = []
    if alert.scope == "Restricted" and not alert.restriction:
        faults.append("restriction: needed for the scope Restricted")
    if alert.scope == "Private" and not alert.addresses:
        faults.append("addresses: needed for the scope Private")
    if alert.msg_type in ("Update", "Cancel", "Ack", "Error") and not alert.references:
        faults.append(f"references: needed for {alert.msg_type}")
    faults += [f"references: {ref} has not three parts" for ref in alert.references if not ref.sent]
    if alert.msg_type in ("Alert", "Update") and not alert.infos:
        faults.append(f"info: needed for {alert.msg_type}")
    for number, info in enumerate(alert.infos, 1):
        faults += [f"info {number}: {fault}" for fault in _info_faults(info)]
    return faults


def _info_faults(info: Info) -> list[str]:
    faults = [] if info.event else ["event: missing"]
    if not info.categories or not set(info.categories) <= set(CATEGORIES):
        faults.append(f"category: expected one of {', '.join(CATEGORIES)}")
    for name, allowed in (
        ("urgency", URGENCIES), ("severity", SEVERITIES), ("certainty", CERTAINTIES)
    ):  # fmt: skip
        if getattr(info, name) not in allowed:
            faults.append(f"{name}: expected {', '.join(allowed)}")
    for name in ("effective", "onset", "expires"):
        text = getattr(info, name)
        if text and not TIME.fullmatch(text):
            faults.append(f"{name}: {text[:40]} is not written with an offset")
    for area in info.areas:
        if not area.description:
            faults.append("areaDesc: missing")
        if any(len(polygon) < 4 or polygon[0] != polygon[-1] for polygon in area.polygons):
            faults.append("polygon: expected four pairs or more, the last equal to the first")
    faults += ["mimeType: missing in resource" for one in info.resources if not one.mime_type]
    return faults
