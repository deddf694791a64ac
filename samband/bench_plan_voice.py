"""Calls in progress for ``samband bench plan``, and what the radios and a listener know of them."""

import random
import threading
import time
from typing import Any

from gateway.model.errors import LinkError
from samband.bench_desk import Desk, PttSocket, mono_ms
from samband.bench_plan_room import Room
from samband.bench_plan_world import FIRST_UNIT, group_of, talkgroup_of
from samband.bench_ptt import KEY_UP, first_line

VOICE_S = 280
"""One round: everybody talks this long, then begins anew."""
TONE_HZ = 700.0
"""Nobody breathes: in a pause of speech nothing is sent, and a hole would not be seen."""
BREATH_S = 25.0
"""A desk that has talked so long lets go and presses again before the next plan."""
SETTLE_S = 4.0
"""A press buffer has worked its backlog off by then."""
REST_S = 3.0
"""The last packets of an over are heard by then."""
POLL_S = 0.05
LAST_LINES = 12
"""What is told of a radio that does not come to rest."""
WAIT_S = 30.0
PAUSE_S = (0.1, 0.4)
PRESS_S = (0.1, 0.3)


class Calls:
    """Radios that hear somebody, and desks that hold their key."""

    def __init__(self, room: Room, desks: list[Desk], settle_s: float = SETTLE_S) -> None:
        """Join the browsers: one that hears everything, a microphone for each desk that speaks."""
        self._room, self._size = room, room.size
        self._control = room.control()
        self._peers = room.peers()
        self._talkgroups = [str(talkgroup_of(n)) for n in range(self._size.calls)]
        self._peers.listen(room.sign_in("supervisor"), self._talkgroups)
        self._sockets: list[PttSocket] = []
        for desk in desks:
            self._peers.speak(desk)
            self._sockets.append(desk.ptt())
            room.stack.callback(self._sockets[-1].close)
        self._presses: list[str] = []
        self._ends = self._pressed = 0.0
        self._began_ms = self._round_ms = 0.0
        self._packets: list[int] = []
        self._settle_s = settle_s
        self._noted: list[dict[str, Any]] = []
        """What the radios told that is among the faults already."""
        self.faults: list[str] = []
        self.packets = 0
        self.late = 0
        """Blocks that came so late that the listener's clock went on without them."""
        self.longest_ms: list[float] = []

    @property
    def left_s(self) -> float:
        """How long the round still lasts."""
        return self._ends - time.monotonic()

    def begin(self, seconds: float = VOICE_S) -> None:
        """Let everybody talk; returns when voice flows on every talkgroup."""
        self._peers.heard()
        self._round_ms = mono_ms()
        self._packets = [0] * self._size.calls
        for n in range(self._size.received):
            self._control.ask(
                do="talk",
                radio=f"radio-{n}",
                group=group_of(n),
                unit=FIRST_UNIT + n,
                tone_hz=TONE_HZ,
                for_s=seconds,
            )
        self._press()
        self._ends = time.monotonic() + seconds
        deadline = time.monotonic() + WAIT_S
        while not all(self._packets):
            time.sleep(POLL_S)
            self._heard()
            if time.monotonic() > deadline:
                counts = zip(self._talkgroups, self._packets, strict=True)
                silent = ", ".join(talkgroup for talkgroup, count in counts if not count)
                raise LinkError(f"no voice of {silent} within {WAIT_S} s")
        time.sleep(self._settle_s)
        self._heard()
        self._began_ms = mono_ms()

    def _press(self) -> None:
        for n, socket in enumerate(self._sockets, self._size.received):
            request, _ = socket.press(self._talkgroups[n])
            socket.wait(request, "on_air", seconds=WAIT_S)
            self._presses.append(request)
        self._pressed = time.monotonic()

    def _release(self) -> None:
        for socket, request in zip(self._sockets, self._presses, strict=False):
            socket.release(request)
            ended = socket.wait(request, "idle", "fault", seconds=WAIT_S)
            if ended["state"] == "fault":
                self.faults.append(f"a desk that talked: {ended['words']}")
        self._presses = []

    def press_anew(self) -> None:
        """Let the desks take breath: a gateway ends an over of which a radio says nothing."""
        if time.monotonic() - self._pressed > BREATH_S:
            self._release()
            self._press()
            time.sleep(self._settle_s)
            self._heard()
            self._began_ms = mono_ms()

    def _heard(self) -> list[dict[str, Any]]:
        heard = self._peers.heard()
        for n, line in enumerate(heard):
            self._packets[n] += line["packets"]
        return heard

    def look(self, when: str) -> None:
        """Note what the listener did not get since the last look, and what the radios tell."""
        for talkgroup, line in zip(self._talkgroups, self._heard(), strict=True):
            self.packets += line["packets"]
            self.late += line["jumps"]
            self.longest_ms.append(line["longest_ms"])
            if line["lost"] or not line["packets"]:
                self.faults.append(f"{when}: {talkgroup}: {line}")
        self._keys(when)

    def _keys(self, when: str) -> None:
        """No radio of a call may have lost its talker or its key since the round began."""
        kinds = ["keyed", "unkeyed", "talker", "talker_end", "missed"]
        told = self._control.ask(do="log", kinds=kinds, since_ms=self._began_ms)["entries"]
        mine = {f"radio-{n}" for n in range(self._size.calls)}
        found = [one for one in told if one["radio"] in mine and one not in self._noted]
        self._noted += found
        self.faults += [f"{when}: {one}" for one in found]

    def end(self, when: str) -> None:
        """Let everybody finish; each block of sound was heard, and every key is up again."""
        self._release()
        for n in range(self._size.received):
            self._control.ask(do="cut", radio=f"radio-{n}")
        self.stuck(when)
        self._all_heard(when)

    def _all_heard(self, when: str) -> None:
        """Hold what the radios delivered in this round against what the listener got."""
        deadline = time.monotonic() + REST_S
        told = self._control.ask(do="log", kinds=["talker_end"], since_ms=self._round_ms)
        played = {entry["radio"]: entry["blocks"] for entry in told["entries"]}
        short = {}
        while time.monotonic() < deadline:
            self._heard()
            heard = {f"radio-{n}": self._packets[n] for n in range(self._size.received)}
            short = {name: played.get(name) for name in heard if heard[name] < played.get(name, 1)}
            if not short:
                return
            time.sleep(POLL_S)
        self.faults += [
            f"{when}: {name}: {heard[name]} packets of {blocks} blocks were heard"
            for name, blocks in short.items()
        ]

    def stuck(self, when: str) -> None:
        """Note each radio whose key is still down after a while."""
        deadline = time.monotonic() + WAIT_S
        while True:
            radios = self._control.ask(do="state")["radios"]
            down = [radio for radio in radios if radio["keyed"] or radio["call"]]
            if not down:
                return
            if time.monotonic() > deadline:
                self.faults += [f"{when}: {self._left(radio)}" for radio in down]
                return
            time.sleep(POLL_S)

    def _left(self, radio: dict[str, Any]) -> str:
        """Say what a radio is left in, and the last that passed between it and its host."""
        state = "its key is down" if radio["keyed"] else f"it is in a call: {radio['call']}"
        since_ms = mono_ms() - WAIT_S * 1000
        told = self._control.ask(do="log", since_ms=since_ms)["entries"]
        last = [one for one in told if one.get("radio") == radio["name"]][-LAST_LINES:]
        return f"{radio['name']}: {state}; the last of it: {last}"

    def violations(self) -> list[dict[str, Any]]:
        """Return what the radios do not allow."""
        found: list[dict[str, Any]] = self._control.ask(do="violations")["violations"]
        return found


