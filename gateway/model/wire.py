"""Dataclasses to JSON values and back, for events and commands.

Only what the model uses is known: str, int, float, bool, None, enums, tuples, nested dataclasses,
optional values and ``dict[str, …]``. An unknown key is ignored (a newer sender), a missing one
without default is refused by name.
"""

import enum
import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from gateway.model.errors import InvalidCommand


@cache
def type_hints(kind: type) -> dict[str, Any]:
    """Return the resolved annotations of a dataclass, once per class."""
    return get_type_hints(kind)


T = TypeVar("T")
Json = Any
"""A JSON value: the type system cannot say it without recursion that mypy refuses in casts."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types whose values are JSON as they stand; a plan has millions of them."""


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """Return the fields of a dataclass, None for any other type."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else None


@cache
def _shape(kind: type) -> tuple[tuple[str, frozenset[type], Any, bool], ...]:
    """Return of each field its name, the types taken unread, its hint, whether it must be there."""
    hints = type_hints(kind)
    return tuple(
        (
            field.name,
            _exact(hints[field.name]),
            hints[field.name],
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(cast(Any, kind))  # a dataclass by contract, see from_json
    )


def _exact(hint: Any) -> frozenset[type]:
    if get_origin(hint) in (Union, types.UnionType):
        return frozenset().union(*(_exact(part) for part in get_args(hint)))
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return frozenset({hint}) & _PLAIN if isinstance(hint, type) else frozenset()


def to_json(value: object) -> Json:
    """Return ``value`` as JSON-ready values; dataclasses become objects, tuples lists."""
    kind: Any = type(value)  # any class is a key; mypy asks whether its values are
    if kind in _PLAIN:
        return value
    names = _names(kind)
    if names is not None:
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], data: Json, where: str = "") -> T:
    """Build ``kind`` (a dataclass) from JSON; raises InvalidCommand that names the field."""
    if not isinstance(data, dict):
        raise InvalidCommand(f"{where or kind.__name__}: expected an object, got {data!r}")
    values: dict[str, object] = {}
    for name, exact, hint, needed in _shape(cast(Any, kind)):
        if name in data:
            value = data[name]
            if type(value) not in exact:
                value = _read(hint, value, f"{where or kind.__name__}.{name}")
            values[name] = value
        elif needed:
            raise InvalidCommand(f"{where or kind.__name__}.{name}: missing")
    return kind(**values)


def _read(hint: Any, data: Json, where: str) -> object:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in get_args(hint):
            return None
        return _read(next(a for a in get_args(hint) if a is not type(None)), data, where)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            raise InvalidCommand(f"{where}: expected a list, got {data!r}")
        return tuple(_read(get_args(hint)[0], item, f"{where}[{n}]") for n, item in enumerate(data))
    if origin is dict:
        if not isinstance(data, dict):
            raise InvalidCommand(f"{where}: expected an object, got {data!r}")
        return {key: _read(get_args(hint)[1], item, f"{where}.{key}") for key, item in data.items()}
    return _read_plain(getattr(hint, "__supertype__", hint), data, where)


def _read_plain(kind: Any, data: Json, where: str) -> object:
    while hasattr(kind, "__supertype__"):
        kind = kind.__supertype__
    if kind in (object, Any):
        return data
    if is_dataclass(kind):
        return from_json(cast(type, kind), data, where)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError as error:
            known = ", ".join(str(item.value) for item in kind)
            raise InvalidCommand(f"{where}: expected one of {known}, got {data!r}") from error
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise InvalidCommand(f"{where}: expected {kind.__name__}, got {data!r}")
    return data
