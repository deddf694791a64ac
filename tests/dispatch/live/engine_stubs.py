"""MediaMTX and go2rtc for tests: a real WebRTC sender (aiortc) behind their documented HTTP."""

import asyncio
import time
import uuid
from fractions import Fraction
from typing import Any
from urllib.parse import quote

import httpx
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import VideoFrame
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

JPEG = b"\xff\xd8\xff\xe0" + bytes(300) + b"\xff\xd9"


class Scene(VideoStreamTrack):
    """A picture with a bar that moves, ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(0.1)
        frame = VideoFrame(320, 180, "yuv420p")
        for number, (plane, level) in enumerate(zip(frame.planes, (90, 130, 126), strict=True)):
            rows = bytearray(bytes([level]) * plane.buffer_size)
            if number == 0:
                at = (self._number * 12) % 300
                for line in range(40, 140):
                    start = line * plane.line_size + at
                    rows[start : start + 20] = b"\xeb" * 20
            plane.update(bytes(rows))
        frame.pts, frame.time_base = self._number * 9000, Fraction(1, 90_000)
        self._number += 1
        return frame


class MediaMtx:
    """``POST /<path>/whep``, ``DELETE`` of its Location, ``/list`` and ``/get``; asks ``hook``."""

    def __init__(self) -> None:
        self.hook = ""
        """Address of ``authHTTPAddress``; empty: everybody may read."""
        self.sessions: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.ended: list[float] = []
        self.real = True
        self.codecs = "H264"
        self.recordings: list[dict[str, Any]] = []
        self.clip = b""
        self.app = Starlette(
            routes=[
                Route("/list", self._list),
                Route("/get", self._get),
                Route("/{path:path}/whep", self._offer, methods=["POST"]),
                Route("/{path:path}/whep/{secret}", self._delete, methods=["DELETE"]),
            ]
        )

    async def _allowed(self, request: Request, path: str, action: str, protocol: str) -> bool:
        if not self.hook:
            return True
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        question = {
            "ip": "127.0.0.1",
            "user": "",
            "password": "",
            "token": token if kind == "Bearer" else "",
            "action": action,
            "path": path,
            "protocol": protocol,
            "id": str(uuid.uuid4()) if protocol else None,
            "query": request.url.query,
            "userAgent": request.headers.get("user-agent", ""),
        }
        self.asked.append(question)
        async with httpx.AsyncClient() as client:
            answer = await client.post(self.hook, json=question)
        self.answers.append(answer.status_code)
        return 200 <= answer.status_code < 300

    async def _offer(self, request: Request) -> Response:
        path = request.path_params["path"]
        offer = (await request.body()).decode()
        if not await self._allowed(request, path, "read", "webrtc"):
            return JSONResponse({"status": "error", "error": "authentication error"}, 401)
        if path.startswith("gone"):
            words = f"no stream is available on path '{path}'"
            return JSONResponse({"status": "error", "error": words}, 404)
        if self.codecs == "H265":
            words = "the stream doesn't contain any supported codec (H265)"
            return JSONResponse({"status": "error", "error": words}, 400)
        secret = str(uuid.uuid4())
        if self.real:
            answer = await self._peer(secret, offer)
        else:
            self.sessions[secret] = None
            answer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"
        place = f"/{quote(path)}/whep/{secret}"
        headers = {"Location": place, "ETag": "*", "ID": str(uuid.uuid4())}
        return Response(answer, 201, headers, media_type="application/sdp")

    async def _peer(self, secret: str, offer: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for one in peer.getTransceivers():
            if one.kind == "video":
                peer.addTrack(Scene())
                known = RTCRtpSender.getCapabilities("video").codecs
                one.setCodecPreferences([c for c in known if c.mimeType == "video/H264"])
                break
        await peer.setLocalDescription(await peer.createAnswer())
        self.sessions[secret] = peer
        return str(peer.localDescription.sdp)

    async def _delete(self, request: Request) -> Response:
        peer = self.sessions.pop(request.path_params["secret"], "none")
        if peer == "none":
            return JSONResponse({"status": "error", "error": "session not found"}, 404)
        self.ended.append(time.monotonic())
        if peer is not None:
            await peer.close()
        return JSONResponse({"status": "ok"})

    async def _list(self, request: Request) -> Response:
        path = request.query_params["path"]
        if not await self._allowed(request, path, "playback", ""):
            return JSONResponse({"status": "error", "error": "authentication error"}, 401)
        if not self.recordings:
            return JSONResponse({"status": "error", "error": "no segments found"}, 404)
        return JSONResponse(self.recordings)

    async def _get(self, request: Request) -> Response:
        if not await self._allowed(request, request.query_params["path"], "playback", ""):
            return JSONResponse({"status": "error", "error": "authentication error"}, 401)
        return Response(self.clip, media_type="video/mp4")

    async def close(self) -> None:
        for peer in self.sessions.values():
            if peer is not None:
                await peer.close()


class Go2rtc:
    """``POST /api/webrtc?src=`` and ``GET /api/frame.jpeg?src=``."""

    def __init__(self) -> None:
        self.streams = {"quay"}
        self.words = ""
        self.app = Starlette(
            routes=[
                Route("/api/webrtc", self._offer, methods=["POST"]),
                Route("/api/frame.jpeg", self._frame),
            ]
        )

    async def _offer(self, request: Request) -> Response:
        if request.query_params.get("src") not in self.streams:
            return Response("stream not found", 404)
        if self.words:
            return Response(self.words, 500)
        answer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"
        return Response(answer, 201, media_type="application/sdp")

    async def _frame(self, request: Request) -> Response:
        if request.query_params.get("src") not in self.streams:
            return Response("stream not found", 404)
        return Response(JPEG, media_type="image/jpeg")


class SnapshotCamera:
    """A camera's picture behind Basic, Digest, a redirect, an HTML page or too many bytes."""

    def __init__(self) -> None:
        self.logins: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/basic.jpg", self._basic),
                Route("/digest.jpg", self._digest),
                Route("/open.jpg", self._open),
                Route("/away.jpg", lambda request: RedirectResponse("http://127.0.0.1:1/x.jpg")),
                Route("/page.jpg", lambda request: Response("<html>sign in</html>")),
                Route("/large.jpg", lambda request: Response(b"\xff\xd8\xff" + bytes(17 << 20))),
                Route("/onvif/device_service", self._soap, methods=["POST"]),
                Route("/onvif/media", self._soap, methods=["POST"]),
            ]
        )
        self.open = False
        self.picture = JPEG
        self.snapshot = "http://10.255.255.1/digest.jpg"
        """What it says of its picture's address: that of inside its own network."""

    async def _basic(self, request: Request) -> Response:
        given = request.headers.get("authorization", "")
        self.logins.append(given.partition(" ")[0])
        if given != "Basic c2FtYmFuZDpzZWNyZXQ=":
            return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="cam"'})
        return Response(JPEG, media_type="image/jpeg")

    async def _open(self, request: Request) -> Response:
        return Response(self.picture if self.open else b"", 200 if self.open else 503)

    async def _digest(self, request: Request) -> Response:
        given = request.headers.get("authorization", "")
        self.logins.append(given.partition(" ")[0])
        if not given.startswith("Digest ") or 'username="samband"' not in given:
            asks = 'Digest realm="cam", nonce="abc", qop="auth", algorithm=MD5'
            return Response(status_code=401, headers={"WWW-Authenticate": asks})
        return Response(JPEG, media_type="image/jpeg")

    async def _soap(self, request: Request) -> Response:
        body = (await request.body()).decode()
        port = request.url.port
        if "GetSystemDateAndTime" in body:
            inner = (
                "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>"
                "<tt:Time><tt:Hour>11</tt:Hour><tt:Minute>5</tt:Minute><tt:Second>9</tt:Second>"
                "</tt:Time><tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month>"
                "<tt:Day>26</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime>"
                "</tds:GetSystemDateAndTimeResponse>"
            )
        elif "UsernameToken" not in body:
            return Response(
                _envelope(
                    "<s:Fault><s:Reason><s:Text>Sender not Authorized</s:Text></s:Reason></s:Fault>"
                ),
                400,
            )
        elif "GetCapabilities" in body:
            inner = (
                f"<tt:Media><tt:XAddr>http://10.255.255.1:{port}/onvif/media</tt:XAddr></tt:Media>"
            )
        elif "GetDeviceInformation" in body:
            inner = "<tds:Manufacturer>Acme</tds:Manufacturer><tds:Model>C1</tds:Model>"
        elif "GetProfiles" in body:
            inner = (
                '<trt:Profiles token="main"><tt:Name>Main</tt:Name><tt:VideoEncoderConfiguration>'
                "<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>1920</tt:Width>"
                "<tt:Height>1080</tt:Height></tt:Resolution><tt:RateControl>"
                "<tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl>"
                "</tt:VideoEncoderConfiguration></trt:Profiles>"
            )
        else:
            where = self.snapshot.replace("10.255.255.1/", f"10.255.255.1:{port}/")
            inner = f"<tt:Uri>{where}</tt:Uri>"
        return Response(_envelope(inner), media_type="application/soap+xml")


def _envelope(inner: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:tt="http://www.onvif.org/ver10/schema" '
        'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Body>'
        f"{inner}</s:Body></s:Envelope>"
    )
