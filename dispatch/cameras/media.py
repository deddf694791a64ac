"""Stills and clips: what is wanted, and what an answer of the source means. Pure; time is given.

A source writes its recordings late, so a clip asked for at the end of an event may be short or not
there: it is asked for again after 15, 30 and 60 s, then every ten minutes. What was not there when
the source's own retention has passed is ``gone``; a short clip is kept as ``partial`` and asked
for again until then.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

STILL, CLIP = "still", "clip"
WANTED, FETCHED, PARTIAL, GONE = "wanted", "fetched", "partial", "gone"
SECOND_US = 1_000_000
LADDER_S = (2, 15, 30, 60, 120, 300)
"""After the first, second, … try; then ``LATER_S``. The 2 s are for stills only."""
LATER_S = 600
ROLL_S = 30
"""Before and after an event, when nobody says otherwise."""
MAX_CLIP_S = 600
SHORT_MS = 2_000
"""A clip that lacks less than this is whole: sources cut at key frames."""
EVENT_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
"""Ids that may stand in a path; what looks otherwise is never asked for."""
CAMERA_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9 ._-]{0,99}")
STILL_QUERY = "bbox=0&timestamp=0&quality=90"
"""No box, no text: nothing that a machine wrote into the picture."""
Row = dict[str, Any]
"""Values of a row of ``camera_event``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A still or clip to fetch. ``path`` is below the source's address."""

    kind: str
    object: str
    path: str
    from_utc: int = 0
    to_utc: int = 0
    remuxed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source answered. ``status`` 0: nobody answered, ``reason`` says why."""

    status: int
    reason: str = ""
    size_bytes: int = 0
    duration_ms: int | None = None
    """Of a clip; None when it could not be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state that follows. ``next_utc`` 0: nothing more is tried. ``keep``: store the bytes."""

    state: str
    next_utc: int
    reason: str = ""
    keep: bool = False


def frigate_wants(row: Row) -> list[Want]:
    """Return what is fetched for an event of Frigate without being asked.

    A still when an alert, or anything with a claim of identity, first has one, and at its end; the
    clip of an alert at its end.
    """
    event_id, alert = row["src_event_id"], row["severity"] == "alert"
    if not EVENT_ID.fullmatch(event_id) or not (alert or row["claims"]):
        return []
    wants = []
    ended = row["phase"] == "end"
    if row["media"].get("snapshot"):
        path = f"api/events/{event_id}/snapshot.jpg?{STILL_QUERY}"
        at = row["t_event_utc"] if ended else 0
        wants.append(Want(kind=STILL, object=event_id, path=path, from_utc=at))
    if alert and ended and row["kind"] in ("review", "object"):
        what = "review" if row["kind"] == "review" else "events"
        path = f"api/{what}/{event_id}/clip.mp4?padding={ROLL_S}"
        wants.append(Want(kind=CLIP, object=event_id, path=path, remuxed=True))
    return wants


def clip_between(bookmark: str, camera: str, from_utc: int, to_utc: int) -> Want:
    """Return the clip of a camera (the source's name) between two times; at most ten minutes.

    Raises ValueError with a sentence when the camera or times cannot be used.
    """
    if not CAMERA_NAME.fullmatch(camera):
        raise ValueError(f"camera {camera!r}: its name cannot stand in an address")
    length_s = (to_utc - from_utc) / SECOND_US
    if not 0 < length_s <= MAX_CLIP_S:
        raise ValueError(f"expected a clip of up to {MAX_CLIP_S} s, got {length_s:.0f} s")
    start, end = from_utc / SECOND_US, to_utc / SECOND_US
    path = f"api/{quote(camera, safe='')}/start/{start:.3f}/end/{end:.3f}/clip.mp4"
    return Want(
        kind=CLIP, object=bookmark, path=path, from_utc=from_utc, to_utc=to_utc, remuxed=True
    )


def follow(want: Want, tries: int, answer: Answer, now: int, give_up_utc: int) -> Step:
    """Return what follows an answer; ``tries`` counts this one."""
    if answer.status == 200 and answer.size_bytes > 0:
        missing = _missing_ms(want, answer)
        if missing < SHORT_MS:
            return Step(state=FETCHED, next_utc=0, keep=True)
        words = f"{missing / 1000:.0f} s are missing"
        return _again(want, tries, now, give_up_utc, PARTIAL, words)
    words = answer.reason or f"the source answered {answer.status}"
    if answer.status == 200:
        words = "the source answered with nothing in it"
    return _again(want, tries, now, give_up_utc, WANTED, words)


def _again(want: Want, tries: int, now: int, give_up: int, state: str, words: str) -> Step:  # noqa: PLR0917  # one call each
    keep = state == PARTIAL
    if now >= give_up:
        final = PARTIAL if keep else GONE
        return Step(state=final, next_utc=0, reason=words, keep=keep)
    ladder = LADDER_S if want.kind == STILL else LADDER_S[1:]
    pause_s = ladder[tries - 1] if tries <= len(ladder) else LATER_S
    return Step(
        state=state, next_utc=min(now + pause_s * SECOND_US, give_up), reason=words, keep=keep
    )


def _missing_ms(want: Want, answer: Answer) -> int:
    if want.kind != CLIP or answer.duration_ms is None or not want.to_utc:
        return 0
    return (want.to_utc - want.from_utc) // 1000 - answer.duration_ms
