"""Signed webhooks by the Standard Webhooks scheme, and the body they carry.

The signature is checked over the raw bytes before anything is parsed: ``v1`` HMAC-SHA-256 with a
shared secret ``whsec_…``, ``v1a`` Ed25519 with the sender's public key ``whpk_…``. Any of the
listed signatures may match, so that secrets can be changed without a gap. Pure: time is given.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dispatch.cameras.event import (
    KINDS,
    MAX_LIST_ITEMS,
    MAX_NAME_CHARACTERS,
    PHASES,
    SEVERITIES,
    CameraEvent,
    Claim,
    Unread,
    read_json,
)
from dispatch.errors import ServiceError
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs

MAX_BODY_BYTES = 256 * 1024
TOLERANCE_MS = 300_000
SECRET_PREFIX, PUBLIC_PREFIX = "whsec_", "whpk_"
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
MAX_ID_CHARACTERS = 256
MAX_SIGNATURES = 16
Json = dict[str, Any]
"""A decoded JSON object; every value is looked at before it is used."""


class Unsigned(ServiceError):
    """No signature of a known key, or a time too far from ours."""

    status = 401


class SharedSecret:
    """A secret of 24 to 64 bytes, written ``whsec_<Base64>``; no ``repr`` shows it."""

    def __init__(self, text: str) -> None:
        """Read the secret; raises ConfigError on another form."""
        try:
            raw = base64.b64decode(text.strip().removeprefix(SECRET_PREFIX), validate=True)
        except ValueError as error:
            raise ConfigError("webhook secret: expected whsec_<Base64>") from error
        if not MIN_SECRET_BYTES <= len(raw) <= MAX_SECRET_BYTES:
            raise ConfigError(f"webhook secret: expected 24 to 64 bytes, got {len(raw)}")
        self._raw = raw

    def signature(self, signed: bytes) -> str:
        """Return ``v1,<Base64>`` over the signed bytes."""
        digest = hmac.new(self._raw, signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"

    def accepts(self, version: str, signature: bytes, signed: bytes) -> bool:
        """Whether this secret made the signature; takes the same time either way."""
        digest = hmac.new(self._raw, signed, hashlib.sha256).digest()
        return version == "v1" and hmac.compare_digest(digest, signature)

    def __repr__(self) -> str:
        """Hide the secret."""
        return "SharedSecret(hidden)"


class PublicKey:
    """A sender's Ed25519 key, written ``whpk_<Base64 of 32 bytes>``."""

    def __init__(self, text: str) -> None:
        """Read the key; raises ConfigError on another form."""
        try:
            raw = base64.b64decode(text.strip().removeprefix(PUBLIC_PREFIX), validate=True)
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError as error:
            raise ConfigError("webhook key: expected whpk_<Base64 of 32 bytes>") from error

    def accepts(self, version: str, signature: bytes, signed: bytes) -> bool:
        """Whether this key made the signature."""
        if version != "v1a":
            return False
        try:
            self._key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


WebhookKey = SharedSecret | PublicKey


def read_keys(text: str) -> tuple[WebhookKey, ...]:
    """Read a key file: one secret or public key a line; raises ConfigError when there is none."""
    keys: list[WebhookKey] = []
    for line in text.split():
        keys.append(PublicKey(line) if line.startswith(PUBLIC_PREFIX) else SharedSecret(line))
    if not keys:
        raise ConfigError("webhook key file: expected one whsec_… or whpk_… a line, found none")
    return tuple(keys)


