"""What an extract leaves out: what may not be told yet, found in the entries and in the orders.

An entry is left out while its own ``restricted_until`` lies ahead, while the order that it names as
its purpose may not be told of, and while another entry on the same package is restricted: a row
that stayed would tell of the one that went.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from dispatch.retention.tables import Hold, LegalOrder

FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Restriction:
    """Why an entry is left out, and until when (UTC microseconds)."""

    why: str
    until_utc: int


def restricted_orders(db: Session, now: int) -> dict[str, int]:
    """Return the numbers of orders that may not be told of yet, with the end of that."""
    found: dict[str, int] = {}
    for number, until in db.exec(
        select(LegalOrder.number, LegalOrder.restricted_until_utc).where(
            col(LegalOrder.restricted_until_utc) > now
        )
    ):
        found[number] = until or 0
    held = db.exec(
        select(Hold.id, Hold.restricted_until_utc).where(col(Hold.restricted_until_utc) > now)
    )
    return found | {hold: until or 0 for hold, until in held}


def restricted(
    entries: Iterable[tuple[int, Mapping[str, Any]]], orders: Mapping[str, int], now: int
) -> dict[int, Restriction]:
    """Return the entries (by number) that are to be left out now."""
    listed = list(entries)
    found: dict[int, Restriction] = {}
    packages: dict[str, int] = {}
    for seq, entry in listed:
        until = until_of(entry)
        if until > now:
            found[seq] = Restriction("the entry says so", until)
            for name in _packages(entry):
                packages[name] = max(packages.get(name, 0), until)
    for seq, entry in listed:
        if seq in found:
            continue
        named = [orders[word] for word in _names(entry) if word in orders]
        if named:
            found[seq] = Restriction("its order may not be told of", max(named))
            continue
        shared = [packages[name] for name in _packages(entry) if name in packages]
        if shared:
            found[seq] = Restriction("it would tell of a restricted disclosure", max(shared))
    return found


def until_of(entry: Mapping[str, Any]) -> int:
    """Return an entry's own ``restricted_until`` as UTC microseconds, 0 where it has none.

    A value that cannot be read restricts for ever: a person looks at it before it leaves.
    """
    value = (entry.get("detail") or {}).get("restricted_until")
    if value in (None, "", 0):
        return 0
    if isinstance(value, int):
        return value
    try:
        return int(datetime.fromisoformat(str(value)).timestamp() * 1_000_000)
    except ValueError:
        return FOREVER


def _names(entry: Mapping[str, Any]) -> set[str]:
    purpose, detail = entry.get("purpose") or {}, entry.get("detail") or {}
    words = {purpose.get("ref"), detail.get("order"), detail.get("hold")}
    return {str(word) for word in words if word}


def _packages(entry: Mapping[str, Any]) -> set[str]:
    obj, detail = entry.get("obj") or {}, entry.get("detail") or {}
    words = {detail.get("package")}
    if obj.get("type") == "package":
        words.add(obj.get("id"))
    return {str(word) for word in words if word}
