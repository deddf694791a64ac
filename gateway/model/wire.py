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


def to_json(value: object) -> Json:
    """Return ``value`` as JSON-ready values; dataclasses become objects, tuples lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
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
    hints = type_hints(cast(Any, kind))
    values: dict[str, object] = {}
    for field in fields(
        cast(Any, kind)
    ):  # T is a dataclass by contract; the bound can't be written
        path = f"{where or kind.__name__}.{field.name}"
        if field.name in data:
            values[field.name] = _read(hints[field.name], data[field.name], path)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InvalidCommand(f"{path}: missing")
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
