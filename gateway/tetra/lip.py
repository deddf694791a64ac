"""Location information protocol: short report both ways, long report received (392-18 6.2, 6.3).

A LIP message is SDS type 4 with protocol identifier 0x0A and no SDS-TL header; the PDUs here are
what follows that identifier. Bit 1 is sent first.
"""

import math
from dataclasses import dataclass

from gateway.tetra import tables
from gateway.tetra.bits import BitReader, Payload

PID_BITS = 8
SHORT_BITS = 76
"""Bits of a short location report behind the protocol identifier."""

_LONGITUDE_BITS, _LATITUDE_BITS = 25, 24
_DIRECTION_STEP_DEG = 22.5
_VELOCITY_LINEAR_LAST = 28
_VELOCITY_BASE_KMH, _VELOCITY_GROWTH, _VELOCITY_FIRST = 16.0, 1.038, 13
_ALTITUDE_LINEAR_LAST, _ALTITUDE_OFFSET_M = 1200, 200

_SHAPE_EXTRA_BITS = {
    0: 0,
    1: 0,
    2: 6,
    3: 23,
    4: 12,
    5: 18,
    6: 35,
    7: 21,
    8: 38,
    9: 51,
    10: 3,
}
"""Position shape -> bits behind the point's 49 (shape 0 has no point)."""
_SHAPE_ALTITUDE_AT = {4: 0, 5: 6, 6: 23, 7: 6, 8: 23}
"""Position shape -> where its 12 bits of altitude begin behind the point."""
_SHAPE_NONE, _SHAPE_WITH_ERROR = 0, 10
_VELOCITY_BITS = (0, 7, 10, 15, 21, 15, 21, 32)
"""Velocity type -> bits of its data; type 1 is the horizontal velocity alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfPosition:
    """When the position was taken: day of the month and time of day."""

    day: int
    hour: int
    minute: int
    second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A location report. None is unknown, or carried in a form that no public source explains."""

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

    @property
    def has_position(self) -> bool:
        """Whether it names a place; a long report with 0, 0 names none."""
        if self.latitude_deg is None or self.longitude_deg is None:
            return False
        return not (self.long and self.latitude_deg == 0 and self.longitude_deg == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPdu:
    """A LIP message that is no report: a request, a trigger, an answer."""

    pdu_type: int
    extension: int | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortReport:
    """The raw fields of a short report, as they are sent."""

    time_elapsed: int
    longitude_raw: int
    latitude_raw: int
    position_error: int
    velocity: int
    direction: int
    reason: int
    additional_type: int = 0

    @classmethod
    def decode(cls, payload: Payload) -> "ShortReport":
        """Read the 76 bits behind the identifier; raises OutOfBits, ValueError on another type."""
        reader = BitReader(payload)
        pdu_type = reader.unsigned(2)
        if pdu_type != 0b00:
            raise ValueError(f"LIP: expected type 0 (short report), got {pdu_type}")
        return cls(
            time_elapsed=reader.unsigned(2),
            longitude_raw=reader.signed(_LONGITUDE_BITS),
            latitude_raw=reader.signed(_LATITUDE_BITS),
            position_error=reader.unsigned(3),
            velocity=reader.unsigned(7),
            direction=reader.unsigned(4),
            additional_type=reader.unsigned(1),
            reason=reader.unsigned(8),
        )

    @classmethod
    def of(
        cls,
        *,
        latitude_deg: float,
        longitude_deg: float,
        position_error: int = tables.LIP_POSITION_ERROR_UNKNOWN,
        speed_kmh: float | None = None,
        direction_deg: float = 0.0,
        reason: int = 0,
        time_elapsed: int = 0,
    ) -> "ShortReport":
        """Return the report of a place; raises ValueError outside -90..90 and -180..180."""
        if not -90 <= latitude_deg <= 90 or not -180 <= longitude_deg <= 180:
            raise ValueError(
                f"place: expected -90..90 and -180..180, got {latitude_deg}, {longitude_deg}"
            )
        step = math.trunc((direction_deg % 360 + _DIRECTION_STEP_DEG / 2) / _DIRECTION_STEP_DEG)
        return cls(
            time_elapsed=time_elapsed,
            longitude_raw=_scaled(longitude_deg, 360, _LONGITUDE_BITS),
            latitude_raw=_scaled(latitude_deg, 180, _LATITUDE_BITS),
            position_error=position_error,
            velocity=encode_velocity(speed_kmh),
            direction=15 if speed_kmh is None else step % 16,
            reason=reason,
        )

    def encode(self) -> Payload:
        """Return the whole SDS payload: identifier and report, 84 bits."""
        value = tables.PID_LIP
        for field, width in (
            (0b00, 2),
            (self.time_elapsed, 2),
            (self.longitude_raw, _LONGITUDE_BITS),
            (self.latitude_raw, _LATITUDE_BITS),
            (self.position_error, 3),
            (self.velocity, 7),
            (self.direction, 4),
            (self.additional_type, 1),
            (self.reason, 8),
        ):
            value = value << width | field & (1 << width) - 1
        return Payload(value=value, length_bits=PID_BITS + SHORT_BITS)

    def report(self) -> Report:
        """Return the fields in their units."""
        speed_kmh = decode_velocity(self.velocity)
        return Report(
            long=False,
            latitude_deg=self.latitude_raw * 180 / (1 << _LATITUDE_BITS),
            longitude_deg=self.longitude_raw * 360 / (1 << _LONGITUDE_BITS),
            position_error_m=tables.LIP_POSITION_ERROR_M[self.position_error],
            speed_kmh=speed_kmh,
            direction_deg=None if speed_kmh is None else self.direction * _DIRECTION_STEP_DEG,
            time_elapsed=self.time_elapsed,
            reason=self.reason if self.additional_type == 0 else None,
            user_data=self.reason if self.additional_type == 1 else None,
        )


def decode(payload: Payload) -> Report | OtherPdu:
    """Read what follows the identifier; raises OutOfBits or ValueError where it cannot be read."""
    reader = BitReader(payload)
    pdu_type = reader.unsigned(2)
    if pdu_type == 0b00:
        return ShortReport.decode(payload).report()
    if pdu_type != 0b01:
        return OtherPdu(pdu_type=pdu_type, extension=None, words="reserved type")
    extension = reader.unsigned(4)
    if extension == 3:
        return _long_report(reader)
    words = tables.LIP_EXTENSION_WORDS.get(extension, "reserved")
    return OtherPdu(pdu_type=pdu_type, extension=extension, words=words)


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


def _scaled(angle_deg: float, span_deg: int, width: int) -> int:
    """Return the nearest raw angle; the upper edge of the range has no code of its own."""
    return min(round(angle_deg * (1 << width) / span_deg), (1 << width - 1) - 1)


def _long_report(reader: BitReader) -> Report:
    time_elapsed, time_of_position = _time(reader)
    shape = reader.unsigned(4)
    if shape not in _SHAPE_EXTRA_BITS:
        raise ValueError(f"LIP long report: position shape {shape} is not known")
    latitude_deg = longitude_deg = error_m = altitude_m = None
    if shape != _SHAPE_NONE:
        longitude_deg = reader.signed(_LONGITUDE_BITS) * 360 / (1 << _LONGITUDE_BITS)
        latitude_deg = reader.signed(_LATITUDE_BITS) * 180 / (1 << _LATITUDE_BITS)
        width = _SHAPE_EXTRA_BITS[shape]
        extra = Payload(value=reader.unsigned(width), length_bits=width)
        altitude_m = _altitude(shape, extra)
        if shape == _SHAPE_WITH_ERROR:
            error_m = tables.LIP_POSITION_ERROR_M[extra.value]
    velocity_type = reader.unsigned(3)
    velocity = reader.unsigned(_VELOCITY_BITS[velocity_type])
    ack_requested = bool(reader.unsigned(1))
    is_reason = reader.unsigned(1) == 0
    additional = reader.unsigned(8)
    return Report(
        long=True,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        position_error_m=error_m,
        speed_kmh=decode_velocity(velocity) if velocity_type == 1 else None,
        altitude_m=altitude_m,
        time_elapsed=time_elapsed,
        time_of_position=time_of_position,
        reason=additional if is_reason else None,
        user_data=None if is_reason else additional,
        ack_requested=ack_requested,
    )


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


def _altitude(shape: int, extra: Payload) -> float | None:
    """Return metres for the linear part of the scale; above it no public source has the rule."""
    start = _SHAPE_ALTITUDE_AT.get(shape)
    if start is None:
        return None
    reader = BitReader(extra)
    reader.unsigned(start + 1)
    raw = reader.unsigned(11)
    return float(raw - _ALTITUDE_OFFSET_M) if raw <= _ALTITUDE_LINEAR_LAST else None
