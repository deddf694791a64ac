"""Every kind of source at once, as a server starts them: what answers works, the rest is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from dispatch.cameras.demo_source import secret_text
from dispatch.cameras.tables import Camera as CameraRow
from dispatch.cameras.tables import CameraEvent, CameraSource
from gateway.model.errors import ConfigError
from samband.camera_side import CameraSide
from samband.config_cameras import (
    Camera,
    Cameras,
    Cap,
    Milestone,
    Mqtt,
    Onvif,
    OnvifMqtt,
    Webhook,
    WebhookOutPart,
)
from tests.dispatch.cameras.onvif_stub import PASSWORD, OnvifStub, item, notification, state
from tests.dispatch.cameras.serving import serving
from tests.dispatch.room import Room

DEAD_PORT = 1
LINE = "tns1:RuleEngine/LineDetector/Crossed"
TAMPER = "tns1:VideoSource/GlobalSceneChange/ImagingService"


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def everything(folder: Path, onvif_port: int) -> Cameras:
    secret = file(folder, "secret", secret_text(bytes(range(32))))
    password = file(folder, "password", PASSWORD + "\n")
    plain = file(folder, "plain", "a-shared-secret-text\n")
    return Cameras(
        camera=(
            Camera(id="cam-7", name="Gate 7", source="onvif:gate", latitude_deg=59.3,
                   longitude_deg=18.0),
        ),
        mqtt=(
            Mqtt(id="a", host="127.0.0.1", port=DEAD_PORT, http=f"http://127.0.0.1:{DEAD_PORT}"),
        ),
        onvif=(
            Onvif(id="gate", host="127.0.0.1", port=onvif_port, username="samband",
                  password_file=password, camera="cam-7", alert_topics=("RuleEngine/Line",)),
            Onvif(id="dead", host="127.0.0.1", port=DEAD_PORT),
        ),
        onvif_mqtt=(OnvifMqtt(id="m", host="127.0.0.1", port=DEAD_PORT, prefix="cam-9"),),
        webhook=(Webhook(id="w", secret_file=secret),),
        milestone=(Milestone(id="vms", secret_file=plain),),
        cap=(Cap(id="sos", secret_file=secret),),
        webhook_out=(
            WebhookOutPart(id="r2", url=f"http://127.0.0.1:{DEAD_PORT}/", secret_file=secret),
        ),
    )  # fmt: skip


@pytest.fixture
async def onvif() -> AsyncIterator[OnvifStub]:
    stub = OnvifStub()
    async with serving(stub.app) as port:
        stub.port = port
        yield stub


async def until(condition: Any, what: str) -> None:
    async with asyncio.timeout(40):
        while not await condition():
            await asyncio.sleep(0.05)
    assert await condition(), what


async def test_all_kinds_of_sources_beside_each_other(
    room: Room, onvif: OnvifStub, tmp_path: Path
) -> None:
    onvif.standing = [notification(TAMPER, state(True), operation="Initialized")]
    side = CameraSide(everything(tmp_path, onvif.port), room.services, tmp_path / "media")
    await side.start()
    browser = await room.browser("dispatcher")
    try:

        async def states() -> dict[str, str]:
            rows = (await browser.get("/camera-sources")).json()
            return {row["id"]: row["state"] for row in rows}

        async def told() -> bool:
            now = await states()
            down = {"frigate:a", "onvif:m", "onvif:dead"}
            return now.get("onvif:gate") == "up" and all(now.get(one) == "down" for one in down)

        await until(told, "the one that answers is up, the others are down")
        rows = (await browser.get("/camera-sources")).json()
        gate = next(row for row in rows if row["id"] == "onvif:gate")
        assert gate["already_active"][0]["kind"] == "tamper"
        assert (await browser.get("/incidents")).json() == [], "a state opens nothing"
        onvif.tell(notification(LINE, item("ObjectId", "15")))

        async def opened() -> bool:
            return bool((await browser.get("/incidents")).json())

        await until(opened, "the line opens an incident")
        (incident,) = (await browser.get("/incidents")).json()
        assert (incident["title"], incident["severity"]) == ("Line crossed, Gate 7", "alert")
        assert incident["camera"] == "cam-7"
        supervisor = await room.browser("supervisor")

        async def tried() -> bool:
            out = (await supervisor.get("/webhooks-out")).json()
            return bool(out) and out[0]["tries"] > 0

        await until(tried, "the other system is told, and does not answer")
        (message,) = (await supervisor.get("/webhooks-out")).json()
        assert message["last_error"].startswith("ConnectError")
        assert (await supervisor.post(f"/webhooks-out/{message['id']}/again")).status_code == 409
    finally:
        await side.close()
        await side.close()
    assert onvif.open == {}, "the subscription was given back when the process ended"
    kinds = room.services.store.read_now(
        lambda db: {row.id: row.kind for row in db.exec(select(CameraSource))}
    )
    assert set(kinds.values()) == {"frigate", "onvif", "webhook", "milestone", "cap"}
    events = room.services.store.read_now(lambda db: list(db.exec(select(CameraEvent))))
    assert [json.loads(json.dumps(row.notes)) for row in events] == [[]]
    cameras = room.services.store.read_now(lambda db: list(db.exec(select(CameraRow))))
    assert cameras[0].source == "onvif:gate"


@pytest.mark.parametrize("kind", ["webhook", "milestone", "cap", "onvif", "mqtt", "webhook_out"])
async def test_a_missing_secret_is_named(room: Room, tmp_path: Path, kind: str) -> None:
    missing = tmp_path / "none"
    config = {
        "webhook": Cameras(webhook=(Webhook(id="w", secret_file=missing),)),
        "milestone": Cameras(milestone=(Milestone(id="w", secret_file=missing),)),
        "cap": Cameras(cap=(Cap(id="w", secret_file=missing),)),
        "onvif": Cameras(onvif=(Onvif(id="w", host="127.0.0.1", password_file=missing),)),
        "mqtt": Cameras(mqtt=(Mqtt(id="w", host="127.0.0.1", password_file=missing),)),
        "webhook_out": Cameras(
            webhook_out=(WebhookOutPart(id="w", url="http://127.0.0.1:1/", secret_file=missing),)
        ),
    }[kind]
    made: list[CameraSide] = []

    async def start() -> None:
        made.append(CameraSide(config, room.services, tmp_path / "media"))
        await made[0].start()

    with pytest.raises(ConfigError, match="No such file"):
        await start()
    for side in made:
        await side.close()
