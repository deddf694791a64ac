"""What all events have in common: their registry, and the envelope that gives each its place.

The classes themselves are in ``gateway.model.events``; importing that module registers them.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.model.errors import InvalidCommand
from gateway.model.ids import GatewayId, UtcUs
from gateway.model.wire import from_json, to_json

ENVELOPE_VERSION = 1
EVENT_TYPES: dict[str, "type[Event]"] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events."""

    type: ClassVar[str] = ""
    transient: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Register the class under its type (twice with slots: the second is the real one)."""
        if cls.type:
            EVENT_TYPES[cls.type] = cls


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event with its place in the order of one gateway."""

    id: str
    seq: int
    t_utc: UtcUs
    gateway: GatewayId
    event: Event
    trace: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the envelope as JSON values."""
        return {
            "v": ENVELOPE_VERSION,
            "id": self.id,
            "seq": self.seq,
            "type": self.event.type,
            "t_utc": self.t_utc,
            "gateway": self.gateway,
            "trace": self.trace,
            "data": to_json(self.event),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Envelope":
        """Read an envelope; raises InvalidCommand on an unknown type or version."""
        if data.get("v") != ENVELOPE_VERSION:
            raise InvalidCommand(f"envelope: expected v {ENVELOPE_VERSION}, got {data.get('v')!r}")
        kind = EVENT_TYPES.get(data.get("type", ""))
        if kind is None:
            raise InvalidCommand(f"envelope: unknown event type {data.get('type')!r}")
        return cls(
            id=data["id"],
            seq=data["seq"],
            t_utc=data["t_utc"],
            gateway=data["gateway"],
            trace=data.get("trace", ""),
            event=from_json(kind, data["data"], data["type"]),
        )
