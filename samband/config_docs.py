"""``docs/configuration.md``: every key of ``samband.toml`` with range, default and example."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from samband.config import Config


def config_markdown() -> str:
    """Return the page."""
    lines = [
        "# Configuration",
        "",
        "Made from `samband/config.py`; do not edit by hand. `samband.toml` says what a machine",
        "is; systems, talkgroups, units and links are the plan's (`samband run --plan plan.toml`).",
        "`samband check-config FILE` names every mistake at once.",
        "",
        "| key | allowed | default | example |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{key}` | {allowed} | {default} | {example} |"
        for key, allowed, default, example in keys()
    ]
    return "\n".join(lines) + "\n"


def keys() -> Iterator[tuple[str, str, str, str]]:
    """Yield (key, allowed, default, example) of every key, tables in the file's order."""
    for name, field in Config.model_fields.items():
        yield from _of_part(name, _model(field))


def _of_part(prefix: str, part: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    for name, field in part.model_fields.items():
        key = f"{prefix}.{name}"
        inner = _inner(field.annotation)
        if inner is not None:
            yield from _of_part(key, inner)
            continue
        yield key, _allowed(field), _default(field), _example(field)


def _model(field: FieldInfo) -> type[BaseModel]:
    inner = _inner(field.annotation)
    if inner is None:
        raise TypeError(f"expected a table, got {field.annotation!r}")
    return inner


def _inner(annotation: Any) -> type[BaseModel] | None:
    """Return the table in an annotation such as ``Web`` or ``tuple[Mqtt, ...]``."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _allowed(field: FieldInfo) -> str:
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    if choices:
        return " or ".join(choices)
    words = [str(rule) for rule in field.metadata if getattr(rule, "pattern", None) is None]
    kind = getattr(field.annotation, "__name__", str(field.annotation)).replace("|", "or")
    pattern = next(
        (rule.pattern for rule in field.metadata if getattr(rule, "pattern", None)), None
    )
    if pattern:
        words.append(f"like `{pattern}`")
    return ", ".join([kind, *(word.replace("|", "or") for word in words)])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    return "none" if field.default in (None, (), "", {}) else f"`{field.default}`"


def _example(field: FieldInfo) -> str:
    examples = field.examples or []
    return f"`{examples[0]}`" if examples else ""
