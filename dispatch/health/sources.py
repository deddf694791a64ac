"""How each part of the server is: one function a part, asked by page, ``/readyz``, ``/metrics``."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from dispatch.audit.writer import AuditWriter
from dispatch.cameras.sources import CameraSources
from dispatch.health.parts import Part, State
from dispatch.health.rules import HealthRules
from dispatch.reports.clock_watch import ClockWatch
from dispatch.services.board import Board
from dispatch.services.disk import DiskPolicy
from dispatch.services.journal import Journal
from dispatch.services.registry import Services
from dispatch.services.stream import EventStream
from dispatch.services.voice import Voice
from gateway.model.events import Event, RecordingClosed, RecordingFailed
from gateway.model.ids import MonoMs, UtcUs

LAST_BACKUP: Final = "backup.json"
RECORDER_MS: Final = 600_000
"""A recording that failed counts for so long, unless a later one was kept."""
DROPS_MS: Final = 600_000
ANSWER_MS: Final = 2_000
"""A database that takes longer for a question of one row is slow."""
US_PER_HOUR: Final = 3_600_000_000
NAMED: Final = 3


@dataclass(slots=True)
class Noticed:
    """What is not to be asked for but was noticed in passing."""

    ping_ms: int | None = None
    """How long the database took for its last answer, None when it gave none."""
    ping_asked: bool = False
    recording_failed: tuple[MonoMs, str] | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    dropped_ms: MonoMs | None = None

    def recording(self, event: Event, now: MonoMs) -> None:
        """Note whether a recording was kept."""
        match event:
            case RecordingFailed():
                self.recording_failed = (now, event.reason)
            case RecordingClosed():
                self.recording_failed = None
            case _:
                pass

    def drops(self, counters: dict[str, int], now: MonoMs) -> None:
        """Note when a queue lost something."""
        if any(number > self.dropped.get(name, 0) for name, number in counters.items()):
            self.dropped_ms = now
        self.dropped = counters


class HealthSources:
    """Asks every part."""

    def __init__(
        self, services: Services, state: Path, rules: HealthRules, certificate: Path | None
    ) -> None:
        """Take the services, the state folder, the limits and the certificate we serve with."""
        self.noticed = Noticed()
        self._s = services
        self._state = state
        self._rules = rules
        self._certificate = certificate

    def all(self) -> list[Part]:
        """Return every part as it is now."""
        parts: list[Callable[[], Part]] = [
            self.database,
            self.audit_log,
            self.spool,
            self.recorder,
            self.disk,
            self.links,
            self.bus,
            self.queues,
            self.cameras,
            self.clock,
            self.certificate,
            self.backup,
        ]
        return [ask() for ask in parts]

    # ---- what is written

    def database(self) -> Part:
        """Whether the database answers and keeps up."""
        noticed, journal = self.noticed, self._s.use(Journal)
        state: State = "ok"
        words, todo = "Answers", ""
        if journal.behind:
            state = "fault"
            words = "Does not keep up: events go to the spool. Calls and push-to-talk go on."
            todo = "Look whether the database runs and its disk has room; nothing is lost meanwhile"
        elif noticed.ping_asked and noticed.ping_ms is None:
            state, words = "fault", "Gave no answer"
            todo = "Look whether the database runs; restart it"
        elif noticed.ping_ms is not None and noticed.ping_ms > ANSWER_MS:
            state, words = "attention", f"Took {noticed.ping_ms} ms for an answer"
            todo = "Look at the load of its machine and disk"
        elif noticed.ping_ms is not None:
            words = f"Answered in {noticed.ping_ms} ms"
        else:
            state, words = "unknown", "Not asked yet"
        return Part(
            id="database",
            name="Database",
            state=state,
            words=words,
            todo=todo,
            rule=f"Answers within {ANSWER_MS} ms and takes every event",
        )

    def audit_log(self) -> Part:
        """Whether entries can be written."""
        status = self._s.use(AuditWriter).status
        words = f"{status.size} entries, the last one is signed"
        if status.checkpoint_size < status.size:
            words = f"{status.size} entries, {status.size - status.checkpoint_size} not signed yet"
        todo = ""
        if not status.writable:
            words = f"Log not writable: {status.reason or 'the last write failed'}"
            todo = "Make room on its disk or put it right: playing and exporting stop until then"
        return Part(
            id="audit_log",
            name="Audit log",
            state="ok" if status.writable else "fault",
            words=words,
            todo=todo,
            rule="The last write succeeded",
        )

    def spool(self) -> Part:
        """Whether anything waits for database and audit log."""
        waiting = self._s.use(Journal).waiting
        entries = self._s.use(AuditWriter).status.spooled
        limit = self._rules.spool_events
        state: State = "ok"
        if waiting or entries:
            state = "fault" if waiting > limit else "attention"
        words = "Nothing waits"
        if state != "ok":
            words = f"Waiting events: {waiting}, audit: {entries}"
        return Part(
            id="spool",
            name="Event spool",
            state=state,
            words=words,
            todo="See Database and Audit log" if state != "ok" else "",
            rule=f"Nothing waits; at most {limit:,} events".replace(",", " "),
        )

    def recorder(self) -> Part:
        """Whether calls are recorded."""
        failed = self.noticed.recording_failed
        recent = failed is not None and self._s.clock.mono_ms() - failed[0] <= RECORDER_MS
        if failed is None or not recent:
            return Part(
                id="recorder",
                name="Recorder",
                state="ok",
                words="No recording failed",
                rule="No recording failed in the last 10 min",
            )
        return Part(
            id="recorder",
            name="Recorder",
            state="fault",
            words=f"The last recording failed: {failed[1]}",
            todo="See Disk; the tile of the talkgroup says NOT RECORDED",
            rule="No recording failed in the last 10 min",
        )

    def disk(self) -> Part:
        """Room on the disk of the state folder."""
        policy = self._s.use(DiskPolicy)
        step, free = policy.step, policy.free_percent
        state: State = {"ok": "ok", "warn": "attention", "stop": "fault"}[step]  # type: ignore[assignment]  # a table of the three steps
        room = "Room not read yet" if free is None else f"{free} % free"
        todo = {
            "ok": "",
            "warn": "Make room: erase what is due, or give it a larger disk",
            "stop": "Make room now: new camera pictures are not kept any more, calls still are",
        }[step]
        return Part(
            id="disk",
            name="Disk",
            state="unknown" if free is None else state,
            words=room,
            todo=todo,
            rule="At least 10 % free; below 2 % no new camera pictures",
        )

    # ---- what moves

    def links(self) -> Part:
        """Whether every link of the plan is up."""
        board, plan = self._s.use(Board), self._s.plan.plan
        down = [link.name for link in plan.links if board.talkgroups.link(link.id).state != "up"]
        up = len(plan.links) - len(down)
        if not plan.links:
            words = "The plan has no links"
        elif down:
            words = f"{up} of {len(plan.links)} up. Not up: {_some(down)}"
        else:
            words = f"All {up} up"
        fault = bool(down) and not up
        return Part(
            id="links",
            name="Links",
            state="fault" if fault else ("attention" if down else "ok"),
            words=words,
            todo="Look at the links: their reason stands there" if down else "",
            rule="Every link of the plan is up",
        )

    def bus(self) -> Part:
        """Whether events and voice get through."""
        noticed, now = self.noticed, self._s.clock.mono_ms()
        stream = self._s.use(EventStream)
        counters = {"events": stream.gaps}
        if self._s.has(Voice):
            counters["voice packets"] = self._s.use(Voice).rtc.dropped
        noticed.drops(counters, now)
        recent = noticed.dropped_ms is not None and now - noticed.dropped_ms <= DROPS_MS
        totals = ", ".join(f"{number} {name}" for name, number in counters.items() if number)
        pages = "1 page" if stream.clients == 1 else f"{stream.clients} pages"
        words = f"In this process, {pages} on it"
        if totals:
            words += f". Left out since the start: {totals}"
        return Part(
            id="bus",
            name="Bus",
            state="attention" if recent else "ok",
            words=words,
            todo="The machine is too slow for its load: look what else runs on it"
            if recent
            else "",
            rule="Nothing was left out in the last 10 min",
        )

    def queues(self) -> Part:
        """Whether what waits inside the server is worked off."""
        waits_ms = self._s.use(Journal).waits_ms
        late = waits_ms > ANSWER_MS
        words = "Nothing waits" if not waits_ms else f"The oldest event waits {waits_ms} ms"
        return Part(
            id="queues",
            name="Queues",
            state="attention" if late else "ok",
            words=words,
            todo="See Database" if late else "",
            rule=f"No event waits longer than {ANSWER_MS} ms",
        )

    def cameras(self) -> Part:
        """Whether camera sources are there."""
        rows = self._s.use(CameraSources).source_rows() if self._s.has(CameraSources) else []
        down = [str(row["id"]) for row in rows if row["state"] not in ("up", "unknown")]
        unheard = [str(row["id"]) for row in rows if row["state"] == "unknown"]
        if not rows:
            words = "None is configured, or none was heard yet"
        elif down:
            words = f"{len(rows) - len(down)} of {len(rows)} up. Not up: {_some(down)}"
        else:
            words = f"{len(rows)} heard"
            words += f", {len(unheard)} say nothing of their health" if unheard else ""
        return Part(
            id="cameras",
            name="Camera sources",
            state="attention" if down else "ok",
            words=words,
            todo="Look at Camera sources: the reason stands there" if down else "",
            rule="Every source that says how it is, is up",
        )

    def clock(self) -> Part:
        """How far the machine's clock may be off, as far as it knows."""
        watch, limit = self._s.use(ClockWatch), self._rules.clock_ms
        known = watch.now()
        state: State = "ok"
        todo = ""
        if known.followed is None:
            state = "unknown"
            todo = "Let the machine follow a time server (chrony, ntpd, systemd-timesyncd)"
        elif not known.followed:
            state = "attention"
            todo = "Let the machine follow a time server (chrony, ntpd, systemd-timesyncd)"
        elif (known.error_ms or 0) > limit:
            state = "attention"
            todo = "Look whether the time server answers"
        words = known.words[:1].upper() + known.words[1:]
        if watch.steps:
            words += f". It jumped {watch.steps} times since the start"
        return Part(
            id="clock",
            name="Clock",
            state=state,
            words=words,
            todo=todo,
            rule=f"Follows a time server, at most {limit} ms off",
        )

    # ---- what ends one day

    def certificate(self) -> Part:
        """Until when browsers trust us."""
        days = self._rules.certificate_days
        rule = f"Valid for at least {days} more days"
        if self._certificate is None:
            return Part(
                id="certificate",
                name="Certificate",
                state="unknown",
                words="None: this server serves its own machine only",
                rule=rule,
            )
        try:
            found = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        except (OSError, ValueError) as error:
            return Part(
                id="certificate",
                name="Certificate",
                state="fault",
                words=f"Not readable: {type(error).__name__}",
                todo=f"Put a certificate at {self._certificate.name} and restart",
                rule=rule,
            )
        left = (found.not_valid_after_utc - _now(self._s.clock.utc_us())).days
        state: State = "fault" if left < 0 else ("attention" if left < days else "ok")
        words = f"Ends on {found.not_valid_after_utc:%Y-%m-%d}, in {left} days"
        return Part(
            id="certificate",
            name="Certificate",
            state=state,
            words=words if left >= 0 else f"Ended on {found.not_valid_after_utc:%Y-%m-%d}",
            todo="Renew it: samband setup, or your own authority" if state != "ok" else "",
            rule=rule,
        )

    def backup(self) -> Part:
        """How old the last backup is."""
        hours = self._rules.backup_hours
        rule = f"Not older than {hours} h"
        made = self._backup_utc()
        if made is None:
            return Part(
                id="backup",
                name="Backup",
                state="attention",
                words="None was made by samband backup",
                todo="Have samband backup run each night",
                rule=rule,
            )
        age_h = max(0, self._s.clock.utc_us() - made) // US_PER_HOUR
        old = age_h > hours
        return Part(
            id="backup",
            name="Backup",
            state="attention" if old else "ok",
            words=f"The last one is {age_h} h old",
            todo="Look why samband backup did not run" if old else "",
            rule=rule,
        )

    def _backup_utc(self) -> int | None:
        try:
            read = json.loads((self._state / LAST_BACKUP).read_text(encoding="utf-8"))
            return int(read["made_utc"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _now(utc_us: UtcUs) -> datetime:
    return datetime.fromtimestamp(utc_us / 1_000_000, UTC)


def _some(names: Iterable[str]) -> str:
    """Return a few names, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more
