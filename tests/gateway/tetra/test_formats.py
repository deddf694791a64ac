"""Addresses, lines, grammar and LIP, each by itself.

Worked examples come from the reference's sections on LIP; round trips made by our
own encoders prove only that both directions agree.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tetra import lip, sds, tables
from gateway.tetra.addressing import Address, parse_address, parse_mni
from gateway.tetra.bits import BitReader, OutOfBits, Payload
from gateway.tetra.lines import MAX_LINE_BYTES, LineReader, Overlong
from gateway.tetra.pei_grammar import parse_line, split_glued
from gateway.tetra.pei_lines import (
    Bad,
    CallReleased,
    Final,
    Groups,
    IncomingCall,
    RegistrationLine,
    SdsHeader,
    SendLimits,
    Signal,
    TxGrant,
    Unknown,
)
from gateway.tetra.words import line_words


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1", Address(ssi=1)),
        ("16777215", Address(ssi=16_777_215)),
        ("901100101210204", Address(mcc=901, mnc=1001, ssi=1_210_204)),
        ("9010100101210204", Address(mcc=901, mnc=1001, ssi=1_210_204)),
        ("09010100101210204", Address(mcc=901, mnc=1001, ssi=1_210_204)),
        (" 310201 ", Address(ssi=310_201)),
    ],
)
def test_addresses_are_sliced_from_the_right(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "x", "16777216", "123456789", "1" * 14, "1" * 18, "٣", "-1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|SSI"):
        parse_address(text)


def test_network_as_one_number() -> None:
    assert parse_mni("90101001") == (901, 1001)
    with pytest.raises(ValueError, match="8 digits"):
        parse_mni("901")


@given(st.integers(0, 9999), st.integers(0, 16383), st.integers(0, tables.MAX_SSI))
def test_extended_addresses_round_trip(mcc: int, mnc: int, ssi: int) -> None:
    assert parse_address(f"{mcc:04d}{mnc:05d}{ssi:08d}") == Address(ssi=ssi, mcc=mcc, mnc=mnc)


def test_lines_in_any_chunking_and_without_control_bytes() -> None:
    data = b"\r\nOK\r\n\x00\x07+CSQ: 3,99\r\n\n\r +CTXG:1,3 \r\nhalf"
    whole = LineReader().feed(data)
    assert whole == ["OK", "+CSQ: 3,99", "+CTXG:1,3"]
    reader = LineReader()
    assert [line for b in data for line in reader.feed(bytes([b]))] == whole
    assert reader.feed(b" line\r") == ["half line"]


def test_an_overlong_line_is_given_up_and_reading_goes_on() -> None:
    reader = LineReader()
    assert reader.feed(b"x" * (MAX_LINE_BYTES + 1)) == []
    assert reader.feed(b"y" * 10) == []
    (overlong, following) = reader.feed(b"\r\nOK\r\n")
    assert isinstance(overlong, Overlong)
    assert overlong.dropped == MAX_LINE_BYTES + 11
    assert following == "OK"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ok", Final(kind="OK")),
        ("+CME ERROR: 30", Final(kind="CME", code=30)),
        ("CME ERROR:30", Final(kind="CME", code=30)),
        ("+cms error: 5", Final(kind="CMS", code=5)),
        ("Error at the end", Final(kind="ERROR")),
        ("NO CARRIER", Final(kind="NO CARRIER")),
        ("+CTCR:8,13  ", CallReleased(instance=8, cause=13)),
        ("+CTCR: 8", CallReleased(instance=8)),
        ("+CTXG: 8,3,0", TxGrant(instance=8, grant=3)),
        ("+CTXG: 8,1,1,0", TxGrant(instance=8, grant=1, may_ask=False)),
        ("+CREG: 1,7,90101001", RegistrationLine(stat=1, location_area=7, network=(901, 1001))),
        ("+CREG: 2,5,7,90101001", RegistrationLine(stat=5, location_area=7, network=(901, 1001))),
        ("+CREG: 3", RegistrationLine(stat=3)),
        ("+CSQ: 31,99", Signal(rssi_dbm=-51)),
        ("+CSQ: 99,99", Signal(rssi_dbm=None)),
        ("+CTGS: 0,0", Groups(selected=None)),
        ("+CTGS: 310201", Groups(selected=Address(ssi=310201))),
        ("+CMGS: (0-16777214),(1-255),(8-1184)", SendLimits(max_bits=1184)),
        ("+CTSDSR: 12,1,16", SdsHeader(service=12, called=Address(ssi=1), bits=16)),
        ("+CTSDSR: 12,1,0,16", SdsHeader(service=12, called=Address(ssi=1), bits=16)),
        ("+NEVER: 1", Unknown(text="+NEVER: 1")),
        ("", Unknown(text="")),
    ],
)
def test_one_line(line: str, expected: object) -> None:
    assert parse_line(line) == expected


def test_call_fields_count_by_position() -> None:
    line = parse_line("+CTICN: 46,0,7,0,2,1,1,0,4,0")
    assert line == IncomingCall(
        instance=46,
        status=0,
        service=7,
        calling_type=0,
        calling=Address(ssi=2),
        hook=1,
        simplex=1,
        comms_type=4,
    )


@pytest.mark.parametrize(
    "line",
    [
        "+CTXG: abc",
        "+CTXG: 1,9",
        "+CTXG: 1",
        "+CTICN: x",
        "+CTCR: 99999999999",
        "+CSQ:",
        "+CTGS: 1,y",
        "+CMGS: (x",
        "+CTDGR: 2",
        "+CTSDSR: 12,1,0,2,0",
    ],
)
def test_a_known_name_that_cannot_be_read(line: str) -> None:
    bad = parse_line(line)
    assert isinstance(bad, Bad)
    assert bad.reason
    assert 0 <= bad.offset <= len(line)


def test_glued_lines_are_taken_apart() -> None:
    assert split_glued("+CDTXC: 1,0+CTCR: 1,13") == ["+CDTXC: 1,0", "+CTCR: 1,13"]
    assert split_glued("OK+CTXG: 1,3") == ["OK", "+CTXG: 1,3"]
    assert split_glued("+CSQ: 5,99OK") == ["+CSQ: 5,99", "OK"]
    assert split_glued("+CNUMS: 1,310201,A+B: OK") == ["+CNUMS: 1,310201,A+B: OK"]


@given(st.text(max_size=80))
def test_any_text_is_some_line_with_words(text: str) -> None:
    for piece in split_glued(text):
        assert isinstance(line_words(parse_line(piece)), str)


@given(st.from_regex(r"\+(CTICN|CTXG|CTGS|CMGS|CTSDSR|CREG|CNUMF): ?[0-9,]{0,40}", fullmatch=True))
def test_any_fields_are_read_or_named_bad(text: str) -> None:
    assert not isinstance(parse_line(text), Unknown)


def test_payloads_are_cut_to_their_bits() -> None:
    assert Payload.from_hex("0 a F0", 12) == Payload.from_hex("0AF").__class__(
        value=0x0AF, length_bits=12, padding=0, padding_bits=4
    )
    with pytest.raises(ValueError, match="expected 3 hex digits"):
        Payload.from_hex("0A", 12)
    with pytest.raises(ValueError, match="hex"):
        Payload.from_hex("0G")


def test_reading_past_the_end_names_the_bit() -> None:
    reader = BitReader(Payload.from_hex("FF"))
    reader.unsigned(6)
    with pytest.raises(OutOfBits) as fault:
        reader.unsigned(3)
    assert fault.value.offset == 6


# -- LIP


def _short(digits: str, bits: int = 84) -> lip.Report:
    report = lip.decode(Payload.from_hex(digits, bits).after(8))
    assert isinstance(report, lip.Report)
    return report


def test_lip_worked_decode_padded_to_an_octet() -> None:
    report = _short("0A112853A9FF4D4FFFE810")
    assert report.latitude_deg == pytest.approx(44.938642, abs=1e-6)
    assert report.longitude_deg == pytest.approx(26.044346, abs=1e-6)
    assert (report.position_error_m, report.speed_kmh, report.direction_deg) == (None, None, None)
    assert (report.time_elapsed, report.reason) == (1, 129)


def test_lip_worked_decode_in_21_digits() -> None:
    report = _short("0A0BA7D5B95BC50AFFE16")
    assert report.latitude_deg == pytest.approx(30.565692, abs=1e-6)
    assert report.longitude_deg == pytest.approx(-97.748891, abs=1e-6)
    assert (report.position_error_m, report.reason) == (200.0, 22)


def test_lip_worked_encode() -> None:
    north = lip.ShortReport.of(
        latitude_deg=52.3499,
        longitude_deg=13.3777,
        position_error=1,
        speed_kmh=50,
        direction_deg=270,
        reason=3,
    )
    assert north.encode().length_bits == 84
    assert north.encode().padded_octets().hex().upper() == "0A0098356253A021598030"
    report = north.report()
    assert report.speed_kmh == pytest.approx(50.8, abs=0.05)
    assert report.direction_deg == 270
    south = lip.ShortReport.of(
        latitude_deg=-33.8568, longitude_deg=-70.5, position_error=0, speed_kmh=0
    )
    assert south.encode().padded_octets().hex().upper() == "0A0CDDDDE67EC8F0000000"


def test_lip_long_report() -> None:
    report = _short("0A4E73DDA841F55809493CC081", 104)
    assert report.long
    assert report.latitude_deg == pytest.approx(52.234218, abs=1e-6)
    assert report.longitude_deg == pytest.approx(11.015854, abs=1e-6)
    assert report.time_of_position == lip.TimeOfPosition(day=14, hour=15, minute=29, second=42)
    assert (report.reason, report.speed_kmh, report.ack_requested) == (129, None, False)


def test_lip_long_report_at_zero_is_no_position_and_its_tail_is_ignored() -> None:
    report = _short("0A4DD400000000000000005FE0002308517A100060", 168)
    assert report.long
    assert not report.has_position
    assert report.time_elapsed == 3


def test_lip_request_is_named() -> None:
    request = lip.decode(Payload.from_hex("0A4580").after(8))
    assert isinstance(request, lip.OtherPdu)
    assert request.extension == 1


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.one_of(st.none(), st.floats(0, 1000)),
    st.floats(0, 359.9),
    st.integers(0, 0xFFFF),
)
def test_lip_short_round_trip(
    latitude: float, longitude: float, speed: float | None, direction: float, codes: int
) -> None:
    sent = lip.ShortReport.of(
        latitude_deg=latitude,
        longitude_deg=longitude,
        position_error=codes & 7,
        speed_kmh=speed,
        direction_deg=direction,
        reason=codes >> 8,
        time_elapsed=codes >> 3 & 3,
    )
    assert lip.ShortReport.decode(sent.encode().after(8)) == sent
    report = sent.report()
    assert report.latitude_deg == pytest.approx(latitude, abs=2e-5)
    assert report.longitude_deg == pytest.approx(longitude, abs=2e-5)
    if speed is None:
        assert report.speed_kmh is None
    else:
        assert report.speed_kmh == pytest.approx(speed, rel=0.03, abs=0.6)


def test_lip_velocity_scale_rises_and_ends_unknown() -> None:
    speeds = [lip.decode_velocity(raw) for raw in range(127)]
    known = [speed for speed in speeds if speed is not None]
    assert known == sorted(known)
    assert len(known) == 127
    assert lip.decode_velocity(127) is None
    assert math.isclose(known[29], 16 * 1.038**16)
    for raw in range(127):
        assert lip.encode_velocity(known[raw]) == raw


def test_lip_refuses_a_place_that_is_none() -> None:
    with pytest.raises(ValueError, match="place"):
        lip.ShortReport.of(latitude_deg=91, longitude_deg=0)


@given(st.integers(1, 300), st.data())
def test_lip_any_bits_end_in_a_report_or_a_reason(length: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, (1 << length) - 1))
    message = sds.decode(Payload(value=0x0A << length | value, length_bits=8 + length))
    assert isinstance(message, sds.LocationMessage | sds.MalformedSds)
