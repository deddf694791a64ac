"""Reports of imports in the store: kept with their draft, and so with the plan that came of it.

What is kept has bounds: rows go after ``KEPT_DAYS``, or earlier when there are more than
``MAX_WITH_ROWS`` reports or ``MAX_TOTAL_BYTES`` of them; who imported which file and its sums stay
until there are ``MAX_REPORTS``. Reports of discarded drafts go after ``DISCARDED_DAYS``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from dispatch.errors import NotFound
from dispatch.importing.kept_report import NONE, KeptReport, inflated
from dispatch.importing.tables import ImportReport
from dispatch.plans.activation_rows import ACTIVATE
from dispatch.plans.drafts import DISCARDED
from dispatch.plans.tables import PlanActivation, PlanDraft
from dispatch.store.tables import US_PER_DAY
from gateway.model.ids import UtcUs

KEPT_DAYS = 400
"""A list that comes once a year finds what it said a year ago."""
DISCARDED_DAYS = 30
MAX_WITH_ROWS = 500
MAX_TOTAL_BYTES = 256 << 20
MAX_REPORTS = 5_000
MAX_LISTED = 200
MAX_SAID = 16
MAX_SAID_BYTES = 8 << 20
"""Earlier imports that are looked at, the newest first, and how long they are together, packed."""
MAX_STEPS = 100
"""Plans that are gone back from one to the one it came of."""
MAX_FILE_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Who put which file into a draft, how."""

    by: str
    by_name: str
    file_name: str
    file_bytes: int
    file_sha256: str
    system: str
    kind: str
    policy: str


def report_row(key: str, draft: str, sent: Sent, kept: KeptReport, now: UtcUs) -> ImportReport:
    """Return the row of a report."""
    return ImportReport(
        id=key,
        draft=draft,
        t_utc=now,
        by=sent.by,
        by_name=sent.by_name,
        file_name=file_name(sent.file_name),
        file_sha256=sent.file_sha256,
        file_bytes=sent.file_bytes,
        system=sent.system,
        kind=sent.kind,
        policy=sent.policy,
        head=json.dumps(kept.head, ensure_ascii=False),
        kept=kept.kept,
        rows=kept.rows or None,
        said=kept.said or None,
        bytes=len(kept.rows) + len(kept.said),
    )


