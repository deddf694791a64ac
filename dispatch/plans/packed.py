"""Long tables as JSON by column: a hundred thousand rows in a few megabytes, quick to take apart.

A table is ``{"rows": n, "columns": {name: values}}``. Values are a list of n, or, where few differ,
``{"words": [...], "at": [...]}``: the values that there are, and for each row which of them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from gateway.model.wire import to_json

MIN_ROWS_FOR_WORDS = 32
WORDS_SHARE = 4
"""A column gets words when at most every fourth value differs from all before."""

_text: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=to_json
).encode
"""Values of the model as JSON; whatever is JSON's own already is not walked through before."""


def pack_rows(kind: type, rows: Sequence[Any]) -> str:  # rows of that dataclass
    """Return the rows of one dataclass as a packed table."""
    names = [field.name for field in fields(kind)]
    return pack({name: [getattr(row, name) for row in rows] for name in names}, len(rows))


def pack(columns: Mapping[str, Sequence[Any]], rows: int) -> str:  # values of the model
    """Return a packed table as JSON text; written by column, so that other threads get on."""
    parts = (f"{_text(name)}:{_column(values)}" for name, values in columns.items())
    return f'{{"rows":{rows},"columns":{{{",".join(parts)}}}}}'


def _column(values: Sequence[Any]) -> str:
    if len(values) >= MIN_ROWS_FOR_WORDS:
        words = dict.fromkeys(values)
        if len(words) * WORDS_SHARE <= len(values):
            at = {value: place for place, value in enumerate(words)}
            return f'{{"words":{_text(list(words))},"at":{_text([at[v] for v in values])}}}'
    return _text(values)


def unpack(table: Mapping[str, Any]) -> list[dict[str, Any]]:  # JSON values
    """Return the rows of a packed table (commands and tests; the console has its own)."""
    columns = {name: list(_values(values)) for name, values in table["columns"].items()}
    return [{name: columns[name][n] for name in columns} for n in range(table["rows"])]


def _values(values: Any) -> Iterable[Any]:
    if isinstance(values, dict):
        return (values["words"][at] for at in values["at"])
    return list(values)
