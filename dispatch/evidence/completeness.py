"""Compares what was recorded with what the log names, so that nothing is left out of either.

Four tellers are compared: the recorder's counter of calls, the call table, the files in
``recordings/``, the ``collect`` entries of the audit log. A log proves that nothing in it was
changed; only this shows that nothing was left out of it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.audit.tables import AuditLog
from dispatch.retention.sealed_format import SUFFIX
from dispatch.store.engine import Store
from dispatch.store.tables import Call, RecordingFileRow, Transmission

COUNTER_FILE = "call_seq"
SPOOL_FILES = ("journal.jsonl", "audit.jsonl")
LISTED = 20
"""How many ids of each kind are named; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of difference: how often, and the first ids."""

    count: int
    first: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Completeness:
    """What was compared and what did not agree."""

    counter: int = 0
    calls: int = 0
    recordings: int = 0
    collected: int = 0
    waiting: int = 0
    """Recordings still open, spools and calls that are not in the database yet: no fault."""
    spooling: bool = False
    """Whether the journal waits in its spool."""
    findings: dict[str, Finding] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.findings

    def find(self, words: str, ids: Iterable[str]) -> None:
        """Add a finding when there are any ids."""
        found = sorted(ids)
        if found:
            self.findings[words] = Finding(count=len(found), first=tuple(found[:LISTED]))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "complete": self.complete,
            "counter": self.counter,
            "calls": self.calls,
            "recordings": self.recordings,
            "collected": self.collected,
            "waiting": self.waiting,
            "findings": {
                words: {"count": one.count, "first": list(one.first)}
                for words, one in self.findings.items()
            },
        }

    def act(self) -> Act:
        """Return the entry that signs the result into the log."""
        detail = self.to_json()
        detail["findings"] = {words: one.count for words, one in self.findings.items()}
        return Act(
            op="system",
            verb="completeness.checked",
            actor=SYSTEM,
            obj=Obj(type="audit_log", id="completeness"),
            result="ok" if self.complete else "failed",
            detail=detail,
        )


def check_completeness(store: Store, state: Path, gateway: str) -> Completeness:
    """Compare recorder, call table, files and log of one state folder; blocks for a while."""
    # The counter and the files first: what is added meanwhile is in the database by then.
    result = Completeness(counter=_counter(state / "spool" / COUNTER_FILE))
    sidecars = _sidecars(state / "recordings")
    result.waiting = _waiting(state)
    result.spooling = (state / "spool" / SPOOL_FILES[0]).exists()
    collected = store.read_audit_now(_collected)
    folder = state / "recordings"

    def again() -> dict[str, set[str]]:
        return store.read_audit_now(_collected)

    store.read_now(lambda db: _compare(db, result, (collected, again), sidecars, folder, gateway))
    return result


def _counter(path: Path) -> int:
    try:
        return int(path.read_text("ascii").strip() or "0")
    except (OSError, ValueError):
        return 0


def _sidecars(folder: Path) -> dict[str, set[str]]:
    """Return the SHA-256 of each closed recording's files, by transmission."""
    found = {}
    for path in folder.glob("t-*.json"):
        try:
            files = json.loads(path.read_bytes()).get("files", ())
            found[path.stem] = {str(file["sha256"]) for file in files}
        except (OSError, ValueError, KeyError, AttributeError):
            found[path.stem] = set()
    return found


def _waiting(state: Path) -> int:
    waiting = sum(1 for _ in (state / "recordings" / "open").glob("t-*.json"))
    return waiting + sum((state / "spool" / name).exists() for name in SPOOL_FILES)


def _compare(  # noqa: PLR0917  # what is compared with what
    db: Session,
    result: Completeness,
    log: tuple[dict[str, set[str]], Callable[[], dict[str, set[str]]]],
    sidecars: dict[str, set[str]],
    folder: Path,
    gateway: str,
) -> None:
    rows, (collected, again) = _rows(db), log
    if not rows.keys() <= collected.keys():
        # The log may lie in another database: what came between the two looks is in it by now.
        collected = again()
    result.recordings = len(rows)
    result.collected = len(collected)
    _compare_numbers(db, result, gateway)
    erased = set(db.exec(select(Transmission.id).where(col(Transmission.erased_utc).is_not(None))))
    kept = {name: hashes for name, hashes in rows.items() if name not in erased}
    result.find("recorded, but not in the call table", sidecars.keys() - rows.keys() - erased)
    result.find("in the call table, but never collected into the log", kept.keys() - collected)
    result.find(
        "collected with another hash than the call table names",
        (name for name, hashes in kept.items() if not hashes <= collected.get(name, hashes)),
    )
    result.find("collected, but not in the call table", collected.keys() - rows.keys() - erased)
    result.find("in the call table, but its file is gone", _gone(db, folder, erased))
    result.find("heard, neither recorded nor said why not", _silent(db, rows))


def _rows(db: Session) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    pairs = db.exec(select(RecordingFileRow.transmission, RecordingFileRow.sha256))
    for transmission, sha256 in pairs:
        found.setdefault(transmission, set()).add(sha256)
    return found


def _collected(db: Session) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    mark = b'"op":"collect"'
    for raw in db.exec(select(AuditLog.entry).order_by(col(AuditLog.seq))):
        if mark not in raw:
            continue
        entry = json.loads(raw)
        obj = entry.get("obj") or {}
        if entry.get("op") == "collect" and obj.get("type") == "recording":
            found.setdefault(obj["id"], set()).update(entry["detail"].get("sha256", ()))
    return found


def _compare_numbers(db: Session, result: Completeness, gateway: str) -> None:
    numbers = set(
        db.exec(
            select(Call.call_seq).where(Call.gateway == gateway, col(Call.call_seq).is_not(None))
        )
    )
    result.calls = db.exec(select(func.count()).select_from(Call)).one()
    missing = set(range(1, result.counter + 1)) - numbers
    if result.spooling:
        newest = max((number for number in numbers if number is not None), default=0)
        late = {number for number in missing if number > newest}
        result.waiting += len(late)
        missing -= late
    result.find("numbers given out by the recorder, but no call has them", map(str, missing))


def _gone(db: Session, folder: Path, erased: set[str]) -> set[str]:
    pairs = db.exec(select(RecordingFileRow.transmission, RecordingFileRow.name))
    return {
        transmission
        for transmission, name in pairs
        if transmission not in erased and not _there(folder / name)
    }


def _there(path: Path) -> bool:
    return path.is_file() or path.with_name(path.name + SUFFIX).is_file()


def _silent(db: Session, rows: dict[str, set[str]]) -> set[str]:
    """Return ended overs that had sound to keep, but no recording and no reason."""
    query = select(Transmission.id).where(
        col(Transmission.ended_utc).is_not(None),
        col(Transmission.erased_utc).is_(None),
        Transmission.not_recorded == "",
        col(Transmission.readable).is_(True),
        Transmission.duration_ms > 0,
    )
    return {one for one in db.exec(query) if one not in rows}
