"""A whole dispatch service for tests: real SQLite file, real audit log, real HTTP on loopback."""

import asyncio
import contextlib
import hashlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher
from websockets.asyncio.client import ClientConnection, connect

from dispatch.api.asking import PURPOSE_HEADER
from dispatch.app import create_app
from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.log import Log
from dispatch.audit.spool import Spool
from dispatch.audit.writer import AuditWriter
from dispatch.auth.access import GrantInfo
from dispatch.auth.people import parse_actions
from dispatch.auth.permissions import ROLE_ACTIONS, Role
from dispatch.clock import SystemClock
from dispatch.services.journal import Journal
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from dispatch.wiring import Dispatch, Parts
from gateway.bus import InProcessBus
from gateway.model import events as ev
from gateway.model.command import Command, Reply
from gateway.model.commands import (
    AlarmAcknowledge,
    AlarmEnd,
    AlarmShow,
    FloorRelease,
    FloorRenew,
    FloorRequest,
    LinkSelect,
    MessageSend,
    PositionLeft,
)
from gateway.model.ids import (
    CallId,
    GatewayId,
    LinkId,
    SiteId,
    SystemId,
    TalkgroupId,
    TransmissionId,
    UnitId,
    ulid,
)
from gateway.model.message_commands import MessageOpen, PositionRequest, StatusSend
from gateway.model.plan import Link, Plan, Site, System, Talkgroup, Unit
from gateway.model.unit_commands import UnitActAsk
from tests.dispatch.forgetting import forget_endpoints
from tests.dispatch.prompt_server import PromptServer
from tests.dispatch.standing import standing_purpose
from tests.fresh_store import fresh_store
from webrtc.hub import VoiceHub
from webrtc.microphone import UplinkGate
from webrtc.ptt import PttService
from webrtc.session import RtcService

GATEWAY = GatewayId("gw-1")
NORTH = TalkgroupId("net/100")
SECRET = TalkgroupId("net/200")
LINK = LinkId("north")
SECRET_LINK = LinkId("secret")
PATROL = UnitId("net/1001")
GHOST = UnitId("net/2001")
PASSWORD = "correct horse battery"
LOG_WAITS_MS = 8000
"""Tests share a disk: a sync of the store's writer that takes seconds is no refused act here."""


