"""Answers of several shapes and lines; expected values written from the documents, not the code."""

import random

import pytest

from gateway.model.radio import KnownGroup
from gateway.tetra import answers
from gateway.tetra.addressing import Address
from gateway.tetra.answers import Battery, Broadcast, Cell, DmoChannel, OwnPlace, RadioClock
from gateway.tetra.pei_grammar import parse_line
from gateway.tetra.pei_lines import (
    CallProgress,
    IncomingCall,
    OwnNumber,
    PeiLine,
    Repeater,
    TxNotice,
    Unknown,
)


def _lines(*texts: str) -> tuple[PeiLine, ...]:
    return tuple(parse_line(text) for text in texts)


PREFIX_ONCE = ("+CNUMS: 1,901100100310201,Patrol 1", "1,901100100310202,Patrol, north")
PREFIX_ALWAYS = (
    "+CNUMS: 1,901100100310201,Patrol 1",
    "+CNUMS: 1,901100100310202,Patrol, north",
)
COUNT_FIRST = ("+CNUMS: 2", "1,9010100100310201 ,Patrol 1", "", "1,9010100100310202 ,Patrol, north")
EXTENDED = ("+CNUMS: 7,09010100100310201,Patrol 1", "7,09010100100310202,Patrol, north")


@pytest.mark.parametrize("shape", [PREFIX_ONCE, PREFIX_ALWAYS, COUNT_FIRST, EXTENDED])
def test_group_lists_in_every_shape(shape: tuple[str, ...]) -> None:
    assert answers.known_groups(_lines(*shape), "CNUMS") == (
        KnownGroup(number=310201, name="Patrol 1"),
        KnownGroup(number=310202, name="Patrol, north"),
    )


def test_group_lists_leave_out_what_is_no_group() -> None:
    lines = _lines("+CNUMD: 0,1210200,me", "1,xyz,no", "nonsense", "1", "1,310299")
    assert answers.known_groups(lines, "CNUMD") == (KnownGroup(number=310299),)
    assert answers.known_groups((), "CNUMD") == ()


def test_own_numbers_with_and_without_the_name() -> None:
    lines = _lines("+CNUMF: 0,9010100101210200", "2,16777184", "rubbish")
    assert answers.own_numbers(lines) == (
        OwnNumber(number_type=0, address=Address(ssi=1210200, mcc=901, mnc=1001)),
        OwnNumber(number_type=2, address=Address(ssi=16777184)),
    )


def test_ranges_of_test_forms() -> None:
    assert answers.ranges(_lines("+CNUMS: (0),(1-2000),(1-2000)"), "CNUMS") == (
        "0",
        "1-2000",
        "1-2000",
    )
    assert answers.ranges(_lines("+CNUMD: (0,1,3),(1-10000)"), "CNUMD") == ("0,1,3", "1-10000")
    assert answers.ranges(_lines("OK"), "CNUMD") == ()


def test_cells_with_their_level() -> None:
    lines = _lines("+GCLI: 2", "901,5ac2,26,43", "902,5ac3,99,19", "902,5ac3")
    assert answers.cells(lines) == (
        Cell(location_area=901, carrier="5ac2", rssi_dbm=-61, rest="43"),
        Cell(location_area=902, carrier="5ac3", rssi_dbm=None, rest="19"),
    )


def test_dmo_channels_may_have_no_name_or_an_odd_one() -> None:
    lines = _lines("+CXDCL: 1,77,301F+,1,1", "+CXDCL: 61,0,,1,0", "+CXDCL: x")
    assert answers.dmo_channels(lines) == (
        DmoChannel(index=1, name="301F+", fields=("1", "77", "301F+", "1", "1")),
        DmoChannel(index=61, name="", fields=("61", "0", "", "1", "0")),
    )


