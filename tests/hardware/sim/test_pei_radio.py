import pytest

from hardware.sim.chassis import RadioSettings
from hardware.sim.pei_radio import SimulatedRadio
from tests.hardware.sim.radio_bench import GROUP_PROFILE, SETTINGS, Bench


def test_first_at_after_opening_is_refused_then_the_radio_answers() -> None:
    bench = Bench()
    bench.radio.port_opened(bench.now)
    bench.run(5)
    bench.write(b"\r")
    assert bench.ask("AT")[-1] == "+CME ERROR: 35"
    assert bench.ask("AT") == ["AT", "OK"]
    assert bench.truth.violations == []


def test_junk_comes_with_the_open_port() -> None:
    bench = Bench()
    bench.radio.port_opened(bench.now)
    bench.run(5)
    assert bench.notes("wire")[0]["text"] == "\xff\x00"


def test_echo_until_it_is_turned_off() -> None:
    bench = Bench()
    bench.ask("AT")
    assert bench.ask("ATE0") == ["ATE0", "OK"]
    assert bench.ask("AT") == ["OK"]


def test_answers_come_after_20_to_80_ms_with_blank_lines() -> None:
    bench = Bench().ready()
    waits = set()
    for _ in range(40):
        bench.write(b"AT+GMI?\r")
        before = bench.now
        while not bench.raw.endswith(b"OK\r\n"):
            due = bench.radio.deadline()
            assert due is not None
            bench.now = due
            bench.radio.tick(due)
            bench.raw += bench.radio.outgoing()
        waits.add(round(bench.now - before))
        assert bench.raw == b"\r\n+GMI: MOTOROLA\r\n\r\nOK\r\n"
        bench.lines()
    assert min(waits) >= 20
    assert max(waits) <= 80
    assert len(waits) > 10


def test_same_seed_same_answers() -> None:
    def play(seed: int) -> list[dict[str, object]]:
        bench = Bench(seed=seed).ready()
        bench.ask("AT+CSQ?")
        return list(bench.truth.entries)

    assert play(3) == play(3)
    assert play(3) != play(4)


