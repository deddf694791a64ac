"""``samband.toml``: what a machine is. Systems, talkgroups, units and links are the plan's."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from samband.config_cameras import Camera, Cameras
from samband.toml_faults import read_toml, refuse

HEAD_NAME = "audit.head"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Part(BaseModel):
    """A table of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Part):
    """Who this is."""

    name: str = Field("Radio room", min_length=1, max_length=60, examples=["Norrvik control room"])
    id: str = Field("site-1", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["norrvik"])
    gateway: str = Field("gw-1", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["gw-norrvik"])


class Web(Part):
    """Where browsers find us. ``media_addresses`` are offered for sound."""

    host: str = Field("127.0.0.1", examples=["0.0.0.0"])  # noqa: S104 - an example, not a default
    port: int = Field(8443, ge=1, le=65535, examples=[8443])
    certificate: Path | None = Field(None, examples=["/etc/samband/tls/cert.pem"])
    key: Path | None = Field(None, examples=["/etc/samband/tls/key.pem"])
    media_addresses: tuple[str, ...] = Field((), examples=[["192.0.2.10"]])
    session_hours: float = Field(12, gt=0, le=24, examples=[12])


class StorePart(Part):
    """Where the state lies."""

    state: Path = Field(Path("/var/lib/samband"), examples=["/var/lib/samband"])
    url: str | None = Field(None, examples=["sqlite:////var/lib/samband/samband.db"])


class BusPart(Part):
    """How gateway and centre meet."""

    kind: Literal["in-process"] = Field("in-process", examples=["in-process"])


class WitnessPart(Part):
    """A witness that cosigns the log's checkpoints."""

    key: str = Field(min_length=1, examples=["witness.example.org/w1+f3c080b6+BCmsuuFB..."])
    url: str = Field(pattern=r"^https?://", examples=["http://192.0.2.20:8460"])


class Audit(Part):
    """The audit log. ``head`` is best on another disk."""

    origin: str | None = Field(
        None, pattern=r"^[\x21-\x2a\x2c-\x7e]+$", examples=["audit.example.se/room1"]
    )
    head: Path | None = Field(None, examples=["/mnt/other-disk/audit.head"])
    witness: tuple[WitnessPart, ...] = ()
    stamp_url: str | None = Field(None, pattern=r"^https?://", examples=["http://tsa.example.se/"])
    stamp_roots: Path | None = Field(None, examples=["/etc/samband/tsa-root.pem"])


class ReportsPart(Part):
    """Days and shifts of reports, and what the records of processing say of the organisation."""

    zone: str = Field("UTC", min_length=1, examples=["Europe/Stockholm"])
    shifts: tuple[str, ...] = Field(
        ("07:00", "15:00", "23:00"), min_length=1, examples=[["07:00", "15:00", "23:00"]]
    )
    controller: str = Field("", max_length=200, examples=["Region Norrvik"])
    contact: str = Field("", max_length=200, examples=["Storgatan 1, Norrvik"])
    officer: str = Field("", max_length=200, examples=["dpo@norrvik.example"])
    authority: str = Field("", max_length=200, examples=["IMY"])
    basis: str = Field("", max_length=200, examples=["brottsdatalagen (2018:1177)"])


class SoundPart(Part):
    """Sound between radio and browser."""

    press_buffer_ms: int = Field(600, ge=0, le=600, examples=[600])
    bitrate_bps: int = Field(24_000, ge=8_000, le=64_000, examples=[24_000])


