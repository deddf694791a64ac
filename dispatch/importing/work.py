"""The whole work of one import, without store or network: read, compare, write. Pure.

Runs in a thread for a short list and in a process of its own for a long one, with the same result.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dispatch.errors import ServiceError
from dispatch.importing.earlier import NOTHING, Earlier, earlier_of
from dispatch.importing.kept_report import KeptReport, kept_report
from dispatch.importing.merge_list import POLICIES, ListDiff, merge_list
from dispatch.importing.packed_report import packed_report
from dispatch.importing.progress import COMPARING, WRITING, tell
from dispatch.importing.reading import Reading
from dispatch.importing.recognise import Wish, read_list
from dispatch.importing.report import report
from dispatch.importing.table_fields import plain
from dispatch.plans.canonical import plan_of, plan_text, text_hash
from dispatch.plans.compare import Change
from gateway.model.plan import Plan

MAX_NAMED = 5
Mappings = Mapping[str, Mapping[str, str]]
"""Source of a list -> what its columns mean, as somebody saved it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done. ``packed``: the report for the page, with the difference in words."""

    system: str
    policy: str = "keep"
    wish: Wish = field(default_factory=Wish)
    saved: Mappings = field(default_factory=dict)
    number: int = 0
    """Of the plan that the draft began as."""
    apply: bool = False
    packed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the task for a process of its own."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Task":
        """Return the task of such values."""
        return cls(**{**values, "wish": Wish(**values["wish"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: the report as JSON text, the next plan's text, and what the audit keeps."""

    report: bytes
    plan: str
    """Empty unless it is put into the draft."""
    plan_sha256: str
    source: str
    """Names lists of the same columns."""
    told: dict[str, Any]
    """Format, hash of the file, policy and sums."""
    removed: tuple[tuple[str, str], ...] = ()
    """Kind and id of what the draft then lacks of the live plan; of a packed report."""
    kept: KeptReport | None = None
    """What the draft's history keeps; of a list that is put in."""


def do_task(task: Task, data: bytes, body: str, live: str = "", said: str = "") -> Outcome:
    """Read a list into the plan whose text is ``body``; raises ServiceError and its kinds.

    ``live`` is the text of the live plan, with which the packed report compares the result;
    ``said`` what earlier imports said (``dispatch.importing.earlier``), a JSON list.
    """
    plan = plan_of(body)
    reading, diff = read_into(task, data, plan, earlier_of(said))
    tell(WRITING)
    text = plan_text(diff.plan) if task.apply else ""
    gone: tuple[Change, ...] = ()
    if task.packed:
        before = plan if live in ("", body) else plan_of(live)
        written, gone = packed_report(reading, diff, before, applied=task.apply, plan=task.number)
    else:
        values = report(reading, diff, applied=task.apply, plan=task.number)
        written = json.dumps(values, ensure_ascii=False)
    return Outcome(
        report=written.encode(),
        plan=text,
        plan_sha256=text_hash(text) if text else "",
        source=source_of(reading),
        told={
            "format": reading.format,
            "file_sha256": hashlib.sha256(data).hexdigest(),
            "policy": task.policy,
            "added": len(diff.added),
            "changed": len(diff.changed),
            "removed": len(diff.removed),
        },
        removed=tuple((change.kind, change.id) for change in gone),
        kept=kept_report(task.system, reading, diff) if task.apply else None,
    )


def read_into(
    task: Task, data: bytes, plan: Plan, earlier: Earlier = NOTHING
) -> tuple[Reading, ListDiff]:
    """Read a list and compare it with a plan."""
    if task.policy not in POLICIES:
        raise ServiceError(f"policy: expected one of {', '.join(POLICIES)}")
    reading = read_list(data, task.wish)
    reading.mapped = "hand" if task.wish.mapping else reading.mapped
    if not task.wish.mapping and reading.columns:
        saved = task.saved.get(source_of(reading))
        if saved:
            reading = read_list(data, replace(task.wish, mapping=saved))
            reading.mapped = "saved"
            reading.warnings.append("the mapping saved for this source was used")
    tell(COMPARING)
    diff = merge_list(plan, task.system, reading, task.policy, earlier)
    _tell_homes(task.system, reading, diff.plan)
    return reading, diff


def _tell_homes(system: str, reading: Reading, plan: Plan) -> None:
    """Warn of home talkgroups that nobody knows: a unit cannot have one that is not there."""
    known = {group.number for group in plan.talkgroups if group.system == system}
    named = Counter(u.talkgroup for u in reading.units if u.talkgroup is not None)
    missing = {number: units for number, units in named.items() if number not in known}
    if missing:
        first = ", ".join(str(number) for number in sorted(missing)[:MAX_NAMED])
        more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
        reading.warnings.append(
            f"{sum(missing.values())} units have a home talkgroup that is not in the plan and was "
            f"left out: {first}{more}; import the talkgroups first"
        )


def source_of(reading: Reading) -> str:
    """Return what names a source: the hash of its titles, in their order."""
    titles = "\n".join(plain(column.title) for column in reading.columns)
    return hashlib.sha256(titles.encode()).hexdigest()
