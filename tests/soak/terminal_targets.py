"""What is fuzzed: good inputs, the function that takes damaged ones, and what must hold of it.

A check returns normally when the input was read, or refused with the error that its reader
documents. Whatever else it raises is a finding.
"""

import asyncio
import json
import math
import random
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from dispatch.cameras import frigate, webhook
from dispatch.cameras.event import CameraEvent
from dispatch.errors import ServiceError
from gateway.bus import InProcessBus
from gateway.model.command import Command, Reply
from gateway.model.commands import FloorRelease, FloorRenew, FloorRequest
from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.model.ids import GatewayId, MonoMs, PositionId, TalkgroupId, UtcUs
from gateway.model.voice import VoiceFlag, VoiceFrame
from gateway.tetra import lip, sds, status
from gateway.tetra.bits import Payload
from gateway.tetra.pei_grammar import parse_line, split_glued
from gateway.tetra.words import line_words
from tests.gateway.tetra.scripted_radio import OWN, opened
from tests.soak.mutation import damaged, damaged_json, mended_ogg
from voicecodecs import ogg
from voicecodecs.errors import VoiceError
from webrtc.microphone import UplinkGate
from webrtc.ptt import PttService

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
NOW = UtcUs(1_790_000_000_000_000)
PATROL = TalkgroupId("norrvik/310201")
SECRET = "whsec_" + "c2FtYmFuZCBzb2FrIHNlY3JldCwgMjYgYnl0ZXM="  # of these tests alone


class Target:
    """One reader of foreign bytes."""

    words: Sequence[bytes] = ()
    """Pieces that a mutation may put in, because they mean something here."""
    is_json = False

    @cached_property
    def good(self) -> Sequence[bytes]:
        """Inputs that are right."""
        raise LookupError(f"{type(self).__name__} names no good inputs")

    def take(self, data: bytes) -> None:
        """Read one input; raises when something is found."""
        raise LookupError(f"{type(self).__name__} reads nothing: {len(data)} bytes")

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        if self.is_json and rng.random() < 0.5:
            return damaged_json(rng, self.good)
        return damaged(rng, self.good, self.words)

    def close(self) -> None:
        """Let go of what was opened."""


def in_words(error: Exception) -> None:
    """Demand that an error says something that can be shown and stored."""
    text = str(error)
    assert text
    text.encode("utf-8")


def storable(event: object) -> None:
    """Demand that every text of an event can be written to a file or a database."""
    if isinstance(event, CameraEvent):
        plain = asdict(replace(event, raw=b"", picture=b"")) | {"raw": "", "picture": ""}
        json.dumps(plain, ensure_ascii=False).encode()


def pei_lines() -> list[bytes]:
    """Return what a radio says in the project's vectors."""
    said = []
    for path in sorted((VECTORS / "pei").glob("*.toml")):
        script = tomllib.loads(path.read_text(encoding="utf-8"))["script"]
        said += [line[2:].encode("latin-1") for line in script.splitlines() if line[:2] == "< "]
    return sorted(set(said))


PEI_WORDS = (b",", b",,", b": ", b"\r\n", b"OK", b"+CTXG", b"+CTICN", b"-1", b"99999999999", b"09")


class PeiLine(Target):
    """One line of a radio: read or named bad, and told in words."""

    words = PEI_WORDS

    @cached_property
    def good(self) -> Sequence[bytes]:
        """Lines of the vectors."""
        return pei_lines()

    def take(self, data: bytes) -> None:
        """Any text is some line, and every line has words."""
        for part in split_glued(data.decode("latin-1")):
            assert line_words(parse_line(part))


KEYING = ("ATD", "AT+CTXD", "AT+CTSDC")
"""How host lines begin that may key a radio."""


class PeiStream(Target):
    """A radio that talks rubbish to the whole core: nobody pressed, so nothing may be keyed."""

    words = (*PEI_WORDS, b"\x1a", b"\x1b", b"\r", b"\n")

    def __init__(self) -> None:
        """Open a core whose radio is in service."""
        self.taken = 0
        self.wire = opened(own_number=OWN)

    @cached_property
    def good(self) -> Sequence[bytes]:
        """Lines with their ends."""
        return [b"\r\n" + line + b"\r\n" for line in pei_lines()]

    def take(self, data: bytes) -> None:
        """Feed and let time pass; a new radio after a while, for this one may be given up."""
        self.taken += 1
        if self.taken % 500 == 0:
            self.wire = opened(own_number=OWN)
        wire = self.wire
        wire.take(wire.core.receive(data, MonoMs(wire.now)))
        wire.run(40)
        keying = [
            line for line in wire.written() if line.startswith(("ATD", "AT+CTXD", "AT+CTSDC"))
        ]
        assert keying == []
        assert not wire.core.keyed
        assert wire.core.on_air is None
        wire.events.clear()
        wire.raw.clear()


