"""Redacted copies: sound, stills and clips with parts hidden, bound to the package they come from.

What is made anew enters the log as ``alter`` before the copy is built. A redacted recording keeps
nothing but its new sound: the words still stand in its other files.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dispatch.audit.files import replace_file
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.evidence.camera_parts import MEDIA_TYPE
from dispatch.evidence.draft import Item, Original, RedactedSpan, Redacts
from dispatch.evidence.gather import RECORDING, Gathered
from dispatch.evidence.listening import METHOD, decoded_ms, redacted
from dispatch.evidence.masking import METHOD as MASK_METHOD
from dispatch.evidence.masking import masked
from dispatch.evidence.pictures import MAX_PIXEL, Box, Hide, hidden, how_hidden
from dispatch.evidence.sounds import sound_of
from dispatch.uploads.copier_process import redacted as redacted_received
from voicecodecs.errors import VoiceError

LONGEST_MS = 4 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is to be hidden of a recording, still or clip; times None: all of it."""

    object: str
    from_ms: int | None = None
    to_ms: int | None = None
    boxes: tuple[Box, ...] = ()
    """Of pictures; empty: the whole picture."""
    picture: bool = True
    sound: bool = False
    """Of a clip: make its sound unhearable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacting:
    """What is redacted of which package, and why."""

    parent: str
    parent_hash: str
    parts: tuple[Part, ...]
    reason: str
    mask_units: bool = False
    parent_files: Mapping[str, str]
    """SHA-256 of the files of the parent, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redone:
    """A redacted file, before it is logged."""

    item: Item
    original: Original
    before_sha256: str
    spans: tuple[tuple[int | None, int | None], ...]
    method: str


def redact(gathered: Gathered, redacting: Redacting, folder: Path) -> list[Redone]:
    """Make the redacted files in ``folder``.

    Raises NotFound when a part is of nothing here, Conflict when a file is not that of the parent
    any more, ServiceError when it cannot be made.
    """
    if not redacting.parts and not redacting.mask_units:
        raise ServiceError("redaction: say what is to be hidden")
    items = {item.id: item for item in gathered.items}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = []
    uploaded: dict[str, list[tuple[Item, list[Part]]]] = {}
    for name in dict.fromkeys(part.object for part in redacting.parts):
        item = items.get(name)
        if item is None or not item.originals:
            raise NotFound(f"redaction: the parent has no recording, still or clip {name}")
        parts = [part for part in redacting.parts if part.object == name]
        before = item.originals[0]
        if redacting.parent_files.get(before.name) != before.sha256:
            raise Conflict(
                f"redaction: {before.name} is not what {redacting.parent} holds any more"
            )
        _check(parts)
        if before.cut is not None:
            uploaded.setdefault(before.name, []).append((item, parts))
            continue
        make = _sound if item.type == RECORDING else _picture if item.type == MEDIA_TYPE else None
        if make is None:
            raise ServiceError(f"redaction: {item.type} {name} cannot be redacted")
        done.append(make(item, parts, folder))
    for of_file in uploaded.values():
        done += _uploaded(of_file, gathered.items, folder)
    return [*done, *_twins(done, gathered.items)]


def _twins(done: list[Redone], items: Iterable[Item]) -> list[Redone]:
    """Return further objects with the very bytes of a redacted one, as redacted as that is.

    A camera that sends the same still twice must not show in one what is hidden in the other.
    """
    known = {one.item.id for one in done}
    fresh = {one.before_sha256: one for one in done}
    found = []
    for item in items:
        if item.id in known or not item.originals:
            continue
        before = item.originals[0]
        if (one := fresh.get(before.sha256)) is not None and before.cut is None:
            kept = (one.original.path, one.original.sha256)
            found.append(_redone(item, before, kept, one.spans, one.method))
    return found


def _uploaded(
    of_file: list[tuple[Item, list[Part]]], items: Iterable[Item], folder: Path
) -> list[Redone]:
    """Redact a recording that was uploaded whole, for all overs that lie in it.

    Times of a part are those of its over; what is told of the copy are times of the file.
    """
    item, _ = of_file[0]
    before = item.originals[0]
    spans = [_span_of(one.originals[0], part) for one, parts in of_file for part in parts]
    ending = before.name.rpartition(".")[2]
    fresh = redacted_received(sound_of(before), ending, spans)
    kept = _kept(folder, fresh, f".{ending}")
    sharing = [
        one for one in items if one is not item and before.name in (o.name for o in one.originals)
    ]
    return [
        _redone(item, before, kept, tuple(spans), METHOD),
        *(_redone(one, before, kept, (), METHOD) for one in sharing),
    ]


