"""Links seen live: a whole server, a simulated terminal on a pty, and what its engineer does."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiortc import RTCSessionDescription
from sqlmodel import Session, col, select
from websockets.asyncio.client import connect

from dispatch.audit.tables import AuditLog
from dispatch.links import traces
from dispatch.links.tables import LinkTrace
from dispatch.links.traces import LinkTraces
from dispatch.store.tables import Call, Press, Transmission
from gateway.model.plan import Plan, Site, System, Talkgroup
from samband import link_tools
from samband.cli import main
from samband.compose import Person, Server
from samband.config import demo_config
from samband.demo import claim_port, port_of
from tests.dispatch.standing import standing_purpose
from tests.hardware.simulation import RADIO, Simulation, simulate
from tests.webrtc.room import Browser, SharedPackets
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import to_bytes
from voicecodecs.tones import sine

TEST_GROUP = 310999
DRILL = f"norrvik/{TEST_GROUP}"
PASSWORD = "correct horse battery"
WAIT_S = 20


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    yield from simulate(tmp_path)


def plan_of(simulation: Simulation) -> Plan:
    """Return a plan whose one terminal is simulated, on a test talkgroup beside a live one."""
    link = replace(simulation.planned(), talkgroups=(TEST_GROUP,), group=TEST_GROUP, simulated=True)
    system = link.system
    return Plan(
        name="live",
        systems=(System(id=system, name="Norrvik", technology="tetra", handle=1),),
        sites=(Site(id=link.site, name="Norrvik"),),
        talkgroups=(
            Talkgroup(system=system, number=TEST_GROUP, name="ÖVNING", folder="A", test=True),
            Talkgroup(system=system, number=310202, name="PATRULL 2", folder="A"),
        ),
        links=(link,),
    )


class Desk:
    """A signed-in engineer."""

    def __init__(self, server: Server, port: int) -> None:
        self.server, self.port = server, port
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30)
        self.purpose: dict[str, str] = {}

    async def sign_in(self) -> None:
        answer = await self.http.post("/session", json={"name": "karin", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.http.headers["X-Samband-Csrf"] = answer.json()["csrf"]
        self.user = answer.json()["user"]["id"]

    async def live(self) -> dict[str, Any]:
        answer = await self.http.get("/links/live")
        assert answer.status_code == 200, answer.text
        row: dict[str, Any] = answer.json()[0]
        return row

    def verbs(self) -> list[str]:
        """Return the verbs of the audit log about links and traces, in order."""

        def work(db: Any) -> list[str]:
            query = select(AuditLog.entry).order_by(col(AuditLog.seq))
            verbs = [str(json.loads(entry)["verb"]) for entry in db.exec(query)]
            return [verb for verb in verbs if verb.startswith(("link.", "trace.", "ptt."))]

        return self.server.store.read_now(work)

    def details(self, begin: str) -> list[dict[str, Any]]:
        """Return what the audit log says besides of acts whose verb begins so."""

        def work(db: Any) -> list[dict[str, Any]]:
            rows = (json.loads(entry) for entry in db.exec(select(AuditLog.entry)))
            return [row["detail"] for row in rows if row["verb"].startswith(begin)]

        return self.server.store.read_now(work)

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not found():
                await asyncio.sleep(0.02)


@pytest.fixture
async def desk(simulation: Simulation, tmp_path: Path) -> AsyncIterator[Desk]:
    listener = claim_port(None)
    config = demo_config(tmp_path / "state", port_of(listener), cameras=False)
    server = Server(config, plan_of(simulation), listener=listener)
    await server.start()
    desk = Desk(server, port_of(listener))
    try:
        await server.add_people([Person("karin", "Karin Berg", "engineer", PASSWORD)])
        assert await server.radios_up(WAIT_S * 1000)
        await desk.sign_in()
        yield desk
    finally:
        await desk.http.aclose()
        await server.close()
        listener.close()


class PageSocket:
    """The page's end of a test transmission: presses, renews, reads states."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.states: list[dict[str, Any]] = []

    async def press(self, request: str, **more: Any) -> list[str]:
        """Press and renew until it is over; returns the states in order."""
        message = {"op": "press", "request": request, "talkgroup": DRILL, "confirmed": True}
        await self.socket.send(json.dumps(message | more))
        renewing = asyncio.create_task(self._renew(request))
        told: list[str] = []
        try:
            async with asyncio.timeout(WAIT_S):
                while not told or told[-1] not in ("idle", "denied", "fault", "preempted"):
                    state = json.loads(await self.socket.recv())
                    self.states.append(state)
                    told.append(state["state"])
        finally:
            renewing.cancel()
        return told

    async def _renew(self, request: str) -> None:
        while True:
            await self.socket.send(json.dumps({"op": "renew", "request": request}))
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def page_socket(desk: Desk, link: str = RADIO) -> AsyncIterator[PageSocket]:
    cookie = "; ".join(f"{key}={value}" for key, value in desk.http.cookies.items())
    address = f"ws://127.0.0.1:{desk.port}/api/v1/links/{link}/test"
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        yield PageSocket(socket)


