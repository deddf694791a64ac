"""Frames of a modem and datagrams of a MMDVM P25 network as JSON keys."""

from collections.abc import Callable
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.air.frame import decode_frame
from gateway.p25.modem import wire
from gateway.p25.modem.orders import Frequencies, level_octet, read_config
from gateway.p25.modem.replies import (
    CPUS,
    AirData,
    Flag,
    Mode,
    Nak,
    Status,
    Version,
)
from gateway.p25.modem.wire import Frame, FrameReader, Rubbish
from gateway.p25.modem.words import REASONS, debug_text, mode_name
from gateway.p25.network.datagrams import (
    End,
    Poll,
    TalkgroupNotice,
    Unlink,
    Voice,
    decode_datagram,
)
from gateway.p25.words import tables
from samband.decode_fne_rows import record_row
from samband.decode_p25_frames import pdu_row, tsbk_rows, unit_row
from samband.decode_rows import Row

_UNIT_KINDS: Final = {
    tables.HDU: "hdu",
    tables.LDU1: "ldu",
    tables.LDU2: "ldu",
    tables.TDU: "tdu",
    tables.TDULC: "tdu",
}


def modem_row(octets: bytes) -> Row:
    """Return one frame of the serial protocol; raises ProtocolViolation.

    Only a frame on air inside has error correction; all else has none: ``errors`` is then 0.
    """
    frame = _only_frame(octets)
    row: Row = {"type": _type(frame), "length": len(octets), "payload_length": len(frame.payload)}
    reader = _READERS.get(frame.kind)
    if reader is None:
        return {"errors": 0} | row | ({"payload": frame.payload.hex()} if frame.payload else {})
    try:
        return {"errors": 0} | row | reader(frame)
    except ProtocolViolation as fault:
        inside = max(octets.find(fault.raw), 0)  # a frame on air lies within
        raise ProtocolViolation(str(fault), raw=octets, offset=inside + fault.offset) from None


def _only_frame(octets: bytes) -> Frame:
    reader = FrameReader()
    found = reader.feed(octets)
    if reader.begun:
        raise ProtocolViolation(
            f"frame: cut short, {len(octets)} octets", raw=octets, offset=len(octets)
        )
    first = found[0] if found else Rubbish(0, b"")
    if isinstance(first, Rubbish):
        raise ProtocolViolation("frame: expected E0, a length and a type", raw=octets, offset=0)
    size = len(first.encode())
    if size != len(octets):
        raise ProtocolViolation(
            f"frame: its length says {size} octets, got {len(octets)}", raw=octets, offset=size
        )
    return first


def _type(frame: Frame) -> str:
    """Return the frame's name; what goes both ways, and the long form, are told apart."""
    name = wire.name_of(frame.kind)
    if frame.kind == wire.GET_VERSION and frame.payload:
        return f"{name} v{min(frame.payload[0], 2)} reply"
    if frame.kind == wire.GET_STATUS and frame.payload:
        return f"{name} v{Status.decode(frame).protocol} reply"
    return f"{name} long form" if len(frame.encode()) > wire.MAX_SHORT_OCTETS else name


def _version(frame: Frame) -> Row:
    if not frame.payload:
        return {}
    version = Version.decode(frame)
    row: Row = {"protocol": version.protocol, "text": version.text}
    if version.capabilities is None:
        return row
    cpu = CPUS.get(version.cpu or 0, "unknown")
    return row | {
        "capabilities": f"{version.capabilities:02x}",
        "capabilities_2": f"{version.capabilities_2:02x}",
        "p25": version.p25,
        "cpu": version.cpu,
        "cpu_words": cpu,
        "udid": version.udid.hex(),
    }


def _status(frame: Frame) -> Row:
    if not frame.payload:
        return {}
    status = Status.decode(frame)
    row: Row = {
        "protocol": status.protocol,
        "mode": status.mode,
        "mode_words": mode_name(status.mode),
        "flags": f"{int(status.flags):02x}",
    }
    row |= {_FLAG_KEYS[flag]: flag in status.flags for flag in Flag}
    if status.modes is not None:
        row["modes"] = _modes(status.modes)
    return row | {f"{name}_space": space for name, space in status.spaces.items()}


