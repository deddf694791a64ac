"""What a command is: a request on the bus, known by its type; its answer."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.model.errors import InvalidCommand
from gateway.model.wire import from_json, to_json

COMMAND_TYPES: dict[str, "type[Command]"] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Base of all commands."""

    type: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Register the class under its type."""
        if cls.type:
            COMMAND_TYPES[cls.type] = cls

    def to_json(self) -> dict[str, Any]:
        """Return ``{type, data}``."""
        return {"type": self.type, "data": to_json(self)}

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Command":
        """Read ``{type, data}``; raises InvalidCommand on an unknown type."""
        kind = COMMAND_TYPES.get(data.get("type", ""))
        if kind is None:
            raise InvalidCommand(f"command: unknown type {data.get('type')!r}")
        return from_json(kind, data["data"], data["type"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Answer to a command: done, or why not in words for the operator."""

    ok: bool
    reason: str = ""
