"""The signed webhook: signature on raw bytes, replay, limits, and the way to an incident."""

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.cameras.demo_source import SCENES, WebhookClient
from dispatch.cameras.webhook import SharedSecret, Unsigned, check, read_event, read_keys
from dispatch.errors import NotFound, ServiceError, TooLarge
from gateway.model.errors import ConfigError
from tests.dispatch.cameras.conftest import SECRET

RAW_SECRET = base64.b64decode(SECRET.removeprefix("whsec_"))


def body(**changes: Any) -> Any:
    values = {
        "type": "camera.event",
        "id": "ev-1",
        "camera": "cam-0412",
        "kind": "object",
        "phase": "new",
        "severity": "alert",
        "labels": ["person"],
        "zones": ["quay"],
    }
    return json.dumps({**values, **changes}).encode()


def headers(raw: Any, at: Any, webhook_id: Any = "msg_1", secret: Any = RAW_SECRET) -> Any:
    """Signed here by hand, so that the scheme is not checked against itself."""
    stamp = str(at // 1_000_000)
    text = f"{webhook_id}.{stamp}.".encode() + raw
    digest = base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{digest}",
    }


async def send(room: Any, raw: Any, webhook_id: Any = "msg_1", **kwargs: Any) -> Any:
    made = headers(raw, room.clock.utc_us(), webhook_id, **kwargs)
    return await room.sources.receive("webhook:test", made, raw)


def test_the_worked_example_of_the_scheme() -> None:
    secret = SharedSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert secret.signature(signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_an_event_becomes_an_incident(room: Any) -> None:
    received = await send(room, body(claims=[{"type": "plate", "value": "ABC 123"}]))
    assert (received.outcome, received.duplicate) == ("stored", False)
    (incident,) = room.all_incidents()
    assert incident.id == received.incident
    assert incident.label.startswith("INC-")
    assert incident.label.endswith("-000001")
    assert incident.title == "Person, Kajgatan 4"
    (opened,) = room.told("incident.opened")
    assert (opened.label, opened.camera) == (incident.label, "cam-0412")
    (event,) = room.stored()
    assert event.claims == [
        {"type": "plate", "value": "ABC 123", "score": None, "status": "unreviewed"}
    ]
    assert "ABC" not in incident.title + " ".join(event.labels)


async def test_the_same_webhook_twice_is_a_duplicate(room: Any) -> None:
    await send(room, body())
    again = await send(room, body())
    assert again.duplicate
    other = await send(room, body(), "msg_2")
    assert other.outcome == "duplicate"
    assert len(room.stored()) == 1


async def test_ids_are_remembered_over_a_restart(room: Any) -> None:
    await send(room, body())
    await room.sources.add_webhook("webhook:test", [room.secret])
    assert (await send(room, body())).duplicate
    joined = await send(room, body(id="ev-2"), "msg_3")
    assert joined.incident == room.all_incidents()[0].id
    room.clock.offset_us = 25 * 3_600_000_000
    await room.sources.add_webhook("webhook:test", [room.secret])
    assert not (await send(room, body(id="ev-9"), "msg_1")).duplicate


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"webhook-signature": "v1,AAAA"}, "no signature matches"),
        ({"webhook-signature": "v1,***"}, "no signature matches"),
        ({"webhook-signature": "v2,AAAA"}, "no signature matches"),
        ({"webhook-id": "msg_2"}, "no signature matches"),
        ({"webhook-id": ""}, "expected the headers"),
        ({"webhook-timestamp": "now"}, "expected Unix seconds"),
    ],
)
def test_bad_signatures(now: Any, change: Any, words: Any) -> None:
    raw = body()
    with pytest.raises(Unsigned, match=words):
        check([SharedSecret(SECRET)], {**headers(raw, now), **change}, raw, now)


def test_a_signature_has_one_spelling(now: Any) -> None:
    right = headers(body(), now)
    text = right["webhook-signature"]
    # The last digit before "=" carries two bits that stand for nothing.
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = digits[digits.index(text[-2]) ^ 1]
    with pytest.raises(Unsigned):
        check(
            read_keys(SECRET), {**right, "webhook-signature": f"{text[:-2]}{other}="}, body(), now
        )