SCRIPT = (
    b"AT\rATE0\rAT+CTSP=2,0,0\r" + GROUP_PROFILE.encode() + b"\rATD310201\r",
    b"AT+CMGS=1210204,24\r\n0A4580\x1a",
    b"\x1b\rAT+CUTXC=1\rATH\r",
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_radio_does_the_same_in_any_chunking(size: int) -> None:
    bench = Bench(seed=9)
    for part in SCRIPT:
        for start in range(0, len(part), size):
            bench.write(part[start : start + size])
        bench.run(1_500)
    kinds = [entry["kind"] for entry in bench.notes("keyed", "unkeyed", "sds_out")]
    assert kinds == ["keyed", "sds_out", "unkeyed"]


def test_nothing_is_reported_before_services_are_registered() -> None:
    bench = Bench()
    bench.ask("AT")
    bench.ask("ATE0")
    bench.act("talk", group=310201, unit=1210207, for_s=0.2)
    bench.act("status", unit=1210207, value=0x8003)
    bench.act("text", unit=1210207, text="hej")
    assert bench.run(10_000) == []
    bench.act("knob", group=310203)
    assert bench.run(1_000) == []
    assert bench.sound, "the loudspeaker speaks all the same"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT+FOO=1", "+CME ERROR: 4"),
        ("AT+CTGS=1,310999", "+CME ERROR: 34"),
        ("AT+CTGS=1,99999999999", "+CME ERROR: 34"),
        ("AT+CTGS=1,abc", "+CME ERROR: 33"),
        ("AT+CTGS=1", "+CME ERROR: 35"),
        ("HELLO", "+CME ERROR: 35"),
        ("AT+CTSP=2,0,0", "+CME ERROR: 38"),
        ("AT+CTSP=1,3,24", "+CME ERROR: 34"),
        ("AT+CTSP=1,2,24", "OK"),
        ("AT+CTXD=1,1", "+CME ERROR: 3"),
        ("AT+CUTXC=7", "+CME ERROR: 3"),
        ("AT+CTCR=1", "+CME ERROR: 3"),
        ("ATA", "+CME ERROR: 3"),
        ("ATH", "OK"),
        ("ATD", "+CME ERROR: 35"),
        ("ATD12a", "+CME ERROR: 27"),
        ("ATD" + "1" * 26, "+CME ERROR: 26"),
        ("AT+CTSDC=0,0,0,1,1,0,1,1,0,16", "+CME ERROR: 34"),
        ("AT+CTSDC=0", "+CME ERROR: 35"),
        ("AT+CTOM=6", "+CME ERROR: 3"),
        ("AT+CTSDS=28,0", "+CME ERROR: 34"),
        ("AT+CMGS=1210204,2000", "+CME ERROR: 34"),
        ("AT+CMGS=1210204", "+CME ERROR: 35"),
        ("AT+GPSPOS?", "+CME ERROR: 50"),
        ("AT+CTGL=0,0,1", "+CME ERROR: 4"),
        ("AT+CPIN=0000", "+CME ERROR: 3"),
    ],
)
def test_refusals(line: str, answer: str) -> None:
    assert Bench().ready().ask(line) == [answer]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT+GMM?", "+GMM: 54021,M83PFT6TZ6AG,91.2.0.0"),
        ("AT+GMR", "+GMR: R27.220.9999"),
        ("AT+CTOM?", "+CTOM: 0"),
        ("AT+CTGS?", "+CTGS: 1,310201,2,310202"),
        ("AT+CREG?", "+CREG: 1,1,90101001"),
        ("AT+CMGS=?", "+CMGS: (0-16777214),(8-1184)"),
        ("AT+CBC?", "+CBC: 0,100"),
        ("AT+CLVL=?", "+CLVL: (0-15)"),
        ("AT+CPIN?", "+CPIN: MT PIN-UNLOCKED"),
        ("AT+CSCS?", '+CSCS: "8859-1"'),
    ],
)
def test_readings(line: str, answer: str) -> None:
    assert Bench().ready().ask(line) == [answer, "OK"]


def test_own_number_and_groups() -> None:
    bench = Bench().ready()
    assert bench.ask("AT+CNUMF?") == ["+CNUMF: 6,09010100101299001", "2,16777184", "OK"]
    assert bench.ask("AT+CNUMS=0,1,2000") == ["OK"]
    assert bench.ask("AT+CNUMS?") == [
        "+CNUMS: 1,09010100100310201,Group 310201",
        "1,09010100100310202,Group 310202",
        "1,09010100100310203,TRAFIK",
        "OK",
    ]


def test_group_select_is_told_after_the_ok() -> None:
    bench = Bench().ready()
    assert bench.ask("AT+CTGS=1,310203", 400) == ["OK", "+CTGS: 1,310203,2,310202"]
    assert bench.ask("AT+CTGS=2,310201", 400) == ["OK", "+CTGS: 1,310203,2,310202,2,310201"]


def test_a_hand_at_the_knob_is_told() -> None:
    bench = Bench().ready()
    bench.act("knob", group=310203)
    assert bench.run(1) == ["+CTGS: 1,310203,2,310202"]


def test_out_of_service() -> None:
    bench = Bench().ready()
    bench.act("registration", stat=2)
    assert bench.run(1) == ["+CREG: 2,0,0"]
    assert bench.ask("AT+CSQ?") == ["+CSQ: 99,99", "OK"]
    bench.ask(GROUP_PROFILE)
    assert bench.ask("ATD310201") == ["+CME ERROR: 30"]
    bench.write(b"AT+CMGS=1210204,16\r\n8003\x1a")
    assert bench.run(300) == ["+CME ERROR: 30", "+CME ERROR: 36"]
    bench.act("registration", stat=1)
    assert bench.run(1) == ["+CREG: 1,1,90101001"]
    assert bench.truth.violations == []


def test_transmit_inhibit() -> None:
    bench = Bench().ready()
    bench.act("inhibit", on=True)
    bench.ask(GROUP_PROFILE)
    assert bench.ask("ATD310201") == ["+CME ERROR: 41"]


