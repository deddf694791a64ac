"""Entries: canonical bytes, limits, and nothing of a person in clear."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.audit.entry import BadEntry, canonical, entry_bytes, seal, timestamp
from dispatch.audit.keys import GroupKeys, KeyFolder, SecretKey, log_signing_key
from dispatch.audit.opened import opened
from dispatch.audit.verify import check_entry
from dispatch.audit.verify_report import Report
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import act

NOW = UtcUs(1_764_000_000_123_456)
MONTH = "2025-11"


def sealed(state: Any, what: Any) -> Any:
    return seal(what, state.keys, entry_id="01JDGX", now=NOW, prev_hint=7, nonce=bytes(range(12)))


def test_an_entry_holds_no_personal_text_in_clear(state: Any) -> None:
    entry = sealed(state, act())
    raw = entry_bytes(entry)
    for secret in ("röd bil", "Anna", "1210204"):
        assert secret.encode() not in raw
    assert entry["obj"]["sub"].startswith(f"hmac:s-{MONTH}:")
    assert entry["purpose"]["text"].startswith(f"enc:g-{MONTH}:")
    report = Report()
    check_entry(0, raw, report)
    assert report.ok
    assert not report.warnings


def test_texts_open_with_the_month_s_key_and_never_without(state: Any) -> None:
    entry = sealed(state, act())
    clear = opened(entry, state.keys)
    assert clear["purpose"]["text"] == "röd bil"
    assert clear["detail"]["note"] == "Anna A"
    moved = {**entry, "id": "another"}
    assert opened(moved, state.keys)["purpose"]["text"] == entry["purpose"]["text"]
    assert state.folder.destroy(f"g-{MONTH}.key")
    assert opened(entry, state.keys)["purpose"]["text"] == entry["purpose"]["text"]
    assert not state.folder.destroy(f"g-{MONTH}.key")


def test_two_texts_of_one_entry_have_different_nonces(state: Any) -> None:
    entry = sealed(state, act(detail={"text": "a", "inner": {"note": "a"}}))
    assert entry["detail"]["text"] != entry["detail"]["inner"]["note"]


def test_a_subject_has_the_same_keyed_hash_all_month(state: Any) -> None:
    first, second = sealed(state, act()), sealed(state, act(3))
    assert first["obj"]["sub"] == second["obj"]["sub"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": 1.5}, "got float"),
        ({"a": 2**53}, "not below 2"),
        ({"ä": 1}, "ASCII keys"),
        ({1: 1}, "ASCII keys"),
        ({"a": [b"x"]}, "got bytes"),
        ({"a": "\ud800"}, "surrogate"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: Any, words: Any) -> None:
    with pytest.raises(BadEntry, match=words):
        canonical(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abcdxyz"), inner),
        max_leaves=20,
    )
)
def test_canonical_bytes_come_back_and_hold_no_line_feed(value: Any) -> None:
    raw = canonical({"v": value})
    assert json.loads(raw) == {"v": value}
    assert b"\n" not in raw


def test_canonical_escapes_as_rfc_8785_says() -> None:
    assert canonical({"b": '\x00\x1f\b\t\n\f\r"\\/\x7fé\u2028', "a": -1}) == (
        '{"a":-1,"b":"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\x7fé\u2028"}'.encode()
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"op": "look"}, "op: expected one of"),
        ({"result": "maybe"}, "result: expected"),
        ({"detail": {"text": 4}}, "expected free text"),
        ({"detail": {"many": "x" * 20_000}}, "the log takes 16384"),
    ],
)
def test_a_bad_act_is_refused(state: Any, changes: Any, words: Any) -> None:
    with pytest.raises(BadEntry, match=words):
        entry_bytes(sealed(state, act(**changes)))


def test_timestamp_keeps_microseconds() -> None:
    moment = datetime(2026, 11, 24, 22, 40, 0, tzinfo=UTC)
    assert (
        timestamp(UtcUs(int(moment.timestamp()) * 1_000_000 + 7)) == "2026-11-24T22:40:00.000007Z"
    )


def test_the_verifier_warns_of_clear_text_and_finds_wrong_forms(state: Any) -> None:
    entry = sealed(state, act())
    entry["obj"]["sub"] = "1210204"
    entry["detail"]["inner"] = {"text": "röd bil"}
    report = Report()
    check_entry(3, entry_bytes(entry), report)
    assert report.warnings == [
        "entry 3: its subject stands in clear",
        "entry 3: free text in clear (text)",
    ]
    for raw in (b"{}", b"[1]", b"\xff", b'{"a":1.5}', entry_bytes(entry).replace(b":", b": ", 1)):
        report = Report()
        check_entry(3, raw, report)
        assert report.faults[0].startswith("entry 3: ")


def test_keys_hide_themselves_and_their_folder_is_closed(state: Any, tmp_path: Any) -> None:
    key = SecretKey(bytes(range(32)))
    assert "0001" not in repr(key)
    assert "0001" not in str([key])
    assert (state.root / "keys").stat().st_mode & 0o777 == 0o700
    log_signing_key(state.folder)
    assert (state.root / "keys/log.key").stat().st_mode & 0o777 == 0o600
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    with pytest.raises(ConfigError, match="expected mode 0700, found 0755"):
        KeyFolder(wide)
    (state.root / "keys/bad.key").write_text("xx")
    with pytest.raises(ConfigError, match="64 hex"):
        state.folder.find("bad.key")
    with pytest.raises(ConfigError, match="expected 32 bytes"):
        SecretKey(b"short")
    assert GroupKeys(state.folder).decrypt("g-2001-01", bytes(12), b"", b"") is None
