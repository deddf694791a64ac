"""Webhooks to other systems: signatures, the ladder, dead letters, and only confirmed identity."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.cameras.tables import WebhookOut
from dispatch.cameras.webhook import check, read_keys
from dispatch.cameras.webhook_out import (
    SigningKey,
    event_body,
    follow,
    headers,
    incident_body,
    read_out_keys,
)
from dispatch.cameras.webhook_sender import Target, WebhookSender
from dispatch.errors import Conflict, NotFound
from dispatch.events import IncidentUpdated
from gateway.model.errors import ConfigError
from gateway.model.ids import IncidentId
from tests.dispatch.cameras.conftest import SECRET
from tests.dispatch.cameras.serving import serving
from tests.dispatch.cameras.test_webhook import body as camera_body
from tests.dispatch.cameras.test_webhook import send

S = 1_000_000
NOW: Any = 1_764_000_000 * S
PRIVATE = bytes(range(32))


def test_every_key_signs_and_a_receiver_accepts_with_any_of_its_own() -> None:
    keys = read_out_keys(f"{SECRET}\nwhsk_{base64.b64encode(PRIVATE).decode()}\n")
    made = headers(keys, "w-1", b"{}", NOW)
    public = Ed25519PrivateKey.from_private_bytes(PRIVATE).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    for line in (SECRET, f"whpk_{base64.b64encode(raw).decode()}"):
        assert check(read_keys(line), made, b"{}", NOW) == ("w-1", 0)
    assert "hidden" in repr(keys)
    for text in ("", "whsk_%%%", "whsk_AAAA", "whsec_AAAA"):
        with pytest.raises(ConfigError):
            read_out_keys(text)
    assert isinstance(keys[1], SigningKey)


def test_the_ladder_of_tries_then_dead() -> None:
    pauses, tries, now = [], 0, NOW
    while True:
        tries += 1
        outcome = follow(tries, 503, now)
        if outcome.state == "dead":
            break
        pauses.append((outcome.next_utc - now) // S)
        now = outcome.next_utc
    assert pauses == [5, 30, 120, 600, 3600]
    assert outcome.error == "the receiver answered 503; given up after 6 tries"


@pytest.mark.parametrize("status", [400, 404, 409, 410, 413])
def test_what_no_repetition_changes_is_dead_at_once(status: int) -> None:
    assert follow(1, status, NOW).state == "dead"


def test_a_receiver_may_ask_for_a_pause_but_not_for_ever() -> None:
    assert follow(1, 429, NOW, retry_after="60").next_utc == NOW + 60 * S
    assert follow(1, 429, NOW, retry_after="999999").next_utc == NOW + 3600 * S
    assert follow(1, 429, NOW, retry_after="Wed, 21 Oct 2026").next_utc == NOW + 5 * S
    assert follow(1, 401, NOW).state == "waiting"
    assert follow(1, 0, NOW, error="ConnectError").error == "ConnectError"
    assert follow(3, 202, NOW).state == "sent"


def test_only_what_concerns_others_is_told() -> None:
    def update(what: str) -> Any:
        return incident_body(IncidentUpdated(incident=IncidentId("i-1"), what=what), NOW)

    assert update("note") is None
    assert update("events") is None
    assert update("suggestion") is None
    assert update("severity")[0] == "incident.updated"
    assert update("closed")[0] == "incident.closed"


def test_a_camera_event_leaves_without_claims() -> None:
    row = {
        "src_event_id": "1-a", "t_event_utc": NOW, "camera": "c", "kind": "plate", "phase": "new",
        "severity": "alert", "labels": [], "zones": [], "score": 0.9, "incident": "i-1",
        "claims": [{"type": "plate", "value": "NRV 482"}],
    }  # fmt: skip
    values = json.loads(event_body(row))
    assert values["claims"] == []
    assert "NRV" not in json.dumps(values)


# ---- over HTTP ---------------------------------------------------------------------------------


class Receiver:
    """Another system: checks signatures, answers what the test says."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.headers: dict[str, str] = {}
        self.app = Starlette(routes=[Route("/hook", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        raw = await request.body()
        now: Any = int(request.headers["webhook-timestamp"]) * S
        webhook_id, _ = check(read_keys(SECRET), request.headers, raw, now)
        self.got.append((webhook_id, json.loads(raw)))
        status = self.answers.pop(0) if self.answers else 202
        return Response(status_code=status, headers=self.headers)


class Place:
    def __init__(self, room: Any, receiver: Receiver, sender: WebhookSender) -> None:
        self.room, self.receiver, self.sender = room, receiver, sender

    def rows(self) -> list[WebhookOut]:
        return self.room.rows(WebhookOut)  # type: ignore[no-any-return]

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(15):
            while not condition():
                await asyncio.sleep(0.02)
        assert condition()


@pytest.fixture
async def place(room: Any) -> AsyncIterator[Place]:
    receiver = Receiver()
    async with serving(receiver.app) as port:
        url = f"http://127.0.0.1:{port}/hook"
        everything = frozenset({"incident.opened", "incident.closed", "camera.event"})
        target = Target(id="room2", url=url, keys=read_out_keys(SECRET), types=everything)
        harbour = Target(
            id="port", url=url, keys=target.keys, types=everything, groups=frozenset({"harbour"})
        )
        sender = WebhookSender(
            store=room.store,
            bus=room.bus,
            clock=room.clock,
            randomness=os.urandom,
            targets={"room2": target, "port": harbour},
        )
        room.incidents.also(sender.in_batch)
        running = asyncio.create_task(sender.run())
        yield Place(room, receiver, sender)
        await sender.close()
        await running


async def test_an_incident_is_told_once_to_whom_it_concerns(place: Place) -> None:
    await send(place.room, camera_body(claims=[{"type": "plate", "value": "NRV 482"}]))
    await place.until(lambda: len(place.receiver.got) == 2)
    kinds = {values["type"] for _, values in place.receiver.got}
    assert kinds == {"incident.opened", "camera.event"}
    assert "NRV" not in str(place.receiver.got)
    opened = next(v for _, v in place.receiver.got if v["type"] == "incident.opened")["data"]
    assert opened["place"] == "Kajgatan 4"
    assert opened["coordinate"] == {"lat": 59.3302, "lon": 18.0601}
    await place.until(lambda: all(row.state == "sent" for row in place.rows()))
    assert {row.target for row in place.rows()} == {"room2"}, "the harbour is not concerned"
    incident = opened["incident"]
    await place.room.incidents.close(incident, "handled", "Anna")
    await place.until(lambda: len(place.receiver.got) == 3)
    assert place.receiver.got[-1][1]["data"]["state"] == "closed"


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id(place: Place) -> None:
    place.receiver.answers = [503, 503, 202]
    await place.sender.tell("incident.closed", b'{"type":"incident.closed"}', "i-1", "x")
    await place.until(lambda: len(place.receiver.got) == 1)
    await place.until(lambda: place.rows()[0].tries == 1)
    (row,) = place.rows()
    assert (row.state, row.last_error) == ("waiting", "the receiver answered 503")
    for seconds, tries in ((6, 2), (31, 3)):
        place.room.clock.offset_us += seconds * S
        await place.until(lambda tries=tries: place.rows()[0].tries == tries)
    await place.until(lambda: place.rows()[0].state == "sent")
    assert len({webhook_id for webhook_id, _ in place.receiver.got}) == 1
    assert place.sender.counters["room2", "waiting"] == 2


async def test_a_dead_letter_is_shown_and_sent_again_by_a_person(place: Place) -> None:
    place.receiver.answers = [400]
    await place.sender.tell("incident.closed", b'{"type":"x"}', "i-1", "x")
    await place.until(lambda: place.rows() and place.rows()[0].state == "dead")
    (shown,) = await place.sender.rows("dead", 10)
    assert shown["last_error"] == "the receiver answered 400: not to be sent again"
    assert "body" not in shown
    await place.sender.again(shown["id"])
    await place.until(lambda: place.rows()[0].state == "sent")
    with pytest.raises(Conflict, match="taken already"):
        await place.sender.again(shown["id"])
    with pytest.raises(NotFound):
        await place.sender.again("none")
    assert await place.sender.rows("dead", 10) == []


async def test_what_waits_is_sent_after_a_restart_and_a_dead_host_is_told(room: Any) -> None:
    target = Target(
        id="room2", url="http://127.0.0.1:1/hook", keys=read_out_keys(SECRET),
        types=frozenset({"incident.closed"}),
    )  # fmt: skip

    def made(url: str) -> WebhookSender:
        one = Target(id="room2", url=url, keys=target.keys, types=target.types)
        return WebhookSender(
            store=room.store, bus=room.bus, clock=room.clock, randomness=os.urandom,
            targets={"room2": one},
        )  # fmt: skip

    first = made(target.url)
    running = asyncio.create_task(first.run())
    await first.tell("incident.closed", b"{}", "i-1", "")
    async with asyncio.timeout(15):
        while room.rows(WebhookOut)[0].tries == 0:
            await asyncio.sleep(0.02)
    await first.close()
    await running
    assert room.rows(WebhookOut)[0].last_error.startswith("ConnectError")
    room.clock.offset_us += 6 * S
    receiver = Receiver()
    async with serving(receiver.app) as port:
        second = made(f"http://127.0.0.1:{port}/hook")
        running = asyncio.create_task(second.run())
        async with asyncio.timeout(15):
            while room.rows(WebhookOut)[0].state != "sent":
                await asyncio.sleep(0.02)
        await second.close()
        await running
    assert len(receiver.got) == 1


async def test_a_flood_of_camera_events_is_counted_not_sent(place: Place) -> None:
    from dispatch.cameras.ingest import Batch

    row = {
        "src_event_id": "1-a", "t_event_utc": NOW, "t_recv_utc": NOW, "camera": "c", "kind": "x",
        "phase": "new", "severity": "info", "labels": [], "zones": [], "score": None,
        "incident": "i-1",
    }  # fmt: skip
    place.room.store.write_now(
        lambda db: place.sender.in_batch(db, Batch(rows=[row for _ in range(300)]))
    )
    assert place.sender.counters["room2", "too many, not sent"] == 100
    assert len(place.rows()) == 200
