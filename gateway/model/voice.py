"""VoiceFrame version 1: what carries voice on the bus, on the WebSocket path and to the recorder.

Big-endian, 48 bytes of header, then one Opus packet:

``u8 'V'``, ``u8 version``, ``u8 flags``, ``u8 duration_ms``, ``u32 sequence``,
``u32 timestamp_48k``, ``u64 capture_utc_us``, 16 bytes transmission ULID, ``u32 system``,
``u32 talkgroup``, ``u32 talker`` (0 unknown).
"""

import enum
import struct
from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation

VOICE_VERSION = 1
FRAME_MS = 20
SAMPLE_RATE_HZ = 8000
SAMPLES_PER_FRAME = SAMPLE_RATE_HZ * FRAME_MS // 1000
TIMESTAMP_HZ = 48_000
"""The RTP clock of Opus, whatever rate the encoder runs at (RFC 7587 section 4.1)."""
TIMESTAMP_STEP = TIMESTAMP_HZ * FRAME_MS // 1000
MAX_OPUS_BYTES = 1275
"""Longest Opus packet of one frame (RFC 6716 section 3.4, R2)."""

_HEADER = struct.Struct(">cBBBIIQ16sIII")
HEADER_BYTES = _HEADER.size


class VoiceFlag(enum.IntFlag):
    """Marks of a frame."""

    NONE = 0
    START = 1
    END = 2
    SILENCE = 4
    EMERGENCY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFrame:
    """One Opus packet with the transmission it belongs to."""

    sequence: int
    timestamp_48k: int
    capture_utc_us: int
    transmission: bytes
    system: int
    talkgroup: int
    talker: int
    opus: bytes
    flags: VoiceFlag = VoiceFlag.NONE
    duration_ms: int = FRAME_MS

    def encode(self) -> bytes:
        """Return the 48-byte header and the Opus packet."""
        return (
            _HEADER.pack(
                b"V",
                VOICE_VERSION,
                int(self.flags),
                self.duration_ms,
                self.sequence & 0xFFFFFFFF,
                self.timestamp_48k & 0xFFFFFFFF,
                self.capture_utc_us,
                self.transmission,
                self.system,
                self.talkgroup,
                self.talker,
            )
            + self.opus
        )

    @classmethod
    def decode(cls, data: bytes) -> "VoiceFrame":
        """Read a frame; raises ProtocolViolation on a short, foreign or oversized one."""
        if len(data) < HEADER_BYTES:
            raise ProtocolViolation(
                f"VoiceFrame: expected {HEADER_BYTES} bytes of header, got {len(data)}",
                raw=data,
                offset=len(data),
            )
        magic, version, flags, duration, seq, ts, utc, tx, system, talkgroup, talker = (
            _HEADER.unpack_from(data)
        )
        if magic != b"V" or version != VOICE_VERSION:
            raise ProtocolViolation(
                f"VoiceFrame: expected 'V' version {VOICE_VERSION}, got {magic!r} {version}",
                raw=data[:2],
                offset=0,
            )
        if flags > 15 or duration not in (20, 40, 60):
            raise ProtocolViolation(
                f"VoiceFrame: flags {flags} or duration {duration} ms not known",
                raw=data[:4],
                offset=2,
            )
        opus = data[HEADER_BYTES:]
        if len(opus) > MAX_OPUS_BYTES * 3:
            raise ProtocolViolation(
                f"VoiceFrame: Opus packet of {len(opus)} bytes", raw=data[:HEADER_BYTES], offset=48
            )
        return cls(
            flags=VoiceFlag(flags),
            duration_ms=duration,
            sequence=seq,
            timestamp_48k=ts,
            capture_utc_us=utc,
            transmission=tx,
            system=system,
            talkgroup=talkgroup,
            talker=talker,
            opus=opus,
        )