def _span_of(original: Original, part: Part) -> tuple[int | None, int | None]:
    """Return where a part lies in the file: both None when that is all of it."""
    start, end = original.cut or (0, None)
    first = start + (part.from_ms or 0)
    last = end if part.to_ms is None else start + part.to_ms
    if first == 0 and last is None:
        return None, None
    return first, LONGEST_MS if last is None else min(last, end or last)


def _check(parts: list[Part]) -> None:
    for part in parts:
        first, last = part.from_ms, part.to_ms
        if (first is None) != (last is None) or (
            first is not None and last is not None and not 0 <= first < last
        ):
            raise ServiceError(f"redaction of {part.object}: expected from before to, in ms")
        for box in part.boxes:
            corners = (box.x, box.y, box.width, box.height)
            if min(corners) < 0 or max(corners) > MAX_PIXEL or not box.width or not box.height:
                raise ServiceError(f"redaction of {part.object}: that is no rectangle in pixels")


def _sound(item: Item, parts: list[Part], folder: Path) -> Redone:
    before = item.originals[0]
    try:
        data = sound_of(before)
        length = decoded_ms(data)
        spans = [(part.from_ms or 0, length if part.to_ms is None else part.to_ms)
                 for part in parts]  # fmt: skip
        fresh = redacted(data, spans)
    except VoiceError as error:
        raise ServiceError(f"redaction of {item.id}: {error}") from error
    told = tuple((part.from_ms, part.to_ms) for part in parts)
    return _redone(item, before, _kept(folder, fresh, ".opus"), told, METHOD)


def _picture(item: Item, parts: list[Part], folder: Path) -> Redone:
    before = item.originals[0]
    moving = before.name.endswith(".mp4")
    ending = "." + before.name.rpartition(".")[2]
    if not moving and any(part.sound or part.from_ms is not None for part in parts):
        raise ServiceError(f"redaction of {item.id}: a still has neither sound nor time")
    if not all(part.picture or part.sound for part in parts):
        raise ServiceError(f"redaction of {item.id}: hide the picture, the sound, or both")
    hides = [
        Hide(
            from_ms=part.from_ms,
            to_ms=part.to_ms,
            boxes=part.boxes,
            picture=part.picture,
            sound=part.sound,
        )
        for part in parts
    ]
    with tempfile.TemporaryDirectory(dir=folder) as work:
        source, out = Path(work) / f"in{ending}", Path(work) / f"out{ending}"
        source.write_bytes(sound_of(before))
        hidden(source, out, hides, moving=moving)
        kept = _kept(folder, out.read_bytes(), ending)
    told = tuple((part.from_ms, part.to_ms) for part in parts)
    methods = [how_hidden()] if any(part.picture for part in parts) else []
    methods += [METHOD] if any(part.sound for part in parts) else []
    return _redone(item, before, kept, told, "; ".join(methods))


def _kept(folder: Path, data: bytes, ending: str) -> tuple[Path, str]:
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / f"{sha256}{ending}"
    replace_file(path, data, mode=0o640)
    return path, sha256


def _redone(
    item: Item,
    before: Original,
    kept: tuple[Path, str],
    spans: tuple[tuple[int | None, int | None], ...],
    method: str,
) -> Redone:
    path, sha256 = kept
    return Redone(
        item=item,
        original=Original(path=path, name=before.name, sha256=sha256),
        before_sha256=before.sha256,
        spans=spans,
        method=method,
    )


def with_redacted(
    gathered: Gathered, done: list[Redone], redacting: Redacting, aliases: Mapping[str, str]
) -> Gathered:
    """Return what was gathered with redacted files in the place of all files of their object."""
    fresh = {one.item.id: one.original for one in done}
    items = tuple(
        replace(item, originals=(fresh[item.id],)) if item.id in fresh else item
        for item in gathered.items
    )
    records = gathered.records
    if redacting.mask_units:
        records = masked(records, aliases)
        items = tuple(map(_without_form, items))
    return replace(gathered, items=items, records=records)


def _without_form(item: Item) -> Item:
    """Leave out what came with an uploaded recording: it names the units that spoke."""
    if item.type != RECORDING:
        return item
    kept = tuple(one for one in item.originals if one.data is None)
    return replace(item, originals=kept)


def redacts_of(redacting: Redacting, done: list[Redone]) -> Redacts:
    """Return what a redacted copy says of its parent."""
    spans = [
        RedactedSpan(
            name=one.original.name,
            from_ms=start,
            to_ms=end,
            before_sha256=one.before_sha256,
            after_sha256=one.original.sha256,
        )
        for one in done
        for start, end in one.spans
    ]
    methods = list(dict.fromkeys(word for one in done for word in one.method.split("; ")))
    if redacting.mask_units:
        methods.append(MASK_METHOD)
    return Redacts(
        parent=redacting.parent,
        parent_hash=redacting.parent_hash,
        spans=tuple(spans),
        method="; ".join(methods),
        reason=redacting.reason,
    )
