"""Media engines: the exchange of session descriptions with MediaMTX and go2rtc, and its end.

MediaMTX (1.x): ``POST /<path>/whep`` (SDP offer) -> 201 with the answer and a ``Location``;
``DELETE`` of that ends the view. go2rtc (1.9): ``POST /api/webrtc?src=<name>`` -> 201 with the
answer; it has no way to end another one's view (see ``docs/decisions/020``).
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from dispatch.cameras.register import CameraInfo
from dispatch.live.camera_http import NoPicture, Still, picture
from gateway.model.errors import LinkError

if TYPE_CHECKING:
    import httpx

MEDIAMTX, GO2RTC = "mediamtx", "go2rtc"
SDP = "application/sdp"
OFFER_TIMEOUT_S = 10.0
END_TIMEOUT_S = 0.8
STILL_TIMEOUT_S = 3.0
MAX_ANSWER_BYTES = 256 * 1024
MAX_STILL_BYTES = 16 * 1024 * 1024
PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9 ._~/-]{0,199}")
_CODECS = re.compile(r"\b(?:H26[345]\+?|HEVC|MJPEG|MPEG-?4|JPEG)\b", re.IGNORECASE)


class EngineRefused(LinkError):
    """The engine does not show this camera now; the words are for the person who wants to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An engine's answer: the SDP, and the address whose DELETE ends the view ("" : none)."""

    sdp: str
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """One engine of the configuration, its secrets read."""

    id: str
    kind: str
    url: str
    path: str = "{name}"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    auth_from: tuple[str, ...] = ()
    publish_user: str | None = None
    publish_password: str | None = None
    playback: str | None = None
    keeps_days: float = 1

    def __repr__(self) -> str:
        """Hide the passwords."""
        return f"EngineSettings({self.id}, {self.kind}, {self.url})"