_FLAG_KEYS: Final = {
    Flag.TX: "tx",
    Flag.ADC_OVERFLOW: "adc_overflow",
    Flag.RX_OVERFLOW: "rx_overflow",
    Flag.TX_OVERFLOW: "tx_overflow",
    Flag.LOCKOUT: "lockout",
    Flag.DAC_OVERFLOW: "dac_overflow",
    Flag.CARRIER: "carrier",
}
_MODE_NAMES: Final = {
    Mode.DSTAR: "D-Star",
    Mode.DMR: "DMR",
    Mode.YSF: "YSF",
    Mode.P25: "P25",
    Mode.NXDN: "NXDN",
}


def _modes(bits: int) -> list[str]:
    return [name for mode, name in _MODE_NAMES.items() if bits & mode]


def _config(frame: Frame) -> Row:
    version, modes, setup = read_config(frame)
    return {
        "version": version,
        "modes": _modes(modes),
        "rx_invert": setup.rx_invert,
        "tx_invert": setup.tx_invert,
        "ptt_invert": setup.ptt_invert,
        "cos_lockout": setup.cos_lockout,
        "duplex": setup.duplex,
        "tx_delay_ms": setup.tx_delay_ms,
        "mode": setup.mode,
        "rx_level": level_octet(setup.rx_level),
        "p25_level": level_octet(setup.tx_level),
        "rx_offset": setup.rx_offset,
        "tx_offset": setup.tx_offset,
        "p25_hang_s": setup.hang_s,
    }


def _mode(frame: Frame) -> Row:
    mode = frame.payload[0]
    return {"mode": mode, "mode_words": mode_name(mode)}


def _frequencies(frame: Frame) -> Row:
    hertz = Frequencies.decode(frame)
    return {
        "rx_hz": hertz.rx_hz,
        "tx_hz": hertz.tx_hz,
        "level": hertz.power,
        "pocsag_hz": hertz.pocsag_hz,
    }


def _ack(frame: Frame) -> Row:
    command = frame.payload[0]
    return {"command": command, "command_name": wire.name_of(command)}


def _nak(frame: Frame) -> Row:
    nak = Nak.decode(frame)
    words = REASONS.get(nak.reason, "not known")
    return _ack(frame) | {"reason": nak.reason, "reason_words": words}


def _air(frame: Frame) -> Row:
    air = AirData.decode(frame)
    row: Row = {"control": air.control, "sync_seen": air.sync_seen, "frame": air.data.hex()}
    if air.rssi is not None:
        row["rssi"] = air.rssi
    unit = decode_frame(air.data)
    kind = _UNIT_KINDS.get(unit.duid)
    row["unit"] = tables.UNITS_ON_AIR.get(unit.duid, "reserved")
    if kind is not None:
        return row | unit_row(air.data, kind)
    if unit.duid == tables.PDU:
        return row | pdu_row(air.data)
    if unit.duid == tables.TSDU:
        way = "isp" if air.sync_seen else "osp"
        return row | next(tsbk_rows([f"{way} {air.data.hex()}"]))
    return row | {"nac": f"{unit.nac:03x}", "duid": unit.duid, "errors": unit.errors}


def _debug(frame: Frame) -> Row:
    return {"text": debug_text(frame)}


_READERS: Final[dict[int, Callable[[Frame], Row]]] = {
    wire.GET_VERSION: _version,
    wire.GET_STATUS: _status,
    wire.SET_CONFIG: _config,
    wire.SET_MODE: _mode,
    wire.SET_FREQ: _frequencies,
    wire.ACK: _ack,
    wire.NAK: _nak,
    wire.P25_HDR: _air,
    wire.P25_LDU: _air,
    **dict.fromkeys(range(wire.DEBUG1, wire.DEBUG5 + 1), _debug),
}


def network_row(octets: bytes) -> Row:
    """Return one datagram of a MMDVM P25 network; raises ProtocolViolation."""
    message = decode_datagram(octets)
    row: Row = {"length": len(octets), "errors": 0}
    match message:
        case Voice():
            return {"type": "voice"} | row | record_row(octets)
        case TalkgroupNotice():
            return {"type": "talkgroup notice"} | row | {"group": message.group}
        case Poll() | Unlink():
            kind = "poll" if isinstance(message, Poll) else "unlink"
            return {"type": kind} | row | {"callsign": message.callsign}
        case End():
            return {"type": "end of call"} | row
    return {"type": "unknown"} | row | {"record": f"{octets[0]:02x}", "data": octets.hex()}
