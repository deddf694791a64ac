"""The shape of rdio-scanner's ``/api/call-upload``, as SDRTrunk and trunk-recorder send it.

Facts from the reference of formats, section 5.3: names of parts, what is a second and what a
millisecond. ``meta`` or ``metadata`` (section 1.5) may be with it or alone.
"""

from collections.abc import Mapping
from typing import Any

from dispatch.uploads import fields
from dispatch.uploads.multipart import Part
from dispatch.uploads.received import RDIO, Received, Source
from dispatch.uploads.trunk_recorder import META, read_meta

SECRET = frozenset({"key", "api_key"})
SOUND = frozenset({"audio", "call"})
AUDIO_NAMES = ("audioName", "audioFilename", "audioFileName")
AUDIO_TYPES = ("audioType", "audioMime")
KEPT = ("talkgroupGroup", "talkgroupGroups", "talkgroupName", "talkgroupTag", "talkerAlias", "site")
"""Texts that are kept as they were told."""
MAX_FIELD_BYTES = 256 * 1024


def texts_of(parts: Mapping[str, Part]) -> dict[str, str]:
    """Return every part but the sound as a text, the key with them."""
    return {
        name: bytes(part.data[:MAX_FIELD_BYTES]).decode("utf-8", "replace")
        for name, part in parts.items()
        if name not in SOUND
    }


def kept(told: Mapping[str, str]) -> dict[str, str]:
    """Return what of the fields is kept as received: all but the key."""
    return {name: text for name, text in told.items() if name not in SECRET}


def read(parts: Mapping[str, Part]) -> Received:
    """Return the call; raises BadMeta when a trunk-recorder part is no JSON object."""
    told = texts_of(parts)
    call = Received(family=RDIO, key=told.get("key", "").strip(), fields=kept(told))
    for name in META:
        if name in told:
            read_meta(call, told[name])
    call.test = fields.words(told.get("test")) == "1"
    _who(call, told)
    _sound(call, parts, told)
    call.started_utc = (
        fields.milliseconds_us(told.get("timestamp"))
        or fields.time_us(told.get("dateTime"))
        or call.started_utc
    )
    _radio(call, told)
    _talkers(call, told)
    return call


def _who(call: Received, told: Mapping[str, str]) -> None:
    call.system = fields.number(told.get("system")) or call.system
    call.system_label = fields.words(told.get("systemLabel")) or call.system_label
    call.talkgroup = fields.address(told.get("talkgroup")) or call.talkgroup
    call.talkgroup_label = fields.words(told.get("talkgroupLabel")) or call.talkgroup_label
    call.details |= {name: text for name in KEPT if (text := fields.words(told.get(name)))}
    if call.talkgroup_label:
        call.details["talkgroupLabel"] = call.talkgroup_label


def _sound(call: Received, parts: Mapping[str, Part], told: Mapping[str, str]) -> None:
    audio = parts.get("audio")
    if audio is not None:
        call.audio = bytes(audio.data)
        call.audio_name = fields.words(audio.filename)
    for name in AUDIO_NAMES:
        call.audio_name = fields.words(told.get(name)) or call.audio_name
    for name in AUDIO_TYPES:
        call.audio_type = fields.words(told.get(name)) or call.audio_type


def _radio(call: Received, told: Mapping[str, str]) -> None:
    call.frequency_hz = fields.number(told.get("frequency")) or call.frequency_hz
    frequencies = fields.rows(fields.json_of(told.get("frequencies")))
    if frequencies:
        call.frequencies = [_frequency(one) for one in frequencies]
        call.errors = fields.faults(frequencies, ("errorCount", "spikeCount"))
    for name in ("patches", "patched_talkgroups"):
        call.patches = fields.numbers(fields.json_of(told.get(name))) or call.patches


def _frequency(one: dict[str, Any]) -> dict[str, Any]:
    """Return the known numbers of a frequency; ``dbm`` is below 0 as a rule."""
    known = ("freq", "time", "pos", "len", "errorCount", "spikeCount", "dbm")
    found = {name: fields.decimal(one.get(name)) for name in known}
    return {name: value for name, value in found.items() if value is not None}


def _talkers(call: Received, told: Mapping[str, str]) -> None:
    """Take the most exact of what is told: a list with positions before a single unit."""
    units = fields.rows(fields.json_of(told.get("units")))
    sources = fields.sources(told.get("sources"))
    if sources:
        call.sources = fields.overs(sources, "src", "pos", "tag")
    elif units:
        call.sources = fields.overs(units, "id", "offset", "label")
    if not call.sources:
        single = fields.address(told.get("source")) or fields.address(told.get("unit"))
        alias = fields.words(told.get("talkerAlias"))
        call.sources = [Source(unit=single, tag=alias)] if single or alias else []
