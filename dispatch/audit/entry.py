"""Audit entries: canonical JSON (RFC 8785 form), limits, and sealing of what is personal.

An ``Act`` is what happened, in clear, in memory only. ``seal`` makes the bytes of its entry: free
text encrypted, subjects keyed, nothing else of a person in clear, so that destroying a key erases
without touching the log. The bytes are the input of the leaf hash.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dispatch.audit.keys import GroupKeys
from gateway.model.errors import LocalError
from gateway.model.ids import UtcUs

ENTRY_VERSION = 1
MAX_ENTRY_BYTES = 16 * 1024
MAX_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly."""
OPERATIONS = frozenset(
    {"collect", "alter", "consult", "disclose", "combine", "erase", "auth", "admin", "system"}
)
RESULTS = frozenset({"ok", "denied", "failed"})
FREE_TEXT = frozenset({"text", "query", "diff", "reason", "note"})
"""Keys of ``detail`` whose texts are always encrypted."""


class BadEntry(LocalError):
    """An entry that the log does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acted: ids and roles, never a name."""

    id: str
    role: str = ""
    unit: str = ""
    auth: str = ""
    sess: str = ""


SYSTEM = Actor(id="system", role="system")
"""The server itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """How the act came in: node, client address and program."""

    node: str = ""
    ip: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obj:
    """What was acted on. ``subject`` is in clear here and a keyed hash in the entry."""

    type: str
    id: str
    cat: str = ""
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why: a code (incident, case, order, …), its reference, typed words and the legal basis."""

    code: str
    ref: str = ""
    text: str | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to be logged, in clear. ``t_utc`` None: the moment it is written."""

    op: str
    verb: str
    actor: Actor
    via: Via = field(default_factory=Via)
    obj: Obj | None = None
    purpose: Purpose | None = None
    result: str = "ok"
    detail: Mapping[str, Any] = field(default_factory=dict)  # JSON values, checked by ``canonical``
    recipient: Mapping[str, Any] | None = None
    approval: Mapping[str, Any] | None = None
    t_utc: UtcUs | None = None
    late: bool = False


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value; raises BadEntry on what has no such form.

    Keys are ASCII, so sorting by code points is sorting by UTF-16 units; numbers are integers.
    """
    _check(value, "entry")
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadEntry("entry: a text holds half a surrogate pair and has no UTF-8 form") from error


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)
_PLAIN = frozenset({str, bool, type(None)})
_KEYS = frozenset(
    {
        "v", "id", "ts", "clock", "src", "err_ms", "op", "verb", "actor", "role", "unit", "auth",
        "sess", "via", "node", "ip", "client", "obj", "type", "cat", "sub", "purpose", "code",
        "ref", "text", "basis", "result", "detail", "recipient", "approval", "prev_hint", "late",
    }
)  # fmt: skip
"""Keys of every entry, which need no look."""


