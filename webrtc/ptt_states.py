"""What an event of the floor means for the page whose press it is: a state, words, figures."""

from collections.abc import Callable
from typing import Any, Final

from gateway.model.errors import InvalidCommand
from gateway.model.events import (
    Event,
    FloorEnding,
    FloorGranted,
    FloorLost,
    FloorQueued,
    FloorRefused,
    FloorReleased,
    FloorUnheard,
)
from gateway.model.ids import TalkgroupId

FLOOR_EVENTS: Final = (
    FloorQueued,
    FloorGranted,
    FloorUnheard,
    FloorRefused,
    FloorEnding,
    FloorReleased,
    FloorLost,
)
NO_SOUND: Final = "ON AIR, but this microphone gives no sound"
ENDED: Final = frozenset({"idle", "denied", "preempted", "fault"})


def state_of(event: Event, name: Callable[[TalkgroupId], str]) -> tuple[str, str, dict[str, Any]]:
    """Return state, words and further fields that an event of the floor means for its page."""
    more: dict[str, Any] = {}
    match event:
        case FloorQueued(place=place):
            state, words = "queued", "Queued" if place is None else f"Queued {place}"
            more = {"place": place}
        case FloorGranted() as granted:
            state, words = "on_air", f"ON AIR {name(granted.talkgroup)}"
            more = {"transmission": granted.transmission, "grant_ms": granted.wait_ms}
        case FloorUnheard(silent=True):
            state, words, more = "on_air", NO_SOUND, {"unheard": True}
        case FloorUnheard() as heard:
            state, words, more = "on_air", f"ON AIR {name(heard.talkgroup)}", {"unheard": False}
        case FloorRefused(not_sent=True, reason=reason):
            state, words = "fault", f"Not sent: {reason}"
        case FloorRefused(reason=reason):
            state, words = "denied", f"Refused: {reason}" if reason else "Refused"
        case FloorEnding():
            state, words = "ending", "Ending"
        case FloorReleased() as released:
            state, words, more = "idle", "", _times(released)
        case FloorLost() as lost:
            state, words, more = _lost(lost)
        case _:
            raise InvalidCommand(f"expected an event of the floor, got {event.type}")
    return state, words, more


def _times(over: FloorReleased | FloorLost) -> dict[str, Any]:
    """Return the figures of a press that is over, as the page shows them."""
    unkey_ms = over.unkey_ms if isinstance(over, FloorReleased) else None
    return {
        "on_air_ms": over.on_air_ms,
        "grant_ms": over.grant_ms,
        "first_ms": over.first_ms,
        "unkey_ms": unkey_ms,
    }


def _lost(lost: FloorLost) -> tuple[str, str, dict[str, Any]]:
    more = _times(lost)
    if lost.cause == "preempted":
        return "preempted", f"Pre-empted by {lost.reason}" if lost.reason else "Pre-empted", more
    reason = lost.reason or lost.cause
    if lost.on_air_ms <= 0:
        return "fault", f"Not sent: {reason}", more
    return "fault", f"Cut off after {max(1, round(lost.on_air_ms / 1000))} s: {reason}", more
