"""Calls of two and presses over a bad wire, against the simulated radio; seeded.

Lines are lost, doubled and damaged both ways, the radio restarts and is switched by hand. What must
hold: sound goes on the air only in the call that was meant; each press, microphone and call that we
dialled has exactly one end; once all have let go nothing stays keyed.
"""

import os
import random
from collections import Counter

import pytest

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import Dial, IndividualEnded, IndividualKind, IndividualRinging
from gateway.model.radio import KeyDemand, TxEnded, TxNotSent, TxRefused
from tests.hardware.core_and_sim import BLOCK, GROUP, SCANNED, Pair

RUNS = int(os.environ.get("SAMBAND_DAMAGED_RUNS", "60"))
STEPS = 40
BLOCKS = 3
UNITS = (1210204, 1210207)


class Bad:
    """A pair whose wire damages one line in ten, and whoever uses it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.pair = Pair.opened()
        self.pair.events.clear()
        self.meant: dict[RequestId, int | None] = {}
        self.calls: list[CallId] = []
        self.damage = 0.1
        self.carried: Counter[str] = Counter()
        self._half = b""

    def carry(self) -> None:
        """Exchange what both have to say, damaged."""
        pair = self.pair
        for _ in range(200):
            data = pair.core.outgoing(64)
            if data:
                pair.radio.receive(self._spoilt(data), pair.now)
            said = pair.radio.outgoing()
            if said:
                heard = b"".join(self._spoilt(part) for part in said.splitlines(keepends=True))
                pair.events += pair.core.receive(heard, MonoMs(int(pair.now)))
            if not data and not said:
                return
        raise AssertionError("they talk for ever")

    def _spoilt(self, data: bytes) -> bytes:
        chance = self.rng.random()
        if chance >= self.damage:
            return data
        place = self.rng.randrange(len(data))
        if b"ATD" in data:  # a number that changes on its way to the radio cannot be noticed
            return self.rng.choice((b"", data + data))
        return self.rng.choice(
            (b"", data + data, data[:place] + data[place + 1 :], data[:place] + b"7" + data[place:])
        )

    def run(self, ms: float) -> None:
        """Let time pass; sound flows whenever the core says that it may."""
        pair = self.pair
        end = pair.now + ms
        while pair.now < end:
            due = [end]
            if (deadline := pair.core.deadline()) is not None:
                due.append(max(float(deadline), pair.now + 1))
            if (moment := pair.radio.deadline()) is not None:
                due.append(max(moment, pair.now + 1))
            pair.now = min(due)
            pair.radio.tick(pair.now)
            pair.events += pair.core.tick(MonoMs(int(pair.now)))
            self.carry()
            self._sound()
            if pair.core.needs_reopen:
                self._reopen()

    def _reopen(self) -> None:
        pair = self.pair
        pair.events += pair.core.lost(MonoMs(int(pair.now)), "the radio does not answer")
        pair.radio.port_closed(pair.now)
        pair.radio.port_opened(pair.now)
        pair.events += pair.core.opened(MonoMs(int(pair.now)))
        self.carry()

    def _sound(self) -> None:
        """Only where it was meant: the group, or the peer of the private call."""
        request = self.pair.core.on_air
        if request is None:
            return
        assert self.pair.core.keyed
        calls = self.pair.radio.calls
        self.pair.radio.receive_sound(BLOCK, self.pair.now)
        if not calls.carries_host_sound or calls.call is None:
            return
        meant = self.meant[request]
        self.carried["group" if meant is None else "private"] += 1
        if meant is None:
            assert calls.call.group == GROUP, f"heard on {calls.call.group}"
        else:
            assert calls.call.private, f"heard on group {calls.call.group}"

    def step(self) -> None:
        """Somebody does something."""
        act = self.rng.choice((self._press, self._dial, self._let_go, self._world, self._ringing))
        act()
        self.carry()
        self.run(self.rng.choice((1, 40, 200, 900)))

    def _request(self, meant: int | None) -> RequestId:
        request = RequestId(f"r-{len(self.meant)}")
        self.meant[request] = meant
        return request

    def _press(self) -> None:
        private = [c.instance for c in self.pair.core.state.calls.values() if c.private]
        instance = self.rng.choice([None, None, *private])
        wanted = KeyDemand(
            demand=self._request(instance),
            group=GROUP if instance is None else 0,
            individual=instance,
            priority=self.rng.randrange(4),
        )
        self.pair.events += self.pair.core.demand(wanted, MonoMs(int(self.pair.now)))

    def _dial(self) -> None:
        duplex = self.rng.random() < 0.6
        call = CallId(f"c-{len(self.calls)}")
        self.calls.append(call)
        phone = self.rng.random() < 0.2
        dial = Dial(
            call=call,
            kind=IndividualKind.TELEPHONE if phone else IndividualKind.PRIVATE,
            digits="0701234567" if phone else str(self.rng.choice(UNITS)),
            duplex=duplex,
            microphone=self._request(-1) if duplex else None,
            rings=self.rng.random() < 0.5,
        )
        self.pair.act("peer_answer", answer=self.rng.choice(("take", "take", "busy", "reject")))
        self.pair.events += self.pair.core.dial(dial, MonoMs(int(self.pair.now)))

    def _ringing(self) -> None:
        rings = [e.instance for e in self.pair.events if isinstance(e, IndividualRinging)]
        if not rings:
            return
        now = MonoMs(int(self.pair.now))
        if self.rng.random() < 0.7:
            self.pair.events += self.pair.core.answer(rings[-1], self._request(-1), now)
        else:
            self.pair.events += self.pair.core.hang_up(rings[-1], now)

    def _let_go(self) -> None:
        now = MonoMs(int(self.pair.now))
        if self.meant and self.rng.random() < 0.7:
            request = self.rng.choice(list(self.meant)[-3:])
            self.pair.events += self.pair.core.end(request, "released", now)
        elif self.calls:
            self.pair.events += self.pair.core.hang_up(self.rng.choice(self.calls[-2:]), now)

    def _world(self) -> None:
        unit = self.rng.choice(UNITS)
        group = self.rng.choice((GROUP, SCANNED))
        acts: tuple[dict[str, object], ...] = (
            {"do": "talk", "group": group, "unit": unit, "for_s": 0.5},
            {"do": "talk", "group": group, "unit": unit, "for_s": 0.5, "priority": 15},
            {"do": "call_private", "unit": unit, "for_s": 0.3},
            {"do": "call_private", "unit": unit, "duplex": False, "rings": False, "for_s": 0.3},
            {"do": "talk_private", "for_s": 0.3},
            {"do": "release", "cause": 13},
            {"do": "knob", "group": group},
            {"do": "knob", "group": GROUP},
            {"do": "power", "off_ms": 300} if self.rng.random() < 0.2 else {"do": "cut"},
        )
        self.pair.act(**self.rng.choice(acts))  # type: ignore[arg-type] # values of one action

    def finish(self) -> None:
        """Everybody lets go; the wire is good again."""
        now = MonoMs(int(self.pair.now))
        for request in self.meant:
            self.pair.events += self.pair.core.end(request, "released", now)
        for call in list(self.pair.core.state.calls.values()):
            if call.private:
                self.pair.events += self.pair.core.hang_up(call.instance, now)
        for name in self.calls:
            self.pair.events += self.pair.core.hang_up(name, now)
        self.damage = 0.0
        self.carry()
        self.run(40_000)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_is_heard_elsewhere_and_nothing_stays_keyed(block: int) -> None:
    carried: Counter[str] = Counter()
    for seed in range(block * RUNS // BLOCKS, (block + 1) * RUNS // BLOCKS):
        bad = Bad(seed)
        for _ in range(STEPS):
            bad.step()
        bad.finish()
        core = bad.pair.core
        assert core.on_air is None, seed
        assert not core.keyed, seed
        events = bad.pair.events
        ends = Counter(e.demand for e in events if isinstance(e, TxEnded | TxRefused | TxNotSent))
        assert dict(ends) == dict.fromkeys(bad.meant, 1), seed
        over = Counter(
            e.call
            for e in events
            if isinstance(e, IndividualEnded)
            and e.call is not None
            and e.cause != "there is no such call"
        )
        assert dict(over) == dict.fromkeys(bad.calls, 1), seed
        assert not bad.pair.radio.calls.carries_host_sound, seed
        carried += bad.carried
    assert min(carried["group"], carried["private"]) > 0, "the runs reached both"
