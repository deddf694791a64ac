"""Reads a file that goes into a package, and makes listening copies of those that are sound."""

import contextlib
import hashlib
from collections.abc import Iterable

from dispatch.errors import ServiceError
from dispatch.evidence.draft import Item, ListeningCopy, Original
from dispatch.evidence.listening import WAV_HOW, how_made, wav_of
from dispatch.evidence.verifier.contents import CALLS, file_id
from dispatch.evidence.zip_writer import FileChanged
from dispatch.uploads.copier_process import wav_of as wav_of_received
from voicecodecs.errors import VoiceError


def sound_of(original: Original) -> bytes:
    """Return a file's bytes; raises FileChanged when they are not those that were collected."""
    with original.open() as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != original.sha256:
        raise FileChanged(
            f"{original.path.name}: its bytes are not those that the log tells of",
            hint="The file was changed or damaged: restore it from a backup.",
        )
    return data


def listening_copies(items: Iterable[Item]) -> list[ListeningCopy]:
    """Return a WAV of each recording that has sound."""
    copies = []
    for item in items:
        for original in item.originals:
            if original.cut is not None:
                with contextlib.suppress(ServiceError):  # it cannot be decoded: then no copy
                    copies.append(_copy_of_received(item, original, original.cut))
            elif original.name.endswith(".opus") and not original.name.endswith(".raw.opus"):
                with contextlib.suppress(VoiceError):  # no sound in it: then no copy
                    copies.append(_copy_of(original))
    return copies


def _copy_of_received(item: Item, original: Original, cut: tuple[int, int | None]) -> ListeningCopy:
    """Return the copy of one over of a recording that was uploaded; raises ServiceError."""
    until = "its end" if cut[1] is None else f"{cut[1]} ms"
    return ListeningCopy(
        name=f"{CALLS}{file_id(item.id)}.wav",
        data=wav_of_received(sound_of(original), original.name.rpartition(".")[2], cut),
        source=original.name,
        how=how_made(f"{WAV_HOW}, decoded by FFmpeg, from {cut[0]} ms to {until}"),
    )


def _copy_of(original: Original) -> ListeningCopy:
    return ListeningCopy(
        name=original.name.removesuffix(".opus") + ".wav",
        data=wav_of(sound_of(original)),
        source=original.name,
        how=how_made(WAV_HOW),
    )
