"""Rubbish from radio, network and disk: clear errors, nothing crashes, nothing is keyed."""

import json
import time
import urllib.error
import urllib.request

import pytest

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, PttSocket, StreamSocket, mono_ms
from tests.system.story import BRAND_1, radio_state, silence_on_air, wait_for

RADIO = "hamnen"


def recovered(stream: StreamSocket, control: Control, ptt: PttSocket) -> None:
    """The link works again: a press gets its grant."""

    def works() -> bool:
        request, _ = ptt.press(BRAND_1)
        state = ptt.wait(request, "on_air", "denied", "fault", seconds=10)
        ptt.release(request)
        ptt.wait(request, "idle", "denied", "fault", seconds=10)
        return bool(state["state"] == "on_air")

    wait_for(works, seconds=60, words="the link works again")
    silence_on_air(control, RADIO)


@pytest.mark.parametrize("seconds", [8])
def test_random_bytes_on_the_serial_port(
    ptt: PttSocket, stream: StreamSocket, control: Control, demo: RunningDemo, seconds: int
) -> None:
    since = mono_ms()
    control.ask(do="noise", radio=RADIO, for_ms=seconds * 1000, bytes_per_s=20_000)
    time.sleep(seconds + 1)
    assert demo.process.poll() is None
    assert control.ask(do="log", radio=RADIO, kinds=["keyed"], since_ms=since)["entries"] == []
    recovered(stream, control, ptt)


def test_a_line_of_ten_megabytes(
    ptt: PttSocket, stream: StreamSocket, control: Control, demo: RunningDemo
) -> None:
    since = mono_ms()
    control.ask(do="long_line", radio=RADIO, bytes=10_000_000)
    wait_for(lambda: demo.process.poll() is None, words="server lives")
    assert control.ask(do="log", radio=RADIO, kinds=["keyed"], since_ms=since)["entries"] == []
    recovered(stream, control, ptt)


def test_half_lines(ptt: PttSocket, stream: StreamSocket, control: Control) -> None:
    for text in ("+CTICN: 1,0,0,0,12", "\r\n+CTSDSR: 12,1220101,0,1299", "\r\n+CTXG: 1,"):
        control.ask(do="bytes", radio=RADIO, hex=text.encode().hex())
        time.sleep(0.2)
    control.ask(do="bytes", radio=RADIO, hex=b"\r\n".hex())
    recovered(stream, control, ptt)
    assert radio_state(control, RADIO)["violations"] == 0


def post(url: str, body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def test_oversized_upload(demo: RunningDemo) -> None:
    engineer = Desk(demo.url, **demo.users["engineer"])
    cookie = "; ".join(f"{c.name}={c.value}" for c in engineer.cookies)
    status, answer = post(
        f"{demo.url}/api/v1/import/talkgroups",
        b"x" * 60_000_000,
        **{
            "Cookie": cookie,
            "X-Samband-Csrf": engineer.csrf,
            "Content-Type": "multipart/form-data; boundary=b",
        },
    )
    assert status == 413
    assert "error" in answer


def test_wrong_signature(demo: RunningDemo) -> None:
    status, answer = post(
        f"{demo.url}/api/v1/webhooks/camera/demo",
        b'{"type":"camera.event"}',
        **{
            "Content-Type": "application/json",
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(time.time())),
            "webhook-signature": "v1,AAAA",
        },
    )
    assert status in (401, 404)
    assert "error" in answer


@pytest.mark.parametrize("text", ["", "{", "[]", '{"op":"press"}', '{"op":"fly","request":"r"}'])
def test_rubbish_on_the_press_socket(desk: Desk, control: Control, text: str) -> None:
    since = mono_ms()
    socket = desk.socket("/ptt")
    socket.send(text)
    time.sleep(0.2)
    socket.close()
    assert control.ask(do="log", radio=RADIO, kinds=["keyed"], since_ms=since)["entries"] == []
    again = desk.ptt()
    request, _ = again.press(BRAND_1)
    again.wait(request, "on_air")
    again.release(request)
    again.wait(request, "idle")
    again.close()