def test_a_locked_radio_wants_its_pin() -> None:
    bench = Bench(RadioSettings(name="bench", issi=1, group=2, pin="4711"))
    bench.ask("AT")
    bench.ask("ATE0")
    assert bench.ask("AT+CTSP=2,0,0") == ["+CME ERROR: 11"]
    assert bench.ask("AT+CPIN?") == ["+CPIN: MT PIN-LOCKED", "OK"]
    assert bench.ask("AT+CPIN=1") == ["+CME ERROR: 16"]
    assert bench.ask("AT+CPIN=4711") == ["OK"]
    assert [one["reason"] for one in bench.truth.violations] == ["second try of a PIN"]


def test_dmo_has_no_registration_and_no_signal() -> None:
    bench = Bench().ready()
    assert bench.ask("AT+CTOM=1", 600) == ["OK", "+CTOM: 1"]
    assert bench.ask("AT+CREG?") == ["+CME ERROR: 43"]
    assert bench.ask("AT+CSQ?") == ["+CME ERROR: 43"]


def test_power_cycle_is_silent_and_forgets_the_host() -> None:
    bench = Bench().ready()
    bench.act("power", off_ms=1_000)
    assert bench.ask("AT", 900) == []
    assert bench.ask("AT", 3_200) == ["\xff\x00" * 2], "boots with junk, and says nothing else"
    assert bench.ask("AT") == ["AT", "+CME ERROR: 35"]
    bench.ask("ATE0")
    bench.act("talk", group=310201, unit=1210207, for_s=0.2)
    assert bench.run(5_000) == [], "registrations are gone"
    assert bench.ask("AT+CTGS?")[0] == "+CTGS: 1,310201,2,310202"


def test_reset_to_profile_clears_registrations() -> None:
    bench = Bench().ready()
    assert bench.ask("ATZ") == ["OK"]
    bench.act("knob", group=310203)
    assert bench.run(500) == []


def test_an_unasked_line_comes_between_a_command_and_its_ok() -> None:
    bench = Bench().ready()
    bench.write(b"AT+CSQ?\r")
    bench.run(5)
    bench.act("status", unit=1210204, value=0x8003)
    lines = bench.run(100)
    assert lines[:2] == ["+CTSDSR: 13,1210204,0,1299001,0,16", "8003"]
    assert lines[2].startswith("+CSQ: ")
    assert lines[3] == "OK"


def test_a_command_before_the_last_answer_is_reported_but_an_unkey_is_not() -> None:
    bench = Bench().ready()
    bench.write(b"AT+CSQ?\rAT+CREG?\r")
    bench.run(300)
    assert [one["line"] for one in bench.truth.violations] == ["AT+CREG?"]
    bench.truth.clear()
    bench.write(b"AT+CSQ?\r\x1b\rAT+CUTXC=1\rATH\r")
    bench.run(500)
    assert bench.truth.violations == []


@pytest.mark.parametrize("line", ["AT+CTRFPC=1", "HELLO", "AT+CTXD=1,9", "AT+CTGS=1", "ATD310201"])
def test_lines_the_reference_does_not_allow_are_reported(line: str) -> None:
    bench = Bench().ready()
    bench.ask(line)
    assert [one["line"] for one in bench.truth.violations] == [line]


def test_noise_and_a_long_line_harm_nothing() -> None:
    bench = Bench().ready()
    bench.act("noise", for_ms=500, bytes_per_s=10_000)
    bench.act("long_line", bytes=10_000)
    bench.run(600)
    assert bench.ask("AT")[-1] == "OK"
    bench.write(bytes(range(256)) * 40)
    bench.write(b"\x1b\r")
    bench.run(5_000)
    assert bench.ask("AT", 2_000)[-1] == "OK"


def test_the_radio_has_no_clock_of_its_own() -> None:
    bench = Bench(SETTINGS)
    assert isinstance(bench.radio, SimulatedRadio)
    bench.write(b"AT\r")
    assert bench.radio.outgoing() == b""
    due = bench.radio.deadline()
    assert due is not None
    assert 20 <= due - bench.now <= 80
