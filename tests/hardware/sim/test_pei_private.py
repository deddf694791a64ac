"""Calls of two at the simulated radio: private and telephone, in and out, beside a group call."""

import pytest

from tests.hardware.sim.radio_bench import BLOCK, Bench

OWN = 1299001
DUPLEX = "AT+CTSDC=0,0,0,0,0,0,0,1,0,0,0"
SIMPLEX_QUIET = "AT+CTSDC=0,0,0,1,1,0,0,1,1,0,0"
TELEPHONE = "AT+CTSDC=0,4,0,0,0,0,0,1,0,0,0"


def test_simplex_without_asking_to_talk_grants_nobody() -> None:
    bench = Bench().ready()
    bench.ask(SIMPLEX_QUIET)
    assert bench.ask("ATD1210204", 400) == [
        "OK",
        "+CTOCP: 1,0,0,1,1,0,0,1",
        "+CTCC: 1,1,1,0,0,0,1",
    ]
    assert bench.keyed() == []
    assert bench.ask("AT+CTXD=1,0", 400) == ["OK", "+CTXG: 1,0,0,0"]
    assert bench.ask("AT+CUTXC=1")[0] == "OK"
    assert [kind for kind, _ in bench.keyed()] == ["keyed", "unkeyed"]


def test_the_other_end_talks_in_simplex() -> None:
    bench = Bench().ready()
    bench.ask(SIMPLEX_QUIET)
    bench.ask("ATD1210204", 400)
    assert bench.act("talk_private", tone_hz=300, for_s=0.2) == 1
    assert bench.run(1_000) == ["+CTXG: 1,3,0,0,0,1210204", "+CDTXC: 1,0"]
    assert len(bench.sound) == 10


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("busy", 2),
        ("unreachable", 3),
        ("reject", 11),
        ("unknown", 18),
        ("queue", 5),
        ("ignore", 13),
    ],
)
def test_how_a_call_of_the_host_fails(answer: str, cause: int) -> None:
    bench = Bench().ready()
    bench.act("peer_answer", answer=answer, after_ms=500)
    bench.ask(DUPLEX)
    lines = bench.ask("ATD1210204", 21_000)
    assert lines[-1] == f"+CTCR: 1,{cause}"
    assert ("+CTOCP: 1,1,0,0,0,0,0,1" in lines) is (answer == "queue")
    assert bench.keyed() == []


def test_a_telephone_is_dialled_by_its_digits() -> None:
    bench = Bench().ready()
    bench.act("peer_answer", after_ms=300, tone_hz=440, for_s=0.1)
    bench.ask(TELEPHONE)
    lines = bench.ask("ATD0701234567", 600)
    assert lines[-1] == "+CTCC: 1,0,0,0,0,0,1"
    bench.radio.receive_sound(BLOCK, bench.now)
    assert bench.truth.sound_blocks == 1
    assert len(bench.sound) == 5


def test_digits_of_no_address_are_refused_without_the_called_type() -> None:
    bench = Bench().ready()
    bench.ask(DUPLEX)
    assert bench.ask("ATD0701234567") == ["+CME ERROR: 34"]


def test_a_telephone_calls() -> None:
    bench = Bench().ready()
    bench.act("call_private", digits="0701234567")
    assert bench.run(1) == [f"+CTICN: 1,0,0,4,0701234567,0,0,0,0,1,0,{OWN},0"]
    assert bench.ask("ATH") == ["OK", "+CTCR: 1,1"]


def test_direct_simplex_is_up_without_an_answer_and_the_caller_talks() -> None:
    bench = Bench().ready()
    bench.act("call_private", unit=1210204, duplex=False, rings=False, tone_hz=300, for_s=0.2)
    assert bench.run(1_000) == [
        f"+CTICN: 1,0,0,0,1210204,1,1,0,0,1,0,{OWN},0",
        "+CTCC: 1,1,1,0,0,0,1",
        "+CTXG: 1,3,0,0,0,1210204",
        "+CDTXC: 1,0",
    ]
    assert bench.ask("ATA") == ["+CME ERROR: 3"]


def test_a_call_rings_beside_the_groups_call_and_is_taken() -> None:
    bench = Bench().ready()
    bench.act("talk", group=310201, unit=1210207, for_s=0.2)
    bench.run(400)
    bench.act("call_private", unit=1210204)
    assert bench.run(1) == [f"+CTICN: 2,0,0,0,1210204,0,0,0,0,1,0,{OWN},0"]
    assert bench.ask("ATA", 300) == ["OK", "+CTCR: 1,1", "+CTCC: 2,0,0,0,0,0,1"]
    assert bench.ask("ATH") == ["OK", "+CTCR: 2,1"]


def test_hanging_up_ends_the_call_that_is_up_and_leaves_the_ringing_one() -> None:
    bench = Bench().ready()
    bench.act("talk", group=310201, unit=1210207, for_s=0.2)
    bench.run(400)
    bench.act("call_private", unit=1210204)
    bench.run(1)
    assert bench.ask("ATH") == ["OK", "+CTCR: 1,1"]
    assert bench.ask("AT+CTCR=2") == ["OK", "+CTCR: 2,1"]
    assert bench.ask("AT+CTCR=2") == ["+CME ERROR: 3"]


def test_a_caller_gives_up() -> None:
    bench = Bench().ready()
    assert bench.act("withdraw") == 0
    bench.act("call_private", unit=1210204)
    bench.run(1)
    assert bench.act("withdraw", cause=1) == 1
    assert bench.run(1) == ["+CTCR: 1,1"]


def test_busy_radio_takes_no_second_call() -> None:
    bench = Bench().ready()
    bench.ask(DUPLEX)
    bench.ask("ATD1210204", 1_500)
    assert bench.act("call_private", unit=1210207) == 0
    bench.ask(DUPLEX)
    assert bench.ask("ATD1210207") == ["+CME ERROR: 3"]


def test_an_emergency_on_the_group_takes_over_from_a_private_call() -> None:
    bench = Bench().ready()
    bench.ask(DUPLEX)
    bench.ask("ATD1210204", 1_500)
    bench.act("talk", group=310201, unit=1210207, priority=15, for_s=0.2)
    lines = bench.run(100)
    assert lines[0] == "+CTCR: 1,9"
    assert lines[1].startswith("+CTICN: 1,0,0,0,1210207,1,1,0,1,1,0,310201,15")
    assert bench.keyed()[-1][0] == "unkeyed"


def test_power_loss_forgets_the_ringing_call() -> None:
    bench = Bench().ready()
    bench.act("call_private", unit=1210204)
    bench.act("power", off_ms=100)
    bench.run(10_000)
    assert bench.radio.calls.offer is None
