"""Small HTTP requests to cameras: bounded, at checked addresses, with Basic or Digest login.

The login is sent only when the camera asks for one. Redirects are never followed.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.live.networks import Bounds, OutOfBounds
from gateway.model.errors import LinkError

if TYPE_CHECKING:
    import httpx

STILL_TIMEOUT_S = 3.0
STILL_TRIES = 2
MAX_STILL_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
PICTURE_STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


class NoPicture(LinkError):
    """There was no answer, or none that is a picture; the words say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A camera's user and password."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Hide the password."""
        return f"Login({self.user})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture as the camera gave it, byte for byte."""

    raw: bytes
    content_type: str
    via: str
    """What was asked: ``address``, ``onvif``, ``go2rtc``, ``frigate``."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()


def picture(raw: bytes, via: str) -> Still:
    """Return bytes as a still; raises NoPicture unless they begin as JPEG, PNG or WebP do."""
    for start, kind in PICTURE_STARTS.items():
        if raw.startswith(start):
            return Still(raw=raw, content_type=kind, via=via)
    raise NoPicture(f"{via}: the answer of {len(raw)} bytes is no picture")


class CameraHttp:
    """One client for all cameras."""

    def __init__(self, bounds: Bounds, transport: "httpx.AsyncBaseTransport | None" = None) -> None:
        """Take which addresses may be asked."""
        self._bounds = bounds
        self._transport = transport
        self._made: httpx.AsyncClient | None = None

    @property
    def _client(self) -> "httpx.AsyncClient":
        """The client, made when a camera is asked for the first time."""
        if self._made is None:
            import httpx  # noqa: PLC0415 - costs only who has one

            self._made = httpx.AsyncClient(
                timeout=STILL_TIMEOUT_S,
                follow_redirects=False,
                transport=self._transport,
                verify=False,  # noqa: S501  # cameras have certificates of their own making
                trust_env=False,
                limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
            )
        return self._made

    async def get(self, url: str, login: Login | None = None) -> bytes:
        """Return the body of a 200; raises NoPicture or OutOfBounds."""
        return await self._ask("GET", url, login, None)

    async def post(self, url: str, body: bytes, login: Login | None, kind: str) -> bytes:
        """Send ``body`` of a content type; returns the answer's body, that of a fault as well."""
        return await self._ask("POST", url, login, body, kind)

    async def _ask(
        self, method: str, url: str, login: Login | None, body: bytes | None, kind: str = ""
    ) -> bytes:
        import httpx  # noqa: PLC0415 - costs only who has one

        target = await self._bounds.target(url)
        headers = {"Host": target.host, "Accept-Encoding": "identity"} | (
            {"Content-Type": kind} if kind else {}
        )
        name = target.host.rpartition("@")[2]
        more = {"sni_hostname": httpx.URL(f"http://{name}").host}
        request = self._client.build_request(
            method, target.url, content=body, headers=headers, extensions=more
        )
        request.extensions.setdefault("timeout", httpx.Timeout(STILL_TIMEOUT_S).as_dict())
        try:
            status, asked, raw = await self._send(request, None)
            if status == 401 and login is not None:
                again = self._client.build_request(
                    method, target.url, content=body, headers=headers, extensions=more
                )
                status, _, raw = await self._send(again, _login(asked, login))
        except httpx.HTTPError as error:
            raise NoPicture(f"no answer ({type(error).__name__})") from error
        if status != 200 and (method == "GET" or not raw):
            raise NoPicture(_status_words(status))
        return raw

    async def _send(
        self, request: "httpx.Request", auth: "httpx.Auth | None"
    ) -> tuple[int, str, bytes]:
        response = await self._client.send(request, stream=True, auth=auth)
        raw = bytearray()
        try:
            async for chunk in response.aiter_bytes(CHUNK_BYTES):
                raw += chunk
                if len(raw) > MAX_STILL_BYTES:
                    raise NoPicture(f"more than {MAX_STILL_BYTES >> 20} MiB")
        finally:
            await response.aclose()
        asked = ", ".join(response.headers.get_list("www-authenticate"))
        return response.status_code, asked, bytes(raw)

    async def close(self) -> None:
        """Close the connections; safe twice."""
        if self._made is not None:
            await self._made.aclose()


def _login(asked: str, login: Login) -> "httpx.Auth":
    import httpx  # noqa: PLC0415 - costs only who has one

    if "digest" in asked.lower():
        return httpx.DigestAuth(login.user, login.password)
    return httpx.BasicAuth(login.user, login.password)


def _status_words(status: int) -> str:
    if 300 <= status < 400:
        return "it points to another address, which is not followed"
    return {401: "wrong user or password", 404: "no such picture (404)"}.get(
        status, f"it answered {status}"
    )


__all__ = ["CameraHttp", "Login", "NoPicture", "OutOfBounds", "Still", "picture"]
