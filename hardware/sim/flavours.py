"""What sets the radios of one maker apart, as far as it is public."""

from dataclasses import dataclass

_VENDOR = frozenset({"CTSCAN", "GCLI", "GPSPOS", "CXDCL", "MCDNTN", "CSCS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """One maker's manner."""

    maker: str
    model: str
    firmware: str
    reboots_on_reset: bool = False
    """``ATZ`` restarts the radio, silently."""
    tells_identity: bool = True
    """Whether ``ATI`` is answered; else ``+CME ERROR: 34``."""
    vendor_commands: frozenset[str] = frozenset()
    nibble_payload: bool = False
    """Hex of a message ends at the last digit that holds bits, not at a whole octet."""

    def padded(self, payload: str, bits: int) -> str:
        """Return the hex of a message of so many bits as this maker writes it."""
        digits = -(-bits // 4) if self.nibble_payload else -(-bits // 8) * 2
        return payload[:digits].ljust(digits, "0") if len(payload) >= -(-bits // 4) else payload


FLAVOURS = {
    "motorola": Flavour(
        maker="MOTOROLA",
        model="54021,M83PFT6TZ6AG,91.2.0.0",
        firmware="R27.220.9999",
        vendor_commands=_VENDOR,
    ),
    "sepura": Flavour(
        maker="SEPURA",
        model="STP9000",
        firmware="0.0.0",
        reboots_on_reset=True,
        tells_identity=False,
        nibble_payload=True,
    ),
    "generic": Flavour(maker="SIMULATED", model="TETRA", firmware="1"),
}
VENDOR_COMMANDS = _VENDOR
