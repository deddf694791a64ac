"""The wiring: one server made of its parts, started and stopped in order.

Order of a start: state folder and lock, database, audit log, dispatch (plan, people, picture),
what a crash left open, sound to browsers, radios, web. A stop is the same backwards, un-keying
first.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from dataclasses import dataclass

from sqlmodel import select

from dispatch.app import create_app, know_routes
from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.log import Log, sqlite_path
from dispatch.audit.spool import Spool
from dispatch.audit.writer import AuditWriter
from dispatch.auth.access import EVERYTHING, GrantInfo
from dispatch.auth.permissions import ROLE_ACTIONS, Role
from dispatch.clock import SystemClock
from dispatch.events import LogState, PositionGivenUp, PositionListening, PositionTaken
from dispatch.health.rules import HealthRules
from dispatch.links.ports import LinkTools
from dispatch.places.service import load as load_places
from dispatch.plans.overlay import reopens
from dispatch.plans.wiring import PlanRules
from dispatch.reports.settings import ReportSettings
from dispatch.services.board import Board
from dispatch.services.desk import Desk
from dispatch.services.journal import first_numbers
from dispatch.services.patches import Patches
from dispatch.services.plan_index import Lead
from dispatch.store.engine import Store
from dispatch.store.tables import RecordingFileRow
from dispatch.store.upgrade import upgrade
from dispatch.uploads.settings import UploadSettings
from dispatch.wiring import Dispatch, Parts
from gateway.bus import Bus, InProcessBus, Subscription
from gateway.engine.settings import EngineSettings
from gateway.model.events import AlarmRaised, Envelope
from gateway.model.ids import GatewayId, PositionId, UtcUs
from gateway.model.p25_settings import P25_KINDS
from gateway.model.plan import Plan
from gateway.model.wire import from_json
from gateway.recording.recovery import Recovered
from samband.arenas import few_arenas
from samband.camera_side import CameraSide
from samband.compose_radio import RadioFolders, RadioSide
from samband.config import LOOPBACK, Config
from samband.evidence_side import EvidenceSide, collect_messages
from samband.kernels import give_back_compiler, prepare
from samband.live_side import LiveSide
from samband.machine_ports import machine_ports
from samband.place import log_origin
from samband.places_side import add_places
from samband.plan_file import link_opening_faults
from samband.retention_side import join_retention, recorded_plan
from samband.simulator_side import add_simulators
from samband.state import StateLock, make_state
from samband.web_server import WebServer
from voicecodecs.warm import warm
from webrtc.collector import calm_collector, short_turns
from webrtc.hub import VoiceHub
from webrtc.microphone import UplinkGate
from webrtc.ptt import PttService
from webrtc.session import RtcService

logger = logging.getLogger(__name__)
ORGANISATION = "Norrvik"
GRANT_DAYS = 366
"""No grant stands longer than a year."""
ANYWHERE = "0.0.0.0"  # noqa: S104 - compared with, never a default
LATE_RECORDINGS_S = 7 * 86_400
"""Recordings this young are compared with the database at a start."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account to make at the start of a demo."""

    name: str
    display_name: str
    role: str
    password: str