class Log(Part):
    """Logging. ``lines`` keeps raw protocol lines on disk."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", examples=["info"])
    lines: bool = Field(False, examples=[True])


class PlacesPart(Part):
    """Names of places that the site supplies (GeoJSON or CSV), read at the start."""

    file: Path | None = Field(None, examples=["/etc/samband/places.geojson"])


class PlansPart(Part):
    """How plans become live. ``second_person``: somebody else has to agree to each activation."""

    second_person: bool = Field(True, examples=[True])


class HealthPart(Part):
    """The limits by which the health page judges (``dispatch.health.rules``)."""

    voice_ms: int = Field(250, ge=50, le=2000, examples=[250])
    voice_alarm_ms: int = Field(400, ge=50, le=5000, examples=[400])
    grant_ms: int = Field(300, ge=50, le=5000, examples=[300])
    lost_percent: float = Field(0.5, gt=0, le=100, examples=[0.5])
    clock_ms: int = Field(100, ge=1, le=10_000, examples=[100])
    certificate_days: int = Field(30, ge=1, le=365, examples=[30])
    backup_hours: int = Field(48, ge=1, le=8760, examples=[48])
    spool_events: int = Field(50_000, ge=1, le=10_000_000, examples=[50_000])


class UploadsPart(Part):
    """Calls that other recorders upload. ``unknown_talkgroups``: not in the plan."""

    max_mb: int = Field(20, ge=1, le=200, examples=[20])
    per_minute: int = Field(1200, ge=1, le=60_000, examples=[1200])
    max_waiting: int = Field(5000, ge=1, le=1_000_000, examples=[5000])
    unknown_talkgroups: Literal["keep", "refuse"] = Field("keep", examples=["refuse"])
    max_age_days: int = Field(31, ge=1, le=3650, examples=[31])


class Config(Part):
    """The whole file."""

    site: Site = Site()
    web: Web = Web()
    store: StorePart = StorePart()
    bus: BusPart = BusPart()
    audit: Audit = Audit()
    reports: ReportsPart = ReportsPart()
    sound: SoundPart = SoundPart()
    log: Log = Log()
    cameras: Cameras = Cameras()
    places: PlacesPart = PlacesPart()
    plans: PlansPart = PlansPart()
    uploads: UploadsPart = UploadsPart()
    health: HealthPart = HealthPart()

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.store.state

    @property
    def store_url(self) -> str:
        """The database's address."""
        return self.store.url or f"sqlite:///{self.state / 'samband.db'}"

    @property
    def audit_url(self) -> str:
        """The database of the audit log: always SQLite; the store's own file where it is SQLite."""
        if self.store_url.startswith("sqlite"):
            return self.store_url
        return f"sqlite:///{self.state / 'audit.db'}"

    @property
    def tls(self) -> bool:
        """True when we serve HTTPS."""
        return self.web.certificate is not None


def load_config(path: Path) -> Config:
    """Read ``samband.toml``; raises ConfigError that names every mistake."""
    data = read_toml(path)
    faults = []
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        faults = [_sentence(data, fault) for fault in error.errors()]
        config = None
    refuse(path, faults + contradictions(data, config), "file")
    if config is None:
        raise AssertionError("refuse() raises when there are faults")
    return config


def contradictions(data: dict[str, Any], config: Config | None) -> list[str]:
    """Return what is well-formed but cannot work together."""
    web = data.get("web", {})
    if not isinstance(web, dict):
        return []
    faults = []
    if ("certificate" in web) != ("key" in web):
        faults.append("web.certificate, web.key: give both or none")
    host = web.get("host", "127.0.0.1")
    if host not in LOOPBACK and "certificate" not in web:
        faults.append(
            f"web.certificate: missing, and web.host is {host}: browsers give no microphone "
            'without HTTPS; run "samband setup" to make one'
        )
    if config is not None:
        for name in ("certificate", "key"):
            file = getattr(config.web, name)
            if file is not None and not file.is_file():
                faults.append(f"web.{name}: no file {file}")
        if config.health.voice_alarm_ms < config.health.voice_ms:
            faults.append("health.voice_alarm_ms: expected at least health.voice_ms")
        faults += _audit_faults(config.audit)
        faults += _report_faults(config.reports)
        faults += _places_faults(config.places)
        if config.audit.head is not None and config.audit.head.name != HEAD_NAME:
            faults.append(f"audit.head: expected a file named {HEAD_NAME}, got {config.audit.head}")
    return faults


