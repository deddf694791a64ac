"""Where ONVIF devices are. Apart from the client, which loads much that the server never needs."""

from dataclasses import dataclass, field

from dispatch.cameras.event import DEFAULT_THRESHOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDevice:
    """One device and its login."""

    source: str
    host: str
    port: int = 80
    username: str = ""
    password: str = ""
    camera: str = ""
    motion: bool = False
    face_threshold: float = DEFAULT_THRESHOLDS.face
    plate_threshold: float = DEFAULT_THRESHOLDS.plate
    alert_topics: tuple[str, ...] = ()
    channels: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Hide the password."""
        return f"PullDevice({self.source}, {self.host}:{self.port})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSettings:
    """All devices of the pull process."""

    devices: tuple[PullDevice, ...]
    source: str = "onvif"
