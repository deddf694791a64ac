"""Never stuck: whatever happens to desk, network or server, the radio is un-keyed in time.

Each test measures on the wire of a simulated terminal in a process of its own, from the last
renewal (or from the moment of the fault, which is later than the last renewal) to the un-key.
"""

import os
import signal
import time
from collections.abc import Callable

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, PttSocket, mono_ms
from tests.system.conftest import Proxy
from tests.system.story import (
    BRAND_1,
    UNKEY_LIMIT_MS,
    no_violations,
    on_air,
    radio_state,
    unkeyed_after,
    wait_for,
)

RADIO = "hamnen"


def test_lease_runs_out(ptt: PttSocket, control: Control) -> None:
    request = on_air(ptt, control, BRAND_1, RADIO)
    last = ptt.stop_renewing(request)
    assert unkeyed_after(control, RADIO, last) <= UNKEY_LIMIT_MS
    assert ptt.wait(request, "fault")["words"].startswith("Cut off after")
    no_violations(control)


def test_socket_cut(demo: RunningDemo, control: Control, proxy: Callable[[str], Proxy]) -> None:
    way = proxy(demo.url)
    desk = Desk(f"http://localhost:{way.port}", **demo.users["dispatcher"])
    desk.take("1")
    ptt = desk.ptt()
    on_air(ptt, control, BRAND_1, RADIO)
    cut = mono_ms()
    way.cut()
    assert unkeyed_after(control, RADIO, cut) <= UNKEY_LIMIT_MS


def test_socket_silently_swallowed(
    demo: RunningDemo, control: Control, proxy: Callable[[str], Proxy]
) -> None:
    way = proxy(demo.url)
    desk = Desk(f"http://localhost:{way.port}", **demo.users["dispatcher"])
    desk.take("1")
    ptt = desk.ptt()
    on_air(ptt, control, BRAND_1, RADIO)
    swallowed = mono_ms()
    way.swallowing = True
    assert unkeyed_after(control, RADIO, swallowed) <= UNKEY_LIMIT_MS


def test_permission_revoked_in_mid_press(
    demo: RunningDemo, control: Control, ptt: PttSocket
) -> None:
    on_air(ptt, control, BRAND_1, RADIO)
    administrator = Desk(demo.url, **demo.users["administrator"])
    person = next(u for u in administrator.call("GET", "/users") if u["role"] == "dispatcher")
    revoked = mono_ms()
    administrator.call("POST", f"/users/{person['id']}/disable", {"disabled": True})
    try:
        assert unkeyed_after(control, RADIO, revoked) <= 1000
    finally:
        administrator.call("POST", f"/users/{person['id']}/disable", {"disabled": False})


def _keyed_server(own_demo: RunningDemo) -> tuple[Control, PttSocket, int]:
    control = own_demo.control()
    desk = Desk(own_demo.url, **own_demo.users["dispatcher"])
    desk.take("1")
    ptt = desk.ptt()
    on_air(ptt, control, BRAND_1, RADIO)
    return control, ptt, own_demo.pid


def _server_killed(own_demo: RunningDemo, number: signal.Signals) -> None:
    control, _, pid = _keyed_server(own_demo)
    killed = mono_ms()
    os.kill(pid, number)
    assert unkeyed_after(control, RADIO, killed) <= UNKEY_LIMIT_MS
    control.close()


def test_server_killed(own_demo: RunningDemo) -> None:
    _server_killed(own_demo, signal.SIGKILL)


def test_server_stopped(own_demo: RunningDemo) -> None:
    _server_killed(own_demo, signal.SIGSTOP)


def test_server_killed_in_the_middle_of_a_text(own_demo: RunningDemo) -> None:
    control = own_demo.control()
    desk = Desk(own_demo.url, **own_demo.users["dispatcher"])
    desk.take("1")
    ptt = desk.ptt()
    # The radio reads nothing for a while, so the text is still on the wire when the press comes.
    long_text = "Meet at gate 3. " * 7
    desk.call(
        "POST",
        "/messages",
        {"to": "norrvik/1220101", "to_talkgroup": False, "text": long_text},
    )
    on_air(ptt, control, BRAND_1, RADIO)
    killed = mono_ms()
    os.kill(own_demo.pid, signal.SIGKILL)
    assert unkeyed_after(control, RADIO, killed) <= UNKEY_LIMIT_MS
    wait_for(lambda: radio_state(control, RADIO)["call"] is None, words="ATH ended the call")
    control.close()


def test_a_short_press_of_a_pad_sends_nothing(ptt: PttSocket, control: Control) -> None:
    since = mono_ms()
    request = "r-" + "0" * 26
    ptt.send(op="press", request=request, talkgroup=BRAND_1, source="button", priority=0)
    time.sleep(0.08)
    ptt.send(op="release", request=request)
    ptt.wait(request, "idle")
    entries = control.ask(do="log", radio=RADIO, kinds=["wire"], since_ms=since)["entries"]
    sent = "".join(e["text"] for e in entries if e["way"] == "host")
    assert "CTXD" not in sent
    assert "ATD" not in sent
