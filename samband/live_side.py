"""The wiring of live view, stills, kept clips and the camera side's own erasure."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from dispatch.cameras.expiry_run import CameraExpiry
from dispatch.cameras.frigate_http import FrigateHttp
from dispatch.live.bookmarks import Bookmarks
from dispatch.live.camera_http import CameraHttp, Login, NoPicture
from dispatch.live.engines import Engine, EngineSettings
from dispatch.live.mediamtx_auth import MediaMtxAuth
from dispatch.live.networks import Bounds, networks_of
from dispatch.live.recorders import FrigateRecorder, MediaMtxRecorder
from dispatch.live.rtsp import RtspRecorder
from dispatch.live.source_hold import SourceHolds
from dispatch.live.stills import Fetch, Stills, Ways
from dispatch.live.tokens import Tokens
from dispatch.live.views import LiveViews
from dispatch.retention.sealed import SealedFiles
from dispatch.services.record import Record
from dispatch.services.registry import Services
from gateway.model.errors import ConfigError, LinkError
from samband.camera_side import CameraSide, secret_of
from samband.config_cameras import Camera, Cameras
from samband.config_cameras import Engine as EnginePart

logger = logging.getLogger(__name__)


class LiveSide:
    """Made in two steps: what routes find at once, what needs secrets at the start."""

    def __init__(self, config: Cameras, services: Services, cameras: CameraSide) -> None:
        """Make the services and file them; nothing is asked yet."""
        self._config = config
        self._services = s = services
        self._cameras = cameras
        _demand_engines(config)
        self._ways: dict[str, Ways] = {}
        self._engines: dict[str, Engine] = {}
        self.bounds = Bounds(camera_hosts(config), networks_of(config.networks))
        self._http = CameraHttp(self.bounds)
        record = s.use(Record)
        self.stills = s.add(
            Stills(ways=self._ways, http=self._http, engines=self._engines, clock=s.clock)
        )
        self._tokens = Tokens(s.clock)
        self.views = s.add(
            LiveViews(
                store=s.store,
                bus=s.bus,
                clock=s.clock,
                record=record,
                engines=self._engines,
                per_person=config.views_per_person,
                idle_minutes=config.view_idle_minutes,
            )
        )
        s.sessions.on_ended(self.views.session_ended)
        s.access.on_changed(self.views.access_changed)
        self.bookmarks = s.add(
            Bookmarks(
                store=s.store,
                clock=s.clock,
                randomness=s.randomness,
                register=cameras.register,
                media=cameras.media,
                stills=self.stills,
                record=record,
                skew_ms=cameras.sources.skew_ms,
            )
        )
        cameras.media.on_kept = self.bookmarks.log_kept
        cameras.incidents.also(self.bookmarks.in_batch)
        self.holds = s.add(
            SourceHolds(
                store=s.store,
                clock=s.clock,
                randomness=s.randomness,
                register=cameras.register,
                bookmarks=self.bookmarks,
                record=record,
            )
        )
        self.expiry = s.add(
            CameraExpiry(store=s.store, clock=s.clock, record=record, destroy=self._destroy)
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []

    def _destroy(self, file: str) -> None:
        folder = self._cameras.media.folder
        if self._services.has(SealedFiles):
            self._services.use(SealedFiles).destroy([f"{folder.name}/{file}"])
        (folder / file).unlink(missing_ok=True)

    async def start(self) -> None:
        """Read the secrets, join recorders and engines, begin to look; raises ConfigError."""
        for part in self._config.engine:
            self._engines[part.id] = Engine(await _settings(part))
        for camera in self._config.camera:
            self._ways[camera.id] = await _ways(camera)
        for source, http, keeps_days in self._cameras.frigates:
            self.stills.add_frigate(source, _fetch(http))
            self.bookmarks.add_recorder(FrigateRecorder(source, http, keeps_days=keeps_days))
            self.holds.add_keeper(source, http)
        for engine in self._engines.values():
            if engine.settings.playback:
                self.bookmarks.add_recorder(MediaMtxRecorder(engine, self._ways, self._tokens))
        s = self._services
        self.bookmarks.rtsp = RtspRecorder(self._ways, self.bounds, s.clock)
        s.add(
            MediaMtxAuth(
                engines=self._engines,
                views=self.views,
                tokens=self._tokens,
                record=s.use(Record),
                clock=s.clock,
            )
        )
        self._run(self.views.run(), "live-views")
        self._work(self.bookmarks.run(), "bookmarks")
        self._work(self.holds.run(), "source-holds")
        self._work(self.expiry.run(), "camera-expiry")

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    def _work(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._working.append(asyncio.create_task(work, name=name))

    async def close(self) -> None:
        """End the views at their engines first, then the rest; safe twice."""
        await self.views.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.bookmarks.close()
        await self.holds.close()
        await self.expiry.close()
        if self._working:
            _, late = await asyncio.wait(self._working, timeout=5)
            for task in late:  # a recording that goes on: its bookmark outlives us
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)
        self._working.clear()
        for engine in self._engines.values():
            await engine.close()
        await self._http.close()


def camera_hosts(config: Cameras) -> list[str]:
    """Return the hosts of cameras that the configuration names."""
    addresses = [
        address
        for camera in config.camera
        for address in (camera.still, camera.onvif, camera.rtsp)
        if address
    ]
    return [host for host in (urlsplit(one).hostname for one in addresses) if host]


def _demand_engines(config: Cameras) -> None:
    known = {engine.id for engine in config.engine}
    faults = tuple(
        f"cameras.camera {camera.id}: there is no engine {camera.engine}"
        for camera in config.camera
        if camera.engine and camera.engine not in known
    )
    if faults:
        raise ConfigError(faults[0], faults=faults)


async def _settings(part: EnginePart) -> EngineSettings:
    where = f"cameras.engine {part.id}"
    return EngineSettings(
        id=part.id,
        kind=part.kind,
        url=part.url,
        path=part.path,
        user=part.user,
        password=await secret_of(part.password_file, where),
        ca_file=str(part.ca_file) if part.ca_file else None,
        auth_from=part.auth_from,
        publish_user=part.publish_user,
        publish_password=await secret_of(part.publish_password_file, where),
        playback=part.playback,
        keeps_days=part.keeps_days,
    )


async def _ways(camera: Camera) -> Ways:
    login = None
    if camera.login_user is not None:
        password = await secret_of(camera.login_password_file, f"cameras.camera {camera.id}")
        login = Login(user=camera.login_user, password=password or "")
    return Ways(
        engine=camera.engine,
        path=camera.path,
        still=camera.still or "",
        onvif=camera.onvif or "",
        rtsp=camera.rtsp or "",
        login=login,
    )


def _fetch(http: FrigateHttp) -> Fetch:
    async def fetch(path: str) -> bytes:
        import httpx  # costs only who has a camera

        try:
            return await http.picture(path)
        except httpx.HTTPError as error:
            raise NoPicture(f"no answer ({type(error).__name__})") from error
        except LinkError as error:
            raise NoPicture(str(error)) from error

    return fetch
