"""The cable of a terminal is pulled: the console says so at once, and nothing is sent by itself.

Twice: a pseudo-terminal that goes away and comes back under another name, and a network serial
server whose TCP connection is cut. Each while receiving, while transmitting, while sending a text,
with a real Chromium as the desk, and without a restart of anything.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, end_process
from samband.bench_desk import Desk, mono_ms
from tests.hardware.tty_over_tcp import TtyOverTcp
from tests.system.conftest import needs_chromium
from tests.system.story import radio_state, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [needs_chromium, pytest.mark.browser]
RADIO, OTHERS = "hamnen", ("norrvik-c", "fyrberget")
GROUP = 310301
TILE = f"[data-testid=tile-norrvik-{GROUP}]"
SHOWN_LIMIT_MS = 2_000
AWAY_S = 1.5
BACK_LIMIT_S = 30
READY_S = 60


@dataclass
class Cabled:
    """A running server with one link whose cable is in the test's hands."""

    url: str
    users: dict[str, dict[str, str]]
    control: Control
    pull: Callable[[], None]
    plug: Callable[[], None]
    process: "subprocess.Popen[bytes]"


def _wait_for_file(path: Path, process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    deadline = time.monotonic() + READY_S
    while not path.exists():
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server was not ready in time"
        time.sleep(0.05)
    ready: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return ready


@contextlib.contextmanager
def _cabled(folder: Path, how: str) -> Iterator[Cabled]:
    words = [sys.executable, "-m", "hardware.sim", "pei", "--pty", "--scenario", "quiet"]
    words += ["--audio", "udp:127.0.0.1:0", "--control", "0", "--link", str(folder / "radio")]
    simulator = subprocess.Popen(words, stdout=subprocess.PIPE)
    with contextlib.ExitStack() as stack:
        stack.callback(end_process, simulator)
        assert simulator.stdout is not None
        first = json.loads(simulator.stdout.readline())
        (folder / "radios.json").write_text(json.dumps(first), encoding="utf-8")
        control = Control(first["control"])
        stack.callback(control.close)
        tty = folder / f"radio-{RADIO}"
        if how == "tcp":
            server = TtyOverTcp(tty)
            stack.callback(server.close)
            address, pull, plug = server.url, server.cut, server.mend
        else:
            address = str(tty)

            def pull() -> None:
                control.ask(do="unplug", radio=RADIO, for_ms=AWAY_S * 1000)

            def plug() -> None:
                """The simulator does it, after the time given above."""

        words = [sys.executable, "-m", "tests.system.cable_server", str(folder)]
        log = stack.enter_context((folder / "server.log").open("wb"))
        process = subprocess.Popen(
            [*words, json.dumps({RADIO: address})], stdout=log, stderr=subprocess.STDOUT
        )
        stack.callback(end_process, process)
        ready = _wait_for_file(folder / "ready", process)
        yield Cabled(ready["url"], ready["users"], control, pull, plug, process)


@pytest.fixture(scope="module", params=["pty", "tcp"])
def cabled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cabled]:
    """A server, its cable, and what it is made of."""
    how: str = request.param
    with _cabled(tmp_path_factory.mktemp(how), how) as running:
        yield running
        assert running.process.poll() is None, "the server is the one that was started"


@pytest.fixture(scope="module")
def page(cabled: Cabled) -> Iterator["Page"]:
    with browser() as context:
        opened = context.new_page()
        sign_in(opened, cabled.url, cabled.users["dispatcher"])
        opened.locator(TILE).click()
        yield opened


@pytest.fixture(autouse=True)
def in_service(cabled: Cabled, page: "Page") -> Iterator[None]:
    """Begin with the link up and no call; end with no key held."""
    _in_service(cabled, page)
    cabled.control.ask(do="release", radio=RADIO)
    cabled.control.ask(do="clear", radio=RADIO)
    wait_for(lambda: radio_state(cabled.control, RADIO)["call"] is None, words="no call")
    yield
    page.keyboard.up("F1")


def _in_service(cabled: Cabled, page: "Page") -> None:
    page.locator(f"{TILE}:not([data-rx=offline])").wait_for(timeout=BACK_LIMIT_S * 1000)
    page.locator("[data-testid=links-state]:not(.badge--warn)").wait_for(
        timeout=BACK_LIMIT_S * 1000
    )


