"""What the modem says, in the words of whoever has to mend it."""

from collections.abc import Callable

from gateway.p25.modem import wire
from gateway.p25.modem.orders import Frequencies, read_config
from gateway.p25.modem.replies import AIR_UNITS, CPUS, MODES, AirData, Flag, Nak, Version
from gateway.p25.modem.wire import Frame

REASONS = {
    1: "it does not know the command",
    2: "it is in the wrong state, or the mode is not enabled",
    4: "parameters it cannot take",
    5: "its buffer is full",
    6: "the board cannot do duplex",
}
"""Reasons of NAK. 6 is MMDVM_HS alone; forks have others (reference p25, part 7)."""
_BUFFER_FULL = 5

_HINTS = {
    (wire.SET_CONFIG, 1): "Firmware and protocol version do not fit: update the firmware.",
    (wire.SET_CONFIG, 2): "Firmware without P25, or busy: restart the board.",
    (wire.SET_CONFIG, 4): "Check levels and TX delay; the firmware may be older than its "
    "protocol, or built without P25.",
    (wire.SET_CONFIG, 6): "Switch duplex off: this board has one radio.",
    (wire.SET_FREQ, 1): "This board has no synthesiser: leave the frequencies out.",
    (
        wire.SET_FREQ,
        4,
    ): "Check the frequencies: they must be in a band that the board is built for.",
    (wire.SET_FREQ, 6): "Set both frequencies equal: this board has one radio.",
    (wire.SET_MODE, 2): "The firmware lacks P25, or SET_CONFIG did not enable it.",
    (wire.SET_MODE, 4): "The firmware lacks P25.",
}
_FLAG_WORDS = {
    Flag.ADC_OVERFLOW: "receiver overdriven (ADC overflow): lower the receive level",
    Flag.RX_OVERFLOW: "receive buffer overflow: the computer reads too slowly",
    Flag.TX_OVERFLOW: "transmit buffer overflow: voice was lost",
    Flag.DAC_OVERFLOW: "transmitter overdriven (DAC overflow): lower the transmit level",
    Flag.LOCKOUT: "locked out by its COS input: it does not transmit",
}
FAULT_FLAGS = Flag.ADC_OVERFLOW | Flag.RX_OVERFLOW | Flag.TX_OVERFLOW | Flag.DAC_OVERFLOW
"""Flags that come and go within a moment, and are shown for some seconds."""


def nak_words(nak: Nak, firmware: str) -> str:
    """Return what was refused, why, by which firmware, and what may help."""
    name = wire.name_of(nak.command)
    reason = REASONS.get(nak.reason, "a reason that is not known")
    sentence = f"the modem refused {name}: {reason} (reason {nak.reason})"
    if firmware:
        sentence += f"; firmware {firmware}"
    hint = _HINTS.get((nak.command, nak.reason), "")
    return f"{sentence}. {hint}" if hint else sentence


def buffer_full(nak: Nak) -> bool:
    """Say whether a NAK speaks of a full buffer, which passes."""
    return nak.reason == _BUFFER_FULL


def flag_words(flags: Flag) -> str:
    """Return what is wrong by the flags; empty for nothing."""
    return "; ".join(words for flag, words in _FLAG_WORDS.items() if flag in flags)


def version_words(version: Version) -> str:
    """Return what the board says of itself."""
    cpu = "" if version.cpu is None else f", {CPUS.get(version.cpu, f'CPU {version.cpu}')}"
    udid = f", UDID {version.udid.hex()}" if version.udid else ""
    return f"{version.text}; protocol {version.protocol}{cpu}{udid}"


def mode_name(mode: int) -> str:
    """Return a mode's name, or its number."""
    return MODES.get(mode, f"mode {mode}")


def frame_words(frame: Frame) -> str:
    """Return a frame in words, for the engineer's page."""
    name = wire.name_of(frame.kind)
    say = _SAY.get(frame.kind)
    return name if say is None else f"{name} {say(frame)}"


def _frequencies(frame: Frame) -> str:
    hertz = Frequencies.decode(frame)
    return f"receive {hertz.rx_hz} Hz, transmit {hertz.tx_hz} Hz"


def _configuration(frame: Frame) -> str:
    _, _, setup = read_config(frame)
    way = "duplex" if setup.duplex else "simplex"
    levels = f"levels {setup.rx_level:.0f}/{setup.tx_level:.0f} %"
    return f"{levels}, TX delay {setup.tx_delay_ms} ms, {way}"


def _octets(frame: Frame) -> str:
    return f"{len(frame.payload)} octets"


def air_words(data: AirData) -> str:
    """Return a frame on air in a few words."""
    rssi = "" if data.rssi is None else f", RSSI {data.rssi}"
    sync = "" if data.sync_seen else ", sync not seen"
    unit = AIR_UNITS.get(len(data.data), f"{len(data.data)} octets")
    return f"{unit}{rssi}{sync}"


_DEBUG_VALUE_OCTETS = 2


def debug_text(frame: Frame) -> str:
    """Return a debug message: text, then one to four numbers of 16 bits in DEBUG2 to DEBUG5."""
    count = frame.kind - wire.DEBUG1
    cut = len(frame.payload) - count * _DEBUG_VALUE_OCTETS
    text, tail = (frame.payload[:cut], frame.payload[cut:]) if cut >= 0 else (frame.payload, b"")
    numbers = [
        str(int.from_bytes(tail[place : place + _DEBUG_VALUE_OCTETS], "big", signed=True))
        for place in range(0, len(tail), _DEBUG_VALUE_OCTETS)
    ]
    return " ".join([text.decode("latin-1").strip(), *numbers])


_SAY: dict[int, Callable[[Frame], str]] = {
    wire.SET_MODE: lambda frame: mode_name(frame.payload[0]),
    wire.SET_FREQ: _frequencies,
    wire.SET_CONFIG: _configuration,
    wire.P25_HDR: lambda frame: air_words(AirData.decode(frame)),
    wire.P25_LDU: lambda frame: air_words(AirData.decode(frame)),
    wire.SERIAL_DATA: _octets,
    wire.TRANSPARENT: _octets,
    wire.DEBUG_DUMP: _octets,
    **dict.fromkeys(range(wire.DEBUG1, wire.DEBUG5 + 1), debug_text),
}
"""What is said of a frame beside its name."""