async def test_trace_check_and_test_transmission_of_a_terminal(
    desk: Desk, simulation: Simulation, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(link_tools, "WATCH_MS", 6000)
    row = await desk.live()
    assert (row["id"], row["simulated"], row["trace"]) == (RADIO, True, None)
    assert row["checks"] == ["answers", "port", "sound"]
    assert row["test"] == {
        "talkgroups": [{"talkgroup": DRILL, "name": "ÖVNING", "reason": ""}],
        "reason": "",
    }
    assert row["passing"]["in_count"] > 0

    refused = await desk.http.post(f"/links/{RADIO}/trace", json={"reason": " "})
    assert refused.status_code == 400
    begun = await desk.http.post(
        f"/links/{RADIO}/trace", json={"reason": "grant comes late", "minutes": 5, "megabytes": 5}
    )
    assert begun.status_code == 200, begun.text
    trace = begun.json()["id"]
    twice = await desk.http.post(f"/links/{RADIO}/trace", json={"reason": "once more"})
    assert (twice.status_code, "already" in twice.text) == (409, True)

    async with page_socket(desk) as page:
        told = await page.press("r-test-1", limit_ms=400)
        assert told == ["requesting", "on_air", "ending", "idle"]
        assert all(state["exercise"] for state in page.states)
        unconfirmed = await page.press("r-test-2", confirmed=False)
        assert unconfirmed == ["denied"]
        assert "has to be confirmed" in page.states[-1]["words"]
    assert simulation.ask("log", kinds=["sound"]) is not None

    checked = await desk.http.post(f"/links/{RADIO}/loop-back", json={"check": "answers"})
    assert checked.json()["outcome"] == "passed", checked.text
    figures = {one["name"]: one["value"] for one in checked.json()["figures"]}
    assert figures["asked"] >= figures["answered"] >= 1
    assert figures["median"] > 0
    sound = await desk.http.post(f"/links/{RADIO}/loop-back", json={"check": "sound"})
    assert (sound.status_code, sound.json()["outcome"]) == (200, "open"), sound.text
    odd = await desk.http.post(f"/links/{RADIO}/loop-back", json={"check": "x"})
    assert odd.status_code == 400

    early = await desk.http.get(f"/link-traces/{trace}/file")
    assert early.status_code == 409
    assert (await desk.live())["trace"]["records"] > 0
    assert (await desk.http.post(f"/link-traces/{trace}/stop")).status_code == 200
    await desk.until(lambda: desk.verbs()[-1] == "trace.ended")
    listed = (await desk.http.get("/link-traces")).json()[0]
    assert (listed["id"], listed["cause"], listed["started_by"]) == (trace, "stopped", "Karin Berg")
    assert listed["records"] > 10

    without = await desk.http.get(f"/link-traces/{trace}/file")
    assert without.status_code == 428, "a trace holds what others say: not without a purpose"
    purpose = standing_purpose(desk.server.dispatch.services, desk.user)
    fetched = await desk.http.get(
        f"/link-traces/{trace}/file", headers={"X-Samband-Purpose": purpose}
    )
    assert fetched.status_code == 200
    file = tmp_path / "trace.jsonl"
    file.write_bytes(fetched.content)
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["replay", str(file)]) == 0
    out, err = capsys.readouterr()
    replayed = [json.loads(line) for line in out.splitlines()]
    assert "fed as pei; 0 malformed" in err
    events = [one["event"] for one in replayed if one["event"] != "LineSeen"]
    told = [one for one in events if one.startswith("Talk") or one == "CallDown"]
    assert told == ["TalkStarted", "TalkEnded", "CallDown"]
    assert "call 1: granted to us" in [one.get("words") for one in replayed]

    deleted = await desk.http.delete(f"/link-traces/{trace}")
    assert deleted.status_code == 200
    assert not list((tmp_path / "state" / "traces").iterdir())
    await desk.until(lambda: "link.test_released" in desk.verbs())
    kept = [verb for verb in desk.verbs() if not verb.startswith("link.changed")]
    for verb in ("trace.started", "link.test_confirmed", "link.test_granted", "link.checked",
                 "trace.stopped", "trace.fetched", "trace.deleted"):  # fmt: skip
        assert verb in kept
    assert not [verb for verb in kept if verb.startswith("ptt.")]
    _marked(desk)


