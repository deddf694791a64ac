"""A patch of TETRA and P25, whole: a terminal behind a pty, a base station behind UDP, real speech.

What a unit says on one is heard by the other's radios in one over, and both are released.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samband.bench_demo import Control, RunningDemo, running_demo
from samband.bench_desk import Desk, mono_ms
from samband.bench_signal import RATE_HZ, Sound, follow, from_pcm, read_wav, stoi
from samband.bench_sound import demo_speech
from tests.system.story import no_violations, radio_state, silence_on_air, wait_for

TERMINAL, STATION = "hamnen", "vinga"
FIRE, COAST = "norrvik/310301", "kusten/10001"
LIMIT = 0.35
"""STOI against the original that shows that it is this speech. A busy machine tears holes into real
time; how whole it is has its figure on a standing clock (tests/gateway/engine/test_patches_sound).
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A quiet demo with its coast."""
    with running_demo(tmp_path_factory.mktemp("patch"), scenario="quiet", p25=True) as running:
        yield running


@pytest.fixture
def station(demo: RunningDemo) -> Iterator[Control]:
    """The control port of the base station, cleared."""
    with contextlib.closing(Control(demo.coast[STATION])) as control:
        control.ask(do="mend")
        control.ask(do="clear")
        yield control


def joined(desk: Desk) -> str:
    """Join fire and coast, and wait until both are ready."""
    made = desk.call(
        "POST",
        "/patches",
        {
            "talkgroups": [FIRE, COAST],
            "reason": "Fire at the quay, the coast guard comes from the sea",
            "minutes": 10,
        },
    )

    def ready() -> bool:
        (row,) = desk.call("GET", "/patches")["patches"]
        return all(member["ready"] for member in row["members"])

    wait_for(ready, seconds=10, words="both members ready")
    return str(made["patch"])


@pytest.fixture
def patch(desk: Desk, control: Control) -> Iterator[str]:
    """A patch for one test."""
    silence_on_air(control, TERMINAL)
    made = joined(desk)
    yield made
    desk.call("POST", f"/patches/{made}/drop", {})


def test_speech_goes_both_ways_and_everything_is_released(
    control: Control, station: Control, desk: Desk, patch: str, tmp_path: Path
) -> None:
    speech = demo_speech(tmp_path / "speech.wav")
    original = read_wav(speech)
    _from_the_terminal(control, station, speech, original)
    _from_the_station(control, station, speech, original)
    no_violations(control)
    assert station.ask(do="violations")["violations"] == []
    _one_conversation(desk, patch)


def _from_the_terminal(control: Control, station: Control, speech: Path, original: Sound) -> None:
    control.ask(do="talk", radio=TERMINAL, group=310301, unit=1220101, wav=str(speech))
    wait_for(lambda: station.ask(do="heard")["overs"], words="the station sends")
    overs = wait_for(
        lambda: [o for o in station.ask(do="heard")["overs"] if o["terminated"]],
        seconds=len(original) / RATE_HZ + 10,
        words="the station is released",
    )
    assert len(overs) == 1
    assert overs[0]["group"] == 10001
    path = speech.with_name("heard.wav")

    def all_decoded() -> bool:
        station.ask(do="sound", path=str(path))
        return len(read_wav(path)) >= int(overs[0]["frames"]) * RATE_HZ // 50

    wait_for(all_decoded, seconds=20, words="the station's vocoder has decoded what it heard")
    assert _likeness(original, read_wav(path)) >= LIMIT
    wait_for(lambda: radio_state(control, TERMINAL)["call"] is None, words="the call is over")


def _from_the_station(control: Control, station: Control, speech: Path, original: Sound) -> None:
    station.ask(do="clear")
    since = mono_ms()
    station.ask(do="talk", group=10001, unit=5100131, wav=str(speech))
    wait_for(lambda: radio_state(control, TERMINAL)["keyed"], words="the terminal is keyed")
    wait_for(
        lambda: not radio_state(control, TERMINAL)["keyed"],
        seconds=len(original) / RATE_HZ + 10,
        words="the terminal is released",
    )
    sound = from_pcm(control.pcm(do="sound", radio=TERMINAL, since_ms=since, group=310301))
    assert _likeness(original, sound) >= LIMIT
    # What the terminal said is not said again by the station, nor the other way round.
    assert station.ask(do="heard")["overs"] == []
    assert not radio_state(control, TERMINAL)["keyed"]


def _likeness(original: Sound, received: Sound) -> float:
    laid, _ = follow(original, np.concatenate([received, np.zeros(RATE_HZ)]))
    return stoi(original, laid)


def _one_conversation(desk: Desk, patch: str) -> None:
    def calls() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = desk.call("GET", f"/calls?patch={patch}")["calls"]
        return found if {c["talkgroup"] for c in found} == {FIRE, COAST} else []

    overs = [o for c in wait_for(calls, words="calls of the patch") for o in c["transmissions"]]
    received = {over["id"] for over in overs if not over["source"]}
    passed_on = [over for over in overs if over["source"]]
    assert len(received) == len(passed_on) == 2
    assert {over["source"] for over in passed_on} == received
    assert {over["via"] for over in passed_on} == {"P3"}


def test_a_killed_server_leaves_no_member_keyed(
    demo: RunningDemo, control: Control, station: Control, desk: Desk
) -> None:
    """The last of this file: its server is gone then. The guard un-keys what the patch keyed."""
    silence_on_air(control, TERMINAL)
    joined(desk)
    station.ask(do="talk", group=10001, unit=5100131, tone_hz=500, for_s=20)
    wait_for(lambda: radio_state(control, TERMINAL)["keyed"], words="the terminal is keyed")
    os.kill(demo.pid, signal.SIGKILL)
    wait_for(lambda: not radio_state(control, TERMINAL)["keyed"], words="the guard un-keyed it")
