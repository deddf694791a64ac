"""YAML with lines, as plain nodes: no tags, no anchors, nothing is constructed."""

from typing import Any

from dispatch.errors import ServiceError

MAX_BYTES = 20 * 1024 * 1024


class Line(dict[str, Any]):
    """A mapping with the line it begins in. Values: Line, list or str."""

    line: int = 0


def read_yaml(data: bytes) -> Any:  # Line, list or str
    """Return a document's values, every scalar as its text; raises ServiceError."""
    if len(data) > MAX_BYTES:
        raise ServiceError(f"file: {len(data)} bytes, at most {MAX_BYTES} of YAML are read")
    import yaml  # noqa: PLC0415 - its memory costs who reads one

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where it was built
    try:
        for event in yaml.parse(data, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                where = event.start_mark.line + 1 if event.start_mark else "?"
                raise ServiceError(f"file, line {where}: references (*name) are not read")
        node = yaml.compose(data, Loader=loader)
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise ServiceError(f"file: not YAML: {str(error).splitlines()[0]}") from error
    return _value(node)


def _value(node: Any) -> Any:  # nodes of yaml; Line, list or str
    import yaml  # noqa: PLC0415 - as above

    if isinstance(node, yaml.MappingNode):
        found = Line({str(_value(key)): _value(value) for key, value in node.value})
        found.line = node.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return node.value if node is not None else ""
