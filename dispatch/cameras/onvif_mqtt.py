"""ONVIF events that a device's MQTT bridge publishes (Profile M), and Axis' own form. Pure.

``<prefix>/onvif-ej/<topic>[/&<source values>]`` with JSON. The property operation is left out;
properties are kept by the broker, and an empty payload deletes one. Metadata frames
(``onvif-mj``, 5 to 30 a second) are not subscribed to.
"""

from dataclasses import replace

from dispatch.cameras.event import Meaning, Passed, Unread, read_json
from dispatch.cameras.onvif_events import OnvifDevice, state_of
from dispatch.cameras.onvif_notification import (
    CHANGED,
    Notification,
    read_axis,
    read_profile_m,
)
from gateway.model.ids import UtcUs

EVENTS, METADATA = "onvif-ej", "onvif-mj"
MAX_PAYLOAD_BYTES = 256 * 1024
MAX_TOPICS = 10_000


class OnvifMqtt:
    """One device behind a broker. ``prefix`` is its own topic prefix."""

    def __init__(self, prefix: str, device: OnvifDevice) -> None:
        """Take the device's state."""
        self.prefix = prefix
        self.device = device
        self._identities: dict[str, str] = {}
        """MQTT topic -> identity of the property that was kept there."""

    def topics(self) -> tuple[str, ...]:
        """Return what to subscribe to: events in both forms, no metadata frames."""
        return (f"{self.prefix}/{EVENTS}/#", f"{self.prefix}/event/#")

    def read(self, topic: str, payload: bytes, now: UtcUs, *, retained: bool) -> Meaning:
        """Return what a message means; ``retained``: the broker kept it from before."""
        if f"/{METADATA}/" in topic:
            return Passed(reason="metadata frame")
        if not payload:
            return self._deleted(topic, now)
        seen = _decoded(topic, payload, retained=retained)
        if isinstance(seen, Unread):
            return seen
        if not seen.operation and state_of(seen) is not None:
            seen = replace(seen, operation=CHANGED)
        self._remember(topic, seen)
        return self.device.take(seen, now)

    def _deleted(self, topic: str, now: UtcUs) -> Meaning:
        identity = self._identities.pop(topic, None)
        if identity is None:
            return Passed(reason="cleared while not active")
        return self.device.forget(identity, now)

    def _remember(self, topic: str, seen: Notification) -> None:
        self._identities[topic] = seen.identity
        if len(self._identities) > MAX_TOPICS:
            self._identities.pop(next(iter(self._identities)))


def _decoded(topic: str, payload: bytes, *, retained: bool) -> Notification | Unread:
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Unread(reason=f"{len(payload)} bytes, expected up to {MAX_PAYLOAD_BYTES}")
    try:
        body = read_json(payload)
    except (ValueError, RecursionError) as error:
        return Unread(reason=f"not JSON ({error})")
    if not isinstance(body, dict):
        return Unread(reason=f"expected an object, got {type(body).__name__}")
    path = topic.partition(f"/{EVENTS}/")[2]
    axis = read_axis(body, payload, retained=retained)
    if axis is not None:
        return axis
    if not path:
        return Unread(reason="neither Profile M nor Axis' form")
    return read_profile_m(path, body, payload, retained=retained)