def _pulled(cabled: Cabled, page: "Page") -> float:
    """Pull the cable; the console shows it in time. Returns the moment."""
    since = mono_ms()
    cabled.pull()
    page.locator("[data-testid=links-state].badge--warn").wait_for(timeout=SHOWN_LIMIT_MS)
    page.locator(f"{TILE}[data-rx=offline]").wait_for(timeout=SHOWN_LIMIT_MS)
    assert mono_ms() - since <= SHOWN_LIMIT_MS
    return since


def _back(cabled: Cabled, page: "Page", since_ms: float) -> None:
    """Put the cable in again and wait until the console says that all is well."""
    time.sleep(max(0.0, AWAY_S - (mono_ms() - since_ms) / 1000))
    cabled.plug()
    _in_service(cabled, page)


def _noted(cabled: Cabled, kind: str, since_ms: float) -> list[dict[str, Any]]:
    asked = cabled.control.ask(do="log", radio=RADIO, kinds=[kind], since_ms=since_ms)
    found: list[dict[str, Any]] = asked["entries"]
    return found


def _hold_key(cabled: Cabled, page: "Page") -> None:
    page.keyboard.down("F1")
    wait_for(lambda: radio_state(cabled.control, RADIO)["keyed"], words="keyed")
    page.locator("[data-testid=onair][data-tx=on_air]").wait_for()


def test_while_receiving(cabled: Cabled, page: "Page") -> None:
    cabled.control.ask(do="talk", radio=RADIO, group=GROUP, unit=1310302, for_s=6)
    page.locator(f"{TILE}[data-rx=receiving]").wait_for()
    since = _pulled(cabled, page)
    _back(cabled, page, since)
    cabled.control.ask(do="release", radio=RADIO)
    cabled.control.ask(do="talk", radio=RADIO, group=GROUP, unit=1310302, for_s=3)
    page.locator(f"{TILE}[data-rx=receiving]").wait_for()
    assert _noted(cabled, "keyed", since) == []


def test_while_transmitting(cabled: Cabled, page: "Page") -> None:
    _hold_key(cabled, page)
    since = _pulled(cabled, page)
    page.locator("[data-testid=onair][data-tx=on_air]").wait_for(state="detached", timeout=2_000)
    _back(cabled, page, since)  # the key is still held down
    wait_for(lambda: not radio_state(cabled.control, RADIO)["keyed"], words="un-keyed at once")
    time.sleep(2)
    assert _noted(cabled, "keyed", since) == []
    assert not radio_state(cabled.control, RADIO)["keyed"]
    page.keyboard.up("F1")
    time.sleep(0.5)
    _hold_key(cabled, page)  # a new press is another matter
    page.keyboard.up("F1")
    wait_for(lambda: not radio_state(cabled.control, RADIO)["keyed"], words="un-keyed")


def test_while_sending_a_text(cabled: Cabled, page: "Page") -> None:
    desk = Desk(cabled.url, **cabled.users["supervisor"])
    since = mono_ms()
    body = {"to": "norrvik/1310302", "to_talkgroup": False, "text": "Vi ses vid kaj 4"}
    message = desk.call("POST", "/messages", body)["id"]
    wait_for(lambda: _noted(cabled, "sds_out", since), words="the text is at the radio")
    _pulled(cabled, page)
    state = wait_for(lambda: _state_of(desk, message), words="the text's state is told")
    assert state in ("unknown", "failed")
    _back(cabled, page, since)
    time.sleep(2)
    assert len(_noted(cabled, "sds_out", since)) == 1, "nothing is sent again by itself"
    later = _state_of(desk, message)
    reported = any(
        entry["hex"].startswith(("8210", "7E", "7F")) for entry in _noted(cabled, "sds_in", since)
    )
    assert later == state or (later in ("delivered", "read") and reported), "its reader says so"
    assert _noted(cabled, "keyed", since) == []


def _state_of(desk: Desk, message: str) -> str:
    rows = desk.call("GET", "/messages")
    found: dict[str, Any] = next((row for row in rows if row["id"] == message), {})
    state = str(found.get("state", ""))
    return state if state in ("unknown", "failed", "delivered", "read") else ""
