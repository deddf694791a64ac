import dataclasses

import pytest

from hardware.sim.pei_messages import Place
from hardware.sim.pei_payloads import location_bits, report_payload, short_report, text_payload
from tests.hardware.sim.radio_bench import SETTINGS, Bench

TEXT = "82040201556E697420313220746F20676174652033"


def send(bench: Bench, payload: str = TEXT, to: int = 1210204, bits: int | None = None) -> None:
    length = len(payload) * 4 if bits is None else bits
    bench.write(f"AT+CMGS={to},{length}\r\n{payload}\x1a".encode())


def test_a_text_is_taken_sent_and_reported() -> None:
    bench = Bench().ready()
    send(bench)
    assert bench.run(100) == ["+CMGS: 0", "OK"]
    assert bench.run(3_000) == [
        "+CMGS: 0,4,2",
        "+CTSDSR: 12,1210204,0,1299001,0,32",
        "82100002",
    ]
    assert bench.truth.violations == []
    note = bench.notes("sds_out")[0]
    assert (note["to"], note["hex"], note["service"]) == (1210204, TEXT, 12)


def test_reports_of_receipt_and_reading() -> None:
    bench = Bench().ready()
    send(bench, "820E0501486A")
    lines = bench.run(8_000)
    assert lines[-4:] == [
        "+CTSDSR: 12,1210204,0,1299001,0,32",
        "82100005",
        "+CTSDSR: 12,1210204,0,1299001,0,32",
        "82100205",
    ]


def test_short_reports_travel_as_a_status_where_they_are_allowed() -> None:
    bench = Bench(dataclasses.replace(SETTINGS, short_reports=True)).ready()
    send(bench, "820C0501486A")
    assert bench.run(8_000)[-4:] == [
        "+CTSDSR: 13,1210204,0,1299001,0,16",
        "7E05",
        "+CTSDSR: 13,1210204,0,1299001,0,16",
        "7F05",
    ]
    send(bench, "82060601486A")
    assert bench.run(3_000)[-1] == "82100006"


def test_a_peer_that_is_off_reports_nothing() -> None:
    bench = Bench().ready()
    bench.act("peer", unit=1210204, on=False)
    send(bench)
    assert bench.run(10_000) == ["+CMGS: 0", "OK", "+CMGS: 0,4,2"]


def test_a_send_that_fails_on_the_air() -> None:
    bench = Bench().ready()
    bench.act("fail_sends", times=1)
    send(bench)
    assert bench.run(5_000) == ["+CMGS: 0", "OK", "+CMGS: 0,5,2"]


def test_a_status_is_sent_without_a_reference() -> None:
    bench = Bench().ready()
    bench.ask("AT+CTSDS=13,0")
    send(bench, "8003")
    assert bench.run(5_000) == ["+CMGS: 0", "OK", "+CMGS: 0,4"]
    assert bench.notes("sds_out")[0]["service"] == 13


def test_payload_in_a_second_write_and_in_pieces() -> None:
    bench = Bench().ready()
    bench.write(b"AT+CMGS=1210204,168\r")
    assert bench.run(1_000) == []
    bench.write(TEXT[:9].encode())
    bench.write(TEXT[9:].encode() + b"\x1a")
    assert bench.run(100) == ["+CMGS: 0", "OK"]


def test_payload_too_late_then_stray() -> None:
    bench = Bench().ready()
    bench.write(b"AT+CMGS=1210204,168\r")
    assert bench.run(6_000) == ["+CME ERROR: 37"]
    bench.write(TEXT.encode() + b"\x1a")
    assert bench.run(100) == ["+CME ERROR: 36"]
    assert bench.truth.violations == []


def test_payload_without_a_command_is_refused_and_reported() -> None:
    bench = Bench().ready()
    bench.write(TEXT.encode() + b"\x1a")
    assert bench.run(100) == ["+CME ERROR: 36"]
    assert bench.truth.violations[0]["reason"] == "payload without AT+CMGS"


@pytest.mark.parametrize("payload", ["82040201XX", "8204020", "8204020155FF"])
def test_payload_that_does_not_fit_is_refused(payload: str) -> None:
    bench = Bench().ready()
    send(bench, payload, bits=40)
    assert bench.run(100) == ["+CME ERROR: 32"]
    assert len(bench.truth.violations) == 1


