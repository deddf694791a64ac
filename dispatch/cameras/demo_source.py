"""The demo's camera system: invented events, sent to the server's own signed webhook.

It is a client like any other: it signs, posts over HTTP and believes the answer. What it sends is
drawn from a seed, so that a demo can be repeated.
"""

import asyncio
import base64
import http.client
import itertools
import json
import logging
import random
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dispatch.cameras.webhook import SharedSecret, signed_bytes
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

FIRST_MS, PAUSE_MS = 4_000, (35_000, 75_000)
STEP_MS = (2_000, 6_000)
POST_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that the invented cameras see."""

    kind: str
    severity: str
    labels: tuple[str, ...]
    zone: str
    plate: str = ""


SCENES = (
    Scene(kind="object", severity="alert", labels=("person",), zone="quay"),
    Scene(kind="review", severity="alert", labels=("person", "car"), zone="yard"),
    Scene(kind="object", severity="detection", labels=("car",), zone="gate", plate="NRV 482"),
    Scene(kind="line", severity="detection", labels=("person",), zone="fence"),
    Scene(kind="object", severity="detection", labels=("truck",), zone="gate", plate="HMN 137"),
    Scene(kind="loiter", severity="alert", labels=("person",), zone="entrance"),
)
SEEN_TWICE = (
    Scene(kind="object", severity="alert", labels=("person", "car"), zone="quay"),
    Scene(kind="object", severity="alert", labels=("person",), zone="corner"),
)
"""What two cameras with one corner between them report of the same happening."""
TWICE_EVERY = 5
BETWEEN_MS = 6_000


def secret_text(raw: bytes) -> str:
    """Return 24 to 64 bytes as ``whsec_…``."""
    return "whsec_" + base64.b64encode(raw).decode()


class WebhookClient:
    """Signs bodies and posts them. Blocking; used in a thread."""

    def __init__(self, url: str, secret: str, tls: ssl.SSLContext | None = None) -> None:
        """Take the webhook's whole URL and the shared secret; ``tls`` trusts a site's own CA."""
        self._url = urlsplit(url)
        self._secret = SharedSecret(secret)
        self._tls = tls

    def headers(self, webhook_id: str, now: UtcUs, body: bytes) -> dict[str, str]:
        """Return the three signed headers and the content type."""
        timestamp = str(now // 1_000_000)
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": self._secret.signature(signed_bytes(webhook_id, timestamp, body)),
            "content-type": "application/json",
        }

    def post(self, webhook_id: str, now: UtcUs, body: bytes) -> tuple[int, dict[str, Any]]:
        """Post a body; returns status and answer. Raises OSError when nobody answers."""
        host, port = self._url.hostname or "localhost", self._url.port
        connection: http.client.HTTPConnection
        if self._url.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=POST_TIMEOUT_S, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=POST_TIMEOUT_S)
        try:
            headers = self.headers(webhook_id, now, body)
            connection.request("POST", self._url.path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()


class DemoCameras:
    """Plays scenes at the given cameras until cancelled."""

    def __init__(
        self,
        client: WebhookClient,
        cameras: Sequence[str],
        clock: Clock,
        *,
        seed: int = 1,
        neighbours: tuple[str, str] | None = None,
    ) -> None:
        """Take the client, the cameras' ids, two that see the same corner, and a seed."""
        self._neighbours = neighbours
        self._client = client
        self._cameras = tuple(cameras)
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311  # invented events, no secret
        self.sent = 0

    async def run(self) -> None:
        """Play one scene after another."""
        await asyncio.sleep(FIRST_MS / 1000)
        for number in itertools.count():
            if self._neighbours is not None and number % TWICE_EVERY == 0:
                await self.play_twice(*self._neighbours)
            await self.play(self._random.choice(SCENES), self._random.choice(self._cameras))
            await asyncio.sleep(self._random.randint(*PAUSE_MS) / 1000)

    async def play_twice(self, one: str, other: str) -> None:
        """Let two cameras report the same happening, one a little after the other."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.play(SEEN_TWICE[0], one))
            await asyncio.sleep(BETWEEN_MS / 1000)
            group.create_task(self.play(SEEN_TWICE[1], other))

    async def play(self, scene: Scene, camera: str) -> None:
        """Send one scene: new, an update (with a plate, if it has one), end."""
        event_id = f"demo-{ulid(self._clock.utc_us(), self._random.randbytes(10))}"
        for phase in ("new", "update", "end"):
            await self._send(scene, camera, event_id, phase)
            if phase != "end":
                await asyncio.sleep(self._random.randint(*STEP_MS) / 1000)

    async def _send(self, scene: Scene, camera: str, event_id: str, phase: str) -> None:
        now = self._clock.utc_us()
        body = json.dumps(
            {
                "type": "camera.event",
                "id": event_id,
                "camera": camera,
                "kind": scene.kind,
                "phase": phase,
                "severity": scene.severity,
                "labels": list(scene.labels),
                "zones": [scene.zone],
                "claims": [{"type": "plate", "value": scene.plate, "score": 0.91}]
                if scene.plate and phase == "update"
                else [],
            }
        ).encode()
        webhook_id = f"{event_id}-{phase}"
        try:
            status, answer = await asyncio.to_thread(self._client.post, webhook_id, now, body)
        except OSError as error:
            logger.warning("demo camera: the server does not answer (%s)", error)
            return
        self.sent += 1
        if status not in (200, 202):
            logger.error("demo camera: the server answered %d %s", status, answer)