def start_logging(level: str) -> None:
    """Log to standard error; libraries speak only when something is wrong."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("alembic", "uvicorn", "aioice", "aiortc", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Server:
    """Everything of one state folder."""

    def __init__(
        self,
        config: Config,
        plan: Plan | None = None,
        *,
        listener: socket.socket | None = None,
        demonstration: bool = False,
        lead: Lead | None = None,
    ) -> None:
        """Keep the configuration; ``plan`` becomes plan 1 of an empty store.

        ``listener`` is a socket that listens already, instead of host and port of the web part.
        ``demonstration``: every radio is simulated, and heard as if it were real. ``lead`` gives
        the links of whichever plan runs the far ends of this start.
        """
        self._lead = lead
        self._demonstration = demonstration
        self._listener = listener
        self.config = config
        self._first_plan = plan
        self._lock: StateLock | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._started = False

    @property
    def url(self) -> str:
        """Where a browser on this machine finds us."""
        web = self.config.web
        host = {ANYWHERE: socket.gethostname()}.get(web.host, web.host)
        host = "localhost" if host in LOOPBACK else host
        return f"{'https' if self.config.tls else 'http'}://{host}:{web.port}"

    async def start(self) -> None:
        """Start everything; what fails here leaves nothing running."""
        start_logging(self.config.log.level)
        os.umask(0o027)  # nothing in the state folder is for others
        make_state(self.config.state)
        self._lock = StateLock(self.config.state)
        self._started = True
        few_arenas()  # before the first thread
        try:
            await asyncio.to_thread(warm)
            await asyncio.to_thread(upgrade, self.config.store_url)
            self._make()
            await self._start_parts()
        except BaseException:
            await self.close()
            raise

    def _make(self) -> None:
        clock = SystemClock()
        gateway = GatewayId(self.config.site.gateway)
        self.store = Store(self.config.store_url, self.config.audit_url)
        first_event, first_call = first_numbers(self.store, gateway)
        self.bus = InProcessBus(gateway, clock, os.urandom, first_seq=first_event)
        self.audit = self._make_audit(clock, self.bus)
        self.dispatch = Dispatch(
            Parts(
                room=self.config.site.name,
                gateway=gateway,
                state=self.config.state,
                store=self.store,
                bus=self.bus,
                clock=clock,
                randomness=os.urandom,
                audit=self.audit,
                session_hours=self.config.web.session_hours,
                reports=ReportSettings(**self.config.reports.model_dump()),
                uploads=UploadSettings(**self.config.uploads.model_dump()),
                health=HealthRules(**self.config.health.model_dump()),
                certificate=self.config.web.certificate,
                plans=PlanRules(
                    second_person=self.config.plans.second_person,
                    simulated_anywhere=self._demonstration,
                    lead=self._lead,
                    link_faults=link_opening_faults,
                    machine=machine_ports,
                ),
            ),
            self._first_plan,
        )
        services = self.dispatch.services
        live = services.plan
        log = self.config.state / "log" if self.config.log.lines else None
        self.evidence = EvidenceSide(self.config, self.audit, services)
        folders = RadioFolders(
            recordings=self.config.state / "recordings",
            spool=self.config.state / "spool",
            line_log=log,
        )
        self._vocoders = any(link.kind in P25_KINDS for link in live.plan.links)
        if self._vocoders:
            prepare(self.config.state)  # nothing is served yet: it may take its minute
        plan = recorded_plan(services, live.running)
        self.radio = RadioSide(
            plan,
            live.number,
            self.bus,
            clock,
            folders=folders,
            first_call=first_call,
            settings=EngineSettings(simulated_anywhere=self._demonstration),
        )
        give_back_compiler()
        self.hub = VoiceHub(self.bus, clock, handles(live.plan))
        gate = UplinkGate()
        self.rtc = RtcService(
            self.hub,
            self.bus,
            clock,
            gate,
            new_id=lambda: secrets.token_urlsafe(16),
            media_addresses=self.config.web.media_addresses or local_addresses(self.config),
        )
        self.ptt = PttService(
            self.bus, gate, lambda system: system_handle(live.plan, system), live.talkgroup_name
        )
        live.on_changed(self._plan_changed)
        self.dispatch.add_voice(self.rtc, self.ptt)
        services.add(self.radio.tools, LinkTools)
        self.cameras = CameraSide(self.config.cameras, services, self.config.state / "media")
        collect_messages(services)
        add_places(load_places(self.config.places.file), services, self.cameras.register.all())
        self.live = LiveSide(self.config.cameras, services, self.cameras)
        join_retention(services, self._plan_changed)
        self.simulators = add_simulators(services)
        app = create_app(services)
        know_routes(app)
        self.web = WebServer(app, self.config.web, self._listener)

    def _make_audit(self, clock: SystemClock, bus: Bus) -> AuditWriter:
        keys = KeyFolder(self.config.state / "keys")
        origin = self.config.audit.origin or f"{self.config.site.id}/audit"
        signer = NoteSigner(log_origin(self.config.state, origin), log_signing_key(keys))
        head = self.config.audit.head
        folder = head.parent if head else self.config.state / "audit"
        log = Log(
            sqlite_path(self.config.audit_url),
            folder,
            signer,
            carried_over=self.config.audit_url == self.config.store_url,
        )

        def told(writable: bool, reason: str, _spooled: int) -> None:
            bus.publish(LogState(writable=writable, reason=reason))

        return AuditWriter(
            log,
            Spool(self.config.state / "spool"),
            GroupKeys(keys),
            clock,
            os.urandom,
            node=self.config.site.gateway,
            on_state=told,
        )

    async def _start_parts(self) -> None:
        recovered = await asyncio.to_thread(self.radio.recover)
        await self.audit.start()
        await self.dispatch.start()
        await self.cameras.start()
        await self.live.start()
        self.evidence.start()
        self._tell_recovered(recovered)
        self._restore_alarms()
        await self.dispatch.services.use(Patches).resume()
        await self.hub.start()
        await self.ptt.start()
        who = self.bus.subscribe("listening", PositionListening, PositionTaken, PositionGivenUp)
        self._tasks.append(asyncio.create_task(self._watch_listening(who), name="listening-desks"))
        await self.radio.start()
        await self.web.start()
        calm_collector()
        short_turns()

    def _tell_recovered(self, recovered: tuple[Recovered, ...]) -> None:
        """Tell of recordings that a crash cut off or kept the journal from hearing."""
        late = {one.event.transmission: one.event for one in recovered if one.event is not None}
        since_s = time.time() - LATE_RECORDINGS_S
        for event in self.radio.recorder.closed_after(since_s):
            if event.transmission not in late and not self._knows(event.transmission):
                late[event.transmission] = event
        for event in late.values():
            logger.warning("recording %s is told late", event.transmission)
            self.bus.publish(event)

    def _knows(self, transmission: str) -> bool:
        wanted = select(RecordingFileRow.id).where(RecordingFileRow.transmission == transmission)
        return self.store.read_now(lambda db: db.exec(wanted).first()) is not None

    def _restore_alarms(self) -> None:
        for row in self.dispatch.services.use(Board).alarms.values():
            raised = from_json(AlarmRaised, row, "open alarm")
            self.radio.engine.restore_alarm(raised, acknowledged=row["state"] == "acknowledged")

    async def _watch_listening(self, events: Subscription[Envelope]) -> None:
        desk = self.dispatch.services.use(Desk)
        async for _ in events:
            positions = [PositionId(name) for name, hears in desk.listening().items() if hears]
            seats = [desk.seat(name) for name in desk.listening()]
            supervisor = any(seat and seat.user.role is Role.SUPERVISOR for seat in seats)
            self.radio.listening(positions, supervisor=supervisor)

    def _plan_changed(self, plan: Plan) -> None:
        live = self.dispatch.services.plan
        self.hub.set_systems(handles(plan))
        self.dispatch.background.start(self._use_plan(live.running, live.number), "plan")

    async def _use_plan(self, plan: Plan, number: int) -> None:
        for fault in await self.radio.use_plan(plan, number, reopens, self._shape):
            logger.warning("plan %s: %s", number, fault)

    def _shape(self, plan: Plan) -> Plan:
        """Return a plan as the recorder uses it; takes its time, most of all for a first P25."""
        if not self._vocoders and any(link.kind in P25_KINDS for link in plan.links):
            prepare(self.config.state)
            self._vocoders = True
        return recorded_plan(self.dispatch.services, plan)

    async def add_people(self, people: list[Person]) -> None:
        """Make accounts that do not exist yet and give each role all it may have (demo)."""
        services = self.dispatch.services
        for person in people:
            role = Role(person.role)
            known = services.people.by_name(person.name)
            hashed = await services.passwords.hash(person.password)
            if known is not None:
                await services.people.change(known.id, password_hash=hashed)
                continue
            await services.people.add(
                name=person.name,
                display_name=person.display_name,
                role=role,
                organisation=ORGANISATION,
                password_hash=hashed,
            )
            for kind in ("folder", "camera_group", "individual"):
                await self._grant(role, kind)
        services.access.refresh("demo accounts")

    async def _grant(self, role: Role, kind: str) -> None:
        if not ROLE_ACTIONS[role]:
            return
        grant = GrantInfo(
            id=0,
            role=role,
            organisation=ORGANISATION,
            scope_kind=kind,
            scope=EVERYTHING,
            actions=ROLE_ACTIONS[role],
            expires_utc=UtcUs(self.dispatch.services.clock.utc_us() + GRANT_DAYS * 86_400_000_000),
        )
        await self.dispatch.services.people.give(grant, "samband")

    async def radios_up(self, wait_ms: int) -> bool:
        """Wait until every link of the plan is up, at most ``wait_ms``; returns whether all are."""
        talkgroups = self.dispatch.services.use(Board).talkgroups
        links = self.dispatch.services.plan.plan.links
        for _ in range(wait_ms // 50):
            if all(talkgroups.link(link.id).state == "up" for link in links):
                return True
            await asyncio.sleep(0.05)
        return False

    async def run_until(self, stop: asyncio.Event) -> None:
        """Return when ``stop`` is set or the web server ends."""
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(self.web.ended())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()

    async def close(self) -> None:
        """Un-key, then stop everything; safe twice."""
        if not self._started:
            return
        self._started = False
        for name in (
            "ptt",
            "radio",
            "rtc",
            "hub",
            "web",
            "live",
            "cameras",
            "dispatch",
            "evidence",
            "audit",
        ):
            part = getattr(self, name, None)
            if part is not None:
                try:
                    await part.close()
                except Exception:  # one part that fails to stop may not keep the others running
                    logger.exception("stopping %s failed", name)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if hasattr(self, "store"):
            self.store.close()
        if self._lock is not None:
            self._lock.release()


def handles(plan: Plan) -> dict[int, str]:
    """Return the system id of each handle in a VoiceFrame."""
    return {system.handle: system.id for system in plan.systems}


def system_handle(plan: Plan, system: str) -> int:
    """Return the handle of a system, 0 when the plan does not know it."""
    return next((known.handle for known in plan.systems if known.id == system), 0)


def local_addresses(config: Config) -> tuple[str, ...]:
    """Return the addresses to offer for sound when the site names none."""
    if config.web.host in LOOPBACK:
        return ("127.0.0.1",)
    return host_addresses() if config.web.host == ANYWHERE else (config.web.host,)


def host_addresses() -> tuple[str, ...]:
    """Return this machine's IPv4 addresses, the loopback one last."""
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return (*sorted(str(a) for a in found if not str(a).startswith("127.")), "127.0.0.1")
