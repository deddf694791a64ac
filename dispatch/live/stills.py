"""A picture of now: from the camera's own address, by ONVIF, from go2rtc or from Frigate.

The first that gives a picture wins; each is asked twice, three seconds each. The bytes are the
camera's own, their SHA-256 is what the log holds.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from dispatch.cameras.register import CameraInfo
from dispatch.live import onvif_soap as soap
from dispatch.live.camera_http import STILL_TRIES, CameraHttp, Login, NoPicture, Still, picture
from dispatch.live.engines import GO2RTC, Engine
from dispatch.live.networks import OutOfBounds, at_device
from gateway.model.errors import RadioError
from gateway.model.ids import UtcUs
from gateway.ports import Clock

ALL_S = 12.0
"""Longest time that somebody waits for a still, whatever is asked."""
Fetch = Callable[[str], Awaitable[bytes]]
"""Fetches a path below a Frigate's address; raises NoPicture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How to get pictures of one camera; what is empty is not tried."""

    engine: str = ""
    path: str = ""
    still: str = ""
    onvif: str = ""
    rtsp: str = ""
    login: Login | None = None


class Stills:
    """Fetches pictures; knows every way to every camera."""

    def __init__(
        self,
        *,
        ways: Mapping[str, Ways],
        http: CameraHttp,
        engines: Mapping[str, Engine],
        clock: Clock,
    ) -> None:
        """Take what the configuration says of each camera (by id)."""
        self._ways = ways
        self._http = http
        self._engines = engines
        self._clock = clock
        self._frigates: dict[str, Fetch] = {}
        self._addresses: dict[str, str] = {}
        """By camera: the address of its picture, as ONVIF gave it."""

    def add_frigate(self, source: str, fetch: Fetch) -> None:
        """Ask a Frigate for cameras of its own."""
        self._frigates[source] = fetch

    def ways_of(self, camera: CameraInfo) -> Ways:
        """Return how pictures of a camera can be had."""
        return self._ways.get(camera.id, Ways())

    def has(self, camera: CameraInfo) -> bool:
        """Whether there is any way to a still."""
        return bool(self._plans(camera))

    def _plans(
        self, camera: CameraInfo
    ) -> list[tuple[str, Callable[[CameraInfo, Ways], Awaitable[Still]]]]:
        ways = self.ways_of(camera)
        engine = self._engines.get(ways.engine)
        plans: list[tuple[str, bool, Callable[[CameraInfo, Ways], Awaitable[Still]]]] = [
            ("address", bool(ways.still), self._by_address),
            ("onvif", bool(ways.onvif), self._by_onvif),
            ("go2rtc", bool(engine and engine.settings.kind == GO2RTC), self._by_engine),
            ("frigate", camera.source in self._frigates, self._by_frigate),
        ]
        return [(name, fetch) for name, there, fetch in plans if there]

    async def now(self, camera: CameraInfo) -> Still:
        """Return a picture; raises NoPicture with the reason of every way that was tried."""
        plans, ways, words = self._plans(camera), self.ways_of(camera), []
        if not plans:
            raise NoPicture(f"no way to a still of {camera.id} is configured")
        try:
            async with asyncio.timeout(ALL_S):
                for name, fetch in plans:
                    for _ in range(STILL_TRIES):
                        try:
                            return await fetch(camera, ways)
                        except (NoPicture, OutOfBounds, soap.SoapFault) as error:
                            words.append(f"{name}: {str(error).removeprefix(name + ': ')}")
        except TimeoutError:
            words.append(f"nothing more within {ALL_S:.0f} s")
        raise NoPicture("; ".join(dict.fromkeys(words)))

    async def _by_address(self, _: CameraInfo, ways: Ways) -> Still:
        return picture(await self._http.get(ways.still, ways.login), "address")

    async def _by_engine(self, camera: CameraInfo, ways: Ways) -> Still:
        engine = self._engines[ways.engine]
        try:
            return await engine.still(engine.path_of(camera, ways.path))
        except RadioError as error:
            raise NoPicture(str(error)) from error

    async def _by_frigate(self, camera: CameraInfo, _: Ways) -> Still:
        name = quote(camera.name_at_source or camera.id, safe="")
        raw = await self._frigates[camera.source](f"api/{name}/latest.jpg?quality=90")
        return picture(raw, "frigate")

    async def _by_onvif(self, camera: CameraInfo, ways: Ways) -> Still:
        address = self._addresses.get(camera.id)
        if address is None:
            address = at_device(await self.snapshot_address(ways), ways.onvif)
            self._addresses[camera.id] = address
        try:
            return picture(await self._http.get(address, ways.login), "onvif")
        except NoPicture:
            self._addresses.pop(camera.id, None)  # it may have moved: asked anew next time
            raise

    # ---- ONVIF ---------------------------------------------------------------------------------

    async def _call(self, url: str, body: str, ways: Ways, offset_us: int) -> bytes:
        login = ways.login
        at = UtcUs(self._clock.utc_us() + offset_us)
        if login is None:
            asked = soap.envelope(body, at=at)
        else:
            nonce = secrets.token_bytes(16)
            asked = soap.envelope(
                body, at=at, user=login.user, password=login.password, nonce=nonce
            )
        return await self._http.post(url, asked, login, soap.CONTENT_TYPE)

    async def clock_offset_us(self, ways: Ways) -> int | None:
        """Return the device's clock minus ours, None when it tells no time."""
        asked = soap.envelope(soap.CLOCK, at=UtcUs(self._clock.utc_us()))
        told = soap.read_clock(await self._http.post(ways.onvif, asked, None, soap.CONTENT_TYPE))
        return None if told is None else told - self._clock.utc_us()

    async def profiles(self, ways: Ways) -> tuple[str, int, list[soap.Profile]]:
        """Return the media service's address, the clock's offset and the profiles."""
        offset_us = await self.clock_offset_us(ways) or 0
        answer = await self._call(ways.onvif, soap.CAPABILITIES, ways, offset_us)
        media = soap.read_media_address(answer)
        address = at_device(media, ways.onvif) if media else ways.onvif
        answer = await self._call(address, soap.PROFILES, ways, offset_us)
        return address, offset_us, soap.read_profiles(answer)

    async def snapshot_address(self, ways: Ways) -> str:
        """Return the address that the device gives for its picture; raises NoPicture."""
        address, offset_us, profiles = await self.profiles(ways)
        if not profiles:
            raise NoPicture("onvif: the camera has no profile")
        asked = soap.snapshot_request(profiles[0].token)
        return soap.read_snapshot_address(await self._call(address, asked, ways, offset_us))

    async def information(self, ways: Ways) -> dict[str, str]:
        """Return maker, model, firmware and serial number."""
        offset_us = await self.clock_offset_us(ways) or 0
        return soap.read_information(
            await self._call(ways.onvif, soap.INFORMATION, ways, offset_us)
        )
