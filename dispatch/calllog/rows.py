"""Rows of the call log: a page's calls with all that is shown of them, read in few queries."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session, col, select

from dispatch.auth.access import Access
from dispatch.calllog.gathering import CallFacts, Fact, gather_page
from dispatch.calllog.words import marks
from dispatch.incidents.tables import Incident
from dispatch.incidents.views import assignments, sees
from dispatch.services.journal_individual import individual_name, individual_of
from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row, transmission_row
from dispatch.store.tables import Press, RecordingFileRow
from dispatch.uploads.looking import why_silent

MAX_TEXTS = 12
"""Most notes and texts that a row shows."""


class CallRows:
    """Makes rows of calls that the asker may search: rights are checked by the caller."""

    def __init__(self, plan: LivePlan) -> None:
        """Take the plan, for names and sites."""
        self._plan = plan

    def rows(
        self,
        db: Session,
        ids: Iterable[str],
        access: Access,
        words: Sequence[str] = (),
        known: Mapping[str, int] | None = None,
    ) -> list[Row]:
        """Return the rows of calls in the order of ``ids``; ``words`` are marked in texts.

        ``known`` has the marks of calls that the index has: it saves looking for what is not there.
        """
        facts = gather_page(db, ids, known or {})
        overs = [over.id for one in facts.values() for over in (*one.overs, *one.copies)]
        desks = [o.id for one in facts.values() for o in one.overs if o.position is not None]
        kept, presses = _with_sound(db, overs), _presses(db, desks)
        incidents = _incidents(db, facts.values(), access)
        silent = why_silent(db, _uploaded(facts.values()))
        rows = []
        for one in (facts[call] for call in ids if call in facts):
            row = self._row(one, kept)
            row["grant_ms"] = _grant_ms(one.overs, presses)
            row["texts"] = self._texts(one, words)
            row["incidents"] = [
                incidents[linked.id] for linked in one.incidents if linked.id in incidents
            ]
            for over in row["transmissions"]:
                over["grant_ms"] = presses.get(over["id"])
                over["why_no_sound"] = silent.get(over["id"], "")
            rows.append(row)
        return rows

    def _row(self, one: CallFacts, kept: set[str]) -> Row:
        call, individual = one.call, one.individual
        link = next((one for one in self._plan.plan.links if one.id == call.link), None)
        return {
            "id": call.id,
            "call_seq": call.call_seq,
            "talkgroup": call.talkgroup,
            "talkgroup_name": individual_name(individual)
            or self._plan.talkgroup_name(call.talkgroup),
            "system": call.talkgroup.partition("/")[0],
            "site": str(link.site) if link else "",
            "plan": call.plan,
            "started_utc": call.started_utc,
            "ended_utc": call.ended_utc,
            "duration_ms": sum(t.duration_ms for t in one.overs),
            "units": [{"id": unit, "alias": self._plan.alias(unit)} for unit in one.units],
            "emergency": call.emergency,
            "encrypted": call.encrypted,
            "algorithm": call.algorithm,
            "key_id": call.key_id,
            "late_entry": call.late_entry,
            "exercise": call.exercise,
            "outcome": outcome_of(call),
            "interrupted": call.interrupted,
            "late": call.late,
            "held": call.held,
            "uploaded": call.uploaded,
            "patches": [{"id": row.patch, "label": row.label} for row in one.patches],
            "bit_error_rate": _bit_error_rate(one.overs),
            "notes": [
                {"id": n.id, "text": n.text, "operator": n.operator, "t_utc": n.t_utc}
                for n in one.notes
            ],
            "transmissions": [
                transmission_row(t, has_sound=t.id in kept)
                | {"link": t.link, "copies": self._copies(t, one.copies, kept)}
                for t in one.overs
            ],
            "individual": individual_of(individual),
            "retention": {"class": call.retention_class, "expires_utc": call.expires_utc},
        }

    def _copies(self, over: Fact, copies: list[Fact], kept: set[str]) -> list[Row]:
        """Return what further links heard of an over."""
        return [
            {
                "id": row.id,
                "link": row.link,
                "link_name": row.uploaded or self._plan.link_name(row.link),
                "uploaded": row.uploaded,
                "duration_ms": row.duration_ms,
                "has_sound": row.id in kept and row.erased_utc is None,
            }
            for row in copies
            if row.copy_of == over.id
        ]

    def _texts(self, one: CallFacts, words: Sequence[str]) -> list[Row]:
        """Return notes and texts of a call with the searched words marked; those alone, if any."""
        found = [_text("note", n.id, n.t_utc, n.operator, n.text) for n in one.notes]
        found += [
            _text(
                t.kind,
                t.id,
                t.t_utc,
                self._plan.alias(t.sender) if t.incoming else t.operator,
                t.text,
                to="" if t.incoming else self._plan.alias(t.recipient),
            )
            for t in one.texts
        ]
        found += [
            _text("status", f"status-{s.id}", s.t_utc, self._plan.alias(s.unit), s.words)
            for s in one.statuses
            if s.words
        ]
        for text in found:
            text["marks"] = marks(text["text"], words)
        if words and any(text["marks"] for text in found):
            found = [text for text in found if text["marks"]]
        return sorted(found, key=lambda text: text["t_utc"])[:MAX_TEXTS]


def outcome_of(call: Fact) -> str:
    """Return how a call ended."""
    if call.ended_utc is None:
        return "open"
    return "interrupted" if call.interrupted else call.cause or "ended"


def _text(kind: str, text_id: str, at: int, who: str, text: str, to: str = "") -> Row:  # noqa: PLR0917  # the columns of a line
    words = unicodedata.normalize("NFC", text)
    return {"kind": kind, "id": text_id, "t_utc": at, "who": who, "to": to, "text": words}


def _uploaded(facts: Iterable[CallFacts]) -> list[str]:
    return [over.id for one in facts for over in one.overs if over.uploaded]


def _with_sound(db: Session, overs: list[str]) -> set[str]:
    return set(
        db.exec(
            select(RecordingFileRow.transmission).where(
                col(RecordingFileRow.transmission).in_(overs), RecordingFileRow.kind == "opus"
            )
        )
    )


def _presses(db: Session, overs: list[str]) -> dict[str, int]:
    """Return how long each own press waited for its grant, in milliseconds."""
    rows = db.exec(
        select(Press.transmission, Press.wait_ms).where(
            col(Press.transmission).in_(overs), col(Press.wait_ms).is_not(None)
        )
    )
    return {over: wait for over, wait in rows if over is not None and wait is not None}


def _grant_ms(heard: Iterable[Fact], presses: dict[str, int]) -> int | None:
    waits = [presses[over.id] for over in heard if over.id in presses]
    return max(waits, default=None)


def _bit_error_rate(overs: Iterable[Fact]) -> float | None:
    """Return the share of wrong bits over all overs that know theirs, by their length."""
    known = [
        (o.bit_error_rate, max(1, o.duration_ms)) for o in overs if o.bit_error_rate is not None
    ]
    if not known:
        return None
    return float(sum(rate * length for rate, length in known) / sum(n for _, n in known))


def _incidents(db: Session, facts: Iterable[CallFacts], access: Access) -> dict[str, Row]:
    """Return the incidents of calls that this person may know, by id."""
    if not access.may("incident.see"):
        return {}
    ids = {row.id for one in facts for row in one.incidents}
    if not ids:
        return {}
    rows = db.exec(select(Incident).where(col(Incident.id).in_(ids)))
    assigned = assignments(db, ids)
    return {
        row.id: {"id": row.id, "label": row.label, "title": row.title}
        for row in rows
        if sees(access, row, assigned.get(row.id, []))
    }
