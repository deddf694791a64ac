"""Messages, voice packets and V.24 records of the fixed-station interface as JSON keys."""

from gateway.model.ids import MonoMs
from gateway.p25.dfsi import control, v24
from gateway.p25.dfsi.blocks import (
    HEXBITS,
    Block,
    BlockType,
    EndOfStream,
    StartAck,
    StartOfStream,
    UnknownBlock,
    VoiceBlock,
    VoiceHeader,
    decode_voice_block,
    decode_voice_header,
)
from gateway.p25.dfsi.control_words import words_of
from gateway.p25.dfsi.header_word import decode_header
from gateway.p25.dfsi.ldu_word import LduWord, piece_index
from gateway.p25.dfsi.rtp import HEADER_OCTETS, V24_DATA, V24_VOICE, RtpPacket, decode_rtp
from gateway.p25.dfsi.voice_packet import VoicePacket, decode_voice_packet
from gateway.p25.talk.records import FIRST_ID, FRAMES_PER_LDU, PLACES
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.tsbk import decode_tsbk
from samband.decode_p25_words import link_control_row, tsbk_row
from samband.decode_rows import Row

TYPE_NAMES = {
    BlockType.VOICE: "voice",
    BlockType.VOICE_HEADER_1: "voice-header-1",
    BlockType.VOICE_HEADER_2: "voice-header-2",
    BlockType.START_OF_STREAM: "start-of-stream",
    BlockType.END_OF_STREAM: "end-of-stream",
    BlockType.START_ACK: "start-of-stream-ack",
}
_BUSY_WORDS = ("talk-around", "busy", "inbound", "idle")
_RECORD_TYPES = (bytes([V24_VOICE]), bytes([V24_DATA]))
_FRAME_MS = 20


def control_row(octets: bytes) -> Row:
    """Return a control message."""
    message = control.decode_control(octets)
    row: Row = {"name": "UNKNOWN", "id": f"{octets[0]:02x}", "words": words_of(message)}
    match message:
        case control.Ack():
            return row | _ack(message)
        case control.UnknownControl():
            return row | {"hex": octets.hex()}
        case control.Heartbeat():
            fields: Row = {"extra": message.extra.hex() or None}
        case control.Connect():
            fields = {
                "port": message.voice_port,
                "ssrc": message.ssrc,
                "fshb": message.station_heartbeat_s,
                "hosthb": message.host_heartbeat_s,
                "tag": message.tag,
            }
        case control.SelectChannel():
            channels = {"rx": message.receive_channel, "tx": message.transmit_channel}
            fields = {"tag": message.tag, **channels}
        case control.ReportModes() | control.Disconnect():
            fields = {"tag": message.tag}
    name = control.NAMES[control.MessageId(octets[0])]
    return row | {"name": name, "version": message.version, **fields}


def _ack(ack: control.Ack) -> Row:
    asked = control.NAMES.get(ack.message, f"{ack.message:02X}")  # type: ignore[call-overload]  # a number that may be no member
    code = ack.code
    known = code in control.CODE_WORDS
    why = "NAK" if code == 1 or not known else f"NAK_{control.AckCode(code).name}"
    row: Row = {
        "name": f"ACK_{asked}" if code == control.AckCode.ACK else why,
        "version": ack.version,
        "acked": f"{ack.message:02x}",
        "acked_version": ack.message_version,
        "tag": ack.tag,
        "code": code,
        "code_words": control.code_words(code),
        "data": ack.data.hex(),
    }
    if ack.voice_port is not None:
        row["port"] = ack.voice_port
    if (modes := ack.modes) is not None:
        row |= {
            "repeat_inbound": modes.repeat_inbound,
            "rx": modes.receive_channel,
            "tx": modes.transmit_channel,
            "monitor": modes.monitor,
        }
    return row


