"""Stills: every way to one, logins, and the addresses that are never asked."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from dispatch.auth.permissions import Role
from dispatch.cameras.ingest import Batch
from dispatch.cameras.register import CameraInfo
from dispatch.cameras.tables import CameraMedia
from dispatch.live import onvif_soap as soap
from dispatch.live.camera_http import CameraHttp, Login, NoPicture, picture
from dispatch.live.engines import Engine, EngineSettings, refusal, shows_video
from dispatch.live.networks import Bounds, OutOfBounds, at_device, networks_of
from dispatch.live.stills import Stills, Ways
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from samband.config_cameras import Camera, Cameras
from samband.config_cameras import Engine as EnginePart
from tests.dispatch.cameras.serving import serving
from tests.dispatch.live.conftest import MakeRoom, MovableClock
from tests.dispatch.live.engine_stubs import JPEG, Go2rtc, SnapshotCamera

LOGIN = Login(user="samband", password="secret")
KAJEN = CameraInfo(id="cam-1", name_at_source="quay")


class Place:
    def __init__(self, camera: SnapshotCamera, port: int) -> None:
        self.camera, self.url = camera, f"http://127.0.0.1:{port}"
        self.ways: dict[str, Ways] = {}
        self.engines: dict[str, Engine] = {}
        self.http = CameraHttp(Bounds(["127.0.0.1"]))
        self.stills = Stills(
            ways=self.ways,
            http=self.http,
            engines=self.engines,
            clock=MovableClock(),
        )

    def way(self, **changes: Any) -> None:
        self.ways["cam-1"] = replace(Ways(login=LOGIN), **changes)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    camera = SnapshotCamera()
    async with serving(camera.app) as port:
        made = Place(camera, port)
        yield made
        await made.http.close()
        for engine in made.engines.values():
            await engine.close()


@pytest.mark.parametrize(("name", "kind"), [("basic", "Basic"), ("digest", "Digest")])
async def test_the_login_is_sent_when_it_is_asked_for(place: Place, name: str, kind: str) -> None:
    place.way(still=f"{place.url}/{name}.jpg")
    still = await place.stills.now(KAJEN)
    assert (still.raw, still.content_type, still.via) == (JPEG, "image/jpeg", "address")
    assert still.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert set(place.camera.logins[:-1]) == {""}, "never before it was asked for"
    assert place.camera.logins[-1] == kind


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("away", "it points to another address, which is not followed"),
        ("page", "the answer of 20 bytes is no picture"),
        ("large", "more than 16 MiB"),
        ("none", r"no such picture \(404\)"),
    ],
)
async def test_what_is_no_picture_says_so(place: Place, name: str, words: str) -> None:
    place.way(still=f"{place.url}/{name}.jpg")
    with pytest.raises(NoPicture, match=f"^address: {words}$"):
        await place.stills.now(KAJEN)


async def test_a_wrong_password_is_told(place: Place) -> None:
    place.way(still=f"{place.url}/basic.jpg", login=Login(user="samband", password="no"))
    with pytest.raises(NoPicture, match="wrong user or password"):
        await place.stills.now(KAJEN)
    assert "no" not in repr(Login(user="x", password="no")).replace("Login", "")


async def test_by_onvif_at_the_devices_own_host(place: Place) -> None:
    place.way(onvif=f"{place.url}/onvif/device_service")
    still = await place.stills.now(KAJEN)
    assert (still.raw, still.via) == (JPEG, "onvif")
    place.camera.logins.clear()
    await place.stills.now(KAJEN)
    assert place.camera.logins == ["", "", "Digest"], "its address is asked for once"
    _, _, profiles = await place.stills.profiles(place.ways["cam-1"])
    assert [(p.token, p.encoding, p.width, p.rate) for p in profiles] == [
        ("main", "H264", 1920, 25)
    ]
    assert (await place.stills.information(place.ways["cam-1"]))["model"] == "C1"
    place.way(onvif=f"{place.url}/onvif/device_service", login=None)
    place.stills._addresses.clear()
    with pytest.raises(NoPicture, match="onvif: Sender not Authorized"):
        await place.stills.now(KAJEN)
    place.way(onvif=f"{place.url}/onvif/device_service")
    place.camera.snapshot = "file:///etc/passwd"
    with pytest.raises(NoPicture, match="names 'file:///etc/passwd'"):
        await place.stills.now(KAJEN)


async def test_the_next_way_when_one_fails(place: Place) -> None:
    stub = Go2rtc()
    async with serving(stub.app) as port:
        settings = EngineSettings(id="f", kind="go2rtc", url=f"http://127.0.0.1:{port}")
        place.engines["f"] = Engine(settings)
        place.way(still=f"{place.url}/none.jpg", engine="f", path="quay")
        assert (await place.stills.now(KAJEN)).via == "go2rtc"
        place.way(engine="f", path="elsewhere")
        with pytest.raises(NoPicture, match="go2rtc: it answered 404"):
            await place.stills.now(KAJEN)
    assert not place.stills.has(CameraInfo(id="unknown"))
    with pytest.raises(NoPicture, match="no way to a still"):
        await place.stills.now(CameraInfo(id="unknown"))


@pytest.mark.parametrize(
    ("url", "networks", "words"),
    [
        ("http://192.0.2.9/x.jpg", (), "not an address of a registered camera"),
        ("http://169.254.169.254/latest", (), "not in the cameras' networks"),
        ("http://127.0.0.1/x.jpg", ("192.0.2.0/24",), "not in the cameras' networks"),
        ("http://user@cam/x.jpg", (), "the name has no address"),
        ("gopher://127.0.0.1/", (), "not an address"),
        ("nonsense", (), "not an address"),
    ],
)
async def test_addresses_that_are_never_asked(url: str, networks: Any, words: str) -> None:
    bounds = Bounds(["127.0.0.1", "169.254.169.254", "cam"], networks_of(networks))
    with pytest.raises(OutOfBounds, match=words):
        await bounds.target(url)


async def test_a_name_is_asked_at_the_address_that_was_looked_at() -> None:
    bounds = Bounds(["localhost"], networks_of(["127.0.0.0/8", "::1/128"]))
    target = await bounds.target("http://localhost:81/a?b=c")
    assert target.url in ("http://127.0.0.1:81/a?b=c", "http://[::1]:81/a?b=c")
    assert target.host == "localhost:81"
    with pytest.raises(ConfigError):
        networks_of(["here"])
    assert at_device("http://10.0.0.9:81/s.jpg?c=1", "http://192.0.2.1/onvif") == (
        "http://192.0.2.1:81/s.jpg?c=1"
    )
    with pytest.raises(OutOfBounds):
        at_device("http://10.0.0.9:x/s.jpg", "http://192.0.2.1/onvif")


def test_soap_that_cannot_be_read() -> None:
    for raw in (b"", b"<a/>", b"<!DOCTYPE a><a/>", b"<s><Fault/></s>"):
        with pytest.raises(soap.SoapFault):
            soap.read_snapshot_address(raw)
    assert soap.read_clock(b"<a><UTCDateTime><Year>x</Year></UTCDateTime></a>") is None
    assert soap.read_clock(b"<a/>") is None
    raw = soap.envelope("<x/>", at=UtcUs(0), user="a&b", password="p", nonce=b"n")
    assert b"a&amp;b" in raw
    assert b"1970-01-01T00:00:00Z" in raw


def test_what_is_no_picture_at_all() -> None:
    with pytest.raises(NoPicture, match="of 0 bytes is no picture"):
        picture(b"", "x")
    assert picture(b"\x89PNG....", "x").content_type == "image/png"


@pytest.mark.parametrize(
    ("sdp", "shows"),
    [
        ("v=0\r\nm=video 9 X 96\r\na=sendonly\r\n", True),
        ("v=0\r\nm=video 9 X 96\r\na=sendrecv\r\n", True),
        ("v=0\r\nm=video 0 X 96\r\na=sendonly\r\n", False),
        ("v=0\r\nm=video 9 X 96\r\na=inactive\r\n", False),
        ("v=0\r\nm=audio 9 X 8\r\na=sendonly\r\n", False),
        ("v=0\r\n", False),
    ],
)
def test_an_answer_without_video_shows_nothing(sdp: str, *, shows: bool) -> None:
    assert shows_video(sdp) is shows


def test_refusals_in_words() -> None:
    assert refusal(404, "", "e") == (
        "the media engine e has no picture of this camera: it is not connected there"
    )
    assert refusal(400, "codecs not supported by client", "e") == (
        "The camera's video is of a kind that this browser cannot show. "
        "Ask for an H.264 sub stream; stills work meanwhile."
    )
    assert refusal(418, "", "e") == "the media engine e answered 418"


async def test_over_http_singly_and_as_part_of_a_view(live_room: MakeRoom) -> None:
    camera = SnapshotCamera()
    async with serving(camera.app) as port:
        config = Cameras(
            engine=(EnginePart(id="m", kind="mediamtx", url="http://127.0.0.1:1"),),
            camera=(
                Camera(id="cam-1", still=f"http://127.0.0.1:{port}/open.jpg", group="g"),
                Camera(id="cam-2", engine="m"),
            ),
        )
        async with live_room(config) as room:
            browser = await room.browser("dispatcher")
            why = {"purpose_code": "incident", "purpose_ref": "INC-1"}
            assert (await browser.get("/cameras/cam-1/still", params=why)).status_code == 404
            room.see(Role.DISPATCHER, "g")
            silent = await room.browser("dispatcher", purpose=False)
            assert (await silent.get("/cameras/cam-1/still")).status_code == 400
            assert (await browser.get("/cameras/cam-1/still", params=why)).status_code == 503
            camera.open = True
            got = await browser.get("/cameras/cam-1/still", params=why)
            assert (got.content, got.headers["x-samband-sha256"]) == (
                JPEG,
                hashlib.sha256(JPEG).hexdigest(),
            )
            (entry,) = room.entries("camera.still")
            assert entry["detail"]["sha256"] == got.headers["x-samband-sha256"]
            view = (await browser.post("/cameras/cam-1/view", why | {"mode": "still"})).json()
            for _ in range(3):
                again = await browser.get("/cameras/cam-1/still", params={"view": view["view"]})
                assert again.status_code == 200
            other = await browser.get("/cameras/cam-2/still", params={"view": view["view"]})
            assert other.status_code == 404
            await browser.send("DELETE", f"/cameras/cam-1/view/{view['view']}")
            after = await browser.get("/cameras/cam-1/still", params={"view": view["view"]})
            assert after.status_code == 404
            assert len(room.entries("camera.still")) == 1, "a view is logged by its ends"
            (end,) = await room.logged(1, "camera.still.end")
            assert end["detail"]["pictures"] == 3
            kept = await browser.post("/cameras/cam-1/still", {})
            assert kept.status_code == 201
            row = (await browser.get(f"/media/{kept.json()['id']}")).content
            assert row == JPEG
            (collected,) = await room.logged(1, "camera.still.kept")
            assert (collected["op"], collected["detail"]["sha256"]) == (
                "collect",
                [hashlib.sha256(JPEG).hexdigest()],
            )


async def test_a_storm_of_alerts_wants_no_more_than_its_share(live_room: MakeRoom) -> None:
    camera = Camera(id="cam-1", still="http://127.0.0.1:1/x.jpg")
    async with live_room(Cameras(camera=(camera,))) as room:
        row = {
            "source": "webhook:test", "camera": "cam-1", "incident": "i-1", "severity": "alert",
            "phase": "new", "t_recv_utc": 1,
        }  # fmt: skip
        rows = [row | {"src_event_id": f"e-{n}", "t_event_utc": n} for n in range(260)]
        quiet = [row | {"src_event_id": "q", "t_event_utc": 0, "severity": "detection"}]
        bookmarks = room.live.bookmarks
        await bookmarks.close()
        room.store.write_now(lambda db: bookmarks.in_batch(db, Batch(rows=rows + rows[:9] + quiet)))
        wanted = room.store.read_now(lambda db: list(db.exec(select(CameraMedia))))
        assert len(wanted) == 200
        assert bookmarks.counters["webhook:test", "too many stills"] == 60