def test_own_place_in_degrees_and_in_utm() -> None:
    north = _lines("+GPSPOS: 12:34:56,N: 59_20.0700,E: 018_04.2700,7")
    assert answers.own_place(north) == OwnPlace(
        time="12:34:56", satellites=7, latitude_deg=59.3345, longitude_deg=18.071167
    )
    south = answers.own_place(_lines("+GPSPOS: 01:02:03,S: 33_30.0000,W: 070_30.0000,4"))
    assert south is not None
    assert (south.latitude_deg, south.longitude_deg) == (-33.5, -70.5)
    utm = answers.own_place(_lines("+GPSPOS: 12:34:56, 34V, 334123, 6580123, 7"))
    assert utm == OwnPlace(
        time="12:34:56", satellites=7, utm_zone="34V", easting_m=334123, northing_m=6580123
    )
    assert answers.own_place(_lines("+GPSPOS: no fix")) is None


def test_battery_clock_volume_broadcast() -> None:
    assert answers.battery(_lines("+CBC: 0,87")) == Battery(status=0, percent=87)
    assert answers.battery(_lines("+CBC: 2,255")) == Battery(status=2, percent=None)
    assert answers.battery(_lines("OK")) is None
    clock = answers.radio_clock(_lines('+CCLK: "26/11/25,03:04:05+02"'))
    assert clock == RadioClock(year=2026, month=11, day=25, hour=3, minute=4, second=5, zone="+02")
    assert answers.radio_clock(_lines("+CCLK: 26/13/25,03:04:05")) is None
    assert answers.volume(_lines("+CLVL: 6")) == 6
    assert answers.volume(_lines("+CLVL: high")) is None
    assert answers.broadcast(_lines("+CTBCT: 14,65535,1,1")) == Broadcast(
        location_area=14, service=65535, security=1, sds_tl=1
    )


def test_lines_of_calls_with_all_their_fields() -> None:
    assert parse_line("+CTOCP: 1,2,0,0,0,0,0,1") == CallProgress(
        instance=1, status=2, service=0, simplex=0, comms_type=0
    )
    assert parse_line("+CTOCP: 1,0") == CallProgress(instance=1, status=0)
    external = parse_line("+CTICN: 2,0,0,4,0701234567,0,0,0,0,1,0,1210200,0")
    assert isinstance(external, IncomingCall)
    assert (external.calling, external.calling_digits) == (None, "0701234567")
    assert parse_line("+CTXN: 3,1") == TxNotice(name="CTXN", instance=3, continues=True)
    assert parse_line("+CTXW: 3") == TxNotice(name="CTXW", instance=3)
    assert parse_line("+CTXI: 3,0") == TxNotice(name="CTXI", instance=3)
    assert parse_line("+CTDGR: 2,1001,90116383,0") == Repeater(
        comms_type=2, address=Address(ssi=1001), network=(901, 16383), presence=0
    )


@pytest.mark.parametrize("text", ["+CTRFPC: 1", "+CTSTO: 1,2", "+CTDCR: 0", "+CTMGS: 1"])
def test_what_no_source_explains_is_kept_whole(text: str) -> None:
    assert parse_line(text) == Unknown(text=text)


READERS = (
    answers.own_numbers,
    answers.cells,
    answers.dmo_channels,
    answers.own_place,
    answers.battery,
    answers.radio_clock,
    answers.volume,
    answers.broadcast,
)
SAMPLES = (
    "+CNUMS: 1,901100100310201,Patrol 1",
    "+CNUMF: 6,09010100101210200",
    "+GCLI: 2",
    "901,5ac2,26,43",
    "+CXDCL: 1,77,301F+,1,1",
    "+GPSPOS: 12:34:56,N: 59_20.0700,E: 018_04.2700,7",
    "+CBC: 0,87",
    '+CCLK: "26/11/25,03:04:05+02"',
    "+CLVL: 6",
    "+CTBCT: 14,65535,1,1",
    "+CNUMS: (0),(1-2000),(1-2000)",
)


def test_damaged_answers_raise_nothing() -> None:
    """20,000 seeded inputs: one to three lines of a list, each damaged somewhere."""
    rng = random.Random(395)
    for _ in range(20_000):
        lines: list[PeiLine] = []
        for _line in range(rng.randrange(1, 4)):
            text = list(rng.choice(SAMPLES))
            for _damage in range(rng.randrange(3)):
                text[rng.randrange(len(text))] = chr(rng.randrange(256))
            lines.append(parse_line("".join(text)))
        for reader in READERS:
            reader(lines)
        assert len(answers.known_groups(lines, "CNUMS")) <= len(lines)
        answers.ranges(lines, "CNUMS")
