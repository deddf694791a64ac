"""Frigate's HTTP side for tests: a login, stills, clips that come late or short, missed reviews."""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

JPEG = b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9"


class FrigateStub:
    """What it has is set by the test; what it was asked is listed."""

    def __init__(self, *, password: str | None = None) -> None:
        self.password = password
        self.logins = 0
        self.asked: list[str] = []
        self.stills: dict[str, bytes] = {}
        self.clips: dict[str, list[bytes | int]] = {}
        """By event id or camera: answers in turn, the last for ever; a number is a status."""
        self.reviews: list[Any] = []
        self.retained: list[str] = []
        self.gaps: list[Any] = []
        self.exports: dict[str, str] = {}
        self.latest: bytes = b""
        self.app = Starlette(
            routes=[
                Route("/api/login", self._login, methods=["POST"]),
                Route("/api/events/{event}/snapshot.jpg", self._still),
                Route("/api/events/{event}/retain", self._retain, methods=["POST"]),
                Route("/api/events/{event}/clip.mp4", self._clip),
                Route("/api/review/{event}/clip.mp4", self._clip),
                Route("/api/review", self._reviews),
                Route("/api/recordings/unavailable", self._unavailable),
                Route("/api/{camera}/latest.jpg", self._latest),
                Route(
                    "/api/export/{camera}/start/{start}/end/{end}", self._export, methods=["POST"]
                ),
                Route("/api/exports/{export}", self._exported),
                Route("/api/export/{export}", self._unexport, methods=["DELETE"]),
                Route("/api/{event}/start/{start}/end/{end}/clip.mp4", self._clip),
            ]
        )

    def _refused(self, request: Request) -> Response | None:
        self.asked.append(str(request.url.path) + "?" + str(request.url.query))
        if self.password is not None and request.cookies.get("frigate_token") != "jwt":
            return Response(status_code=401)
        return None

    async def _login(self, request: Request) -> Response:
        self.logins += 1
        given = await request.json()
        if given != {"user": "samband", "password": self.password}:
            return Response(status_code=401)
        answer = Response(status_code=200)
        answer.set_cookie("frigate_token", "jwt")
        return answer

    async def _still(self, request: Request) -> Response:
        event = request.path_params["event"]
        if event == "away":
            return RedirectResponse("http://127.0.0.1:1/elsewhere.jpg")
        found = self.stills.get(event)
        return self._refused(request) or (
            Response(found, media_type="image/jpeg") if found else Response(status_code=404)
        )

    async def _clip(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        answers = self.clips.get(request.path_params["event"], [404])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, int):
            return Response(status_code=answer)
        return Response(answer, media_type="video/mp4")

    async def _retain(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is None:
            self.retained.append(request.path_params["event"])
        return refused or JSONResponse({"success": True})

    async def _reviews(self, request: Request) -> Response:
        return self._refused(request) or Response(
            json.dumps(self.reviews), media_type="application/json"
        )

    async def _unavailable(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(self.gaps)

    async def _latest(self, request: Request) -> Response:
        return self._refused(request) or Response(self.latest, media_type="image/jpeg")

    async def _export(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is None:
            name = f"{request.path_params['camera']}_{len(self.exports) + 1}"
            self.exports[name] = request.url.path
            return JSONResponse({"success": True, "export_id": name})
        return refused

    async def _exported(self, request: Request) -> Response:
        refused = self._refused(request)
        known = request.path_params["export"] in self.exports
        return refused or (JSONResponse({"id": 1}) if known else JSONResponse({}, 404))

    async def _unexport(self, request: Request) -> Response:
        refused = self._refused(request)
        if refused is None:
            self.exports.pop(request.path_params["export"], None)
        return refused or JSONResponse({"success": True})
