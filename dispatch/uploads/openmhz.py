"""The shape of OpenMHz, ``/<short name>/upload`` (reference of formats, section 6.1)."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from dispatch.uploads import fields
from dispatch.uploads.multipart import Part
from dispatch.uploads.rdio import kept, texts_of
from dispatch.uploads.received import OPENMHZ, Received, Source

ENDINGS = (".m4a", ".mp3")
BAD_NAME = "Error, invalid filename:\n"
NO_AUDIO = "Error, no audio\n"
NO_TIME = "Error, no start_time\n"
WRONG_KEY = "API Keys do not match!\n"
NO_TALKGROUP = "Talkgroup does not exist, skipping.\n"


class BadOpenMhz(Exception):
    """An upload that is refused; the text is the answer."""


def no_short_name(short_name: str) -> str:
    """Return the answer to an address that no key has."""
    return f"ShortName does not exist: {short_name}\n"


def is_openmhz(parts: Mapping[str, Part]) -> bool:
    """Whether an upload to the common address has this shape, by the names of its parts."""
    return ("call" in parts or "talkgroup_num" in parts) and "audio" not in parts


def read(parts: Mapping[str, Part], short_name: str) -> Received:
    """Return the call; raises BadOpenMhz with the words of the server that it is like."""
    told = texts_of(parts)
    call = Received(
        family=OPENMHZ,
        key=told.get("api_key", "").strip() or told.get("key", "").strip(),
        system_label=short_name,
        fields=kept(told),
    )
    sound = parts.get("call")
    if sound is None or PurePosixPath(sound.filename or "").suffix not in ENDINGS:
        raise BadOpenMhz(BAD_NAME)
    call.audio, call.audio_name = bytes(sound.data), fields.words(sound.filename)
    call.talkgroup = fields.address(told.get("talkgroup_num"))
    call.frequency_hz = fields.number(told.get("freq"))
    call.emergency = fields.flag(told.get("emergency"))
    call.started_utc = fields.unix_us(told.get("start_time"))
    call.errors = fields.number(told.get("error_count")) + fields.number(told.get("spike_count"))
    _sources(call, told)
    _length(call, told)
    call.patches = fields.numbers(fields.json_of(told.get("patch_list")))
    listed = fields.rows(fields.json_of(told.get("freq_list")))
    call.frequencies = [fields.plain(one) for one in listed]
    if not call.talkgroup:
        raise BadOpenMhz(NO_TALKGROUP)
    if call.started_utc <= 0:
        raise BadOpenMhz(NO_TIME)
    if call.short:
        raise BadOpenMhz(NO_AUDIO)
    return call


def _sources(call: Received, told: Mapping[str, str]) -> None:
    found = fields.json_of(told.get("source_list"))
    if not isinstance(found, list):
        raise BadOpenMhz("Error parsing sourcelist: expected a JSON list\n")
    call.sources = fields.overs(fields.rows(found), "src", "pos", "tag")
    alias = fields.words(told.get("talker_alias"))
    if alias:
        call.details["talkerAlias"] = alias
        first = call.sources[0] if call.sources else Source(unit=0)
        if not first.tag:
            named = Source(unit=first.unit, from_ms=first.from_ms, tag=alias)
            call.sources = [named, *call.sources[1:]]


def _length(call: Received, told: Mapping[str, str]) -> None:
    call.length_ms = fields.length_ms(told.get("call_length"))
    stop = fields.unix_us(told.get("stop_time"))
    if call.length_ms is None and stop > call.started_utc > 0:
        call.length_ms = fields.length_ms((stop - call.started_utc) / fields.US_PER_S)
