"""Frigate's HTTP interface: log in, fetch to a file, keep, list missed reviews. A thin client.

Redirects are never followed, and only the configured address is asked: an address that a camera
message names leads nowhere.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatch.cameras.media import Answer
from gateway.model.errors import LinkError

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 30.0
STILL_TIMEOUT_S = 3.0
MAX_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
REVIEWS_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FrigateLogin:
    """Where a Frigate is and as whom to log in. Port 8971 asks for a login, port 5000 never."""

    url: str
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Hide the password."""
        return f"FrigateLogin({self.url}, {self.username})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that was fetched, or why not."""

    answer: Answer
    sha256: str = ""
    content_type: str = ""


class FrigateHttp:
    """One Frigate. Close it at the end."""

    def __init__(
        self,
        login: FrigateLogin,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        verify: bool | str = True,
    ) -> None:
        """Take address and login; ``verify`` may name the file of a site's own CA."""
        import httpx  # noqa: PLC0415 - costs only who has one

        self._login = login
        self._client = httpx.AsyncClient(
            base_url=login.url.rstrip("/") + "/",
            timeout=TIMEOUT_S,
            follow_redirects=False,
            transport=transport,
            verify=verify,
            limits=httpx.Limits(max_connections=4),
        )

    async def fetch(
        self,
        path: str,
        target: Path,
        *,
        still: bool,
        measure: Callable[[Path], int | None] = lambda path: None,
    ) -> Fetched:
        """Fetch ``path`` into ``target``; the file is there, whole and synced, only when 200."""
        import httpx  # noqa: PLC0415 - costs only who has one

        timeout = STILL_TIMEOUT_S if still else TIMEOUT_S
        try:
            fetched = await self._fetch(path, target, timeout)
            if fetched.answer.status == 401 and await self._sign_in():
                fetched = await self._fetch(path, target, timeout)
        except httpx.HTTPError as error:
            words = f"{type(error).__name__}: {error}"
            return Fetched(answer=Answer(status=0, reason=words[:200]))
        if fetched.answer.status != 200:
            return fetched
        answer = Answer(
            status=200, size_bytes=fetched.answer.size_bytes, duration_ms=measure(target)
        )
        return Fetched(answer=answer, sha256=fetched.sha256, content_type=fetched.content_type)

    async def _fetch(self, path: str, target: Path, timeout: float) -> Fetched:
        digest, size = hashlib.sha256(), 0
        part = target.with_suffix(target.suffix + ".part")
        async with self._client.stream("GET", path, timeout=timeout) as response:
            if response.status_code != 200:
                return Fetched(answer=Answer(status=response.status_code))
            try:
                with part.open("wb") as file:  # the disk is local, chunks small
                    async for chunk in response.aiter_bytes(CHUNK_BYTES):
                        size += len(chunk)
                        if size > MAX_BYTES:
                            reason = f"larger than {MAX_BYTES >> 20} MiB"
                            return Fetched(answer=Answer(status=413, reason=reason))
                        digest.update(chunk)
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
            content_type = response.headers.get("content-type", "").partition(";")[0].strip()
        return Fetched(
            answer=Answer(status=200, size_bytes=size),
            sha256=digest.hexdigest(),
            content_type=content_type,
        )

    async def _sign_in(self) -> bool:
        """Log in; the cookie stays in the client. False when there is no login or it is refused."""
        if self._login.username is None:
            return False
        words = {"user": self._login.username, "password": self._login.password or ""}
        response = await self._client.post("api/login", json=words)
        return response.status_code == 200

    async def picture(self, path: str) -> bytes:
        """Return a picture of now; raises httpx.HTTPError, or LinkError with the status."""
        response = await self._ask("GET", path, timeout=STILL_TIMEOUT_S)
        if response.status_code != 200:
            raise LinkError(f"it answered {response.status_code}")
        return response.content

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask for JSON; returns status and value (None without one), status 0 without an answer.

        ``Any``: the source's JSON, whose shape differs from release to release.
        """
        import httpx  # noqa: PLC0415 - costs only who has one

        try:
            response = await self._ask(method, path, json=body)
        except httpx.HTTPError:
            return 0, None
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, None

    async def _ask(self, method: str, path: str, **more: Any) -> "httpx.Response":
        response = await self._client.request(method, path, **more)
        if response.status_code == 401 and await self._sign_in():
            response = await self._client.request(method, path, **more)
        return response

    async def retain(self, event_id: str) -> int:
        """Ask Frigate to keep an event (legal hold); returns its status."""
        path = f"api/events/{event_id}/retain"
        response = await self._client.post(path)
        if response.status_code == 401 and await self._sign_in():
            response = await self._client.post(path)
        return response.status_code

    async def reviews(self, after_s: float) -> bytes | None:
        """Return the reviews after a time (Unix seconds) as Frigate's JSON; None when refused."""
        import httpx  # noqa: PLC0415 - costs only who has one

        query = {"after": f"{after_s:.3f}", "limit": str(REVIEWS_LIMIT)}
        try:
            response = await self._client.get("api/review", params=query)
            if response.status_code == 401 and await self._sign_in():
                response = await self._client.get("api/review", params=query)
        except httpx.HTTPError:
            return None
        return response.content if response.status_code == 200 else None

    async def close(self) -> None:
        """Close the connections; safe twice."""
        await self._client.aclose()
