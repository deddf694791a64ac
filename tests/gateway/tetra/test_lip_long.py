"""Location messages bit by bit, and what ``samband decode`` says of them.

The real messages are those of the public reference. The others are put together here from its
lengths, by a writer of bits that shares nothing with the decoder.
"""

import io
import json
import sys
from typing import Any

import pytest

from gateway.tetra import lip, lip_requests
from gateway.tetra.bits import Payload
from gateway.tetra.lip_long import SHAPES, VELOCITIES
from gateway.tetra.lip_values import decode_altitude
from samband.cli import main

EXTRA_BITS = {0: 0, 1: 0, 2: 6, 3: 23, 4: 12, 5: 18, 6: 35, 7: 21, 8: 38, 9: 51, 10: 3}
"""Bits behind the point, by shape, as the reference adds them up."""
VELOCITY_BITS = (0, 7, 10, 15, 21, 15, 21, 32)
REASON = 129


def _bits(*fields: tuple[int, int]) -> Payload:
    text = "".join(f"{value & (1 << width) - 1:0{width}b}" for value, width in fields)
    return Payload(value=int(text, 2), length_bits=len(text))


def _long(*, shape: int, extra: int = 0, velocity: int = 0, moving: int = 0) -> lip.Report:
    place = ((1246892, 25), (4879364, 24)) if shape else ()
    message = _bits(
        (0b01, 2),
        (3, 4),
        (1, 2),
        (2, 2),
        (shape, 4),
        *place,
        *(((extra, EXTRA_BITS[shape]),) if EXTRA_BITS[shape] else ()),
        (velocity, 3),
        *(((moving, VELOCITY_BITS[velocity]),) if velocity else ()),
        (1, 1),
        (0, 1),
        (REASON, 8),
    )
    report = lip.decode(message)
    assert isinstance(report, lip.Report)
    return report


@pytest.mark.parametrize("shape", range(11))
@pytest.mark.parametrize("velocity", range(8))
def test_every_shape_with_every_velocity_ends_at_its_reason(shape: int, velocity: int) -> None:
    ones = _long(
        shape=shape,
        extra=(1 << EXTRA_BITS[shape]) - 1,
        velocity=velocity,
        moving=(1 << VELOCITY_BITS[velocity]) - 1,
    )
    zeros = _long(shape=shape, velocity=velocity)
    for report in (ones, zeros):
        assert (report.reason, report.ack_requested, report.time_elapsed) == (REASON, True, 2)
        assert report.has_position is (shape != 0)
    assert set(ones.raw) == {name for name, _ in SHAPES[shape][1] + VELOCITIES[velocity]}
    assert all(value == 0 for value in zeros.raw.values())


def test_the_lengths_are_those_of_the_reference() -> None:
    assert {n: sum(width for _, width in fields) for n, (_, fields) in SHAPES.items()} == EXTRA_BITS
    assert tuple(sum(width for _, width in VELOCITIES[n]) for n in range(8)) == VELOCITY_BITS


@pytest.mark.parametrize(
    ("shape", "extra", "expected"),
    [
        (4, 0b0 << 11 | 200, 0.0),
        (4, 0b1 << 11 | 1200, 1000.0),
        (4, 1201, None),
        (5, 5 << 12 | 350, 150.0),
        (7, 5 << 15 | 350 << 3 | 7, 150.0),
        (6, (1 << 35) - 1, None),
        (1, 0, None),
    ],
)
def test_altitudes(shape: int, extra: int, expected: float | None) -> None:
    assert _long(shape=shape, extra=extra).altitude_m == expected


def test_an_altitude_above_its_linear_part_stays_raw() -> None:
    report = _long(shape=4, extra=1 << 11 | 1500)
    assert (report.altitude_m, report.raw["altitude"], report.raw["altitude_type"]) == (
        None,
        1500,
        1,
    )
    assert decode_altitude(2047) is None


def test_position_error_classes_of_a_point() -> None:
    errors = [_long(shape=10, extra=raw).position_error_m for raw in range(8)]
    assert errors == [2.0, 20.0, 200.0, 2_000.0, 20_000.0, 200_000.0, None, None]


def test_speed_and_direction_of_a_long_report() -> None:
    with_direction = _long(shape=1, velocity=5, moving=20 << 8 | 64)
    assert (with_direction.speed_kmh, with_direction.direction_deg) == (20.0, 90.0)
    whole = _long(shape=1, velocity=7, moving=20 << 25 | 1 << 22 | 2 << 14 | 3 << 11 | 128 << 3 | 4)
    assert (whole.speed_kmh, whole.direction_deg) == (20.0, 180.0)
    assert whole.raw["vertical_speed"] == 2
    unknown = _long(shape=1, velocity=5, moving=127 << 8 | 64)
    assert (unknown.speed_kmh, unknown.direction_deg) == (None, None)


@pytest.mark.parametrize("shape", [11, 12, 13, 14, 15])
def test_a_shape_that_is_not_known_is_said_to_be_so(shape: int) -> None:
    with pytest.raises(ValueError, match=f"shape {shape}"):
        lip.decode(_bits((0b01, 2), (3, 4), (0, 2), (shape, 4), (0, 90)))


