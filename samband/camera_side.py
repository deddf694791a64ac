"""The camera side of a server: register, sources, incidents, suggestions, demo cameras.

Made before dispatch starts, so that routes find the services; started after it. MQTT sources run
in a process each (``samband.ingest_worker``).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from dispatch.cameras.demo_source import DemoCameras, WebhookClient, secret_text
from dispatch.cameras.event import Thresholds
from dispatch.cameras.frigate_http import FrigateHttp, FrigateLogin
from dispatch.cameras.media_store import MediaStore
from dispatch.cameras.mqtt_source import MqttSettings
from dispatch.cameras.onvif_settings import PullDevice, PullSettings
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.cameras.sources import ADOPT_US, CameraSources, store_register
from dispatch.cameras.webhook import SharedSecret
from dispatch.cameras.webhook_out import claim_body, iso
from dispatch.cameras.webhook_sender import WebhookSender
from dispatch.incidents.cap_exchange import CapExchange, CapPeers
from dispatch.incidents.handover_exchange import HandoverExchange
from dispatch.incidents.review import Reviews
from dispatch.incidents.service import Incidents, open_groups
from dispatch.incidents.suggestions import Suggestions
from dispatch.incidents.tables import ClaimHit
from dispatch.services.disk import DiskPolicy
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.uploads.setup import Uploads
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from samband.camera_hooks import HookKeys, targets_of
from samband.config_cameras import Cameras, Mqtt, Onvif
from samband.incident_side import IncidentSide
from samband.ingest_worker import IngestProcess

DEMO_SOURCE = "demo"
SECRET_BYTES = 32


class CameraSide:
    """Everything between camera sources and incidents."""

    def __init__(self, config: Cameras, services: Services, folder: Path | None = None) -> None:
        """Make the services and file them in the registry; nothing runs yet.

        ``folder`` is where stills and clips are kept.
        """
        self._config = config
        self._services = services
        s = services
        self.register = CameraRegister(
            CameraInfo(
                id=camera.id,
                name=camera.name,
                place=camera.name,
                source=camera.source,
                name_at_source=camera.name_at_source,
                group=camera.group,
                latitude_deg=camera.latitude_deg,
                longitude_deg=camera.longitude_deg,
                bearing_deg=camera.bearing_deg,
                range_m=camera.range_m,
            )
            for camera in config.camera
        )
        self.incidents = s.add(Incidents(s.store, s.bus, s.clock, s.randomness))
        self.incidents.thresholds = Thresholds(
            face=config.face_threshold, plate=config.plate_threshold
        )
        self.suggestions = s.add(
            Suggestions(
                store=s.store,
                bus=s.bus,
                clock=s.clock,
                randomness=s.randomness,
                plan=s.plan,
                incidents=self.incidents,
            )
        )
        if s.has(Uploads):
            s.use(Uploads).listeners.append(self.suggestions.uploaded)
        self.incident_side = IncidentSide(s, self.incidents, self.register)
        note = s.use(Record).note if s.has(Record) else lambda act: None
        self.reviews = s.add(
            Reviews(
                store=s.store,
                clock=s.clock,
                incidents=self.incidents,
                note=note,
                confirmed=self._tell_confirmed,
            )
        )
        disk = s.use(DiskPolicy) if s.has(DiskPolicy) else None
        allowed = (lambda: disk.media_allowed) if disk else lambda: True
        self.media = s.add(
            MediaStore(
                store=s.store,
                clock=s.clock,
                randomness=s.randomness,
                folder=folder or Path("media"),
                allowed=allowed,
            )
        )
        self.incidents.also(self.media.in_batch)
        self.sender = s.add(
            WebhookSender(
                store=s.store,
                bus=s.bus,
                clock=s.clock,
                randomness=s.randomness,
                targets=targets_of(config.webhook_out),
                group_of=self._group_of,
            )
        )
        self.incidents.also(self.sender.in_batch)
        self._add_exchange(config)
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self.frigates: list[tuple[str, FrigateHttp, float]] = []
        """Source, HTTP side and days of keeping of each Frigate; filled by ``start``."""
        self.sources = s.add(
            CameraSources(
                store=s.store,
                bus=s.bus,
                clock=s.clock,
                randomness=s.randomness,
                incidents=self.incidents,
                register=self.register,
                media_allowed=allowed,
            )
        )
        self._hooks = HookKeys(config, self.sources, self.register)
        self._endless: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []

    def _add_exchange(self, config: Cameras) -> None:
        s = self._services
        self.cap = s.add(
            CapExchange(
                store=s.store,
                clock=s.clock,
                randomness=s.randomness,
                incidents=self.incidents,
                origin=config.cap_sender,
            )
        )
        s.add(
            HandoverExchange(
                store=s.store,
                clock=s.clock,
                randomness=s.randomness,
                incidents=self.incidents,
                origin=config.cap_sender,
            )
        )
        s.add(CapPeers({one.id: (one.senders, one.group) for one in config.cap}))

    def _group_of(self, camera: str) -> str:
        known = self.register.by_id(camera)
        return known.group if known else ""

    async def _tell_confirmed(self, hit: ClaimHit) -> None:
        now = self._services.clock.utc_us()
        body = claim_body(
            {
                "incident": hit.incident,
                "camera": hit.camera,
                "claim": {"type": hit.type, "value": hit.value, "status": hit.state},
                "confirmed": iso(hit.decided_utc or now),
            },
            now,
        )
        await self.sender.tell("claim.confirmed", body, hit.incident, hit.camera_group)

    async def start(self) -> None:
        """Start the writer, the suggestions and every configured source."""
        kinds = {f"frigate:{mqtt.id}": "frigate" for mqtt in self._config.mqtt}
        kinds |= {f"onvif:{one.id}": "onvif" for one in self._config.onvif}
        kinds |= {f"onvif:{one.id}": "onvif" for one in self._config.onvif_mqtt}
        kinds |= {f"cap:{one.id}": "cap" for one in self._config.cap}
        kinds |= {f"milestone:{one.id}": "milestone" for one in self._config.milestone}
        kinds |= {f"webhook:{hook.id}": "webhook" for hook in self._config.webhook}
        await self._services.store.write(lambda db: store_register(db, self.register, kinds))
        await self._hooks.add_all()
        self._working += [
            asyncio.create_task(self.sources.run(), name="camera-writer"),
            asyncio.create_task(self.suggestions.run(), name="suggestions"),
            asyncio.create_task(self.reviews.run(), name="claim-reviews"),
            asyncio.create_task(self.media.run(), name="camera-media"),
            asyncio.create_task(self.sender.run(), name="webhooks-out"),
            asyncio.create_task(self.cap.run(), name="cap"),
        ]
        self.incident_side.start()
        for mqtt in self._config.mqtt:
            await self._add_frigate_http(mqtt)
            process = await self._ingest_process(mqtt)
            self._run(process.run(), f"ingest {mqtt.id}")
        await self._start_onvif()
        self._run(self._hooks.run(), "webhook-keys")

    async def _start_onvif(self) -> None:
        for bridge in self._config.onvif_mqtt:
            settings = MqttSettings(
                source=f"onvif:{bridge.id}",
                host=bridge.host,
                port=bridge.port,
                prefix=bridge.prefix,
                username=bridge.username,
                password=await secret_of(bridge.password_file, f"cameras.onvif_mqtt {bridge.id}"),
                tls=bridge.tls,
                client_id=f"samband-{bridge.id}",
                kind="onvif",
                face_threshold=self._config.face_threshold,
                plate_threshold=self._config.plate_threshold,
                camera=bridge.camera or bridge.id,
                motion=bridge.motion,
                alert_topics=bridge.alert_topics,
            )
            self._run(self._process(settings).run(), f"ingest {bridge.id}")
        limits = self.incidents.thresholds
        devices = [
            replace(
                await _pull_device(one), face_threshold=limits.face, plate_threshold=limits.plate
            )
            for one in self._config.onvif
        ]
        if devices:
            self._run(self._process(PullSettings(devices=tuple(devices))).run(), "ingest onvif")

    def _process(self, settings: MqttSettings | PullSettings) -> IngestProcess:
        return IngestProcess(settings, self.register.all(), self.sources.put, self._adopt)

    async def _add_frigate_http(self, mqtt: Mqtt) -> None:
        login = await frigate_login(mqtt)
        if login is None:
            return
        verify = str(mqtt.http_ca_file) if mqtt.http_ca_file else True
        http = FrigateHttp(login, verify=verify)
        self._closers.append(http.close)
        self.media.add_source(f"frigate:{mqtt.id}", http, keeps_days=mqtt.keeps_days)
        self.frigates.append((f"frigate:{mqtt.id}", http, mqtt.keeps_days))

    async def _ingest_process(self, mqtt: Mqtt) -> IngestProcess:
        password = await secret_of(mqtt.password_file, f"cameras.mqtt {mqtt.id}")
        login = await frigate_login(mqtt)
        settings = MqttSettings(
            source=f"frigate:{mqtt.id}",
            host=mqtt.host,
            port=mqtt.port,
            prefix=mqtt.prefix,
            username=mqtt.username,
            password=password,
            tls=mqtt.tls,
            client_id=f"samband-{mqtt.id}",
            face_threshold=self._config.face_threshold,
            plate_threshold=self._config.plate_threshold,
            http=login.url if login else None,
            http_user=login.username if login else None,
            http_password=login.password if login else None,
            http_ca_file=str(mqtt.http_ca_file) if mqtt.http_ca_file else None,
        )
        return self._process(settings)

    async def _adopt(self, source: str) -> list[dict[str, Any]]:
        since = UtcUs(self._services.clock.utc_us() - ADOPT_US)
        return await open_groups(self._services.store, source, since)

    async def start_demo(
        self, url: str, *, seed: int = 1, neighbours: tuple[str, str] | None = None
    ) -> None:
        """Let the built-in cameras send to this server's own webhook at ``url`` (its root).

        ``neighbours``: two cameras that report the same happening now and then.
        """
        secret = secret_text(secrets.token_bytes(SECRET_BYTES))
        await self.sources.add_webhook(f"webhook:{DEMO_SOURCE}", (SharedSecret(secret),))
        client = WebhookClient(f"{url}/api/v1/webhooks/camera/{DEMO_SOURCE}", secret)
        cameras = [camera.id for camera in self.register.all()]
        if cameras:
            both = neighbours if neighbours and set(neighbours) <= set(cameras) else None
            demo = DemoCameras(client, cameras, self._services.clock, seed=seed, neighbours=both)
            self._run(demo.run(), "demo-cameras")

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._endless.append(asyncio.create_task(work, name=name))

    async def close(self) -> None:
        """End the sources first, write what they gave, then end; safe twice."""
        for task in self._endless:
            task.cancel()
        await asyncio.gather(*self._endless, return_exceptions=True)
        self._endless.clear()
        await self.suggestions.close()
        await self.reviews.close()
        await self.media.close()
        await self.sender.close()
        await self.cap.close()
        await self.sources.close()
        await self.incident_side.close()
        await asyncio.gather(*self._working, return_exceptions=True)
        self._working.clear()
        for closer in self._closers:
            await closer()
        self._closers.clear()


async def frigate_login(mqtt: Mqtt) -> FrigateLogin | None:
    """Return where and as whom stills and clips are fetched; None without an http address."""
    if mqtt.http is None:
        return None
    password = await secret_of(mqtt.http_password_file, f"cameras.mqtt {mqtt.id}")
    return FrigateLogin(url=mqtt.http, username=mqtt.http_user, password=password)


async def secret_of(file: Path | None, where: str) -> str | None:
    """Return what stands in a password file, None without one; raises ConfigError."""
    if file is None:
        return None
    try:
        return (await asyncio.to_thread(file.read_text)).strip()
    except OSError as error:
        raise ConfigError(f"{where}: {file}: {error.strerror}") from error


async def _pull_device(one: Onvif) -> PullDevice:
    return PullDevice(
        source=f"onvif:{one.id}",
        host=one.host,
        port=one.port,
        username=one.username,
        password=await secret_of(one.password_file, f"cameras.onvif {one.id}") or "",
        camera=one.camera or one.id,
        motion=one.motion,
        alert_topics=one.alert_topics,
        channels=one.channels,
    )
