"""The table ``[cameras]`` of ``samband.toml``: sources, receivers and the camera register."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["sthlm-1"])]


class CamerasPart(BaseModel):
    """A table below ``[cameras]``: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mqtt(CamerasPart):
    """One Frigate over MQTT, and over HTTP where stills and clips are to be fetched."""

    id: Name
    host: str = Field(examples=["mqtt.example.se"])
    port: int = Field(1883, ge=1, le=65535, examples=[8883])
    tls: bool = Field(False, examples=[True])
    username: str | None = Field(None, examples=["samband"])
    password_file: Path | None = Field(None, examples=["/etc/samband/mqtt-password"])
    prefix: str = Field("frigate", min_length=1, examples=["frigate"])
    http: str | None = Field(
        None, pattern=r"^https?://[^/?#]+/?$", examples=["https://frigate.example.se:8971"]
    )
    http_user: str | None = Field(None, examples=["samband"])
    http_password_file: Path | None = Field(None, examples=["/etc/samband/frigate-password"])
    http_ca_file: Path | None = Field(None, examples=["/etc/samband/frigate-ca.pem"])
    keeps_days: float = Field(10, gt=0, le=365, examples=[10])


class OnvifMqtt(CamerasPart):
    """One ONVIF device (Profile M) that publishes its events over MQTT."""

    id: Name
    host: str = Field(examples=["mqtt.example.se"])
    port: int = Field(1883, ge=1, le=65535, examples=[8883])
    tls: bool = Field(False, examples=[True])
    username: str | None = Field(None, examples=["samband"])
    password_file: Path | None = Field(None, examples=["/etc/samband/mqtt-password"])
    prefix: str = Field(min_length=1, examples=["cam-0412"])
    camera: str = Field("", examples=["cam-0412"])
    motion: bool = Field(False, examples=[True])
    alert_topics: tuple[str, ...] = Field((), examples=[["RuleEngine/LineDetector"]])


class Onvif(CamerasPart):
    """One ONVIF device whose events are pulled. ``channels`` names the cameras of its sources."""

    id: Name
    host: str = Field(examples=["192.0.2.41"])
    port: int = Field(80, ge=1, le=65535, examples=[80])
    username: str = Field("", examples=["samband"])
    password_file: Path | None = Field(None, examples=["/etc/samband/onvif-password"])
    camera: str = Field("", examples=["cam-0412"])
    channels: dict[str, str] = Field({}, examples=['{ 1 = "cam-0412" }'])
    motion: bool = Field(False, examples=[True])
    alert_topics: tuple[str, ...] = Field((), examples=[["RuleEngine/LineDetector"]])


class Webhook(CamerasPart):
    """One sender of signed webhooks."""

    id: Name
    secret_file: Path = Field(examples=["/etc/samband/webhook-motion-1"])
    tolerance_s: int = Field(300, ge=10, le=86_400, examples=[300])


class Milestone(CamerasPart):
    """One Milestone XProtect that sends its webhooks."""

    id: Name
    secret_file: Path = Field(examples=["/etc/samband/milestone-secret"])


class Cap(CamerasPart):
    """One system that sends CAP alerts by signed webhooks."""

    id: Name
    secret_file: Path = Field(examples=["/etc/samband/cap-sos"])
    senders: tuple[str, ...] = Field((), examples=[["dispatch@example.se"]])
    group: str = Field("", examples=["harbour"])


class WebhookOutPart(CamerasPart):
    """One system that is told of incidents by signed webhooks."""

    id: Name
    url: str = Field(pattern=r"^https?://", examples=["https://room2.example.se/api/v1/hooks"])
    secret_file: Path = Field(examples=["/etc/samband/webhook-out-room2"])
    types: tuple[
        Literal[
            "incident.opened",
            "incident.updated",
            "incident.closed",
            "camera.event",
            "claim.confirmed",
        ],
        ...,
    ] = Field(
        ("incident.opened", "incident.updated", "incident.closed"),
        examples=[["incident.opened", "incident.closed"]],
    )
    groups: tuple[str, ...] = Field(("*",), examples=[["harbour"]])


