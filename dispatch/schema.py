"""The published JSON Schema of all events, made from the dataclasses themselves."""

import dataclasses
import enum
import types
from functools import cache
from typing import Any, Union, get_args, get_origin

import dispatch.events
import dispatch.evidence.events
import dispatch.live.events
import dispatch.oversight.events
import dispatch.plans.events
from gateway.model.events import ENVELOPE_VERSION, EVENT_TYPES, Event
from gateway.model.wire import type_hints

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
CENTRE = (
    dispatch.events.__name__,
    dispatch.live.events.__name__,
    dispatch.oversight.events.__name__,
    dispatch.plans.events.__name__,
    dispatch.evidence.events.__name__,
)
_PLAIN: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@cache
def events_schema() -> dict[str, Any]:
    """Return the schema of one envelope: what the stream sends in ``kind: event``."""
    types_ = dict(sorted(EVENT_TYPES.items()))
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "Samband events",
        "description": "One event of the stream, with its envelope.",
        "type": "object",
        "required": ["v", "id", "seq", "type", "t_utc", "gateway", "trace", "data"],
        "properties": {
            "v": {"const": ENVELOPE_VERSION},
            "id": {"type": "string", "description": "lower-case ULID"},
            "seq": {"type": "integer", "description": "order within one gateway"},
            "type": {"enum": list(types_)},
            "t_utc": {"type": "integer", "description": "UTC microseconds"},
            "gateway": {"type": "string"},
            "trace": {"type": "string"},
            "data": {"type": "object"},
        },
        "oneOf": [
            {
                "properties": {
                    "type": {"const": name},
                    "data": {"$ref": f"#/$defs/{name}"},
                }
            }
            for name in types_
        ],
        "$defs": {name: _object(kind) for name, kind in types_.items()},
    }


def _object(kind: type) -> dict[str, Any]:
    hints = type_hints(kind)
    fields = dataclasses.fields(kind)
    required = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": {field.name: _value(hints[field.name]) for field in fields},
        "required": required,
    }


def _compound(origin: Any, parts: tuple[Any, ...]) -> dict[str, Any]:
    if origin in (Union, types.UnionType):
        return {"anyOf": [_value(part) for part in dict.fromkeys(map(_base, parts))]}
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(parts[1])}
    return {"type": "array", "items": _value(parts[0])}


def _value(hint: Any) -> dict[str, Any]:
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    if get_origin(hint) is not None:
        return _compound(get_origin(hint), get_args(hint))
    if hint is type(None):
        return {"type": "null"}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [item.value for item in hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    return {"type": _PLAIN[hint]}


def _base(hint: Any) -> Any:
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return hint


def events_markdown() -> str:
    """Return ``docs/events.md``: every event with its fields."""
    lines = [
        "# Events",
        "",
        "Made from `gateway/model/events.py`, `dispatch/events.py` and the `events.py` of rooms;",
        "do not edit by hand. The JSON Schema is `docs/events.schema.json`, also served at",
        "`/api/v1/events.schema.json`.",
        "",
        "An event is `{v, id, seq, type, t_utc, gateway, trace, data}`: `seq` orders the events of",
        "one gateway, `t_utc` is in microseconds. The stream (`/api/v1/stream`) sends a snapshot,",
        "then events; each person gets only what their grants let them see. Events marked",
        "*passing* are not kept for `resume`.",
        "",
    ]
    for words, centre in (("Gateways", False), ("Centre", True)):
        lines += [f"## {words}", "", "| event | data | meaning |", "|---|---|---|"]
        for name, kind in sorted(EVENT_TYPES.items()):
            if (kind.__module__ in CENTRE) == centre:
                lines.append(_line(name, kind))
        lines.append("")
    return "\n".join(lines)


def _line(name: str, kind: type[Event]) -> str:
    fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(kind))
    words = " ".join((kind.__doc__ or "").split())
    passing = " *passing*" if kind.transient else ""
    return f"| `{name}`{passing} | {fields} | {words} |"
