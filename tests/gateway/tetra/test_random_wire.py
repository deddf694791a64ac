"""Random radio, random engine, lost and doubled bytes: what must hold whatever happens.

Sound may be sent only while every call at the radio is on the target; each press has exactly one
end; once all have let go nothing stays keyed.
"""

import random
from collections import Counter

import pytest

from gateway.model.ids import MessageId, MonoMs
from gateway.model.radio import SendProgress, SendState, TxEnded, TxNotSent, TxRefused
from tests.gateway.tetra.scripted_radio import GROUP, OTHER_GROUP, OWN, Wire, opened

RUNS = 150
STEPS = 60
KEYS = ["AT+CTXD=1,0", "AT+CUTXC=1", f"ATD{GROUP}", "AT+CSQ?", "AT", "AT+CTSDS=12,0,0,0,0"]


def _radio_line(rng: random.Random) -> str:
    group = rng.choice([GROUP, GROUP, OTHER_GROUP])
    instance = rng.choice([1, 1, 1, 2])
    lines = [
        f"+CTICN: {instance},0,0,0,1210204,1,1,0,1,1,0,{group},0",
        f"+CTXG: {instance},0,0,0",
        f"+CTXG: {instance},{rng.randrange(1, 4)},0,0,0,1210207",
        f"+CDTXC: {instance},0",
        f"+CTCR: {instance},{rng.choice([1, 9, 13])}",
        f"+CTGS: 1,{group}",
        f"+CTCC: {instance},1,1,0,0,1,1",
        f"+CREG: {rng.choice([1, 1, 1, 0])},1,90101001",
        "+CMGS: 3,4,1",
    ]
    return "+CTOM: 0" if rng.random() < 0.01 else rng.choice(lines)


def _damaged(rng: random.Random, line: str) -> str:
    place = rng.randrange(len(line))
    kind = rng.random()
    if kind < 0.05:
        return line[:place] + line[place + 1 :]
    if kind < 0.1:
        return line[:place] + line[place] + line[place:]
    return line


def _step(rng: random.Random, wire: Wire, presses: list[str]) -> None:
    kind = rng.randrange(10)
    if kind == 0:
        presses.append(f"r-{len(presses)}")
        wire.demand(presses[-1])
    elif kind == 1 and presses:
        wire.end(rng.choice(presses[-2:]))
    elif kind == 2:
        wire.mute = set(rng.sample(KEYS, 2)) if rng.random() < 0.3 else set()
    elif kind == 3:
        now = MonoMs(wire.now)
        message = MessageId(f"m-{wire.now}")
        wire.take(wire.core.send_text(message, 1210204, "x" * rng.randrange(60), now))
    elif kind <= 5:
        wire.run(rng.choice([1, 20, 100, 700]))
    elif rng.random() > 0.1:
        wire.say(_damaged(rng, _radio_line(rng)))


def _only_on_target(wire: Wire) -> None:
    if wire.core.on_air is not None:
        assert {call.group for call in wire.core.state.calls.values()} == {GROUP}
        assert wire.core.keyed


@pytest.mark.parametrize("block", range(10))
def test_whatever_the_radio_says(block: int) -> None:
    for seed in range(block * RUNS // 10, (block + 1) * RUNS // 10):
        rng = random.Random(seed)
        wire = opened(own_number=OWN)
        wire.piece_bytes = rng.choice([1, 7, 64])
        presses: list[str] = []
        for _ in range(STEPS):
            _step(rng, wire, presses)
            _only_on_target(wire)
        for press in presses:
            wire.end(press)
        wire.mute = set()
        wire.run(12_000)
        if wire.core.needs_reopen:  # as the driver does: the guard un-keys, the port opens anew
            wire.take(wire.core.lost(MonoMs(wire.now), "the radio does not answer"))
            wire.take(wire.core.opened(MonoMs(wire.now)))
            wire.run(5_000)
        assert not wire.core.keyed, seed
        ends = Counter(
            event.demand
            for event in wire.events
            if isinstance(event, TxEnded | TxRefused | TxNotSent)
        )
        assert dict(ends) == dict.fromkeys(presses, 1), seed
        assert not any(
            isinstance(event, SendProgress) and event.state in (SendState.DELIVERED, SendState.READ)
            for event in wire.events
        ), seed