class Engine(CamerasPart):
    """One media engine that shows live video: MediaMTX, or go2rtc (also inside Frigate).

    ``path`` says what the engine calls a camera: ``{name}`` its name at the source, ``{id}`` ours.
    """

    id: Name
    kind: Literal["mediamtx", "go2rtc"]
    url: str = Field(pattern=r"^https?://[^/?#@]+/?$", examples=["https://media.example.se:8889"])
    path: str = Field("{name}", min_length=1, examples=["{name}_sub"])
    user: str | None = Field(None, examples=["samband"])
    password_file: Path | None = Field(None, examples=["/etc/samband/engine-password"])
    ca_file: Path | None = Field(None, examples=["/etc/samband/engine-ca.pem"])
    auth_from: tuple[str, ...] = Field((), examples=[["192.0.2.10"]])
    publish_user: str | None = Field(None, examples=["cameras"])
    publish_password_file: Path | None = Field(None, examples=["/etc/samband/publish-password"])
    playback: str | None = Field(
        None, pattern=r"^https?://[^/?#@]+/?$", examples=["https://media.example.se:9996"]
    )
    keeps_days: float = Field(1, gt=0, le=365, examples=[1])


class Camera(CamerasPart):
    """One camera's place, so that its events can be tied to units, and where its pictures are.

    ``engine`` and ``path``: live view. ``still``: an address that answers with a picture.
    ``onvif``: the device service, asked for its picture's address. ``rtsp``: recorded from "now" on
    when no recorder has it. ``login_user`` and ``login_password_file`` are the camera's own login.
    """

    id: str = Field(min_length=1, examples=["cam-0412"])
    name: str = Field("", examples=["Storgatan 18, entrance"])
    source: str = Field("", examples=["frigate:sthlm-1"])
    name_at_source: str = Field("", examples=["front_door"])
    latitude_deg: float | None = Field(None, ge=-90, le=90, examples=[59.3301])
    longitude_deg: float | None = Field(None, ge=-180, le=180, examples=[18.0601])
    range_m: float = Field(50, gt=0, le=10_000, examples=[50])
    bearing_deg: float | None = Field(None, ge=0, lt=360, examples=[180])
    group: str = Field("", examples=["harbour"])
    engine: str = Field("", examples=["norrvik"])
    path: str = Field("", examples=["h03_sub"])
    still: str | None = Field(
        None, pattern=r"^https?://[^/?#@]+", examples=["http://192.0.2.41/snapshot.jpg"]
    )
    onvif: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@]+",
        examples=["http://192.0.2.41/onvif/device_service"],
    )
    rtsp: str | None = Field(
        None, pattern=r"^rtsps?://[^/?#@]+", examples=["rtsp://192.0.2.41/stream2"]
    )
    login_user: str | None = Field(None, examples=["samband"])
    login_password_file: Path | None = Field(None, examples=["/etc/samband/camera-password"])


class Cameras(CamerasPart):
    """Camera sources and the camera register."""

    face_threshold: float = Field(0.9, ge=0, le=1, examples=[0.9])
    plate_threshold: float = Field(0.85, ge=0, le=1, examples=[0.85])
    mqtt: tuple[Mqtt, ...] = ()
    onvif: tuple[Onvif, ...] = ()
    onvif_mqtt: tuple[OnvifMqtt, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    milestone: tuple[Milestone, ...] = ()
    cap: tuple[Cap, ...] = ()
    cap_sender: str = Field(
        "samband@localhost", pattern=r"^[^\s,<&]+$", examples=["samband@room1.example.se"]
    )
    webhook_out: tuple[WebhookOutPart, ...] = ()
    views_per_person: int = Field(4, ge=1, le=64, examples=[4])
    view_idle_minutes: float = Field(10, gt=0, le=480, examples=[10])
    networks: tuple[str, ...] = Field((), examples=[["192.0.2.0/24"]])
    engine: tuple[Engine, ...] = ()
    camera: tuple[Camera, ...] = ()
