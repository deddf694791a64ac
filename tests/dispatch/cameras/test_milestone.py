"""Milestone XProtect: both spellings of the signature, replay, and events of every shape."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.event import CameraEvent, Unread
from dispatch.cameras.milestone import MilestoneScheme, kind_of, read_secrets
from dispatch.cameras.tables import CameraUnread
from dispatch.cameras.webhook import Unsigned
from gateway.model.errors import ConfigError
from samband.camera_hooks import HookKeys
from samband.config_cameras import Cameras, Milestone

SECRET = "0123456789abcdef-shared"
NOW: Any = 1_764_000_000_000_000
SAMPLE = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "camera/webhook"


def event(**header: Any) -> bytes:
    values = {
        "ID": "2f7c1d1e-0000-4000-8000-000000000001",
        "Timestamp": "2026-11-26T15:59:39.2988877Z",
        "Type": "Event",
        "Priority": 1,
        "Name": "Motion Started",
        "Message": "Motion Started",
        "Source": {"Name": "Quay 4", "FQID": {"ObjectId": "0c0ffee0-0000-4000-8000-000000000009"}},
    }
    body = {"Event": {"EventHeader": {**values, **header}}, "Site": {"ServerHostname": "vms"}}
    return json.dumps(body).encode()


def signed(raw: bytes, *, base: int = 16, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    text = digest.hex() if base == 16 else base64.b64encode(digest).decode()
    return {"x-hub-signature-256": f"sha256={text}", "x-milestone-api-version": "v1.0"}


def scheme(**kwargs: Any) -> MilestoneScheme:
    return MilestoneScheme(read_secrets(f"old-secret-of-last-year\n{SECRET}\n"), **kwargs)


@pytest.mark.parametrize("base", [16, 64])
def test_both_spellings_of_the_signature(base: int) -> None:
    raw = event()
    assert scheme().check(signed(raw, base=base), raw, NOW).startswith("2f7c1d1e")
    old = signed(raw, base=base, secret="old-secret-of-last-year")
    assert scheme().check(old, raw, NOW)


@pytest.mark.parametrize(
    "given",
    ["", "sha256=", "sha256=zz", "sha256=" + "0" * 64, "sha1=abc", "sha256=" + "A" * 43 + "="],
)
def test_a_signature_that_does_not_match(given: str) -> None:
    with pytest.raises(Unsigned):
        scheme().check({"x-hub-signature-256": given}, event(), NOW)
    raw = event()
    with pytest.raises(Unsigned):
        scheme().check(signed(raw), raw + b" ", NOW)


def test_secrets_are_hidden_and_not_too_short() -> None:
    assert SECRET not in repr(scheme().secrets)
    for text in ("", "short"):
        with pytest.raises(ConfigError):
            read_secrets(text)


def read(raw: bytes, **kwargs: Any) -> Any:
    return scheme(**kwargs).read("milestone:a", raw, "id-1", NOW)


def test_an_event() -> None:
    got = read(event())
    assert (got.kind, got.severity, got.camera, got.phase) == ("motion", "alert", "Quay 4", "new")
    assert got.t_event_utc == 1_795_708_779_298_887
    assert got.labels == ("motion started",)
    assert got.notes == ()
    known = read(event(), known=lambda name: name.startswith("0c0ffee0"))
    assert known.camera == "0c0ffee0-0000-4000-8000-000000000009"
    assert read(event(Name="Motion Stopped")).phase == "end"


def test_missing_fields_lose_no_event() -> None:
    for name in ("ID", "Timestamp", "Type", "Priority", "Name", "Message", "Source"):
        values = json.loads(event())
        del values["Event"]["EventHeader"][name]
        got = read(json.dumps(values).encode())
        assert isinstance(got, CameraEvent), name
    assert read(json.dumps({"Event": {"EventHeader": {"Name": "x"}}}).encode()).camera == "site"
    for raw in (b"{", b"[]", b"{}", b'{"Event": 7}'):
        assert isinstance(read(raw), Unread)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Camera tampering", "tamper"),
        ("Communication Error", "health"),
        ("Loitering at gate", "loiter"),
        ("Line crossing", "line"),
        ("Intrusion zone 2", "zone"),
        ("External Event", "object"),
    ],
)
def test_kinds_by_words(words: str, kind: str) -> None:
    assert kind_of(words) == kind


async def test_the_same_event_twice_is_one_and_keys_change_without_a_gap(
    room: Any, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    config = Cameras(milestone=(Milestone(id="vms", secret_file=file),))
    keys = HookKeys(config, room.sources, room.register)
    await keys.add_all()
    raw = event()
    first = await room.sources.receive("milestone:vms", signed(raw, base=64), raw)
    again = await room.sources.receive("milestone:vms", signed(raw, base=64), raw)
    assert (first.duplicate, again.duplicate) == (False, True)
    (row,) = room.stored()
    assert (row.source, row.camera) == ("milestone:vms", "Quay 4")
    file.write_text("short")
    os.utime(file, ns=(1, 1))
    assert await keys.look() == 0
    newer = event(ID="other")
    assert await room.sources.receive("milestone:vms", signed(newer), newer)
    file.write_text("a-brand-new-secret-text")
    os.utime(file, ns=(2, 2))
    assert await keys.look() == 1
    assert await keys.look() == 0
    third = event(ID="third")
    with pytest.raises(Unsigned):
        await room.sources.receive("milestone:vms", signed(third), third)
    new = signed(third, secret="a-brand-new-secret-text")
    assert (await room.sources.receive("milestone:vms", new, third)).outcome == "stored"


async def test_what_is_not_understood_is_kept(room: Any) -> None:
    await room.sources.add_hook("milestone:vms", scheme())
    raw = b'{"Other": 1}'
    got = await room.sources.receive("milestone:vms", signed(raw), raw)
    assert got.outcome == "not understood"
    (kept,) = room.rows(CameraUnread)
    assert kept.reason == "no Event.EventHeader in it"
    room.clock.offset_us += 73 * 3_600_000_000
    other = event(ID="later")
    await room.sources.receive("milestone:vms", signed(other), other)
    async with asyncio.timeout(10):
        while room.rows(CameraUnread):
            await asyncio.sleep(0.02)


def test_sample_of_the_manual() -> None:
    path = SAMPLE / "milestone_xprotect_v1.json"
    if not path.is_file():
        pytest.skip("SAMBAND_SAMPLES is not set (other people's data, not shipped)")
    got = read(path.read_bytes())
    assert (got.severity, got.camera) == ("alert", "Event High")
    assert got.t_event_utc == 1_669_478_379_298_887
