"""The long location report (392-18 6.2, 6.3): time, shape, velocity, reason.

The lengths of all shapes and velocity types come from implementations that read the standard. What
a field means where only its length is known stands raw in ``Report.raw``. That the first seven bits
of every velocity are the horizontal speed, and that types 5 to 7 carry a direction of eight bits,
stands in no document we have read; the lengths fit nothing else.
"""

from gateway.tetra import tables
from gateway.tetra.bits import BitReader
from gateway.tetra.lip_values import (
    EXTENDED_DIRECTION_STEP_DEG,
    LATITUDE_BITS,
    LONGITUDE_BITS,
    Report,
    TimeOfPosition,
    decode_altitude,
    decode_velocity,
    latitude_deg,
    longitude_deg,
)

Fields = tuple[tuple[str, int], ...]

_UNCERTAINTY: Fields = (("uncertainty", 6),)
_ELLIPSE: Fields = (("half_major_axis", 6), ("half_minor_axis", 6), ("angle", 8))
_CONFIDENCE: Fields = (("confidence", 3),)
_ALTITUDE: Fields = (("altitude_type", 1), ("altitude", 11))
_UNPLACED_15: Fields = (("altitude_and_confidence", 15),)
"""Ellipses with an altitude: in which order it and the confidence stand is not public."""
_UNPLACED_18: Fields = (("altitude_and_uncertainties", 18),)

SHAPES: dict[int, tuple[str, Fields]] = {
    0: ("no position", ()),
    1: ("point", ()),
    2: ("circle", _UNCERTAINTY),
    3: ("ellipse", _ELLIPSE + _CONFIDENCE),
    4: ("point with altitude", _ALTITUDE),
    5: ("circle with altitude", _UNCERTAINTY + _ALTITUDE),
    6: ("ellipse with altitude", _ELLIPSE + _UNPLACED_15),
    7: (
        "circle with altitude and its uncertainty",
        _UNCERTAINTY + _ALTITUDE + (("altitude_uncertainty", 3),),
    ),
    8: ("ellipse with altitude and its uncertainty", _ELLIPSE + _UNPLACED_18),
    9: (
        "arc",
        (
            ("inner_radius", 16),
            ("outer_radius", 16),
            ("start_angle", 8),
            ("stop_angle", 8),
            ("confidence", 3),
        ),
    ),
    10: ("point with position error", (("position_error", 3),)),
}
"""Position shape -> its name, and its fields behind the point's 49 bits."""
_SHAPE_NONE = 0

_SPEED: Fields = (("speed", 7),)
_SPEED_ERROR: Fields = (("speed_uncertainty", 3),)
_VERTICAL: Fields = (("vertical_speed", 8),)
_VERTICAL_ERROR: Fields = (("vertical_speed_uncertainty", 3),)
_DIRECTION: Fields = (("direction", 8),)
_DIRECTION_ERROR: Fields = (("direction_uncertainty", 3),)

VELOCITIES: dict[int, Fields] = {
    0: (),
    1: _SPEED,
    2: _SPEED + _SPEED_ERROR,
    3: _SPEED + _VERTICAL,
    4: _SPEED + _SPEED_ERROR + _VERTICAL + _VERTICAL_ERROR,
    5: _SPEED + _DIRECTION,
    6: _SPEED + _SPEED_ERROR + _DIRECTION + _DIRECTION_ERROR,
    7: _SPEED + _SPEED_ERROR + _VERTICAL + _VERTICAL_ERROR + _DIRECTION + _DIRECTION_ERROR,
}
"""Velocity type -> its fields; together 0, 7, 10, 15, 21, 15, 21 and 32 bits (table 6.123)."""


def decode_long(reader: BitReader) -> Report:
    """Read behind type and extension; raises OutOfBits, ValueError where it is not known."""
    time_elapsed, time_of_position = _time(reader)
    shape = reader.unsigned(4)
    if shape not in SHAPES:
        raise ValueError(f"LIP long report: position shape {shape} is not known")
    longitude = latitude = None
    if shape != _SHAPE_NONE:
        longitude = longitude_deg(reader.signed(LONGITUDE_BITS))
        latitude = latitude_deg(reader.signed(LATITUDE_BITS))
    raw = _read(reader, SHAPES[shape][1])
    velocity_type = reader.unsigned(3)
    velocity = _read(reader, VELOCITIES[velocity_type])
    ack_requested = bool(reader.unsigned(1))
    is_reason = reader.unsigned(1) == 0
    additional = reader.unsigned(8)
    speed_kmh = decode_velocity(velocity["speed"]) if "speed" in velocity else None
    return Report(
        long=True,
        latitude_deg=latitude,
        longitude_deg=longitude,
        position_error_m=tables.LIP_POSITION_ERROR_M.get(raw.get("position_error", -1)),
        speed_kmh=speed_kmh,
        direction_deg=_direction_deg(velocity, speed_kmh),
        altitude_m=decode_altitude(raw["altitude"]) if "altitude" in raw else None,
        time_elapsed=time_elapsed,
        time_of_position=time_of_position,
        reason=additional if is_reason else None,
        user_data=None if is_reason else additional,
        ack_requested=ack_requested,
        shape=shape,
        velocity_type=velocity_type,
        raw={**raw, **velocity},
    )


def _read(reader: BitReader, fields: Fields) -> dict[str, int]:
    return {name: reader.unsigned(width) for name, width in fields}


def _direction_deg(velocity: dict[str, int], speed_kmh: float | None) -> float | None:
    if speed_kmh is None or "direction" not in velocity:
        return None
    return velocity["direction"] * EXTENDED_DIRECTION_STEP_DEG


def _time(reader: BitReader) -> tuple[int | None, TimeOfPosition | None]:
    time_type = reader.unsigned(2)
    if time_type == 1:
        return reader.unsigned(2), None
    if time_type == 2:
        return None, TimeOfPosition(
            day=reader.unsigned(5),
            hour=reader.unsigned(5),
            minute=reader.unsigned(6),
            second=reader.unsigned(6),
        )
    if time_type == 3:
        raise ValueError("LIP long report: time type 3 is not known")
    return None, None
