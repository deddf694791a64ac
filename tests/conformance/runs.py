"""One run: a seed decides the radio, the wire's faults, and what people do."""

import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.ids import MessageId, RequestId
from gateway.model.radio import KeyDemand
from gateway.tetra.terminal import TerminalCore
from tests.conformance import line_world
from tests.conformance.line_world import LineFar, pool
from tests.conformance.mangle import Kind, clean, mangle
from tests.conformance.sim_world import GROUP, OWN, UNITS, SimFar
from tests.conformance.watch import CLEAN_UNKEY_LIMIT_MS, Watch, size_of
from tests.conformance.wire import PIECE_BYTES, Wire

MakeCore = Callable[[], TerminalCore]
START_MS = 6_000
SETTLE_MS = 45_000
"""Longer than every time-out of the core but that of a call that nothing is heard of."""
MOST_THINGS = 4_000
"""Most things that a core may hold in all its containers at the end of a run."""
STEPS = 26
KINDS = tuple(Kind)
LINE_SHARE = 10, 3
"""Of every 10 runs 3 are on hand-written or recorded lines."""


def new_core() -> TerminalCore:
    """Return the core that is examined."""
    return TerminalCore(own_number=OWN, wanted_group=GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run."""

    seed: int
    kind: Kind
    lines: bool
    faults: tuple[str, ...]
    counts: Counter[str]
    longest_unkey_ms: float


def run(seed: int, make_core: MakeCore = new_core) -> Outcome:
    """Run one; never raises."""
    kind = KINDS[seed % len(KINDS)]
    every, share = LINE_SHARE
    lines = seed // len(KINDS) % every < share
    watch = Watch(target=GROUP)
    try:
        _Run(seed, kind, watch, make_core, lines=lines).go()
    except Exception:
        watch.faults.append(traceback.format_exc())
    return Outcome(
        seed=seed,
        kind=kind,
        lines=lines,
        faults=tuple(watch.faults),
        counts=watch.counts,
        longest_unkey_ms=watch.longest_unkey_ms,
    )


class _Run:
    def __init__(
        self, seed: int, kind: Kind, watch: Watch, make_core: MakeCore, *, lines: bool
    ) -> None:
        # Chance of a test, not of a secret.
        self.rng = rng = random.Random(seed)
        self.seed, self.kind, self.watch = seed, kind, watch
        self.far: SimFar | LineFar
        self.far = LineFar(watch, rng, pool()) if lines else SimFar(watch, seed, rng)
        from_start = rng.random() < 0.4
        self.faulty = (mangle(kind, rng, end=b"\n"), mangle(kind, rng, end=b"\r"))
        to_host, to_radio = self.faulty if from_start else (clean(), clean())
        self.wire = Wire(
            make_core(),
            self.far,
            watch,
            to_host,
            to_radio,
            latency_ms=rng.choice((0.0, 0.0, 3.0)),
            piece_bytes=rng.choice(PIECE_BYTES),
        )
        watch.lossless = kind.lossless
        self.lines = 0
        self.reboot_at = -1
        self.wire.crossed = self._crossed
        if kind.lossless and kind is not Kind.REBOOT and not lines:
            watch.unkey_limit_ms = CLEAN_UNKEY_LIMIT_MS

    def go(self) -> None:
        wire, rng = self.wire, self.rng
        wire.connect()
        wire.run(START_MS)
        wire.to_host, wire.to_radio = self.faulty
        if self.kind is Kind.REBOOT:
            self.lines = 0
            self.reboot_at = self.seed // len(KINDS) % 90
            self._story()
        else:
            for _ in range(STEPS):
                self._step()
                wire.run(rng.choice((1, 20, 60, 150, 400, 1_200)))
        self._settle()

    # -- what people do

    def _step(self) -> None:
        roll = self.rng.randrange(10)
        if roll <= 2:
            self._toggle()
        elif roll == 3:
            self._send_text()
        else:
            self.far.happen(self.rng, self.wire.now)

    def _toggle(self) -> None:
        held = [press for press in self.watch.presses.values() if press.open]
        if held and self.rng.random() < 0.8:
            self._let_go(held[-1].request)
        else:
            self._press()

    def _press(self) -> str:
        request = f"r-{len(self.watch.presses)}"
        priority = self.rng.choice((0, 0, 0, 1, 3))
        self.watch.press(request)
        wanted = KeyDemand(demand=RequestId(request), group=GROUP, priority=priority)
        self.wire.take(self.wire.core.demand(wanted, self.wire.mono))
        return request

    def _let_go(self, request: str) -> None:
        self.watch.let_go(request)
        cause = self.rng.choice(("released", "released", "lease expired"))
        self.wire.take(self.wire.core.end(RequestId(request), cause, self.wire.mono))

    def _send_text(self) -> None:
        message = f"m-{len(self.watch.messages)}"
        units = line_world.UNITS if isinstance(self.far, LineFar) else UNITS
        to, text = self.rng.choice(units), f"Enhet {message} till grind 3"
        self.watch.sends(message)
        events = self.wire.core.send_text(MessageId(message), to, text, self.wire.mono)
        self.wire.take(events)

    def _story(self) -> None:
        """Every step of calls, so that the radio can reboot at each of them."""
        wire = self.wire
        wire.run(200)
        first = self._press()  # dials, is granted
        wire.run(700)
        self._let_go(first)
        wire.run(300)
        self._send_text()
        second = self._press()  # asks in the running call
        wire.run(500)
        self._let_go(second)
        wire.run(2_500)
        self.far.talk(wire.now)
        wire.run(100)
        third = self._press()  # queued behind the talker
        wire.run(1_500)
        self._let_go(third)
        wire.run(1_500)
        fourth = self._press()
        wire.run(60)
        self._let_go(fourth)  # withdrawn before the grant
        wire.run(5_000)

    # -- the wire

    def _crossed(self, data: bytes) -> None:
        if self.reboot_at < 0:
            return
        self.lines += data.count(b"\r") + data.count(b"\x1a")
        if self.lines > self.reboot_at:
            self.reboot_at = -1
            self.watch.counts["reboots"] += 1
            self.far.reboot(self.rng.choice((300.0, 1_500.0)), self.wire.now)

    # -- the end

    def _settle(self) -> None:
        """Everybody lets go; after a while with the faults going on nothing is keyed."""
        wire, watch = self.wire, self.watch
        for press in list(watch.presses.values()):
            if press.open:
                self._let_go(press.request)
        wire.run(SETTLE_MS)
        wire.to_host, wire.to_radio = clean(), clean()
        wire.run(SETTLE_MS)
        watch.at_end(keyed=self.far.keyed, guard=wire.core.guard_bytes(), now=wire.now)
        size = size_of(wire.core)
        if size > MOST_THINGS:
            watch.breach(f"the core holds {size} things", wire.now)
