"""What the audit log keeps of a search: codes and ids in clear, a person's words encrypted."""

import re
from dataclasses import asdict
from typing import Any

from dispatch.calllog.query import CallQuery

_CODE = re.compile(r"[a-z0-9_-]+/[0-9]{1,10}|[a-z]-[0-9a-z]{26}|[a-z0-9_-]{1,32}")
"""Id of a talkgroup or an incident, an outcome, a site."""
_PERSONAL = frozenset({"q", "units", "operator", "tag", "place"})
"""Names people, or what they wrote, or where somebody was: stands in ``query`` alone."""
_SINGULAR = {"talkgroups": "talkgroup", "sites": "site"}
_PAGING = frozenset({"limit", "order", "before"})


def asked_words(query: CallQuery) -> str:
    """Return what a person typed or a person is named by; the log encrypts it."""
    named = [f"unit:{unit}" for unit in query.units]
    if query.operator:
        named.append(f"operator:{query.operator}")
    if query.tag:
        named.append(f"tag:{query.tag}")
    if query.place is not None:
        place = query.place
        named.append(f"place:{place.latitude_deg},{place.longitude_deg},{place.radius_m:.0f}m")
    return " ".join(filter(None, (query.q, *named)))


def asked_filters(query: CallQuery) -> dict[str, Any]:
    """Return the other facets as JSON of integers and codes.

    A text where an id or a code belongs is written as ``other``: whoever types one there may type
    a name.
    """
    asked = {
        name: value
        for name, value in asdict(query).items()
        if name not in _PERSONAL and value not in (None, "", ())
    }
    kept = {
        _SINGULAR.get(name, name): _plain(value)
        for name, value in asked.items()
        if name not in _PAGING
    }
    return kept | {name: asked[name] for name in ("limit",) if name in asked}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and len(value) == 1:
        return _plain(value[0])
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str) and not _CODE.fullmatch(value):
        return "other"
    return value