def _marked(desk: Desk) -> None:
    """What was tested carries the mark in the call log, and is told from a desk's press."""

    def work(db: Any) -> tuple[Any, Any, Any]:
        return (
            db.exec(select(Call)).one(),
            db.exec(select(Transmission)).one(),
            db.exec(select(Press).where(Press.request == "r-test-1")).one(),
        )

    call, over, press = desk.server.store.read_now(work)
    assert call.exercise
    assert over.exercise
    assert (over.position, over.operator) == (f"test:{RADIO}", "Karin Berg")
    assert (press.source, press.test_link, press.outcome) == ("test", RADIO, "released")


async def test_a_lost_page_un_keys_and_a_call_stands_in_the_way(
    desk: Desk, simulation: Simulation
) -> None:
    async with page_socket(desk) as page:
        message = {"op": "press", "request": "r-lost", "talkgroup": DRILL, "confirmed": True}
        await page.socket.send(json.dumps(message | {"limit_ms": 10_000}))
        while json.loads(await page.socket.recv())["state"] != "on_air":
            await page.socket.send(json.dumps({"op": "renew", "request": "r-lost"}))
    await desk.until(lambda: "link.test_lost" in desk.verbs())
    async with asyncio.timeout(WAIT_S):
        while (await desk.live())["test"]["reason"]:
            await asyncio.sleep(0.1)
    simulation.ask("talk", unit=1210204, group=TEST_GROUP, for_s=3)
    async with asyncio.timeout(WAIT_S):
        while (await desk.live())["test"]["reason"] != "call on this link":
            await asyncio.sleep(0.05)
    async with page_socket(desk) as page:
        assert (await page.press("r-late"))[-1] == "fault"
        assert page.states[-1]["words"] == "Not sent: call on this link"
        wrong = await page.press("r-wrong", talkgroup="norrvik/310202")
        assert (wrong, page.states[-1]["words"]) == (["denied"], "Refused: no right to talk here")


async def free(desk: Desk) -> None:
    """Wait until the gate would let a test through."""
    async with asyncio.timeout(WAIT_S):
        while (await desk.live())["test"]["reason"]:
            await asyncio.sleep(0.1)