def _check(value: Any, where: str) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is dict:
        for key, item in value.items():
            if key not in _KEYS and (type(key) is not str or not key or not key.isascii()):
                raise BadEntry(f"{where}: expected ASCII keys, got {key!r}")
            if type(item) not in _PLAIN:
                _check(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _check(item, f"{where}[{number}]")
    else:
        _check_single(value, where)


def _check_single(value: Any, where: str) -> None:
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise BadEntry(f"{where}: integer {value} is not below 2^53; give it as text")
    elif not isinstance(value, str):
        kind = type(value).__name__
        raise BadEntry(f"{where}: expected text, integer, list, object or null, got {kind}")


def timestamp(t_utc: UtcUs) -> str:
    """Return UTC microseconds as ``2026-11-24T22:40:00.123456Z``."""
    return f"{_second(t_utc // 1_000_000)}.{t_utc % 1_000_000:06d}Z"


@lru_cache(maxsize=64)
def _second(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%dT%H:%M:%S}"


def seal(
    act: Act,
    keys: GroupKeys,
    *,
    entry_id: str,
    now: UtcUs,
    prev_hint: int,
    clock_error_ms: int | None = None,
    nonce: bytes,
    node: str = "",
) -> dict[str, Any]:
    """Return the entry of an act: ids and codes in clear, free text and subjects sealed.

    ``nonce`` is 12 fresh random bytes; texts of one entry get it with a counter in its last byte.
    ``node`` stands in ``via`` where the act names none.
    """
    if act.op not in OPERATIONS:
        raise BadEntry(f"op: expected one of {', '.join(sorted(OPERATIONS))}, got {act.op!r}")
    if act.result not in RESULTS:
        raise BadEntry(f"result: expected ok, denied or failed, got {act.result!r}")
    at = act.t_utc if act.t_utc is not None else now
    sealer = _Sealer(keys, entry_id, at, nonce)
    entry: dict[str, Any] = {
        "v": ENTRY_VERSION,
        "id": entry_id,
        "ts": timestamp(at),
        "clock": {"src": "system", "err_ms": clock_error_ms},
        "op": act.op,
        "verb": act.verb,
        "actor": _plain(act.actor),
        "via": {**_plain(act.via), "node": act.via.node or node},
        "obj": sealer.object(act.obj),
        "purpose": sealer.purpose(act.purpose),
        "result": act.result,
        "detail": {key: sealer.detail(key, value) for key, value in act.detail.items()},
        "recipient": dict(act.recipient) if act.recipient is not None else None,
        "approval": dict(act.approval) if act.approval is not None else None,
        "prev_hint": prev_hint,
    }
    if act.late:
        entry["late"] = True
    return entry


def entry_bytes(entry: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of an entry; raises BadEntry when they are too many."""
    raw = canonical(dict(entry))
    if len(raw) > MAX_ENTRY_BYTES:
        raise BadEntry(
            f"entry {entry.get('verb')}: {len(raw)} bytes, the log takes {MAX_ENTRY_BYTES}",
            hint="Put lists into a file and log its SHA-256.",
        )
    return raw


def _plain(value: Actor | Via) -> dict[str, str]:
    names = _ACTOR_FIELDS if isinstance(value, Actor) else _VIA_FIELDS
    return {name: str(getattr(value, name)) for name in names}


_ACTOR_FIELDS = tuple(Actor.__dataclass_fields__)
_VIA_FIELDS = tuple(Via.__dataclass_fields__)


class _Sealer:
    """Encrypts the texts of one entry, each with a nonce of its own."""

    def __init__(self, keys: GroupKeys, entry_id: str, at: UtcUs, nonce: bytes) -> None:
        if len(nonce) != 12:
            raise BadEntry(f"nonce: expected 12 random bytes, got {len(nonce)}")
        self._keys = keys
        self._entry_id = entry_id
        self._at = at
        self._nonce = nonce
        self._used = 0

    def text(self, text: str | None) -> str | None:
        if text is None or text == "":
            return None
        nonce = self._nonce[:11] + bytes([self._nonce[11] ^ self._used])
        self._used += 1
        if self._used > 255:
            raise BadEntry("entry: more than 255 free texts")
        key_id, sealed = self._keys.encrypt(
            text.encode("utf-8"), at=self._at, nonce=nonce, additional=self._entry_id.encode()
        )
        return f"enc:{key_id}:{base64.b64encode(nonce + sealed).decode()}"

    def object(self, obj: Obj | None) -> dict[str, Any] | None:
        if obj is None:
            return None
        sub = None
        if obj.subject is not None:
            key_id, digest = self._keys.subject(obj.subject, at=self._at)
            sub = f"hmac:{key_id}:{digest}"
        return {"type": obj.type, "id": obj.id, "cat": obj.cat, "sub": sub}

    def purpose(self, purpose: Purpose | None) -> dict[str, Any] | None:
        if purpose is None:
            return None
        return {
            "code": purpose.code,
            "ref": purpose.ref,
            "text": self.text(purpose.text),
            "basis": purpose.basis,
        }

    def detail(self, key: str, value: Any) -> Any:
        if key in FREE_TEXT:
            if value is not None and not isinstance(value, str):
                raise BadEntry(f"detail.{key}: expected free text, got {type(value).__name__}")
            return self.text(value)
        if isinstance(value, Mapping):
            return {inner: self.detail(inner, item) for inner, item in value.items()}
        return value
