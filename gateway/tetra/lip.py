"""Location information protocol: short report both ways, long report received (392-18 6.2, 6.3).

A LIP message is SDS type 4 with protocol identifier 0x0A and no SDS-TL header; the PDUs here are
what follows that identifier. Bit 1 is sent first. Units and scales are in ``lip_values``, the long
report in ``lip_long``, requests and answers in ``lip_requests``.
"""

import math
from dataclasses import dataclass

from gateway.tetra import tables
from gateway.tetra.bits import BitReader, Payload
from gateway.tetra.lip_long import decode_long
from gateway.tetra.lip_requests import Extension, decode_other
from gateway.tetra.lip_values import (
    DIRECTION_STEP_DEG,
    LATITUDE_BITS,
    LONGITUDE_BITS,
    OtherPdu,
    Report,
    TimeOfPosition,
    decode_velocity,
    encode_velocity,
    latitude_deg,
    longitude_deg,
)

PID_BITS = 8
SHORT_BITS = 76
"""Bits of a short location report behind the protocol identifier."""


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
            longitude_raw=reader.signed(LONGITUDE_BITS),
            latitude_raw=reader.signed(LATITUDE_BITS),
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
        step = math.trunc((direction_deg % 360 + DIRECTION_STEP_DEG / 2) / DIRECTION_STEP_DEG)
        return cls(
            time_elapsed=time_elapsed,
            longitude_raw=_scaled(longitude_deg, 360, LONGITUDE_BITS),
            latitude_raw=_scaled(latitude_deg, 180, LATITUDE_BITS),
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
            (self.longitude_raw, LONGITUDE_BITS),
            (self.latitude_raw, LATITUDE_BITS),
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
            latitude_deg=latitude_deg(self.latitude_raw),
            longitude_deg=longitude_deg(self.longitude_raw),
            position_error_m=tables.LIP_POSITION_ERROR_M[self.position_error],
            speed_kmh=speed_kmh,
            direction_deg=None if speed_kmh is None else self.direction * DIRECTION_STEP_DEG,
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
    if extension == Extension.LONG_REPORT:
        return decode_long(reader)
    return decode_other(extension, reader)


def _scaled(angle_deg: float, span_deg: int, width: int) -> int:
    """Return the nearest raw angle; the upper edge of the range has no code of its own."""
    return min(round(angle_deg * (1 << width) / span_deg), (1 << width - 1) - 1)


__all__ = [
    "OtherPdu",
    "Report",
    "ShortReport",
    "TimeOfPosition",
    "decode",
    "decode_velocity",
    "encode_velocity",
]