TEXTS = (
    "820201014772FCDF65", "8202021A004F006B00202713", "82020300D4F29C0E",
    "82039C5101020301746573746D657373616765", "0201746573746D657373616765", "8A00AB010500030A0201",
    "82107F01", "0A4F3B1C2D5E6F70", "0A00F0C5A2B3D4E5F60718", "80010203", "8301020304",
)  # fmt: skip


class Sds(Target):
    """A payload of a text, report or position: always some message, never an exception."""

    @cached_property
    def good(self) -> Sequence[bytes]:
        """Payloads of the reference's examples and shapes beside them."""
        return [bytes.fromhex(text) for text in TEXTS]

    def take(self, data: bytes) -> None:
        """All bits, and without the last one to seven."""
        for less in {0, len(data) % 8}:
            bits = max(len(data) * 8 - less, 0)
            whole = int.from_bytes(data)
            sds.decode(Payload(value=whole >> (len(data) * 8 - bits), length_bits=bits))
        status.ShortReport.decode(int.from_bytes(data[:2]))


class Lip(Target):
    """A location report: a place on the earth, no place, or a reason."""

    @cached_property
    def good(self) -> Sequence[bytes]:
        """Short and long reports."""
        short = lip.ShortReport.of(latitude_deg=59.3, longitude_deg=18.1).encode()
        return [short.padded_octets(), bytes.fromhex("4F3B1C2D5E6F70"), bytes(12), bytes([76] * 20)]

    def take(self, data: bytes) -> None:
        """Numbers are finite and on the globe."""
        try:
            report = lip.decode(Payload.from_bytes(data))
        except ValueError:
            return
        if isinstance(report, lip.Report) and report.has_position:
            assert report.latitude_deg is not None
            assert report.longitude_deg is not None
            assert -90 <= report.latitude_deg <= 90
            assert -180 <= report.longitude_deg <= 180
            numbers = (report.speed_kmh, report.altitude_m, report.position_error_m)
            assert all(one is None or math.isfinite(one) for one in numbers)


class Webhook(Target):
    """A signed body: an event or an error that names the field."""

    is_json = True

    @cached_property
    def good(self) -> Sequence[bytes]:
        """One small and one full body."""
        small = {"type": "camera.event", "camera": "quay"}
        full = {
            **small, "id": "e-1", "kind": "object", "phase": "new", "severity": "alert",
            "time": "2026-11-24T10:00:00.25Z", "labels": ["car", "person"], "zones": ["gate"],
            "score": 0.9, "media": {"snapshot": "api/e-1.jpg"},
            "claims": [{"type": "plate", "value": "ABC 123", "score": 0.8}],
        }  # fmt: skip
        return [json.dumps(small).encode(), json.dumps(full).encode()]

    def take(self, data: bytes) -> None:
        """What is taken can be stored as UTF-8 and has a time."""
        try:
            event = webhook.read_event("demo", data, "msg-1", NOW)
        except ServiceError as error:
            in_words(error)
            return
        storable(event)
        assert event.camera
        assert event.score is None or 0 <= event.score <= 1