def signed_bytes(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    """Return what is signed: id, time and body, joined by full stops."""
    return f"{webhook_id}.{timestamp}.".encode() + body


def check(
    keys: Sequence[WebhookKey],
    headers: Mapping[str, str],
    body: bytes,
    now: UtcUs,
    *,
    tolerance_ms: int = TOLERANCE_MS,
) -> tuple[str, int]:
    """Return the webhook's id and its clock's offset in ms; raises Unsigned."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    listed = headers.get("webhook-signature", "")
    if not webhook_id or len(webhook_id) > MAX_ID_CHARACTERS or not listed:
        raise Unsigned("expected the headers webhook-id, webhook-timestamp and webhook-signature")
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        raise Unsigned(f"webhook-timestamp: expected Unix seconds, got {timestamp[:20]!r}")
    signed = signed_bytes(webhook_id, timestamp, body)
    if not _any_matches(keys, listed, signed):
        raise Unsigned("no signature matches: is the secret the same on both sides?")
    offset_ms = int(timestamp) * 1000 - now // 1000
    if abs(offset_ms) > tolerance_ms:
        raise Unsigned(
            f"webhook-timestamp is {offset_ms / 1000:.0f} s from our clock, at most "
            f"{tolerance_ms // 1000} s are taken",
            hint="Set the sender's clock, or raise the tolerance if it cannot be set.",
        )
    return webhook_id, offset_ms


def _any_matches(keys: Sequence[WebhookKey], listed: str, signed: bytes) -> bool:
    matches = False
    for item in listed.split(" ")[:MAX_SIGNATURES]:
        version, _, encoded = item.partition(",")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
        if base64.b64encode(signature).decode() != encoded:
            continue  # one signature has one spelling
        for key in keys:
            matches |= key.accepts(version, signature, signed)
    return matches


class StandardScheme:
    """How senders of our own webhook sign, and what their bodies mean."""

    def __init__(self, keys: Sequence[WebhookKey], tolerance_ms: int = TOLERANCE_MS) -> None:
        """Take the keys and how far a sender's clock may be from ours."""
        self.keys = tuple(keys)
        self._tolerance_ms = tolerance_ms

    def check(self, headers: Mapping[str, str], body: bytes, now: UtcUs) -> str:
        """Return the webhook's id; raises Unsigned."""
        return check(self.keys, headers, body, now, tolerance_ms=self._tolerance_ms)[0]

    def read(self, source: str, body: bytes, webhook_id: str, now: UtcUs) -> CameraEvent | Unread:
        """Return the event; raises ServiceError (400) that names the field."""
        return read_event(source, body, webhook_id, now)


def read_event(source: str, body: bytes, webhook_id: str, now: UtcUs) -> CameraEvent:
    """Read ``{"type":"camera.event", …}``; raises ServiceError (400) that names the field."""
    try:
        values = read_json(body)
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"body: expected JSON ({error})") from error
    if not isinstance(values, dict) or values.get("type") != "camera.event":
        raise ServiceError('body: expected an object with "type": "camera.event"')
    claimed = _time(values.get("time"), now)
    phase = _choice(values, "phase", sorted(PHASES), "new")
    return CameraEvent(
        source=source,
        src_event_id=_text(values, "id", webhook_id),
        kind=_choice(values, "kind", sorted(KINDS), "object"),
        phase=phase,
        camera=_text(values, "camera", None),
        t_event_utc=claimed,
        t_recv_utc=now,
        severity=_choice(values, "severity", SEVERITIES, "detection"),
        raw=body,
        raw_sha256=hashlib.sha256(body).hexdigest(),
        labels=_texts(values, "labels"),
        zones=_texts(values, "zones"),
        score=_score(values.get("score")),
        claims=_claims(values.get("claims")),
        media=_media(values.get("media")),
        t_fresh_utc=claimed if phase == "new" else None,
    )


def _text(values: Json, name: str, default: str | None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARACTERS:
        raise ServiceError(f"{name}: expected 1 to {MAX_NAME_CHARACTERS} characters, got {value!r}")
    return value


def _choice(values: Json, name: str, allowed: Sequence[str], default: str) -> str:
    value = values.get(name, default)
    if value not in allowed:
        raise ServiceError(f"{name}: expected one of {', '.join(allowed)}, got {value!r:.60}")
    return str(value)


def _texts(values: Json, name: str) -> tuple[str, ...]:
    found = values.get(name, [])
    right = isinstance(found, list) and len(found) <= MAX_LIST_ITEMS
    if not right or not all(isinstance(x, str) and len(x) <= MAX_NAME_CHARACTERS for x in found):
        raise ServiceError(f"{name}: expected a list of up to {MAX_LIST_ITEMS} short texts")
    return tuple(found)


def _score(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _time(value: object, now: UtcUs) -> UtcUs:
    """Return the microseconds of an ISO time; without a zone it is UTC; none at all is now."""
    if value is None:
        return now
    try:
        moment = datetime.fromisoformat(str(value))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        whole = aware.replace(microsecond=0)
        return UtcUs(round(whole.timestamp()) * 1_000_000 + aware.microsecond)
    except (ValueError, OverflowError) as error:
        raise ServiceError(f"time: expected ISO 8601, got {value!r:.60}") from error


def _claims(value: object) -> tuple[Claim, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_LIST_ITEMS:
        raise ServiceError(f"claims: expected a list of up to {MAX_LIST_ITEMS}")
    claims = []
    for item in value:
        if not isinstance(item, dict) or not isinstance(item.get("value"), str):
            raise ServiceError("claims: expected objects with type, value and score")
        claim_type = _choice(item, "type", ("plate", "face", "name", "description"), "name")
        # Whatever status the sender gives: here nobody has looked at it yet.
        score = _score(item.get("score"))
        claims.append(Claim(type=claim_type, value=item["value"][:1000], score=score))
    return tuple(claims)


def _media(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_LIST_ITEMS:
        raise ServiceError("media: expected an object of references")
    if not all(isinstance(v, str) and len(v) <= 2000 for v in value.values()):
        raise ServiceError("media: expected references as texts; send no pictures in the body")
    return {str(key)[:MAX_NAME_CHARACTERS]: str(item) for key, item in value.items()}