def _audit_faults(audit: Audit) -> list[str]:
    """Return what is wrong with witnesses and time stamps."""
    from dispatch.audit.cosign import witness_at
    from dispatch.audit.stamp import authority
    from gateway.model.errors import ConfigError

    faults = []
    if (audit.stamp_url is None) != (audit.stamp_roots is None):
        faults.append("audit.stamp_url, audit.stamp_roots: give both or none")
    try:
        for witness in audit.witness:
            witness_at(witness.key, witness.url)
        if audit.stamp_url is not None and audit.stamp_roots is not None:
            authority(audit.stamp_url, audit.stamp_roots)
    except ConfigError as error:
        faults.append(str(error))
    return faults


def _places_faults(places: PlacesPart) -> list[str]:
    """Return what is wrong with the site's places."""
    from dispatch.places.service import load
    from gateway.model.errors import ConfigError

    try:
        load(places.file)
    except ConfigError as error:
        return [str(error)]
    return []


def _report_faults(reports: ReportsPart) -> list[str]:
    """Return what is wrong with zone and shifts."""
    from dispatch.reports.shifts import shifts_of
    from gateway.model.errors import ConfigError

    try:
        shifts_of(reports.shifts, reports.zone)
    except ConfigError as error:
        return [str(error)]
    return []


def demo_config(state: Path, port: int, *, cameras: bool) -> Config:
    """Return the configuration of the demo: loopback, no certificate needed on localhost."""
    return Config(
        site=Site(name="Norrvik control room (demo)", id="demo", gateway="gw-demo"),
        web=Web(port=port),
        store=StorePart(state=state),
        cameras=Cameras(camera=DEMO_CAMERAS if cameras else ()),
        places=PlacesPart(file=Path(__file__).with_name("demo_data") / "places.geojson"),
    )


DEMO_CAMERAS = (
    Camera(
        id="cam-0412",
        name="Kajgatan 4",
        latitude_deg=59.3302,
        longitude_deg=18.0601,
        range_m=60,
        bearing_deg=110,
    ),
    Camera(
        id="cam-0413",
        name="Kajgatan 9",
        latitude_deg=59.33018,
        longitude_deg=18.0620,
        range_m=70,
        bearing_deg=265,
    ),
    Camera(
        id="cam-0415",
        name="Östra kajen, gate 3",
        latitude_deg=59.3292,
        longitude_deg=18.0640,
        range_m=90,
        bearing_deg=300,
    ),
    Camera(
        id="cam-0417",
        name="Storgatan 18",
        latitude_deg=59.3325,
        longitude_deg=18.0655,
        range_m=50,
        bearing_deg=200,
    ),
    Camera(
        id="cam-0431",
        name="Hamnleden",
        latitude_deg=59.3276,
        longitude_deg=18.0732,
        range_m=80,
        bearing_deg=340,
    ),
)
NEIGHBOURS = ("cam-0412", "cam-0413")
"""Two of them that see the same corner: what both report may be merged."""


def _sentence(data: dict[str, Any], fault: Any) -> str:
    """One mistake in words: key, what is allowed, what came, an example."""
    where = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key; known here: {', '.join(_known(fault['loc']))}"
    came = "" if fault["type"] == "missing" else f", got {fault['input']!r}"
    example = _example(fault["loc"])
    return f"{where}: {fault['msg'][:1].lower()}{fault['msg'][1:]}{came}{example}"


def _part_of(location: tuple[Any, ...]) -> type[BaseModel]:
    kind: Any = Config
    for step in location:
        if isinstance(step, int):
            continue
        field = kind.model_fields.get(step)
        if field is None:
            return kind  # type: ignore[no-any-return]  # a BaseModel class by construction
        inner = field.annotation
        inner = getattr(inner, "__args__", (inner,))[0]
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return kind  # type: ignore[no-any-return]  # a BaseModel class by construction
        kind = inner
    return kind  # type: ignore[no-any-return]  # a BaseModel class by construction


def _known(location: tuple[Any, ...]) -> list[str]:
    return sorted(_part_of(location[:-1]).model_fields)


def _example(location: tuple[Any, ...]) -> str:
    field = _part_of(location).model_fields.get(str(location[-1]))
    examples = field.examples if field else None
    return f"; example: {location[-1]} = {examples[0]!r}" if examples else ""