class WebhookHeaders(Target):
    """Headers of a signature: only the one right set is let through."""

    is_json = True
    body = b'{"type":"camera.event","camera":"quay"}'

    def __init__(self) -> None:
        """Sign one body."""
        self.keys = webhook.read_keys(SECRET)
        stamp = str(NOW // 1_000_000)
        secret = self.keys[0]
        assert isinstance(secret, webhook.SharedSecret)
        signed = webhook.signed_bytes("msg-1", stamp, self.body)
        self.right = {
            "webhook-id": "msg-1",
            "webhook-timestamp": stamp,
            "webhook-signature": secret.signature(signed),
        }
        webhook.check(self.keys, self.right, self.body, NOW)

    @cached_property
    def good(self) -> Sequence[bytes]:
        """The right headers."""
        return [json.dumps(self.right).encode()]

    def take(self, data: bytes) -> None:
        """Nothing with another id, time or key is let through."""
        try:
            values = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(values, dict):
            return
        headers = {
            str(key): value.encode("latin-1", "replace").decode("latin-1")  # as HTTP has them
            for key, value in values.items()
            if isinstance(value, str)
        }
        try:
            webhook.check(self.keys, headers, self.body, NOW)
        except webhook.Unsigned:
            return
        assert headers["webhook-id"] == self.right["webhook-id"]
        assert headers["webhook-timestamp"] == self.right["webhook-timestamp"]
        assert self.right["webhook-signature"] in headers["webhook-signature"].split(" ")


class Frigate(Target):
    """A message of the broker, on every topic that is listened to."""

    is_json = True
    topics = ("reviews", "events", "tracked_object_update", "triggers", "available",
              "quay/status/detect", "elsewhere")  # fmt: skip

    def __init__(self) -> None:
        """Begin with the first topic."""
        self.turn = 0

    @cached_property
    def good(self) -> Sequence[bytes]:
        """Payloads of the vectors."""
        rows = json.loads((VECTORS / "camera" / "frigate.json").read_text(encoding="utf-8"))
        return [json.dumps(row["payload"]).encode() for row in rows if "payload" in row]

    def take(self, data: bytes) -> None:
        """Each input on the next topic, and as an answer of the HTTP interface."""
        self.turn = (self.turn + 1) % len(self.topics)
        topic = f"frigate/{self.topics[self.turn]}"
        storable(frigate.read("f", "frigate", topic, data, NOW))
        storable(frigate.rest_event("f", data, NOW))
        for meaning in frigate.rest_reviews("f", data, NOW):
            storable(meaning)


class Voice(Target):
    """A VoiceFrame: refused, or the same bytes again."""

    @cached_property
    def good(self) -> Sequence[bytes]:
        """A frame with sound, an end and a silence."""
        frames = [
            VoiceFrame(
                sequence=7, timestamp_48k=960, capture_utc_us=NOW, transmission=bytes(range(16)),
                system=1, talkgroup=310201, talker=1210204, opus=opus, flags=flags,
            )
            for opus, flags in (
                (bytes(range(60)), VoiceFlag.START),
                (b"", VoiceFlag.END),
                (b"\x08", VoiceFlag.SILENCE | VoiceFlag.EMERGENCY),
            )
        ]  # fmt: skip
        return [frame.encode() for frame in frames]

    def take(self, data: bytes) -> None:
        """What is read is written the same."""
        try:
            frame = VoiceFrame.decode(data)
        except ProtocolViolation:
            return
        assert frame.encode() == data


class OggFile(Target):
    """An Ogg Opus file, half of them with right checksums after the damage."""

    words = (b"OggS", b"OpusHead", b"OpusTags", b"\xff" * 8)

    @cached_property
    def good(self) -> Sequence[bytes]:
        """A whole file, one without its end, an empty one."""
        writer = ogg.OggOpusWriter(5, tags={"TRANSMISSION": "t-1", "TITLE": "Grind sju"})
        out = writer.header()
        for n in range(12):
            out += writer.write(bytes([n]) * (n * 7))
            if n % 4 == 3:
                out += writer.flush()
        empty = ogg.OggOpusWriter(6)
        return [out + writer.finish(), out, empty.header() + empty.finish()]

    def make(self, rng: random.Random) -> bytes:
        """Damage a file; mend every other one's checksums."""
        data = super().make(rng)
        return mended_ogg(data) if rng.random() < 0.5 else data

    def take(self, data: bytes) -> None:
        """What is read stays inside the file, and can be closed and read again."""
        try:
            found = ogg.read(data)
        except VoiceError:
            return
        assert found.whole_bytes <= len(data)
        assert sum(map(len, found.packets)) <= len(data)
        again = ogg.read(data[: found.whole_bytes] + ogg.end_page(found))
        assert again.granule == found.granule


@dataclass(frozen=True, slots=True)
class _StoppedClock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(1_000)

    def utc_us(self) -> UtcUs:
        return NOW


class Ptt(Target):
    """Messages of a page's press socket: no demand but for a talkgroup that it may talk on."""

    is_json = True

    def __init__(self) -> None:
        """Open a session on a bus that notes the demands."""
        self.loop = asyncio.new_event_loop()
        self.bus = InProcessBus(GatewayId("g"), _StoppedClock(), random.Random(1).randbytes)
        for kind in (FloorRequest, FloorRenew, FloorRelease):
            self.bus.serve(kind, self._served)
        service = PttService(
            self.bus, UplinkGate(), handle={"norrvik": 1}.__getitem__, name=lambda group: group
        )
        self.session = service.open(PositionId("5"), "E. Lund", {PATROL}.__contains__, self._shown)

    def _served(self, command: Command) -> Reply:
        if isinstance(command, FloorRequest):
            assert command.talkgroup == PATROL
        return Reply(ok=True)

    def _shown(self, state: dict[str, Any]) -> None:
        json.dumps(state)

    @cached_property
    def good(self) -> Sequence[bytes]:
        """A press, its renewal and its ends."""
        press = {"op": "press", "request": "r-1", "talkgroup": PATROL, "source": "key",
                 "priority": 0, "latched": False}  # fmt: skip
        others = [{"op": op, "request": "r-1"} for op in ("renew", "release")]
        abort = {"op": "abort", "request": "r-1", "cause": "blur"}
        return [json.dumps(one).encode() for one in (press, press, *others, abort)]

    def take(self, data: bytes) -> None:
        """As the socket's route does it."""
        self.loop.run_until_complete(self._take(data))

    async def _take(self, data: bytes) -> None:
        try:
            message = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        try:
            self.session.receive(message)
        except InvalidCommand as error:
            in_words(error)
        await asyncio.sleep(0)

    def close(self) -> None:
        """End the session and its loop."""
        self.session.close()
        self.loop.close()