def test_escape_aborts_a_payload_and_the_unkey_behind_it_works() -> None:
    bench = Bench().ready()
    bench.act("talk", group=310201, unit=1210207, for_s=0.1)
    bench.run(400)
    bench.ask("AT+CTXD=1,1", 300)
    bench.write(b"AT+CMGS=1210204,168\r\n8204\x1b\rAT+CUTXC=1\rATH\r")
    bench.run(400)
    assert bench.keyed()[-1] == ("unkeyed", 310201)
    assert bench.notes("sds_out") == []


def test_an_unkey_inside_a_payload_is_lost_and_reported() -> None:
    bench = Bench().ready()
    bench.act("talk", group=310201, unit=1210207, for_s=0.1)
    bench.run(400)
    bench.ask("AT+CTXD=1,1", 300)
    bench.write(b"AT+CMGS=1210204,168\r\n8204\rAT+CUTXC=1\r")
    bench.run(400)
    assert bench.radio.calls.carries_host_sound
    assert any("inside a payload" in str(one["reason"]) for one in bench.truth.violations)


def test_a_message_while_somebody_talks_is_reported() -> None:
    bench = Bench().ready()
    bench.act("talk", group=310201, unit=1210207, for_s=2)
    bench.run(100)
    send(bench)
    bench.run(200)
    assert bench.truth.violations == [], "it may have been on its way"
    bench.run(300)
    send(bench)
    bench.run(200)
    assert "somebody talks" in str(bench.truth.violations[0]["reason"])


def test_two_line_messages_from_the_air() -> None:
    bench = Bench().ready()
    bench.act("text", unit=1210204, text="Grüße", reference=1)
    bench.act("text", unit=1210204, text="Привіт", reference=2, report="received")
    bench.act("text", unit=1210204, text="kort", pid=2)
    assert bench.run(1) == [
        "+CTSDSR: 12,1210204,0,1299001,0,72",
        "820201014772FCDF65",
        "+CTSDSR: 12,1210204,0,1299001,0,128",
        "8206021A041F04400438043204560442",
        "+CTSDSR: 12,1210204,0,1299001,0,48",
        "02016B6F7274",
    ]


def test_only_registered_protocols_reach_the_host() -> None:
    bench = Bench().ready()
    assert bench.act("sds", unit=1210204, hex="C3010203") == 0
    bench.ask("AT+CTSP=1,3,195")
    assert bench.act("sds", unit=1210204, hex="C3010203") == 1
    assert bench.run(1) == ["+CTSDSR: 12,1210204,0,1299001,0,32", "C3010203"]
    assert bench.ask("AT+CTSP=0,3,195") == ["OK"]
    assert bench.act("sds", unit=1210204, hex="C3010203") == 0


def test_the_table_of_protocols_is_finite() -> None:
    bench = Bench().ready()
    answers = [bench.ask(f"AT+CTSP=1,3,{pid}")[0] for pid in range(200, 220)]
    assert answers.count("OK") == 17
    assert answers[-1] == "+CME ERROR: 39"


def test_a_place_is_padded_to_octets_and_a_request_is_answered() -> None:
    bench = Bench().ready()
    bench.act("position", unit=1210204, latitude_deg=59.33, longitude_deg=18.06)
    header, payload = bench.run(1)
    assert header == "+CTSDSR: 12,1210204,0,1299001,0,84"
    assert len(payload) == 22
    bench.radio.messages.places[1210204] = Place(52.3499, 13.3777)
    send(bench, "0A4580")
    assert bench.run(3_000)[-2:] == [
        "+CTSDSR: 12,1210204,0,1299001,0,84",
        location_bits(latitude_deg=52.3499, longitude_deg=13.3777, error_m=20, reason=32),
    ]


def test_location_as_the_reference_works_it_out() -> None:
    assert (
        location_bits(
            latitude_deg=52.3499,
            longitude_deg=13.3777,
            error_m=20,
            speed_kmh=50,
            direction_deg=270,
            reason=3,
        )
        == "0A0098356253A021598030"
    )
    south_west = location_bits(
        latitude_deg=-33.8568, longitude_deg=-70.5, error_m=0, speed_kmh=0, reason=0
    )
    assert south_west == "0A0CDDDDE67EC8F0000000"


def test_small_payloads() -> None:
    assert report_payload(0x82, 0, 2) == "82100002"
    assert short_report(False, 0xCA) == "7ECA"
    assert short_report(True, 1) == "7F01"
    assert text_payload("a", 0x82, 3, "consumed") == "820A030161"
