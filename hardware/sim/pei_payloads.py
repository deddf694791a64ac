"""Payloads that simulated people send: texts, reports, places, as hex digits.

Layouts from the public reference of SDS-TL (EN 300 392-2 29) and LIP (TS 100 392-18-1), written
apart from the driver's decoder. First bit first.
"""

import math

CODING_LATIN_1, CODING_UTF_16 = 0x01, 0x1A
REPORT_BITS = {"": 0b0010, "received": 0b0110, "consumed": 0b1010, "both": 0b1110}
"""Low half of octet 2 of an SDS-TRANSFER: report asked, then "no short form wanted"."""

ERROR_LIMITS_M = (2.0, 20.0, 200.0, 2_000.0, 20_000.0, 200_000.0)


def text_payload(text: str, pid: int, reference: int, report: str) -> str:
    """Return a text under ``pid``; Latin-1 where it fits, else UTF-16."""
    try:
        coded, coding = text.encode("latin-1"), CODING_LATIN_1
    except UnicodeEncodeError:
        coded, coding = text.encode("utf-16-be"), CODING_UTF_16
    if pid & 0x80:
        head = bytes((pid, REPORT_BITS[report], reference, coding))
    else:
        head = bytes((pid, coding))
    return (head + coded).hex().upper()


def report_payload(pid: int, status: int, reference: int) -> str:
    """Return an SDS-REPORT."""
    return bytes((pid, 0b0001_0000, status, reference)).hex().upper()


def short_report(read: bool, reference: int) -> str:
    """Return the short report that travels as a status: 011111, 2 received or 3 read."""
    return f"{0x7C00 | (3 if read else 2) << 8 | reference:04X}"


def location_bits(
    *,
    latitude_deg: float,
    longitude_deg: float,
    error_m: float | None = None,
    speed_kmh: float | None = None,
    direction_deg: float = 0.0,
    elapsed: int = 0,
    reason: int = 3,
) -> str:
    """Return a short location report, 84 bits with its protocol id, as hex padded to octets."""
    place_error = 7
    if error_m is not None:
        place_error = next((n for n, limit in enumerate(ERROR_LIMITS_M) if error_m <= limit), 6)
    heading = 15 if speed_kmh is None else int((direction_deg + 11.25) / 22.5) % 16
    fields = (
        (0x0A, 8),
        (0, 2),
        (elapsed, 2),
        (round(longitude_deg * 2**25 / 360.0), 25),
        (round(latitude_deg * 2**24 / 180.0), 24),
        (place_error, 3),
        (_speed_code(speed_kmh), 7),
        (heading, 4),
        (0, 1),
        (reason, 8),
    )
    bits = "".join(f"{value & (1 << width) - 1:0{width}b}" for value, width in fields)
    return f"{int(bits.ljust(-(-len(bits) // 8) * 8, '0'), 2):0{-(-len(bits) // 8) * 2}X}"


LOCATION_BITS = 8 + 2 + 2 + 25 + 24 + 3 + 7 + 4 + 1 + 8


def _speed_code(speed_kmh: float | None) -> int:
    if speed_kmh is None:
        return 127
    if speed_kmh <= 28:
        return round(speed_kmh)
    return min(126, round(13 + math.log(speed_kmh / 16.0) / math.log(1.038)))


def reports_wanted(payload: bytes) -> tuple[bool, bool]:
    """Return whether a host's payload asks for a receipt and for a read report."""
    if len(payload) < 3 or not payload[0] & 0x80 or payload[1] >> 4 != 0:
        return False, False
    return bool(payload[1] & 0b0100), bool(payload[1] & 0b1000)
