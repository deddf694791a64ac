"""Whatever a host writes, the radio goes on, answers again, and its line log stays bounded."""

import random

import pytest

from hardware.sim.truth import MAX_ENTRIES
from tests.hardware.sim.radio_bench import Bench

PIECES = [
    *(b"AT", b"+CTXD=", b"+CUTXC=", b"+CMGS=", b"+CTSDC=", b"+CTGS=", b"+CTSP=", b"D", b"H", b"A"),
    *(b"1", b"0", b",", b"310201", b"1210204", b"=?", b"?", b"\r", b"\r\n", b"\x1a", b"\x1b"),
    *(b"8204", b"XX", b" ", b"\xff", b"\x00", b"99999999999999999999999999", b"E0", b"Z", b"&F"),
]
WORLD = (
    {"do": "talk", "group": 310201, "unit": 1210207, "for_s": 0.1},
    {"do": "emergency", "group": 310201, "unit": 1210207, "for_s": 0.1},
    {"do": "grant", "answer": "queue", "then": "never", "late_grant_ms": 20},
    {"do": "grant", "answer": "other", "unit": 5},
    {"do": "knob", "group": 310203},
    {"do": "knob", "group": 310201},
    {"do": "power", "off_ms": 5},
    {"do": "registration", "stat": 2},
    {"do": "registration", "stat": 1},
    {"do": "ring", "unit": 1210204, "for_s": 0.1},
    {"do": "release"},
    {"do": "cut"},
)


@pytest.mark.parametrize("seed", range(20))
def test_random_hosts_in_a_random_world(seed: int) -> None:
    chance = random.Random(seed)
    bench = Bench(seed=seed).ready()
    for _ in range(500):
        if chance.random() < 0.1:
            values = dict(chance.choice(WORLD))
            bench.act(str(values.pop("do")), **values)
        bench.write(b"".join(chance.choices(PIECES, k=chance.randint(1, 8))))
        bench.run(chance.choice((0, 1, 30, 200)))
    assert len(bench.truth.entries) <= MAX_ENTRIES
    bench.run(20_000)
    bench.write(b"\x1b\r")
    bench.ask("AT", 20_000)
    assert bench.ask("AT")[-1] == "OK"
    assert bench.ask("ATH", 400)
    assert not bench.radio.calls.carries_host_sound


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_key_nothing(seed: int) -> None:
    bench = Bench(seed=seed).ready()
    chance = random.Random(seed)
    for _ in range(200):
        bench.write(chance.randbytes(chance.randint(1, 100)))
        bench.run(50)
    assert bench.keyed() == []


@pytest.mark.parametrize("seed", range(20))
def test_keyed_and_unkeyed_alternate(seed: int) -> None:
    chance = random.Random(seed)
    bench = Bench(seed=seed).ready()
    commands = ("AT+CTXD=1,1", "AT+CUTXC=1", "ATD310201", "ATH", "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0")
    for _ in range(500):
        if chance.random() < 0.3:
            values = dict(chance.choice(WORLD))
            bench.act(str(values.pop("do")), **values)
        bench.ask(chance.choice(commands), chance.choice((90, 300, 1_000)))
    kinds = [kind for kind, _ in bench.keyed()]
    assert len(kinds) > 4
    assert kinds == ["keyed", "unkeyed"] * (len(kinds) // 2) + ["keyed"] * (len(kinds) % 2)
