"""Modes, lists of groups, dynamic groups, flavours of the simulated radio."""

from dataclasses import replace

import pytest

from tests.hardware.sim.radio_bench import SETTINGS, Bench

TSI = "09010100100310201"


def _bench(**settings: object) -> Bench:
    return Bench(replace(SETTINGS, **settings)).ready()  # type: ignore[arg-type] # any field


@pytest.mark.parametrize(
    ("shape", "first"),
    [
        ("once", [f"+CNUMS: 1,{TSI},Group 310201", "1,09010100100310202,Group 310202"]),
        ("each", [f"+CNUMS: 1,{TSI},Group 310201", "+CNUMS: 1,09010100100310202,Group 310202"]),
        ("count", ["+CNUMS: 3", f"1,{TSI} ,Group 310201"]),
    ],
)
def test_group_lists_in_three_shapes(shape: str, first: list[str]) -> None:
    lines = _bench(list_shape=shape).ask("AT+CNUMS?")
    assert lines[:2] == first
    assert lines[-1] == "OK"


def test_the_network_gives_a_group_and_takes_it_back() -> None:
    bench = _bench()
    assert bench.ask("AT+CNUMD?") == ["OK"]
    assert bench.ask("AT+CTGS=1,310299") == ["+CME ERROR: 34"]
    bench.act("dgna", group=310299, name="LARGE FIRE")
    assert bench.run(1) == ["+CNUMD: 1,09010100100310299,LARGE FIRE"]
    assert bench.ask("AT+CNUMD?") == ["+CNUMD: 1,09010100100310299,LARGE FIRE", "OK"]
    assert bench.ask("AT+CTGS=1,310299", 400)[-1] == "+CTGS: 1,310299,2,310202"
    assert bench.act("dgna", group=310299, on=False) == 1
    assert bench.run(1) == ["+CNUMD: 0"]
    assert bench.act("dgna", group=310299, on=False) == 0


def test_direct_mode_has_no_network_and_shows_repeaters() -> None:
    bench = _bench()
    assert bench.act("repeater", address=1001) == 0, "no repeaters in TMO"
    assert bench.ask("AT+CTOM=1", 500) == ["OK", "+CTOM: 1"]
    assert bench.ask("AT+CSQ?") == ["+CME ERROR: 43"]
    assert bench.ask("AT+CREG?") == ["+CME ERROR: 43"]
    assert bench.ask("AT+CTTCT?") == ["+CTTCT: 1", "OK"]
    assert bench.act("repeater", address=1001, kind=2) == 1
    assert bench.run(1) == ["+CTDGR: 2,1001,90101001,0"]


def test_gateway_and_repeater_need_a_licence() -> None:
    assert _bench().ask("AT+CTOM=6") == ["+CME ERROR: 3"]
    bench = _bench(licences=(5, 6))
    assert bench.ask("AT+CTOM=6", 500) == ["OK", "+CTOM: 6"]
    assert bench.ask("AT+CTOM=5", 500) == ["OK", "+CTOM: 5"]
    assert bench.ask("AT+CSQ?")[0].startswith("+CSQ: ")


def test_a_hand_changes_the_mode_and_the_call_is_lost() -> None:
    bench = _bench()
    bench.act("talk", group=310201, unit=1210207, for_s=5)
    bench.run(100)
    bench.act("mode", mode=1)
    assert bench.run(1) == ["+CTCR: 1,1", "+CTOM: 1"]


def test_switching_the_function_off_and_on() -> None:
    bench = _bench()
    assert bench.ask("AT+CFUN=0", 500) == ["OK", "+CREG: 0,0,0"]
    assert bench.ask("AT+CFUN?") == ["+CFUN: 0", "OK"]
    bench.ask("AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0")
    assert bench.ask("ATD310201") == ["+CME ERROR: 30"]
    assert bench.ask("AT+CFUN=1", 500) == ["OK", "+CREG: 1,1,90101001"]


def test_broadcast_and_channels() -> None:
    bench = _bench()
    assert bench.ask("AT+CTBCT?") == ["+CTBCT: 1,65535,0,1", "OK"]
    assert bench.ask("AT+CXDCL")[:2] == ["+CXDCL: 1,3206,301F,1,1", "+CXDCL: 2,3606,302F+,1,1"]


@pytest.mark.parametrize("flavour", ["sepura", "generic"])
@pytest.mark.parametrize("command", ["AT+CTSCAN=1", "AT+GCLI?", "AT+CXDCL", 'AT+CSCS="8859-1"'])
def test_vendor_commands_belong_to_one_vendor(flavour: str, command: str) -> None:
    assert _bench(flavour=flavour).ask(command) == ["+CME ERROR: 4"]


def test_the_sepura_like_one_restarts_on_reset_and_refuses_its_identity_text() -> None:
    bench = _bench(flavour="sepura")
    assert bench.ask("AT+GMI?") == ["+GMI: SEPURA", "OK"]
    assert bench.ask("ATI") == ["+CME ERROR: 34"]
    bench.ask("ATZ", 600)
    assert bench.notes("power_off"), "it restarts instead of answering"
    assert bench.radio.chassis.services == set()


def test_payloads_end_at_a_digit_or_at_an_octet() -> None:
    place = {"unit": 1210204, "latitude_deg": 59.3, "longitude_deg": 18.0}
    digits: dict[str, int] = {}
    for flavour in ("motorola", "sepura"):
        bench = _bench(flavour=flavour)
        bench.act("position", **place)
        header, payload = bench.run(1)
        assert header.endswith(",84")
        digits[flavour] = len(payload)
    assert digits == {"motorola": 22, "sepura": 21}
