"""What the stories share: waiting for lines on the wire and for states of a radio."""

import time
from collections.abc import Callable
from typing import Any

from samband.bench_demo import Control
from samband.bench_desk import PttSocket
from samband.bench_ptt import first_line

BRAND_1 = "norrvik/310301"
BRAND_2 = "norrvik/310302"
PATRULL_1 = "norrvik/310201"
PATRULL_2 = "norrvik/310202"
UNKEY_LIMIT_MS = 500


def radio_state(control: Control, radio: str) -> dict[str, Any]:
    """Return the simulated radio's state."""
    state: dict[str, Any] = control.ask(do="state", radio=radio)["radios"][0]
    return state


def wait_for(what: Callable[[], Any], *, seconds: float = 5, words: str = "") -> Any:
    """Poll until ``what`` gives something true; returns it; fails with ``words`` after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s: {words or what}")


def unkeyed_after(control: Control, radio: str, since_ms: float) -> float:
    """Return how many ms after ``since_ms`` the first un-key was on the wire."""
    _, at = first_line(control, since_ms, "AT+CUTXC", radio=radio)
    wait_for(lambda: not radio_state(control, radio)["keyed"], words=f"{radio} un-keyed")
    return at - since_ms


def on_air(ptt: PttSocket, control: Control, talkgroup: str, radio: str) -> str:
    """Press and wait until the radio is keyed; returns the request."""
    request, _ = ptt.press(talkgroup)
    ptt.wait(request, "on_air")
    wait_for(lambda: radio_state(control, radio)["keyed"], words=f"{radio} keyed")
    return request


def silence_on_air(control: Control, radio: str) -> None:
    """Wait until a radio has no call, so that the next test begins fresh."""
    control.ask(do="clear", radio=radio)
    control.ask(do="release", radio=radio)
    wait_for(lambda: radio_state(control, radio)["call"] is None, words=f"{radio} without a call")


def no_violations(control: Control) -> None:
    """Fail when the host sent a line that the reference does not allow."""
    assert control.ask(do="violations")["violations"] == []
