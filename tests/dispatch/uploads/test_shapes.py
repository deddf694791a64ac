"""What is read from the shapes that the programs send, field by field."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatch.uploads import fields, openmhz, rdio
from dispatch.uploads.multipart import read_parts
from dispatch.uploads.received import Received, Source, complete
from tests.dispatch.uploads.sending import START_S, vectors

NOW = datetime(2026, 11, 26, 12, 0, 7, 250_000, UTC)
START = int(NOW.timestamp()) - START_S


def received(name: str) -> Received:
    vector = next(one for one in vectors() if one.name == name)
    parts = read_parts(vector.body("k", NOW), vector.told["boundary"].encode())
    call = openmhz.read(parts, "net") if openmhz.is_openmhz(parts) else rdio.read(parts)
    complete(call)
    return call


def facts(call: Received, *names: str) -> dict[str, Any]:
    return {name: getattr(call, name) for name in names}


def test_a_call_of_sdrtrunk() -> None:
    call = received("sdrtrunk_call")
    assert facts(call, "key", "system", "talkgroup", "frequency_hz", "started_utc") == {
        "key": "k",
        "system": 11,
        "talkgroup": 100,
        "frequency_hz": 851_012_500,
        "started_utc": START * 1_000_000,
    }
    assert call.sources == [Source(unit=1001, tag="Patrol One")]
    assert call.patches == [100, 101, 1001], "talkgroups and radios in one list, as it tells them"
    assert (call.audio_name, call.system_label) == ("120000_123.mp3", "Net")
    assert call.details == {
        "talkerAlias": "Patrol One",
        "talkgroupGroup": "Police",
        "talkgroupLabel": "NORTH 1",
    }


def test_what_sdrtrunk_does_not_know_is_nothing() -> None:
    call = received("sdrtrunk_nothing_known")
    assert facts(call, "sources", "frequency_hz", "talkgroup_label", "details", "patches") == {
        "sources": [],
        "frequency_hz": 0,
        "talkgroup_label": "",
        "details": {},
        "patches": [],
    }


def test_names_of_every_script_come_through() -> None:
    call = received("sdrtrunk_unicode")
    assert call.audio_name == "1200 00_Ä 123.mp3"
    assert call.talkgroup_label == "Північ 1"
    assert call.sources == [Source(unit=1001, tag="Патруль Ä 1")]


def test_sdrtrunk_as_openmhz_tells_no_length() -> None:
    call = received("openmhz_sdrtrunk_2026")
    assert (call.length_ms, call.sources) == (None, [Source(unit=1001)])


def test_units_of_trunk_recorder_with_names() -> None:
    call = received("trunk_recorder_5_names")
    assert call.sources == [Source(unit=1001, tag="Engine 1"), Source(unit=0, from_ms=900)]
    assert call.patches == [100, 101]
    assert call.errors == 4


def test_a_name_that_breaks_the_list_costs_only_the_names() -> None:
    call = received("trunk_recorder_5_open_quote")
    assert call.sources == [Source(unit=1001), Source(unit=1002, from_ms=900)]


def test_empty_fields_and_another_scheme_of_names() -> None:
    call = received("trunk_recorder_empty_tag")
    assert (call.sources, call.frequencies, call.errors) == ([], [], 0)
    assert call.audio_name == "Nörd 1 – call 7.m4a"
    assert "talkgroupTag" not in call.details


def test_metadata_of_trunk_recorder_5() -> None:
    call = received("meta_5_call")
    assert call.started_utc == START * 1_000_000 + 250_000, "the milliseconds, where they are told"
    assert call.length_ms == 1930
    assert call.sources == [
        Source(unit=1001, tag="PATROL ONE"),
        Source(unit=1002, from_ms=1200, tag="Patrol 2"),
    ]
    assert call.details["call_num"] == 7
    assert not {"signal", "noise"} & call.details.keys(), "999 is no level"
    assert call.errors == 2


def test_an_encrypted_call_needs_no_sound() -> None:
    call = received("meta_encrypted_no_audio")
    assert (call.encrypted, call.audio) == (True, b"")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1700000000", 1_700_000_000),
        ("1700000000.5", 1_700_000_000.5),
        ("1700000000000", 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T23:13:20.250+01:00", 1_700_000_000.25),
        ("1970-01-01T00:00:00.000Z", 0),
        ("yesterday", 0),
        ("", 0),
    ],
)
def test_times_as_they_are_told(told: str, seconds: float) -> None:
    assert fields.time_us(told) == round(seconds * 1_000_000)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("[1,2,2,0]", [1, 2]),
        ('["100", 101]', [100, 101]),
        ("[]", []),
        ("[100.0]", [100]),
        ("[-1, 4294967296, null, {}]", []),
        ("100,101", []),
        ("", []),
    ],
)
def test_lists_of_patches(told: str, found: list[int]) -> None:
    assert fields.numbers(fields.json_of(told)) == found