async def talked(desk: Desk, page: PageSocket, own: dict[str, Any]) -> list[str]:
    """Hold, talk, let go. A machine that stood still loses its lease, as it must: once more."""
    told: list[str] = []
    for number in range(5):
        await free(desk)
        granted = desk.verbs().count("link.test_granted")
        request = f"r-own-{number}"
        pressing = asyncio.create_task(page.press(request, **own))
        await desk.until(partial(_more_granted, desk, granted))
        await asyncio.sleep(0.5)
        await page.socket.send(json.dumps({"op": "release", "request": request}))
        told = await pressing
        if told[-1] != "fault" or "no sign of the desk" not in page.states[-1]["words"]:
            break
    return told


def _more_granted(desk: Desk, before: int) -> bool:
    return desk.verbs().count("link.test_granted") > before


async def test_an_engineer_talks_in_a_test_by_the_own_microphone(
    desk: Desk, simulation: Simulation
) -> None:
    spoken = OpusEncoder().encode(to_bytes(sine(800, 20, level_dbfs=-20)))
    browser = Browser(SharedPackets([spoken]))
    offer = {"sdp": await browser.offer(0), "talkgroups": []}
    answer = (await desk.http.post("/rtc/offer", json=offer)).json()
    own = {"sound": "microphone", "rtc": answer["session"], "limit_ms": 10_000}
    try:
        async with page_socket(desk) as page:
            assert await page.press("r-early", **own) == ["denied"]
            assert page.states[-1]["words"].startswith("Refused: no path for sound")
            wanted = RTCSessionDescription(sdp=answer["sdp"], type="answer")
            await browser.peer.setRemoteDescription(wanted)
            rtc = desk.server.rtc
            await desk.until(lambda: rtc.get(answer["session"]).state == "connected")
            told = await page.press("r-strange", **{**own, "rtc": "of-somebody-else"})
            assert told == ["denied"]

            assert await talked(desk, page, own) == ["requesting", "on_air", "ending", "idle"]
            figures = page.states[-1]
            assert 0 <= figures["grant_ms"] <= figures["first_ms"]
            assert figures["on_air_ms"] > 0
            assert figures["unkey_ms"] >= 0

            await free(desk)
            granted = desk.verbs().count("link.test_granted")
            pressing = asyncio.create_task(page.press("r-lost", **own))
            await desk.until(lambda: desk.verbs().count("link.test_granted") > granted)
            await browser.close()  # its connection is gone: nobody can be heard any more
            assert (await pressing)[-1] == "fault"
            assert page.states[-1]["words"].endswith(": microphone lost")
    finally:
        await browser.close()
    sounds = {row["sound"] for row in desk.details("link.test_")}
    assert sounds == {"own microphone"}


def _add(row: LinkTrace, db: Session) -> None:
    db.add(row)


async def test_old_traces_go_and_a_full_disk_gets_none(desk: Desk, tmp_path: Path) -> None:
    services = desk.server.dispatch.services
    kept = services.use(LinkTraces)
    folder = tmp_path / "state" / "traces"
    folder.mkdir(exist_ok=True)
    for name, expires in (("lt-old", 1), ("lt-new", 1 << 60)):
        row = LinkTrace(
            id=name, link=RADIO, name="x", kind="tetra-pei", started_utc=0, ended_utc=1,
            cause="stopped", expires_utc=expires,
        )  # fmt: skip
        await services.store.write(partial(_add, row))
        (folder / f"{name}.jsonl").write_text("{}\n")
    await kept.expire()
    assert [row["id"] for row in await kept.list()] == ["lt-new"]
    assert [file.name for file in folder.iterdir()] == ["lt-new.jsonl"]
    kept._usage = lambda _: (100, traces.FREE_BYTES)
    full = await desk.http.post(f"/links/{RADIO}/trace", json={"reason": "grant comes late"})
    assert full.status_code == 409
    assert "leave less than 1073 MB for recordings" in full.text
    assert desk.server.radio.tools.running() == {}
