"""The dispatch service put together: every service of one server, started and closed as one."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from dispatch.audiopath.service import AudioPath
from dispatch.audit.entry import Act, Actor
from dispatch.audit.keys import KeyFolder
from dispatch.audit.writer import AuditWriter
from dispatch.auditdesk.setup import add_audit_desk
from dispatch.auth.access import Access, GrantInfo, UserInfo
from dispatch.auth.book import AccessBook
from dispatch.auth.passwords import Passwords
from dispatch.auth.people import People
from dispatch.auth.sessions import SESSION_HOURS, SessionInfo, Sessions
from dispatch.calllog.keeping import CallLogKeeper
from dispatch.calllog.setup import add_call_log
from dispatch.evidence.events import EvidenceChanged, EvidenceLarge, who_sees
from dispatch.extracts.corrections import Corrections
from dispatch.health.rules import HealthRules
from dispatch.health.service import Health
from dispatch.health.setup import add_health
from dispatch.incidents.views import list_incidents
from dispatch.links.setup import add_links
from dispatch.links.traces import LinkTraces
from dispatch.oversight.wiring import Oversight, add_oversight
from dispatch.plans.wiring import PlanRules, Plans, add_plans
from dispatch.reports.settings import ReportSettings
from dispatch.reports.setup import ReportSide, add_reports
from dispatch.reports.shifts import shifts_of
from dispatch.retention.erasure import Erasure
from dispatch.retention.master_keys import MasterKeys
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.setup import add_retention, start_retention, stop_retention
from dispatch.services.background import Background
from dispatch.services.board import Board
from dispatch.services.board_load import load_board
from dispatch.services.desk import Desk
from dispatch.services.disk import DiskPolicy
from dispatch.services.individual import IndividualCalls
from dispatch.services.integrity import RecordingIntegrity
from dispatch.services.journal import Journal, recover
from dispatch.services.journal_desk import desk_writers
from dispatch.services.journal_individual import individual_writers
from dispatch.services.journal_patches import patch_writers
from dispatch.services.journal_write import JournalWriter
from dispatch.services.lines import LinkLines
from dispatch.services.live_acts import LiveActs
from dispatch.services.message_search import MessageSearch
from dispatch.services.messaging import Messaging
from dispatch.services.open_incidents import OpenIncidents
from dispatch.services.patch_mix import MixedPatches
from dispatch.services.patch_setup import add_patches
from dispatch.services.plans import LivePlan
from dispatch.services.record import Record
from dispatch.services.recordings import Recordings
from dispatch.services.registry import Services
from dispatch.services.rows import Row
from dispatch.services.sight import Sight
from dispatch.services.sight_individual import IndividualSight
from dispatch.services.snapshot import Snapshots
from dispatch.services.stream import EventStream
from dispatch.services.unit_acts import UnitReach
from dispatch.services.voice import Voice
from dispatch.simulator.wiring import add_simulator, start_simulator, stop_simulator
from dispatch.store.engine import Store
from dispatch.topology.service import add_topology
from dispatch.uploads.settings import UploadSettings
from dispatch.uploads.setup import Uploads, add_uploads
from gateway.bus import Bus
from gateway.model.errors import RadioError
from gateway.model.ids import GatewayId
from gateway.model.plan import Plan
from gateway.ports import Clock
from webrtc.ptt import PttService
from webrtc.session import RtcService

logger = logging.getLogger(__name__)

LISTENING_CHECK_MS = 500
PEOPLE_CHECK_MS = 250
SESSION_CHECK_MS = 1000
NOTED_IDS = 100
"""Most accounts and grants that one entry of the audit log names."""
OPEN_INCIDENTS = 100
PEOPLE_CHANGED = "people.changed"
"""A file of the state folder that commands touch when they changed accounts or grants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the dispatch service is made of and does not make itself."""

    room: str
    gateway: GatewayId
    state: Path
    store: Store
    bus: Bus
    clock: Clock
    randomness: Callable[[int], bytes]
    audit: AuditWriter
    session_hours: float = SESSION_HOURS
    plans: PlanRules = PlanRules()  # noqa: RUF009 - frozen
    reports: ReportSettings = ReportSettings()  # noqa: RUF009 - frozen
    uploads: UploadSettings = UploadSettings()  # noqa: RUF009 - frozen
    health: HealthRules = HealthRules()  # noqa: RUF009 - frozen
    certificate: Path | None = None
    """What browsers see of us, for its end."""


class Dispatch:
    """One dispatch service. Order: make, ``start``, serve ``app``, ``close``."""

    def __init__(self, parts: Parts, first_plan: Plan | None = None) -> None:
        """Load plan, people and the last picture from the store (blocking: at start only)."""
        self.parts = parts
        self.background = Background()
        store, bus, clock = parts.store, parts.bus, parts.clock
        plan = LivePlan(store, bus, clock, parts.plans.lead)
        plan.load(first_plan)
        people = People(store, clock, parts.randomness)
        people.load()
        passwords = Passwords()
        sessions = Sessions(
            store, people, passwords, clock, parts.randomness, hours=parts.session_hours
        )
        access = AccessBook(people, plan.current, bus, clock)
        self.services = Services(
            room=parts.room,
            store=store,
            bus=bus,
            clock=clock,
            randomness=parts.randomness,
            plan=plan,
            people=people,
            passwords=passwords,
            sessions=sessions,
            access=access,
        )
        self.interrupted = recover(store, parts.gateway)
        self._add_services()
        self._closed = False

    def _add_services(self) -> None:
        s, parts = self.services, self.parts
        recordings = parts.state / "recordings"
        record = s.add(Record(parts.audit, s.store, s.clock))
        keys = MasterKeys(KeyFolder(parts.state / "keys"))
        files = s.add(SealedFiles(s.store, keys, parts.state, s.clock))
        s.add(parts.audit)
        board = s.add(Board(s.plan))
        load_board(board, s.store, s.plan, s.clock.utc_us())
        sight = s.add(Sight(s.plan, board))
        desk = s.add(Desk(s.plan, s.store, s.bus, s.clock, self.background))
        snapshots = s.add(
            Snapshots(room=s.room, plan=s.plan, board=board, sight=sight, desk=desk, clock=s.clock)
        )

        async def open_incidents(asked: list[Access]) -> list[list[Row]]:
            def read(db: Session) -> list[list[Row]]:
                return [
                    list_incidents(db, one, state="open", limit=OPEN_INCIDENTS) for one in asked
                ]

            return await s.store.read(read)

        snapshots.incidents = OpenIncidents(open_incidents).of
        stream = s.add(
            EventStream(
                bus=s.bus,
                board=board,
                sight=sight,
                snapshots=snapshots,
                access=s.access,
                clock=s.clock,
            )
        )
        self._add_individual(board, sight, desk, snapshots, stream)
        add_patches(s, self.background, shifts_of(parts.reports.shifts, parts.reports.zone).ends)
        lines = s.add(LinkLines(s.clock))
        stream.on_event(desk.apply)
        stream.on_event(lines.apply)
        messaging = s.add(
            Messaging(
                plan=s.plan,
                board=board,
                sight=sight,
                bus=s.bus,
                clock=s.clock,
                randomness=s.randomness,
            )
        )
        s.add(UnitReach(messaging=messaging, record=record, bus=s.bus))
        s.add(MessageSearch(s.store, s.plan, board, record))
        s.add(
            Recordings(
                store=s.store,
                plan=s.plan,
                record=record,
                files=files,
                folder=recordings,
                clock=s.clock,
            )
        )
        add_audit_desk(s, record, stream, self.background)
        integrity = RecordingIntegrity(s.store, parts.audit, files, recordings, s.clock)
        add_call_log(s, record, board, integrity)
        s.add(DiskPolicy(parts.state, s.bus))
        add_oversight(s, parts.state)
        add_plans(s, parts.plans)
        add_links(s, parts.state, self.background)
        add_topology(s, parts.gateway)
        add_simulator(s)
        sight.add_rules({event.type: who_sees for event in (EvidenceChanged, EvidenceLarge)})
        add_reports(s, parts.state, parts.reports)
        writer = JournalWriter(s.plan, desk_writers() | individual_writers() | patch_writers())
        add_retention(s, parts.state, writer)
        s.use(Corrections).follow_erasure(s.use(Erasure))
        add_uploads(s, parts.state, parts.uploads)
        self._add_journal(writer, record, desk)
        self._connect_rights(desk, stream)
        add_health(s, parts.state, parts.health, parts.certificate)

    def _add_individual(
        self, board: Board, sight: Sight, desk: Desk, snapshots: Snapshots, stream: EventStream
    ) -> None:
        s = self.services
        individual = s.add(IndividualSight(board.individual, desk.position_of))
        sight.add_rules(individual.rules())
        snapshots.individual_sight = individual
        calls = s.add(
            IndividualCalls(
                board=board,
                sight=individual,
                desk=desk,
                bus=s.bus,
                clock=s.clock,
                randomness=s.randomness,
            )
        )
        stream.on_event(calls.apply)

    def _add_journal(self, writer: JournalWriter, record: Record, desk: Desk) -> None:
        s = self.services
        journal = s.add(
            Journal(
                bus=s.bus,
                store=s.store,
                writer=writer,
                clock=s.clock,
                spool_folder=self.parts.state / "spool",
            )
        )
        journal.on_event(LiveActs(record, desk, s.people).take)

    def _connect_rights(self, desk: Desk, stream: EventStream) -> None:
        s = self.services

        def ended(session: SessionInfo) -> None:
            stream.session_ended(session)
            if s.has(Voice):
                s.use(Voice).session_ended(session)
            desk.session_ended(session)

        def changed(access: Access) -> None:
            if s.has(Voice):
                s.use(Voice).access_changed(access)
            desk.access_changed(access)

        def plan_changed(_: Plan) -> None:
            s.access.refresh("plan activated")

        s.sessions.on_ended(ended)
        s.access.on_changed(changed)
        s.plan.on_prepare(s.access.prepare)
        s.plan.on_changed(plan_changed)

    def add_voice(self, rtc: RtcService, ptt: PttService) -> Voice:
        """Join browsers' sound and push-to-talk to this service."""
        desk = self.services.use(Desk)
        voice = Voice(
            rtc=rtc,
            ptt=ptt,
            desk=desk,
            access=self.services.access,
            sight=self.services.use(Sight),
            board=self.services.use(Board),
            background=self.background,
            mixed=self.services.use(MixedPatches),
        )
        desk.on_left(voice.seat_left)
        self.services.use(EventStream).on_event(voice.apply)
        self.services.use(AudioPath).leave_times = rtc.leave_times
        return self.services.add(voice)

    async def start(self) -> None:
        """Start the tasks: stream, journal, rights, listening desks, disk."""
        s = self.services
        self.background.start(s.use(EventStream).run(), "event-stream")
        self._journal = self.background.start(s.use(Journal).run(), "journal")
        self.background.start(s.access.run(), "access-expiry")
        self.background.start(s.use(DiskPolicy).run(), "disk-policy")
        self.background.start(s.use(CallLogKeeper).run(), "call-index")
        self.background.start(self._watch_listening(), "listening")
        self.background.start(self._watch_people(), "people")
        self.background.start(self._watch_sessions(), "sessions")
        s.use(Oversight).start(self.background)
        s.use(Plans).start(self.background)
        start_simulator(s, self.background)
        s.use(ReportSide).start()
        start_retention(s, self.background)
        s.use(Uploads).start(self.background)
        self.background.start(s.use(Health).run(), "health")
        self.background.start(s.use(LinkTraces).run(), "link-traces")

    async def _watch_people(self) -> None:
        """Take over what ``samband users`` changed in the store."""
        s, path = self.services, self.parts.state / PEOPLE_CHANGED
        known = _changed_ns(path)
        while True:
            await asyncio.sleep(PEOPLE_CHECK_MS / 1000)
            now = _changed_ns(path)
            if now == known:
                continue
            known = now
            users, grants = set(s.people.users()), set(s.people.grants())
            for user in await s.people.reload():
                await s.sessions.end_all_of(user)
            self._note_command(users, grants)
            s.access.refresh("changed by a command")

    def _note_command(self, users: set[UserInfo], grants: set[GrantInfo]) -> None:
        """Log what a command on this machine changed of accounts and grants, by their ids."""
        people = self.services.people
        changed = sorted({user.id for user in users ^ set(people.users())})
        now = set(people.grants())
        detail = {
            "users": changed[:NOTED_IDS],
            "grants_given": sorted(grant.id for grant in now - grants)[:NOTED_IDS],
            "grants_taken": sorted(grant.id for grant in grants - now)[:NOTED_IDS],
        }
        command = Actor(id="command", role="system")
        self.services.use(Record).note(
            Act(op="admin", verb="people.changed", actor=command, detail=detail)
        )

    async def _watch_sessions(self) -> None:
        """End sessions whose time is over, with their streams, tracks and positions."""
        while True:
            await asyncio.sleep(SESSION_CHECK_MS / 1000)
            try:
                await self.services.sessions.expire()
            except RadioError as error:  # the database is away: they are ended all the same
                logger.warning("sessions: %s", error)

    async def _watch_listening(self) -> None:
        desk = self.services.use(Desk)
        while True:
            desk.check_listening()
            await asyncio.sleep(LISTENING_CHECK_MS / 1000)

    async def close(self) -> None:
        """End streams, write or spool what is left of the journal, end the tasks; safe twice."""
        if self._closed:
            return
        self._closed = True
        self.services.use(EventStream).stop()
        await stop_simulator(self.services)
        await self.services.use(ReportSide).close()
        await stop_retention(self.services)
        await self.services.use(Journal).close()
        if hasattr(self, "_journal"):
            await asyncio.wait([self._journal], timeout=10)
        await self.background.close()
        self.services.passwords.close()


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