def file_name(name: str) -> str:
    """Return a file's own name, whatever folders and signs a program sent with it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-MAX_FILE_NAME:] or "without a name"


def keep_report(db: Session, row: ImportReport) -> None:
    """Keep a report, and let go what is over the bounds."""
    db.add(row)
    db.flush()
    prune(db, UtcUs(row.t_utc))


def prune(db: Session, now: UtcUs) -> None:
    """Let go what is over the bounds."""
    discarded = select(PlanDraft.id).where(PlanDraft.state == DISCARDED)
    old = col(ImportReport.t_utc) < now - DISCARDED_DAYS * US_PER_DAY
    db.connection().execute(delete(ImportReport).where(old, col(ImportReport.draft).in_(discarded)))
    newest = select(ImportReport.id, ImportReport.t_utc, ImportReport.bytes).order_by(
        col(ImportReport.t_utc).desc(), col(ImportReport.id).desc()
    )
    total, bare, gone = 0, [], []
    for place, (key, t_utc, size) in enumerate(db.exec(newest)):
        total += size
        over = place >= MAX_WITH_ROWS or total > MAX_TOTAL_BYTES
        if place >= MAX_REPORTS:
            gone.append(key)
        elif size and (over or t_utc < now - KEPT_DAYS * US_PER_DAY):
            bare.append(key)
    of = col(ImportReport.id)
    if bare:
        nothing = {"rows": None, "said": None, "bytes": 0, "kept": NONE}
        db.connection().execute(update(ImportReport).where(of.in_(bare)).values(**nothing))
    if gone:
        db.connection().execute(delete(ImportReport).where(of.in_(gone)))


# ---- reading -----------------------------------------------------------------------------------


def line_of(db: Session, draft: str, base: int | None = None) -> list[str]:
    """Return a draft and the drafts that its plans came of, itself first.

    ``base``: the plan of a draft that is not made yet; ``draft`` is empty then.
    """
    drafts = [draft] if draft else []
    for _ in range(MAX_STEPS):
        if base is None:
            base = db.exec(select(PlanDraft.base).where(PlanDraft.id == drafts[-1])).first()
        came = select(PlanActivation.draft).where(
            PlanActivation.number == (base or 0), PlanActivation.kind == ACTIVATE
        )
        found = db.exec(came).first()
        if not base or not found or found in drafts:
            break
        drafts.append(found)
        base = None
    return drafts


def said_before(db: Session, drafts: Sequence[str], system: str) -> list[bytes]:
    """Return what imports into these drafts said of a system, deflated, the newest first."""
    said: Any = ImportReport.said  # sqlmodel's fields are typed as their values
    wanted = select(ImportReport.id, func.length(said)).where(
        col(ImportReport.draft).in_(drafts), ImportReport.system == system, said.is_not(None)
    )
    keys: list[str] = []
    total = 0
    for key, size in db.exec(wanted.order_by(col(ImportReport.t_utc).desc()).limit(MAX_SAID)):
        total += size
        if keys and total > MAX_SAID_BYTES:
            break
        keys.append(key)
    rows = db.exec(select(ImportReport).where(col(ImportReport.id).in_(keys)))
    found = {row.id: row.said or b"" for row in rows}
    return [found[key] for key in keys]


def said_text(said: Sequence[bytes]) -> str:
    """Return that as a JSON list; empty when there is none. What is broken is left out."""
    texts = []
    for one in said:
        try:
            texts.append(inflated(one))
        except ValueError:
            continue
    return f"[{','.join(texts)}]" if texts else ""


def of_draft(db: Session, draft: str) -> list[dict[str, Any]]:  # JSON rows
    """Return the heads of the reports of a draft, the newest first."""
    return _heads(db, [draft])


def of_plan(db: Session, number: int) -> list[dict[str, Any]]:  # JSON rows
    """Return the heads of the reports of the draft that became a plan."""
    drafts = select(PlanActivation.draft).where(
        PlanActivation.number == number, PlanActivation.kind == ACTIVATE
    )
    return _heads(db, list(db.exec(drafts)))


def counts_by_plan(db: Session) -> dict[int, int]:
    """Return how many reports each plan has, of those that have any."""
    counted = (
        select(PlanActivation.number, func.count())
        .join(ImportReport, col(ImportReport.draft) == col(PlanActivation.draft))
        .where(PlanActivation.kind == ACTIVATE, PlanActivation.number > 0)
        .group_by(col(PlanActivation.number))
    )
    return {number: count for number, count in db.exec(counted)}


def whole(db: Session, report: str) -> ImportReport:
    """Return a report; raises NotFound."""
    row = db.get(ImportReport, report)
    if row is None:
        raise NotFound(f"there is no report {report}")
    return row


def head_of(row: ImportReport) -> dict[str, Any]:  # JSON values
    """Return a report without its rows."""
    return {
        "id": row.id,
        "draft": row.draft,
        "t_utc": row.t_utc,
        "by": row.by_name,
        "file": row.file_name,
        "sha256": row.file_sha256,
        "bytes": row.file_bytes,
        "system": row.system,
        "kind": row.kind,
        "policy": row.policy,
        "kept": row.kept,
        **json.loads(row.head),
    }


def _heads(db: Session, drafts: Sequence[str]) -> list[dict[str, Any]]:  # JSON rows
    rows: Any = ImportReport.rows  # sqlmodel's fields are typed as their values
    said: Any = ImportReport.said
    wanted = select(ImportReport).where(col(ImportReport.draft).in_(drafts))
    newest = wanted.order_by(col(ImportReport.t_utc).desc()).limit(MAX_LISTED)
    return [head_of(row) for row in db.exec(newest.options(defer(rows), defer(said)))]
