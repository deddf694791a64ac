"""Webhooks of Milestone XProtect: their signature, and events as it sends them. Pure.

The signature (``X-Hub-Signature-256``) has no time in it, so a message could be sent again by
anybody who saw it: the event's own id is remembered for 24 hours. Its manual says hexadecimal and
shows Base64: both are taken.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence

from dispatch.cameras.event import (
    MAX_NAME_CHARACTERS,
    CameraEvent,
    Unread,
    read_json,
)
from dispatch.cameras.fields import Json, as_text, inner, note, seconds
from dispatch.cameras.webhook import MAX_SIGNATURES, Unsigned
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs

SIGNATURE = "x-hub-signature-256"
MIN_SECRET_CHARACTERS = 16
KIND_WORDS: tuple[tuple[str, str], ...] = (
    (r"tamper", "tamper"),
    (r"communication (error|stopped)|not responding|offline|lost|failed", "health"),
    (r"loiter", "loiter"),
    (r"line cross|tripwire|fence", "line"),
    (r"zone|intrusion|perimeter", "zone"),
    (r"motion", "motion"),
)
"""What an event's name says of its kind. A site names its own events; the rest is ``object``."""
ENDED = re.compile(r"\b(stopped|ended|cleared|restored|started responding)\b", re.IGNORECASE)
PRIORITIES = {1: "alert", 2: "detection", 3: "info"}


class HubSecret:
    """A secret text shared with XProtect; no ``repr`` shows it."""

    def __init__(self, text: str) -> None:
        """Take the text; raises ConfigError when it is too short to be a secret."""
        if len(text) < MIN_SECRET_CHARACTERS:
            raise ConfigError(f"hub secret: expected {MIN_SECRET_CHARACTERS} characters or more")
        self._raw = text.encode()

    def digest(self, body: bytes) -> bytes:
        """Return HMAC-SHA-256 over the raw body."""
        return hmac.new(self._raw, body, hashlib.sha256).digest()

    def __repr__(self) -> str:
        """Hide the secret."""
        return "HubSecret(hidden)"


def read_secrets(text: str) -> tuple[HubSecret, ...]:
    """Read a secret file: one secret a line; all are tried, so that it can be changed."""
    secrets = tuple(HubSecret(line.strip()) for line in text.splitlines() if line.strip())
    if not secrets:
        raise ConfigError("hub secret file: expected one secret a line, found none")
    return secrets


class MilestoneScheme:
    """How one XProtect signs and what its events mean; ``known`` asks the camera register."""

    def __init__(
        self, secrets: Sequence[HubSecret], known: Callable[[str], bool] = lambda name: False
    ) -> None:
        """Take the secrets and the register."""
        self.secrets = tuple(secrets)
        self._known = known

    def check(self, headers: Mapping[str, str], body: bytes, now: UtcUs) -> str:
        """Return the id that tells a message that came before; raises Unsigned."""
        given = headers.get(SIGNATURE, "")
        digests = [secret.digest(body) for secret in self.secrets]
        matches = False
        for candidate in _signatures(given):
            for digest in digests:
                matches |= hmac.compare_digest(digest, candidate)
        if not matches:
            raise Unsigned(
                f"no signature matches: expected {SIGNATURE}: sha256=<HMAC-SHA-256 of the body>"
            )
        return _event_id(body)

    def read(self, source: str, body: bytes, webhook_id: str, now: UtcUs) -> CameraEvent | Unread:
        """Return the event in a body; whatever comes, nothing is raised."""
        header, site = _header(body)
        if header is None:
            return Unread(reason="no Event.EventHeader in it")
        notes: list[str] = []
        at = seconds(header.get("Timestamp"))
        if at is None:
            note(notes, "no time")
        if "ID" not in header:
            note(notes, "no id")
        name = as_text(header.get("Name")) or as_text(header.get("Type")) or "event"
        camera = self._camera(inner(header, "Source"))
        if not camera:
            camera = as_text(site.get("ServerHostname")) or "site"
            note(notes, "no source: the event is of the whole site")
        return CameraEvent(
            source=source,
            src_event_id=webhook_id,
            kind=kind_of(f"{name} {as_text(header.get('Message'))}"),
            phase="end" if ENDED.search(name) else "new",
            camera=camera,
            t_event_utc=at or now,
            t_recv_utc=now,
            severity=_severity(header),
            raw=body,
            raw_sha256=hashlib.sha256(body).hexdigest(),
            labels=(name.lower(),),
            notes=tuple(notes),
            t_fresh_utc=at,
        )

    def _camera(self, source: Json) -> str:
        """Return the object's id when the register knows it, else the name that people gave it."""
        object_id = as_text(inner(source, "FQID").get("ObjectId"))
        name = as_text(source.get("Name"))
        if object_id and (self._known(object_id) or not name):
            return object_id
        return name


def kind_of(words: str) -> str:
    """Return the kind that an event's words tell."""
    found = (kind for pattern, kind in KIND_WORDS if re.search(pattern, words, re.IGNORECASE))
    return next(found, "object")


def _severity(header: Json) -> str:
    priority = header.get("Priority")
    if isinstance(priority, int) and priority in PRIORITIES:
        return PRIORITIES[priority]
    by_name = {"high": "alert", "medium": "detection", "low": "info"}
    return by_name.get(as_text(header.get("PriorityName")).lower(), "detection")


def _header(body: bytes) -> tuple[Json | None, Json]:
    try:
        values = read_json(body)
    except (ValueError, RecursionError):
        return None, {}
    if not isinstance(values, dict):
        return None, {}
    header = inner(inner(values, "Event", "event"), "EventHeader", "eventHeader")
    return header or None, inner(values, "Site", "site")


def _event_id(body: bytes) -> str:
    header, _ = _header(body)
    found = as_text((header or {}).get("ID"))[:MAX_NAME_CHARACTERS]
    return found or f"unnamed-{hashlib.sha256(body).hexdigest()[:16]}"


def _signatures(given: str) -> list[bytes]:
    """Return what a header may mean: ``sha256=`` and hexadecimal or Base64, more than one."""
    found: list[bytes] = []
    for item in re.split(r"[,\s]+", given)[:MAX_SIGNATURES]:
        text = item.removeprefix("sha256=")
        with contextlib.suppress(ValueError):
            found.append(bytes.fromhex(text))
        with contextlib.suppress(binascii.Error, ValueError):
            found.append(base64.b64decode(text, validate=True))
    return [one for one in found if len(one) == hashlib.sha256().digest_size]
