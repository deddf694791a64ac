"""The ingest process: reads MQTT, groups and limits, and gives the server batches over a pipe.

In a process of its own, so that a storm of camera events takes no time from push-to-talk. The
parent writes one JSON line of settings to its standard input and reads frames (u32 length,
big-endian, then ``ingest.to_bytes``) from its standard output. A parent that does not read holds
the child back; a parent that is gone ends it.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from dispatch.cameras.event import Thresholds
from dispatch.cameras.frigate_http import FrigateHttp, FrigateLogin
from dispatch.cameras.ingest import Batch, Health, Ingest, from_bytes, to_bytes
from dispatch.cameras.mqtt_source import Deliver, MqttSettings, MqttSource, Reader
from dispatch.cameras.onvif_events import OnvifDevice
from dispatch.cameras.onvif_mqtt import OnvifMqtt
from dispatch.cameras.onvif_settings import PullDevice, PullSettings
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.clock import SystemClock
from gateway.model.ids import IncidentId, UtcUs

logger = logging.getLogger(__name__)

FRAME = struct.Struct(">I")
MAX_FRAME_BYTES = 64 * 1024 * 1024
RESTART_MS = 1000
NICENESS = 10
"""The child gives way to everything that carries voice."""

Put = Callable[[str, Batch], Awaitable[None]]
Adopt = Callable[[str], Awaitable[list[dict[str, Any]]]]


class IngestProcess:
    """The parent's side: starts the child for one source, reads it, restarts it when it dies."""

    def __init__(
        self,
        settings: MqttSettings | PullSettings,
        cameras: list[CameraInfo],
        put: Put,
        adopt: Adopt,
    ) -> None:
        """``put`` takes batches; ``adopt`` gives what was open before (``open_groups``)."""
        self._settings = settings
        self._cameras = cameras
        self._put = put
        self._adopt = adopt
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Keep the child running until cancelled, then end it."""
        try:
            while True:
                await self._once()
                words = f"the ingest process ended ({self._process and self._process.returncode})"
                logger.error("%s: %s; it is started again", self._settings.source, words)
                health = Health(source=self._settings.source, state="down", reason=words)
                await self._put(self._settings.source, Batch(health=[health]))
                await asyncio.sleep(RESTART_MS / 1000)
        finally:
            await self._end()

    async def _once(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "samband.ingest_worker", stdin=PIPE, stdout=PIPE
        )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both are pipes")
        hello = {
            "kind": "pull" if isinstance(self._settings, PullSettings) else "mqtt",
            "settings": asdict(self._settings),
            "cameras": [asdict(camera) for camera in self._cameras],
            "open": await self._adopt(self._settings.source),
        }
        stdin.write(json.dumps(hello).encode() + b"\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await stdin.drain()
            while True:
                (length,) = FRAME.unpack(await stdout.readexactly(FRAME.size))
                if length > MAX_FRAME_BYTES:
                    raise AssertionError(f"frame of {length} bytes from our own child")
                batch = from_bytes(await stdout.readexactly(length))
                await self._put(batch.source or self._settings.source, batch)
        await self._process.wait()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def serve(stdin: asyncio.StreamReader, stdout: asyncio.StreamWriter) -> None:
    """Run the child until the parent is gone."""
    hello = json.loads(await stdin.readline())
    register = CameraRegister(CameraInfo(**camera) for camera in hello["cameras"])

    async def deliver(batch: Batch) -> None:
        if not batch:
            return
        data = to_bytes(batch)
        stdout.write(FRAME.pack(len(data)) + data)
        await stdout.drain()

    if hello["kind"] == "pull":
        work = _pull(hello["settings"], register, deliver)
    else:
        work = _mqtt(hello, register, deliver)
    reading = asyncio.create_task(work, name="sources")
    gone = asyncio.create_task(stdin.read(), name="parent")
    try:
        await asyncio.wait({reading, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = reading.done()
        for task in (reading, gone):
            task.cancel()
        await asyncio.gather(reading, gone, return_exceptions=True)
    if ended:
        reading.result()


async def _pull(settings: dict[str, Any], register: CameraRegister, deliver: Deliver) -> None:
    """Read every ONVIF device; one that fails is tried again and troubles no other."""
    from dispatch.cameras.onvif_client import warm

    await warm()
    async with asyncio.TaskGroup() as group:
        for values in settings["devices"]:
            device = PullDevice(**values)
            group.create_task(_keep(device, register, deliver), name=device.source)


async def _keep(device: PullDevice, register: CameraRegister, deliver: Deliver) -> None:
    """Read one device for ever; what the library did not foresee is told, and it begins again."""
    from dispatch.cameras.onvif_client import PullSource

    while True:
        ingest = Ingest(device.source, register.find, os.urandom)
        try:
            await PullSource(device, ingest, SystemClock(), deliver).run()
        except Exception as error:
            logger.exception("%s: begun again", device.source)
            words = f"begun again after {type(error).__name__}: {error}"[:200]
            health = Health(source=device.source, state="down", reason=words)
            await deliver(Batch(source=device.source, health=[health]))
        await asyncio.sleep(RESTART_MS / 1000)


async def _mqtt(hello: dict[str, Any], register: CameraRegister, deliver: Deliver) -> None:
    settings = MqttSettings(**hello["settings"])
    ingest = Ingest(settings.source, register.find, os.urandom)
    for row in hello["open"]:
        camera = register.by_id(row["camera"]) or CameraInfo(id=row["camera"])
        ingest.grouper.adopt(
            IncidentId(row["incident"]), camera, tuple(row["zones"]), UtcUs(row["last"])
        )

    http = _frigate_http(settings)
    source = MqttSource(
        settings,
        ingest,
        SystemClock(),
        deliver,
        reader=_reader(settings),
        missed=http.reviews if http else None,
        seen_utc=UtcUs(max((row["last"] for row in hello["open"]), default=0)) or None,
    )
    await source.run()


def _reader(settings: MqttSettings) -> Reader | None:
    if settings.kind != "onvif":
        return None
    device = OnvifDevice(
        source=settings.source,
        camera=settings.camera,
        motion=settings.motion,
        alert_topics=tuple(settings.alert_topics),
        thresholds=Thresholds(face=settings.face_threshold, plate=settings.plate_threshold),
    )
    return OnvifMqtt(settings.prefix, device)


def _frigate_http(settings: MqttSettings) -> FrigateHttp | None:
    if settings.http is None:
        return None
    login = FrigateLogin(
        url=settings.http, username=settings.http_user, password=settings.http_password
    )
    return FrigateHttp(login, verify=settings.http_ca_file or True)


async def main() -> None:
    """Join the pipes to the loop and serve."""
    os.nice(NICENESS)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), sys.stdout
    )
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    serving = asyncio.create_task(serve(reader, writer), name="serve")
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)  # ONVIF subscriptions are given back
    with contextlib.suppress(ConnectionError, BrokenPipeError, asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
