"""TETRA addresses as a terminal writes them: SSI, or TSI in 15, 16 or 17 digits.

The number of digits alone decides, and slicing is done from the right: the last eight digits are
the SSI. The type code beside an address is not used, radios disagree on it.
"""

from dataclasses import dataclass

from gateway.tetra.tables import MAX_SSI

SSI_DIGITS = 8
"""Most digits of an SSI, and its width inside a TSI."""

_MNC_DIGITS = {15: 4, 16: 5, 17: 5}
"""Digits of a TSI -> digits of its network code; what is left in front is the country code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A short subscriber identity, with its network where the radio named one."""

    ssi: int
    mcc: int | None = None
    mnc: int | None = None

    def as_dict(self) -> dict[str, int | None]:
        """Return ``{"ssi", "mcc", "mnc"}`` for JSON."""
        return {"ssi": self.ssi, "mcc": self.mcc, "mnc": self.mnc}


def parse_address(text: str) -> Address:
    """Return the address in ``text``; raises ValueError unless it has 1-8 or 15-17 digits."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal():
        raise ValueError(f"address: expected decimal digits, got {text!r}")
    if len(digits) <= SSI_DIGITS:
        return Address(ssi=_ssi(digits))
    mnc_digits = _MNC_DIGITS.get(len(digits))
    if mnc_digits is None:
        raise ValueError(f"address: expected 1 to 8 or 15 to 17 digits, got {len(digits)}")
    network = digits[:-SSI_DIGITS]
    return Address(
        ssi=_ssi(digits[-SSI_DIGITS:]),
        mcc=int(network[:-mnc_digits]),
        mnc=int(network[-mnc_digits:]),
    )


def parse_mni(text: str) -> tuple[int, int]:
    """Return (MCC, MNC) of a network identity of 8 digits, the last five being the MNC."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) != 8:
        raise ValueError(f"network identity: expected 8 digits, got {text!r}")
    return int(digits[:3]), int(digits[3:])


def _ssi(digits: str) -> int:
    ssi = int(digits)
    if ssi > MAX_SSI:
        raise ValueError(f"SSI: expected at most {MAX_SSI}, got {ssi}")
    return ssi
