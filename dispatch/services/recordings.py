"""Recordings: found by transmission, checked, logged, then read; peaks for the waveform."""

import asyncio
import struct
from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sqlmodel import Session, select

from dispatch.audit.entry import Obj, Purpose
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import Gone, NotFound
from dispatch.retention.sealed import PlainReader, SealedFiles
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from gateway.model.errors import NotPermitted
from gateway.model.private_line import is_private
from gateway.ports import Clock
from voicecodecs import ogg
from voicecodecs.errors import VoiceError
from voicecodecs.opus import OpusDecoder

PEAKS = 200
PEAKS_KEPT = 512
PLAYED = "recording.play"
SAME_PLAY_MS = 30_000
"""Further ranges of the same recording by the same session count as the same play."""
FULL_SCALE = 32768


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A recording that may be read."""

    transmission: str
    call: str
    talkgroup: str
    path: Path
    sha256: str
    duration_ms: int
    started_utc: int


class Recordings:
    """Reads recordings of the folder ``recordings/`` within the asker's rights."""

    def __init__(
        self,
        *,
        store: Store,
        plan: LivePlan,
        record: Record,
        files: SealedFiles,
        folder: Path,
        clock: Clock,
    ) -> None:
        """Take the folder where the recorder puts its files."""
        self._store = store
        self._plan = plan
        self._record = record
        self._files = files
        self._folder = folder
        self._clock = clock
        self._peaks: OrderedDict[str, list[float]] = OrderedDict()
        self._played: dict[tuple[str, str, str], int] = {}

    async def find(self, access: Access, transmission: str) -> Sound:
        """Return a recording; raises NotFound, Gone, NotPermitted. Nothing has left yet."""

        def work(db: Session) -> tuple[Transmission, Call | None, RecordingFileRow | None] | None:
            row = db.get(Transmission, transmission)
            if row is None:
                return None
            file = db.exec(
                select(RecordingFileRow).where(
                    RecordingFileRow.transmission == transmission, RecordingFileRow.kind == "opus"
                )
            ).first()
            return row, db.get(Call, row.call), file

        found = await self._store.read(work)
        if found is None or not access.knows(found[0].talkgroup, found[0].link):
            raise NotFound(f"there is no recording {transmission}")
        row, call, file = found
        self._demand_replay(access, row)
        self._check_kept(row, call)
        if file is None:
            raise NotFound(
                f"{transmission} has no recording", hint=row.not_recorded or "It is not closed yet."
            )
        path = (self._folder / file.name).resolve()
        inside = path.is_relative_to(self._folder.resolve())
        if not inside or not await asyncio.to_thread(self._files.exists, path):
            raise NotFound(
                f"the file of {transmission} is missing", hint="Tell the administrator: restore it."
            )
        return Sound(
            transmission=row.id,
            call=row.call,
            talkgroup=row.talkgroup,
            path=path,
            sha256=file.sha256,
            duration_ms=row.duration_ms or file.duration_ms,
            started_utc=row.started_utc,
        )

    def _demand_replay(self, access: Access, row: Transmission) -> None:
        if not is_private(row.talkgroup):
            name = self._plan.talkgroup_name(row.talkgroup)
            access.demand_action(Action.REPLAY, row.talkgroup, name)
            return
        access.demand("individual.replay")
        if not access.individual(Action.REPLAY, row.link):
            raise NotPermitted(
                "no grant to play private calls of this radio",
                hint="An administrator gives grants with the scope individual.",
            )

    def _check_kept(self, row: Transmission, call: Call | None) -> None:
        if row.erased_utc is not None:
            raise Gone(f"the recording {row.id} was erased", hint=f"Class {row.retention_class}.")
        expires = max(row.expires_utc, call.expires_utc if call else 0)
        held = call is not None and call.held
        if not held and expires <= self._clock.utc_us():
            raise Gone(f"the recording {row.id} has expired", hint=f"Class {row.retention_class}.")

    async def consult(
        self, asker: Asker, sound: Sound, purpose: Purpose | None, *, verb: str = "recording.play"
    ) -> None:
        """Log that a recording is played; durable when this returns. Raises LogNotWritable."""
        self._record.demand_writable()
        purpose = purpose or asker.purpose
        now, session = self._clock.mono_ms(), asker.session.id
        key = (session, sound.transmission, verb)
        for known in (verb, PLAYED):  # the waveform of what is being played is a part of it
            since = self._played.get((session, sound.transmission, known))
            if since is not None and now - since < SAME_PLAY_MS:
                return
        obj = Obj(type="recording", id=sound.transmission, cat="radio")
        seq = await self._record.before(
            asker,
            "consult",
            verb,
            obj,
            purpose=purpose,
            detail={"call": sound.call},
            since_utc=sound.started_utc,
        )
        self._played[key] = now
        if len(self._played) > PEAKS_KEPT:
            self._played.pop(next(iter(self._played)))
        await self._record.remember(asker, [obj], verb, purpose, seq)

    async def open(self, sound: Sound) -> PlainReader:
        """Open the plain bytes of a sound; raises NotFound, Gone, KeyMissing, SealBroken."""
        return await asyncio.to_thread(self._files.open, sound.path)

    async def peaks(self, sound: Sound) -> list[float]:
        """Return the loudest sample of each of 200 equal parts, 0 to 1; decoded in a thread."""
        known = self._peaks.get(sound.sha256)
        if known is None:
            known = await asyncio.to_thread(lambda: _peaks_of(self._files.read(sound.path)))
            self._peaks[sound.sha256] = known
            while len(self._peaks) > PEAKS_KEPT:
                self._peaks.popitem(last=False)
        return known


def _peaks_of(data: bytes) -> list[float]:
    decoder = OpusDecoder()
    loudest: list[float] = []
    for packet in ogg.read(data).packets:
        try:
            pcm = decoder.decode(packet)
        except VoiceError:
            loudest.append(0.0)
            continue
        samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
        loudest.append(max((abs(sample) for sample in samples), default=0) / FULL_SCALE)
    return shrink(loudest, PEAKS)


def shrink(values: list[float], parts: int) -> list[float]:
    """Return at most ``parts`` values, each the largest of its part, with three decimals."""
    if len(values) <= parts:
        return [round(value, 3) for value in values]
    edges = [index * len(values) // parts for index in range(parts + 1)]
    return [round(max(values[a:b]), 3) for a, b in pairwise(edges)]