def test_a_changed_byte_of_the_body(now: Any) -> None:
    raw = body()
    with pytest.raises(Unsigned):
        check([SharedSecret(SECRET)], headers(raw, now), raw.replace(b"alert", b"alerT"), now)


@pytest.mark.parametrize("off_s", [-301, 301])
def test_old_and_future_times_are_refused(now: Any, off_s: Any) -> None:
    raw = body()
    with pytest.raises(Unsigned, match=r"from our clock"):
        check([SharedSecret(SECRET)], headers(raw, now + off_s * 1_000_000), raw, now)


def test_any_listed_signature_may_match_and_offset_is_told(now: Any) -> None:
    raw = body()
    made = headers(raw, now + 200_000_000)
    made["webhook-signature"] = "v1,AAAA " + made["webhook-signature"]
    keys = [SharedSecret("whsec_" + base64.b64encode(bytes(24)).decode()), SharedSecret(SECRET)]
    assert check(keys, made, raw, now) == ("msg_1", 200_000)


def test_a_public_key_signature(now: Any) -> None:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    (key,) = read_keys("whpk_" + base64.b64encode(public).decode())
    raw = body()
    made = headers(raw, now)
    text = f"msg_1.{made['webhook-timestamp']}.".encode() + raw
    made["webhook-signature"] = "v1a," + base64.b64encode(private.sign(text)).decode()
    assert check([key], made, raw, now)[0] == "msg_1"
    with pytest.raises(Unsigned):
        check([key], made, raw + b" ", now)


async def test_limits_and_unknown_sources(room: Any) -> None:
    big = body(labels=["x" * 100], media={"clip": "x" * 300_000})
    with pytest.raises(TooLarge):
        await send(room, big)
    with pytest.raises(NotFound):
        await room.sources.receive("webhook:other", {}, b"")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "expected JSON"),
        (b"[]", "camera.event"),
        (b'{"type":"camera.event","camera":"\\ud800"}', "expected JSON"),
        (body(phase="later"), "phase: expected one of"),
        (body(kind="ufo"), "kind: expected one of"),
        (body(camera=""), "camera: expected 1 to"),
        (body(labels="person"), "labels: expected a list"),
        (body(time="yesterday"), "time: expected ISO 8601"),
        (body(claims=[1]), "claims: expected objects"),
        (body(media={"snapshot": 1}), "media: expected references"),
    ],
)
def test_bad_bodies_name_the_field(now: Any, raw: Any, words: Any) -> None:
    with pytest.raises(ServiceError, match=words):
        read_event("webhook:test", raw, "msg_1", now)


def test_times_without_a_zone_are_utc_and_keep_microseconds(now: Any) -> None:
    with_zone = read_event("s", body(time="2026-11-24T23:40:00.123457+01:00"), "m", now)
    without = read_event("s", body(time="2026-11-24T22:40:00.123457"), "m", now)
    assert with_zone.t_event_utc == without.t_event_utc
    assert with_zone.t_event_utc % 1_000_000 == 123457


def test_a_sender_cannot_claim_that_a_claim_was_confirmed(now: Any) -> None:
    raw = body(claims=[{"type": "face", "value": "N N", "score": 1, "status": "confirmed"}])
    assert read_event("s", raw, "m", now).claims[0].status == "unreviewed"


def test_secrets_hide_and_bad_ones_are_refused() -> None:
    assert "QUJD" not in repr(SharedSecret(SECRET))
    for text in ("whsec_short", "whsec_" + base64.b64encode(bytes(65)).decode(), "whpk_AA"):
        with pytest.raises(ConfigError):
            read_keys(text)
    with pytest.raises(ConfigError, match="found none"):
        read_keys("\n")


async def test_the_demo_client_signs_as_the_server_checks(room: Any) -> None:
    client = WebhookClient("http://localhost:1/x", SECRET)
    at = room.clock.utc_us()
    made = client.headers("demo-1", at, body())
    received = await room.sources.receive("webhook:test", made, body())
    assert received.outcome == "stored"
    assert len(SCENES) > 3


async def test_many_at_once_share_a_write(room: Any) -> None:
    answers = await asyncio.gather(
        *(send(room, body(id=f"ev-{n}"), f"msg_{n}") for n in range(100))
    )
    assert {answer.incident for answer in answers} == {room.all_incidents()[0].id}
    assert len(room.stored()) == 100
    assert room.all_incidents()[0].event_count == 100
