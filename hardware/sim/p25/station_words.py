"""Words of a simulated P25 station, built from their layouts: link control, header, TSBK.

Written from the reference (1.7, 1.8, 1.12, 1.15, 1.16, 2.3) by itself; it shares the error
correcting codes of ``voicecodecs.fec`` with the gateway and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hardware.sim.p25.stage_voice import SimOver
from voicecodecs.fec.reed_solomon import RS_24_12, RS_24_16, RS_36_20, hexbits, octets_of

GROUP_VOICE, UNIT_VOICE = 0x00, 0x03
EMERGENCY_BIT, PROTECTED_BIT = 0x80, 0x40
NORMAL_PRIORITY = 4
CLEAR = 0x80
STATUS, STATUS_RESPONSE, STATUS_QUERY, MESSAGE, ALERT = 0x18, 0x19, 0x1A, 0x1C, 0x1F
ACK, CANCEL, FUNCTION, ALARM, AFFILIATE = 0x20, 0x23, 0x24, 0x27, 0x28
DEREGISTER, REGISTER = 0x2B, 0x2C
FUNCTION_DONE = 0x80
REFUSED_BY_TARGET = 0x2F


def link_control(over: SimOver) -> bytes:
    """Return the nine octets of an over's link control."""
    service = NORMAL_PRIORITY
    service |= EMERGENCY_BIT if over.emergency else 0
    service |= PROTECTED_BIT if over.algorithm != CLEAR else 0
    if over.target is not None:
        return bytes([UNIT_VOICE, 0, service]) + _three(over.target) + _three(over.unit)
    return bytes([GROUP_VOICE, 0, service, 0]) + over.group.to_bytes(2, "big") + _three(over.unit)


def encryption_sync(over: SimOver) -> bytes:
    """Return the twelve octets of an over's encryption sync."""
    return over.message_indicator + bytes([over.algorithm]) + over.key_id.to_bytes(2, "big")


def header_symbols(over: SimOver) -> bytes:
    """Return the 36 symbols of an over's header word, one an octet."""
    data = over.message_indicator + bytes([0, over.algorithm])
    data += over.key_id.to_bytes(2, "big") + over.group.to_bytes(2, "big")
    return bytes(RS_36_20.encode(hexbits(data)))


def pieces(word: bytes, second: bool) -> list[bytes]:
    """Return the six pieces of three octets of an LDU's word."""
    coded = octets_of((RS_24_16 if second else RS_24_12).encode(hexbits(word)))
    return [coded[at : at + 3] for at in range(0, 18, 3)]


def word_of(parts: Sequence[bytes], second: bool) -> bytes | None:
    """Return the word of six pieces, None when it is beyond correction."""
    read = (RS_24_16 if second else RS_24_12).decode(hexbits(b"".join(parts)))
    return octets_of(read.data) if read.ok else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardHeader:
    """What the gateway's header says."""

    algorithm: int
    key_id: int
    group: int


def header_of(symbols: bytes) -> HeardHeader | None:
    """Return what 36 symbols say, None when they are beyond correction."""
    read = RS_36_20.decode([one & 0x3F for one in symbols])
    if not read.ok:
        return None
    data = octets_of(read.data)
    return HeardHeader(
        algorithm=data[10],
        key_id=int.from_bytes(data[11:13], "big"),
        group=int.from_bytes(data[13:15], "big"),
    )


# -- signalling blocks: octets 2 to 9 are the arguments, bits 16 to 79


def block(opcode: int, arguments: bytes) -> bytes:
    """Return a single signalling block of 12 octets with its check."""
    body = bytes([0x80 | opcode, 0]) + arguments.rjust(8, b"\0")
    return body + _crc(body).to_bytes(2, "big")


def block_holds(octets: bytes) -> bool:
    """Say whether a block has the right length and check."""
    return len(octets) == 12 and _crc(octets[:10]) == int.from_bytes(octets[10:], "big")


def status(unit: int, to: int, value: int, *, response: bool = False) -> bytes:
    """Return a status update, or the response to a query."""
    opcode = STATUS_RESPONSE if response else STATUS
    return block(opcode, value.to_bytes(2, "big") + _three(to) + _three(unit))


def asks(opcode: int, unit: int, to: int) -> bytes:
    """Return a block that names only target and source: call alert, status query."""
    return block(opcode, _three(to) + _three(unit))


def message(unit: int, to: int, value: int) -> bytes:
    """Return a message update."""
    return block(MESSAGE, value.to_bytes(2, "big") + _three(to) + _three(unit))


def alarm(unit: int, group: int) -> bytes:
    """Return an emergency alarm."""
    return block(ALARM, bytes(3) + group.to_bytes(2, "big") + _three(unit))


def affiliation(unit: int, group: int, system: int) -> bytes:
    """Return a group affiliation request."""
    return block(AFFILIATE, system.to_bytes(3, "big") + group.to_bytes(2, "big") + _three(unit))


def registration(unit: int, wacn: int, system: int) -> bytes:
    """Return a unit registration request."""
    home = (wacn << 12 | system).to_bytes(4, "big")
    return block(REGISTER, b"\0" + home + _three(unit))


def deregistration(unit: int, wacn: int, system: int) -> bytes:
    """Return a de-registration."""
    home = (wacn << 12 | system).to_bytes(4, "big")
    return block(DEREGISTER, b"\0" + home + _three(unit))


def acknowledge(service: int, unit: int, to: int) -> bytes:
    """Return a unit's acknowledgement of a service."""
    return block(ACK, bytes([service, 0]) + _three(to) + _three(unit))


def cancel(service: int, reason: int, unit: int) -> bytes:
    """Return a unit's refusal of a service."""
    return block(CANCEL, bytes([service, reason]) + bytes(3) + _three(unit))


def function(number: int, argument: int, unit: int) -> bytes:
    """Return an extended function response."""
    return block(FUNCTION, number.to_bytes(2, "big") + _three(argument) + _three(unit))


def answer_to(octets: bytes, *, deny: int | None, status_value: int) -> tuple[int, bytes] | None:
    """Return (unit, block) of what a unit answers to a block of the gateway; None: nothing.

    ``deny`` is the reason of a unit that refuses.
    """
    opcode = octets[0] & 0x3F
    source, target = int.from_bytes(octets[4:7], "big"), int.from_bytes(octets[7:10], "big")
    if opcode in (ALERT, STATUS, STATUS_QUERY, MESSAGE):
        source, target = target, source  # target 32-55, source 56-79
        if deny is not None:
            return target, cancel(opcode, deny, target)
        if opcode == STATUS_QUERY:
            return target, status(target, source, status_value, response=True)
        return target, acknowledge(opcode, target, source)
    if opcode == FUNCTION:
        if deny is not None:
            return target, cancel(opcode, deny, target)
        number = int.from_bytes(octets[2:4], "big") | FUNCTION_DONE
        return target, function(number, source, target)
    return None


def _three(number: int) -> bytes:
    return number.to_bytes(3, "big")


def _crc(octets: bytes) -> int:
    register = 0
    for octet in octets:
        register ^= octet << 8
        for _ in range(8):
            register = (register << 1 ^ (0x1021 if register & 0x8000 else 0)) & 0xFFFF
    return register ^ 0xFFFF
