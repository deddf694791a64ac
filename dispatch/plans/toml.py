"""A plan as a TOML or JSON text: written the same way each time, read with every mistake named."""

import json
import tomllib
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from dispatch.errors import ServiceError
from dispatch.plans.shape import TABLES, shape_faults
from gateway.model.errors import InvalidCommand
from gateway.model.plan import Plan
from gateway.model.wire import from_json

MAX_FAULTS = 50
"""Mistakes that one refusal names."""


def plan_toml(plan: Plan) -> str:
    """Return a plan as TOML: fields at their default are left out, rows stay in their order."""
    lines = [f"name = {_value(plan.name)}"]
    for field in fields(plan):
        if field.name not in TABLES and field.name != "name":
            value = getattr(plan, field.name)
            if value != _default(field):
                lines.append(f"{field.name} = {_value(value)}")
    for table in TABLES:
        for row in getattr(plan, table):
            lines += ["", f"[[{table}]]", *_row(row, table)]
    return "\n".join(lines) + "\n"


def _row(row: object, where: str) -> list[str]:
    lines, tables = [], []
    for field in fields(row):  # type: ignore[arg-type]  # every row of a plan is a dataclass
        value = getattr(row, field.name)
        if value is None or value == _default(field):
            continue
        inner = f"{where}.{field.name}"
        if is_dataclass(value):
            tables += [f"[{inner}]", *_row(value, inner)]
        elif isinstance(value, tuple) and any(_has_rows(item) for item in value):
            for item in value:
                tables += ["", f"[[{inner}]]", *_row(item, inner)]
        else:
            lines.append(f"{field.name} = {_value(value)}")
    return lines + tables


def _has_rows(value: object) -> bool:
    """Say whether a value is a table that holds tables: pages of a layout, each with its cells."""
    return is_dataclass(value) and any(
        isinstance(getattr(value, field.name), tuple) for field in fields(value)
    )


def _inline(row: object) -> str:
    """Return a small table on one line, without what is at its default."""
    pairs = [
        f"{field.name} = {_value(value)}"
        for field in fields(row)  # type: ignore[arg-type]  # a dataclass, asked beforehand
        if (value := getattr(row, field.name)) is not None and value != _default(field)
    ]
    return "{ " + ", ".join(pairs) + " }"


def _default(field: "Field[Any]") -> object:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def _value(value: object) -> str:
    """Return a value of the model in TOML; JSON's strings are TOML's but for one character."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return "[\n" + "".join(f"    {_inline(item)},\n" for item in value) + "]"
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def read_plan_text(text: str) -> Plan:
    """Return the plan of a TOML or JSON text; raises ServiceError that names the mistakes."""
    data = _data(text)
    faults = shape_faults(data)
    if not faults:
        try:
            return from_json(Plan, data, "plan")
        except InvalidCommand as error:
            faults = [str(error)]
    shown = faults[:MAX_FAULTS]
    more = f"; and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
    raise ServiceError("plan: " + "; ".join(shown) + more)


def _data(text: str) -> dict[str, Any]:
    try:
        if text.lstrip().startswith("{"):
            data = json.loads(text)
            if isinstance(data, dict):
                return data
        return tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ServiceError(f"plan: neither TOML nor JSON: {error}") from error
