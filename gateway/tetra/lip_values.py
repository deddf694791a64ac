"""What location messages say, in units, and the scales behind it (392-18 6.3)."""

import math
from dataclasses import dataclass, field

from gateway.model.radio_time import FixTime
from gateway.tetra import tables

LONGITUDE_BITS, LATITUDE_BITS = 25, 24
DIRECTION_STEP_DEG = 22.5
EXTENDED_DIRECTION_STEP_DEG = 360 / 256
"""Direction of 8 bits in the long report's velocity. From no document; its 8 bits agree."""
_VELOCITY_LINEAR_LAST = 28
_VELOCITY_BASE_KMH, _VELOCITY_GROWTH, _VELOCITY_FIRST = 16.0, 1.038, 13
_ALTITUDE_LINEAR_LAST, _ALTITUDE_OFFSET_M = 1200, 200

TimeOfPosition = FixTime
"""When the position was taken: day of the month and time of day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A location report. None is unknown, or carried in a form that no public source explains.

    ``shape`` and ``velocity_type`` are those of a long report; ``raw`` holds by name what a shape
    or a velocity carries and no public source gives a unit for.
    """

    long: bool
    latitude_deg: float | None
    longitude_deg: float | None
    position_error_m: float | None = None
    speed_kmh: float | None = None
    direction_deg: float | None = None
    altitude_m: float | None = None
    time_elapsed: int | None = None
    time_of_position: TimeOfPosition | None = None
    reason: int | None = None
    user_data: int | None = None
    ack_requested: bool = False
    shape: int | None = None
    velocity_type: int | None = None
    raw: dict[str, int] = field(default_factory=dict)

    @property
    def has_position(self) -> bool:
        """Whether it names a place; a long report with 0, 0 names none."""
        if self.latitude_deg is None or self.longitude_deg is None:
            return False
        return not (self.long and self.latitude_deg == 0 and self.longitude_deg == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPdu:
    """A LIP message that is no report: a request, a trigger, an answer.

    ``response`` tells an answer from a request where the message has such a bit; ``result`` is the
    result code of an answer.
    """

    pdu_type: int
    extension: int | None
    words: str
    response: bool | None = None
    result: int | None = None


def decode_velocity(raw: int) -> float | None:
    """Return km/h: 0 to 28 as they are, 29 to 126 exponential, 127 unknown."""
    if raw == tables.LIP_VELOCITY_UNKNOWN:
        return None
    if raw <= _VELOCITY_LINEAR_LAST:
        return float(raw)
    return _VELOCITY_BASE_KMH * math.pow(_VELOCITY_GROWTH, raw - _VELOCITY_FIRST)


def encode_velocity(speed_kmh: float | None) -> int:
    """Return the 7-bit velocity of a speed; None is unknown."""
    if speed_kmh is None:
        return tables.LIP_VELOCITY_UNKNOWN
    if speed_kmh < _VELOCITY_LINEAR_LAST + 0.5:
        return max(0, round(speed_kmh))
    exponent = math.log(speed_kmh / _VELOCITY_BASE_KMH) / math.log(_VELOCITY_GROWTH)
    first = _VELOCITY_LINEAR_LAST + 1
    return min(max(round(_VELOCITY_FIRST + exponent), first), tables.LIP_VELOCITY_UNKNOWN - 1)


def decode_altitude(raw: int) -> float | None:
    """Return metres of an 11-bit altitude on the linear part of its scale, None above it.

    No public source has the rule for what lies above 1000 m.
    """
    return float(raw - _ALTITUDE_OFFSET_M) if raw <= _ALTITUDE_LINEAR_LAST else None


def longitude_deg(raw: int) -> float:
    """Return degrees of a signed longitude of 25 bits."""
    return raw * 360 / (1 << LONGITUDE_BITS)


def latitude_deg(raw: int) -> float:
    """Return degrees of a signed latitude of 24 bits."""
    return raw * 180 / (1 << LATITUDE_BITS)
