"""trunk-recorder's JSON of a call (reference of formats, section 1.5), as ``meta`` of an upload."""

from typing import Any

from dispatch.uploads import fields
from dispatch.uploads.received import TRUNK_RECORDER, Received

META = ("meta", "metadata")
KEPT = (
    "talkgroup_tag", "talkgroup_description", "talkgroup_group_tag", "talkgroup_group",
    "audio_type", "short_name", "mode", "duplex", "priority", "signal", "noise", "freq_error",
    "source_num", "recorder_num", "tdma_slot", "phase2_tdma", "call_num", "color_code",
)  # fmt: skip
UNKNOWN_DB = 999
"""What it writes for a level that it did not measure."""
MAX_KEPT = 200


class BadMeta(Exception):
    """Metadata that are no JSON object."""


def read_meta(call: Received, text: str) -> None:
    """Take what the JSON tells into a call; raises BadMeta."""
    meta = fields.json_of(text)
    if not isinstance(meta, dict):
        raise BadMeta("Invalid call data")
    call.family = TRUNK_RECORDER
    call.talkgroup = fields.address(meta.get("talkgroup"))
    call.talkgroup_label = fields.words(meta.get("talkgroup_tag"))
    call.system_label = fields.words(meta.get("short_name"))
    call.frequency_hz = fields.number(meta.get("freq"))
    call.encrypted = fields.flag(meta.get("encrypted"))
    _times(call, meta)
    heard = fields.rows(meta.get("freqList"))
    call.frequencies = [fields.plain(one) for one in heard]
    call.errors = fields.faults(heard, ("error_count", "spike_count"))
    call.sources = fields.overs(fields.rows(meta.get("srcList")), "src", "pos", "tag")
    call.emergency = fields.flag(meta.get("emergency")) or any(
        one.emergency for one in call.sources
    )
    call.patches = fields.numbers(meta.get("patched_talkgroups"))
    call.details |= {name: _value(meta[name]) for name in KEPT if _told(meta, name)}


def _times(call: Received, meta: dict[str, Any]) -> None:
    """Take start and length; version 5 tells both in milliseconds too."""
    start = fields.milliseconds_us(meta.get("start_time_ms")) or fields.unix_us(
        meta.get("start_time")
    )
    stop = fields.milliseconds_us(meta.get("stop_time_ms")) or fields.unix_us(meta.get("stop_time"))
    call.started_utc = fields.milliseconds_us(meta.get("timestamp")) or start
    told_ms = fields.decimal(meta.get("call_length_ms"))
    call.length_ms = fields.length_ms(told_ms / 1000) if told_ms else None
    if call.length_ms is None:
        call.length_ms = fields.length_ms(meta.get("call_length"))
    if call.length_ms is None and stop > start > 0:
        call.length_ms = fields.length_ms((stop - start) / fields.US_PER_S)


def _told(meta: dict[str, Any], name: str) -> bool:
    return name in meta and not (name in ("signal", "noise") and meta[name] == UNKNOWN_DB)


def _value(value: Any) -> Any:
    found = fields.decimal(value) if not isinstance(value, str) else None
    return found if found is not None else fields.words(value)[:MAX_KEPT]