class Presses(threading.Thread):
    """Somebody who presses and lets go all the time, while plans come and go."""

    def __init__(self, room: Room, desk: Desk) -> None:
        """Take a desk; the radio is the one that no call is on."""
        super().__init__(name="presses", daemon=True)
        self._control = room.control()
        self._ptt = desk.ptt()
        room.stack.callback(self._ptt.close)
        self._radio = f"radio-{room.size.presses_on}"
        self._talkgroup = str(talkgroup_of(room.size.presses_on))
        self._over = threading.Event()
        self.at_rest = threading.Lock()
        """Held, nobody presses: so that a key which is down then is one that sticks."""
        self._rng = random.Random(3)  # noqa: S311 - moments of presses, not a secret
        self.up: list[tuple[float, float]] = []
        """When pressed, and ms from there to the line of the radio."""
        self.down: list[tuple[float, float]] = []
        self.faults: list[str] = []

    def run(self) -> None:
        """Press until ``stop``."""
        while not self._over.wait(self._rng.uniform(*PAUSE_S)):
            with self.at_rest:
                try:
                    self._once()
                except LinkError as error:
                    self.faults.append(f"presses: {error}")

    def _once(self) -> None:
        request, pressed = self._ptt.press(self._talkgroup)
        self._ptt.wait(request, "on_air")
        _, at = first_line(self._control, pressed, *KEY_UP, radio=self._radio)
        self.up.append((pressed, at - pressed))
        time.sleep(self._rng.uniform(*PRESS_S))
        released = self._ptt.release(request)
        self._ptt.wait(request, "idle")
        _, at = first_line(self._control, released, "AT+CUTXC", radio=self._radio)
        self.down.append((released, at - released))

    def stop(self) -> None:
        """Finish the press that runs."""
        self._over.set()
        self.join(WAIT_S)