class Engine:
    """A client of one engine."""

    def __init__(
        self, settings: EngineSettings, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        """Take address and login; nothing is asked yet."""
        import httpx  # noqa: PLC0415 - costs only who has one

        self.settings = settings
        self.id = settings.id
        self._base = settings.url.rstrip("/") + "/"
        self._has_login = settings.user is not None
        login = (settings.user or "", settings.password or "")
        self.http = httpx.AsyncClient(
            auth=httpx.BasicAuth(*login) if self._has_login else None,
            timeout=OFFER_TIMEOUT_S,
            follow_redirects=False,
            transport=transport,
            verify=settings.ca_file or True,
            trust_env=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=8),
        )

    @property
    def can_end(self) -> bool:
        """Whether a view can be ended from here, whatever the browser does."""
        return self.settings.kind == MEDIAMTX

    def path_of(self, camera: CameraInfo, own: str = "") -> str:
        """Return what the engine calls a camera; ``own`` is the camera's own path, if it has one.

        Raises EngineRefused for a name that cannot stand in an address.
        """
        name = camera.name_at_source or camera.id
        path = own or self.settings.path.replace("{name}", name).replace("{id}", camera.id)
        if not PATH.fullmatch(path) or ".." in path:
            raise EngineRefused(f"{camera.id}: its name cannot stand in an engine's address")
        return path

    def headers(self, token: str) -> dict[str, str]:
        """Return the login of a request; the short token where the engine asks us (MediaMTX)."""
        if token and not self._has_login:
            return {"Authorization": f"Bearer {token}"}
        return {}

    async def offer(self, path: str, sdp: str, token: str = "") -> Answered:
        """Hand on a browser's offer; raises EngineRefused with words for the viewer."""
        import httpx  # noqa: PLC0415 - costs only who has one

        if self.settings.kind == MEDIAMTX:
            url = f"{self._base}{quote(path, safe='/')}/whep"
        else:
            url = f"{self._base}api/webrtc?src={quote(path, safe='')}"
        headers = {"Content-Type": SDP} | self.headers(token)
        try:
            status, raw, location = await self._exchange(url, sdp, headers)
        except httpx.HTTPError as error:
            raise EngineRefused(
                f"the media engine {self.id} does not answer ({type(error).__name__})"
            ) from error
        text = raw.decode("utf-8", "replace")
        if status != 201 or not text.startswith("v=0"):
            raise EngineRefused(refusal(status, text, self.id))
        resource = self._resource(url, location)
        if not shows_video(text):
            if resource:
                await self.end(resource)
            raise EngineRefused(no_codec(text))
        return Answered(sdp=text, resource=resource)

    async def _exchange(
        self, url: str, sdp: str, headers: dict[str, str]
    ) -> tuple[int, bytes, str]:
        request = self.http.build_request("POST", url, content=sdp.encode(), headers=headers)
        response = await self.http.send(request, stream=True)
        raw = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                raw += chunk
                if len(raw) > MAX_ANSWER_BYTES:
                    raise EngineRefused(f"the media engine {self.id} answered with too much")
        finally:
            await response.aclose()
        return response.status_code, bytes(raw), response.headers.get("location", "")

    def _resource(self, url: str, location: str) -> str:
        """Return the address that ends a view, only when it is the engine's own."""
        if not location:
            return ""
        found = urljoin(url, location)
        same = urlsplit(found)[:2] == urlsplit(self._base)[:2]
        return found if same else ""

    async def end(self, resource: str) -> bool:
        """End a view; returns whether the engine has no such view any more."""
        import httpx  # noqa: PLC0415 - costs only who has one

        try:
            answer = await self.http.delete(resource, timeout=END_TIMEOUT_S)
        except httpx.HTTPError:
            return False
        return answer.status_code in (200, 202, 204, 404)

    async def still(self, path: str) -> Still:
        """Return a picture of now (go2rtc); raises NoPicture."""
        import httpx  # noqa: PLC0415 - costs only who has one

        if self.settings.kind != GO2RTC:
            raise NoPicture(f"{self.id} gives no stills")
        url = f"{self._base}api/frame.jpeg?src={quote(path, safe='')}"
        try:
            answer = await self.http.get(url, timeout=STILL_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise NoPicture(f"go2rtc: no answer ({type(error).__name__})") from error
        if answer.status_code != 200 or len(answer.content) > MAX_STILL_BYTES:
            raise NoPicture(f"go2rtc: it answered {answer.status_code}")
        return picture(answer.content, "go2rtc")

    async def close(self) -> None:
        """Close the connections; safe twice."""
        await self.http.aclose()


def shows_video(sdp: str) -> bool:
    """Whether an answer has video that is sent: a section with a port and a sending direction."""
    for section in re.split(r"(?m)^(?=m=)", sdp)[1:]:
        if not section.startswith("m=video "):
            continue
        port = section.split(" ", 2)[1]
        closed = re.search(r"(?m)^a=(?:inactive|recvonly)\s*$", section)
        if port != "0" and closed is None:
            return True
    return False


def refusal(status: int, text: str, engine: str) -> str:
    """Return in words why an engine refused."""
    if "codec" in text.lower() or _codec_in(text) in ("H.265", "MJPEG"):
        return no_codec(text)
    known = {
        400: "does not know this camera, or takes no viewer of this kind",
        401: "refused our login",
        403: "refused our login",
        404: "has no picture of this camera: it is not connected there",
    }
    return f"the media engine {engine} {known.get(status, f'answered {status}')}"


def no_codec(text: str) -> str:
    """Return the sentence for video that the browser cannot decode."""
    name = _codec_in(text)
    sent = f"The camera sends {name}" if name else "The camera's video is of a kind"
    cannot = "; this browser cannot show it" if name else " that this browser cannot show"
    return f"{sent}{cannot}. Ask for an H.264 sub stream; stills work meanwhile."


def _codec_in(text: str) -> str:
    """Return the camera's codec as people write it; what browsers take is not the reason."""
    found = {one.upper() for one in _CODECS.findall(text)}
    if found & {"H265", "HEVC"}:
        return "H.265"
    if found & {"MJPEG", "JPEG"}:
        return "MJPEG"
    if found & {"MPEG4", "MPEG-4"}:
        return "MPEG-4"
    return ""