@cache
def password_hash() -> str:
    """Hash the password of all test people once: argon2 is slow on purpose."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # a hash says its own cost
    return cheap.hash(PASSWORD)


def small_plan() -> Plan:
    """Two talkgroups of two folders, each with its own link and unit."""
    system = SystemId("net")
    site = SiteId("hill")
    return Plan(
        name="test plan",
        systems=(System(id=system, name="Net", technology="tetra", handle=1),),
        sites=(Site(id=site, name="Hill"),),
        talkgroups=(
            Talkgroup(system=system, number=100, name="NORTH 1", folder="North", address=1),
            Talkgroup(system=system, number=200, name="HIDDEN 9", folder="Hidden", address=2),
        ),
        units=(
            Unit(system=system, number=1001, alias="Patrol 1", talkgroup=NORTH),
            Unit(system=system, number=2001, alias="Ghost 7", talkgroup=SECRET),
        ),
        links=(
            Link(
                id=LINK,
                name="North radio",
                kind="pei",
                system=system,
                site=site,
                port="/dev/null",
                sound="udp:127.0.0.1:0",
                talkgroups=(100,),
            ),
            Link(
                id=SECRET_LINK,
                name="Hidden radio",
                kind="pei",
                system=system,
                site=site,
                port="/dev/zero",
                sound="udp:127.0.0.1:0",
                talkgroups=(200,),
            ),
        ),
    )


@dataclass
class Browser:
    """One signed-in client with its cookie and token."""

    http: httpx.AsyncClient
    port: int
    csrf: str = ""
    purpose: str = ""
    """Id of a purpose that is sent with each request, empty for none."""
    me: dict[str, Any] = field(default_factory=dict)

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        headers = {PURPOSE_HEADER: self.purpose} | kwargs.pop("headers", {})
        return await self.http.get(f"/api/v1{path}", headers=headers, **kwargs)

    async def send(self, method: str, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        headers = {"X-Samband-Csrf": self.csrf, PURPOSE_HEADER: self.purpose}
        headers |= kwargs.pop("headers", {})
        return await self.http.request(
            method, f"/api/v1{path}", json=body, headers=headers, **kwargs
        )

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return await self.send("POST", path, body if body is not None else {}, **kwargs)

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.http.post("/api/v1/session", json={"name": name, "password": password})
        if answer.status_code == 200:
            self.me = answer.json()
            self.csrf = self.me["csrf"]
        return answer

    @contextlib.asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[ClientConnection]:
        cookie = "; ".join(f"{key}={value}" for key, value in self.http.cookies.items())
        async with connect(
            f"ws://127.0.0.1:{self.port}/api/v1{path}", additional_headers={"Cookie": cookie}
        ) as socket:
            yield socket

    @contextlib.asynccontextmanager
    async def stream(self, resume: int | None = None) -> AsyncIterator["StreamReader"]:
        async with self.socket("/stream") as socket:
            await socket.send(json.dumps({"resume": resume}))
            yield StreamReader(socket)


class StreamReader:
    """Reads the stream, keeping everything for later looks."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def next(self, kind: str | None = None, timeout_s: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                self.seen.append(message)
                if kind is None or message["kind"] == kind:
                    return message

    async def event(self, event_type: str, timeout_s: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.next("event", timeout_s)
                if message["type"] == event_type:
                    return message

    async def report(self, *, sound: bool, shown: list[str]) -> None:
        audio = {"running": sound, "advancing": sound, "sink": sound}
        await self.socket.send(json.dumps({"kind": "report", "audio": audio, "shown": shown}))


class GatewayStandIn:
    """Answers the commands that a gateway answers, and keeps them: the other end of the bus."""

    def __init__(self, bus: InProcessBus) -> None:
        self.commands: list[Command] = []
        self.reply = Reply(ok=True)
        self.hears: Callable[[Command], None] = lambda command: None
        kinds: tuple[type[Command], ...] = (
            LinkSelect,
            PositionLeft,
            MessageSend,
            MessageOpen,
            StatusSend,
            PositionRequest,
            UnitActAsk,
            AlarmAcknowledge,
            AlarmShow,
            AlarmEnd,
            FloorRequest,
            FloorRenew,
            FloorRelease,
        )
        for kind in kinds:
            bus.serve(kind, self._answer)

    def _answer(self, command: Command) -> Reply:
        self.commands.append(command)
        self.hears(command)
        return self.reply

    def of(self, kind: type[Command]) -> list[Command]:
        return [command for command in self.commands if isinstance(command, kind)]


class Room:
    """The service and its people."""

    def __init__(self, state: Path, url: str = "") -> None:
        self.state = state
        self.clock = SystemClock()
        self.url = url or f"sqlite:///{state / 'samband.db'}"
        self.audit_file = state / ("audit.db" if url else "samband.db")
        self.port = 0
        self._server: PromptServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._clients: list[httpx.AsyncClient] = []

    async def start(self) -> None:
        if self.url.startswith("sqlite:///"):
            fresh_store(self.state / "samband.db")
        else:
            upgrade(self.url)
        self.store = Store(self.url, f"sqlite:///{self.audit_file}")
        self.bus = InProcessBus(GATEWAY, self.clock, secrets.token_bytes, check_json=True)
        keys = KeyFolder(self.state / "keys")
        signer = NoteSigner("test.example/log", log_signing_key(keys))
        (self.state / "audit").mkdir(exist_ok=True)
        self.audit = AuditWriter(
            Log(self.audit_file, self.state / "audit", signer, busy_timeout_ms=LOG_WAITS_MS),
            Spool(self.state / "spool"),
            GroupKeys(keys),
            self.clock,
            secrets.token_bytes,
        )
        await self.audit.start()
        self.dispatch = Dispatch(
            Parts(
                room="Test room",
                gateway=GATEWAY,
                state=self.state,
                store=self.store,
                bus=self.bus,
                clock=self.clock,
                randomness=secrets.token_bytes,
                audit=self.audit,
            ),
            small_plan(),
        )
        self.services = self.dispatch.services
        self.gateway = GatewayStandIn(self.bus)
        self.hub = VoiceHub(self.bus, self.clock, {1: "net"})
        gate = UplinkGate()
        self.rtc = RtcService(
            self.hub, self.bus, self.clock, gate, new_id=lambda: secrets.token_urlsafe(16)
        )
        self.ptt = PttService(self.bus, gate, lambda system: 1, self.services.plan.talkgroup_name)
        self.dispatch.add_voice(self.rtc, self.ptt)
        await self.hub.start()
        await self.ptt.start()
        (self.state / "recordings").mkdir(exist_ok=True)
        await self.dispatch.start()

    async def serve(self, **options: Any) -> None:
        self.app = create_app(self.services, **options)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self.app, log_level="error", lifespan="off", ws="websockets-sansio")
        self._server = PromptServer(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # older uvicorn
        self._serving = asyncio.create_task(self._server.serve([listener]))
        await until(lambda: bool(self._server and self._server.started))

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.ptt.close()
        await self.rtc.close()
        await self.hub.close()
        await self.dispatch.close()
        if self._server is not None and self._serving is not None:
            self._server.end()
            await self._serving
        await self.audit.close()
        self.store.close()
        forget_endpoints()

    def add_person(self, name: str, role: Role, organisation: str = "Police") -> str:
        user = self.services.people.add_now(
            name=name,
            display_name=name.title(),
            role=role,
            organisation=organisation,
            password_hash=password_hash(),
        )
        return user.id

    def grant(self, role: Role, folder: str, actions: str = "", expires_utc: Any = None) -> int:
        words = actions.split() or [action.value for action in ROLE_ACTIONS[role]]
        given = self.services.people.give_now(
            GrantInfo(
                id=0,
                role=role,
                organisation="*",
                scope_kind="folder",
                scope=folder,
                actions=parse_actions(words),
                expires_utc=expires_utc,
            ),
            "test",
        )
        self.services.access.refresh("test")
        return given.id

    async def browser(self, name: str | None = None, *, purpose: bool = True) -> Browser:
        """Return a browser, signed in when named, with a purpose that stands unless told not."""
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=10)
        self._clients.append(client)
        browser = Browser(client, self.port)
        if name is not None:
            answer = await browser.sign_in(name)
            assert answer.status_code == 200, answer.text
        if name is not None and purpose:
            browser.purpose = standing_purpose(self.services, browser.me["user"]["id"])
        return browser

    # ---- traffic -------------------------------------------------------------------------------

    def thing(self, letter: str) -> str:
        return f"{letter}-{ulid(self.clock.utc_us(), secrets.token_bytes(10))}"

    def link_up(self, link: LinkId = LINK, group: int = 100) -> None:
        self.bus.publish(ev.LinkChanged(link=link, state="up", capabilities=("emergency_in",)))
        talkgroup = TalkgroupId(f"net/{group}")
        self.bus.publish(ev.LinkGroupChanged(link=link, number=group, talkgroup=talkgroup))

    def begin(
        self, talkgroup: TalkgroupId = NORTH, talker: UnitId | None = PATROL, seq: int = 1
    ) -> tuple[CallId, TransmissionId]:
        call, transmission = CallId(self.thing("c")), TransmissionId(self.thing("t"))
        link = LINK if talkgroup == NORTH else SECRET_LINK
        self.bus.publish(
            ev.CallStarted(call=call, call_seq=seq, talkgroup=talkgroup, link=link, caller=talker)
        )
        alias = self.services.plan.alias(talker)
        self.bus.publish(
            ev.TransmissionStarted(
                transmission=transmission,
                call=call,
                talkgroup=talkgroup,
                link=link,
                talker=talker,
                alias=alias,
            )
        )
        return call, transmission

    def end(
        self, call: CallId, transmission: TransmissionId, talkgroup: TalkgroupId = NORTH
    ) -> None:
        self.bus.publish(
            ev.TransmissionEnded(
                transmission=transmission,
                call=call,
                talkgroup=talkgroup,
                duration_ms=2000,
                cause="ended",
            )
        )
        self.bus.publish(ev.CallEnded(call=call, talkgroup=talkgroup, cause="ended"))

    def record(
        self, call: CallId, over: TransmissionId, data: bytes, talkgroup: TalkgroupId = NORTH
    ) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        (self.state / "recordings" / f"{sha256}.opus").write_bytes(data)
        self.bus.publish(
            ev.RecordingClosed(
                transmission=over,
                call=call,
                talkgroup=talkgroup,
                files=(
                    ev.RecordingFile(
                        kind="opus", sha256=sha256, size_bytes=len(data), name=f"{sha256}.opus"
                    ),
                ),
                duration_ms=2000,
                started_utc=self.clock.utc_us(),
            )
        )
        return sha256

    async def journaled(self) -> None:
        """Wait until everything published is in the database."""
        target = self.bus.publish(ev.LinkChanged(link=LINK, state="up")).seq
        journal = self.services.use(Journal)
        await until(lambda: journal.seen >= target and journal.idle)


async def until(condition: Callable[[], bool | Awaitable[bool]], deadline_s: float = 10.0) -> None:
    """Poll until true; fails after the deadline."""
    async with asyncio.timeout(deadline_s):
        while True:
            found = condition()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)