def test_requests_are_the_bytes_that_real_radios_take() -> None:
    assert lip_requests.immediate_request().hex() == "0A4580"
    assert lip_requests.immediate_request().length_bits == 24
    assert lip_requests.reporting(enabled=True).hex() == "0A6901"
    assert lip_requests.reporting(enabled=False).hex() == "0A6900"
    for payload in (lip_requests.immediate_request(), lip_requests.reporting(enabled=True)):
        request = lip.decode(payload.after(lip.PID_BITS))
        assert isinstance(request, lip.OtherPdu)
        assert (request.response, request.result) == (False, None)


@pytest.mark.parametrize("code", [*lip_requests.RESULT_WORDS, 99])
def test_results_in_words(code: int) -> None:
    answer = lip.decode(_bits((0b01, 2), (10, 4), (1, 1), (code, 8)))
    assert isinstance(answer, lip.OtherPdu)
    assert (answer.response, answer.result) == (True, code)
    assert lip_requests.result_words(code)


def test_an_answer_cut_short_has_no_result() -> None:
    answer = lip.decode(_bits((0b01, 2), (10, 4), (1, 1)))
    assert isinstance(answer, lip.OtherPdu)
    assert answer.result is None


# -- samband decode


def _decode(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["decode", *words])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


REAL = [
    ("0A112853A9FF4D4FFFE810", (44.938642, 26.044346, None, 1, 129)),
    ("0A112853A9FF4D4FFFE810/84", (44.938642, 26.044346, None, 1, 129)),
    ("0A0BA7D5B95BC50AFFE16", (30.565692, -97.748891, 200.0, 0, 22)),
    ("0A0088BD4247F737FFE810", (51.325099, 12.018099, None, 0, 129)),
    ("0A06B8ACA67F1822FFE810", (-33.829608, 151.231141, 200.0, 0, 129)),
    ("0A0098356253A021598030", (52.349896, 13.377700, 20.0, 0, 3)),
    ("0A4E73DDA841F55809493CC081", (52.234218, 11.015854, None, None, 129)),
]


@pytest.mark.parametrize(("text", "expected"), REAL)
def test_decode_lip_of_real_radios(
    capsys: pytest.CaptureFixture[str],
    text: str,
    expected: tuple[float, float, float | None, int | None, int],
) -> None:
    latitude, longitude, error, elapsed, reason = expected
    code, (row,) = _decode(capsys, "lip", text)
    assert code == 0
    assert row["latitude_deg"] == pytest.approx(latitude, abs=1e-6)
    assert row["longitude_deg"] == pytest.approx(longitude, abs=1e-6)
    assert (row["position_error_m"], row["time_elapsed"], row["reason"]) == (error, elapsed, reason)
    wanted = "type latitude_deg longitude_deg position_error_m speed_kmh direction_deg altitude_m"
    assert {*wanted.split(), "time_elapsed", "reason"} <= set(row)


@pytest.mark.parametrize(
    ("text", "forward"),
    [
        ("82039C5101020301746573", {"ssi": 0x010203, "mcc": None, "mnc": None}),
        ("820301FA127774E161230141", {"ssi": 0x127774, "mcc": 901, "mnc": 8483}),
        ("8203010005" + "0141", None),
        ("820301FF0141", None),
    ],
)
def test_decode_sds_names_whom_a_text_is_kept_for(
    capsys: pytest.CaptureFixture[str], text: str, forward: dict[str, int | None] | None
) -> None:
    _, (row,) = _decode(capsys, "sds", text)
    assert row["store_forward"]
    assert row.get("forward_address") == forward


def test_decode_lip_of_other_messages(capsys: pytest.CaptureFixture[str]) -> None:
    _, (refused,) = _decode(capsys, "lip", "0A6A2C")
    assert (refused["result"], refused["latitude_deg"]) == (22, None)
    assert "switched location reports off" in refused["result_words"]
    _, (arc,) = _decode(capsys, "lip", "0A4DD400000000000000005FE0002308517A100060")
    assert (arc["type"], arc["has_position"]) == ("long", False)
    assert arc["shape_words"] == "circle with altitude"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["sds", "820201/99", "--strict"], 1, "expected 25 hex digits"),
        (["sds", "820201/x"], 0, "number of bits"),
        (["sds", "820201/"], 0, "number of bits"),
        (["lip", "/"], 0, "number of bits"),
        (["lip", "0"], 0, "8 bits"),
        (["lip", "0A4DDF", "--strict"], 1, ""),
        (["lip", "xyz"], 2, "hex"),
        (["status", "1"], 0, "4 hex digits"),
    ],
)
def test_every_line_is_answered(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, reason: str
) -> None:
    got, (row,) = _decode(capsys, *words)
    assert got == code
    assert reason in row["malformed"]["reason"]
    assert row["raw"]


def test_as_many_answers_as_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["82020101 4142", "820", "0A112853A9FF4D4FFFE810/84", "DC040774657374", "8A02", "820F"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode())))
    code, rows = _decode(capsys, "sds", "-")
    assert (code, len(rows)) == (0, len(lines))
    keys = {"pid", "kind", "message_reference", "report_requested", "coding", "text", "raw_hex"}
    for row in rows:
        assert "malformed" in row or keys <= set(row)
    assert (rows[0]["text"], rows[2]["kind"], rows[3]["pid"]) == ("AB", "location", 220)