class Words:
    """The words that are cut over several items: header, link control, encryption sync."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._halves: dict[bool, bytes] = {}
        self._link_control = LduWord(second=False)
        self._sync = LduWord(second=True)
        self._now = MonoMs(0)

    def half(self, second: bool, hexbits: bytes) -> Row:
        """Take half of a header word; returns what the whole says once it is there."""
        self._halves[second] = hexbits
        if len(self._halves) < 2:
            return {}
        whole = self._halves[False] + self._halves[True]
        self._halves.clear()
        return header_row(whole)

    def piece(self, place: int, piece: bytes) -> Row:
        """Take what stands beside a voice frame; returns the word that it completes."""
        self._now = MonoMs(self._now + _FRAME_MS)
        index = piece_index(place)
        if index is None:
            return {}
        second = place >= FRAMES_PER_LDU
        word = self._sync if second else self._link_control
        row: Row = {}
        for octets in word.take(index, piece, self._now):
            if octets is None:
                row = {"word_errors": None}
            elif second:
                row = {**_sync(EncryptionSync.decode(octets)), "word_errors": word.errors}
            else:
                row = {"link_control": link_control_row(octets), "word_errors": word.errors}
        return row


def header_row(symbols: bytes) -> Row:
    """Return what a header word of 36 symbols, one an octet, says."""
    read = decode_header(symbols)
    if read.word is None:
        return {"word_errors": None}
    return {
        **_sync(read.word.sync),
        "mfid": f"{read.word.manufacturer:02x}",
        "group": read.word.group,
        "word_errors": read.errors,
    }


def _sync(sync: EncryptionSync) -> Row:
    return {
        "mi": sync.message_indicator.hex(),
        "algid": f"{sync.algorithm:02x}",
        "kid": f"{sync.key_id:04x}",
    }


class VoiceReader:
    """Reads what belongs to the voice conveyance: a whole RTP packet, its payload, or one block.

    36 octets below 40 are the symbols of a header word, 18 those of half of one.
    """

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._words = Words()
        self._records = RecordReader()

    def row(self, octets: bytes) -> Row:
        """Return one item; raises ProtocolViolation."""
        if len(octets) in (HEXBITS, 2 * HEXBITS) and max(octets) < 0x40:
            whole = len(octets) == 2 * HEXBITS
            row = header_row(octets) if whole else {}
            return {"type": "header", "hexbits": octets.hex(), "errors": 0} | row | _errors(row)
        if 0x60 <= octets[0] < FIRST_ID and len(octets) == 22:
            return self._block(decode_voice_header(octets, 0, second=octets[0] == 0x61))
        if FIRST_ID <= octets[0] < FIRST_ID + PLACES:
            return self._block(decode_voice_block(octets))
        if octets[0] >> 6 == 2 and len(octets) > HEADER_OCTETS:
            return self._rtp(decode_rtp(octets))
        return self._packet(decode_voice_packet(octets))

    def _rtp(self, packet: RtpPacket) -> Row:
        row: Row = {
            "payload_type": f"{packet.payload_type:02x}",
            "sequence": packet.sequence,
            "timestamp": packet.timestamp,
            "ssrc": packet.ssrc,
        }
        if packet.payload_type in (V24_VOICE, V24_DATA):
            return row | self._records.row(packet.payload)
        return row | self._packet(decode_voice_packet(packet.payload))

    def _packet(self, packet: VoicePacket) -> Row:
        rows = [self._block(block) for block in packet.blocks]
        row: Row = {"signal": packet.signal, "compact": packet.compact, "errors": 0}
        for one in reversed(rows):
            row |= one
        row["e_bits"] = [header.e_bit for header in packet.headers]
        row["types"] = [one["type"] for one in rows]
        row.pop("type", None)
        if sum(one["type"] == "voice" for one in rows) > 1:
            row["blocks"] = rows
        if packet.rest:
            row["rest"] = packet.rest.hex()
        return row

    def _block(self, block: Block) -> Row:
        known = not isinstance(block, UnknownBlock)
        row: Row = {"type": TYPE_NAMES[BlockType(block.type)] if known else "unknown"}
        match block:
            case VoiceBlock():
                row |= _voice_row(block)
                row |= self._words.piece(block.place, block.extra)
            case VoiceHeader():
                row |= {"frame_type": f"{block.marker:02x}", "hexbits": block.hexbits.hex()}
                row |= self._words.half(block.second, block.hexbits)
            case StartOfStream():
                row |= {"nac": f"{block.nac:03x}", "duid": block.duid}
                row |= {"sos_errors": block.errors}
            case EndOfStream() | StartAck():
                row |= {"octets": block.octets.hex()} if block.octets else {}
            case UnknownBlock():
                row |= {"block_type": f"{block.type:02x}", "octets": block.octets.hex()}
        return row


def _errors(row: Row) -> Row:
    return {"errors": row["word_errors"]} if row.get("word_errors") else {}


def _voice_row(block: VoiceBlock) -> Row:
    return {
        "frame_type": f"{FIRST_ID + block.place:02x}",
        "imbe": block.imbe.hex(),
        "errors": block.errors,
        "error_rate": block.rate,
        "mute": block.mute,
        "lost": block.lost,
        "superframe": block.superframe,
        "busy": block.busy,
        "busy_words": _BUSY_WORDS[block.busy],
        "extra": block.extra.hex() or None,
    }


class RecordReader:
    """Reads V.24 records, bare or in RTP."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._words = Words()

    def row(self, octets: bytes) -> Row:
        """Return one record; raises ProtocolViolation."""
        if octets[:1] == b"\x80" and octets[1:2] in _RECORD_TYPES and len(octets) > HEADER_OCTETS:
            octets = decode_rtp(octets).payload
        record = v24.decode_record(octets)
        row: Row = {"frame_type": f"{octets[0]:02x}", "errors": 0}
        match record:
            case v24.StartStop():
                row |= _start_row(record)
            case v24.V24Header():
                row |= {"hexbits": record.hexbits.hex(), "busy": record.busy}
                row |= {} if record.second else {"icw": record.icw[:4].hex(" ")}
                row |= self._words.half(record.second, record.hexbits)
            case v24.V24Voice():
                row |= self._voice(record)
            case v24.V24Tsbk():
                # what a transmitter is given is from a site, whatever else is from a radio
                inbound = record.icw[1] != v24.TRANSMIT
                block = decode_tsbk(record.octets, inbound=inbound, check=False)
                row |= tsbk_row(block, record.octets) | {"icw": record.icw[:4].hex(" ")}
            case v24.V24Other():
                row |= {"kind": "unknown", "hex": octets.hex()}
                row |= {"kind": "terminator"} if record.record == v24.TDULC else {}
        return row

    def _voice(self, record: v24.V24Voice) -> Row:
        frame = record.place % FRAMES_PER_LDU
        row: Row = {"imbe": record.imbe.hex(), "extra": None}
        if frame == 0:
            return row | {"icw": record.icw[:4].hex(" ")}
        row["busy"] = record.busy
        if frame == FRAMES_PER_LDU - 1:
            row["extra"] = record.piece.hex()
        elif frame > 1:
            row["extra"] = record.piece[:3].hex()
            row |= self._words.piece(record.place, record.piece)
        return row


def _start_row(record: v24.StartStop) -> Row:
    return {
        "kind": record.kind,
        "opcode": f"{record.opcode:02x}",
        "way": {v24.TRANSMIT: "transmit", v24.RECEIVE: "receive"}.get(record.opcode),
        "parameters": [[f"{one:02x}", f"{value:02x}"] for one, value in record.pairs],
    }
