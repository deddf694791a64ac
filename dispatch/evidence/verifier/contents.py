"""Originals, copies, redacted files, and what the exporter says was not recorded."""

import hashlib
import re
from typing import Any

from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.names import MEDIA, ending
from dispatch.evidence.verifier.record import Record, Thing
from dispatch.evidence.verifier.strict_json import (
    BadForm,
    fields,
    listed,
    moment,
    number,
    text,
    texts,
)

CALLS, RAW, CAMERA = "data/calls/", "data/raw/", "data/camera/"
_CALL_FILE = re.compile(r"([a-z0-9][a-z0-9_-]*)\.(opus|frames|gain|raw\.opus|wav|json)")
_RAW_FILE = re.compile(r"([^/]*)\.(json|xml|bin)")
_PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
CAUSES = frozenset(
    {"recorder", "link", "no_key", "not_recorded_by_rule", "interrupted", "erased", "clock"}
)
COVERAGE = "data/coverage.json"


def file_id(thing_id: str) -> str:
    """Return what stands for an id in a file name: itself, or 32 hex digits of its SHA-256."""
    if _PLAIN_ID.fullmatch(thing_id):
        return thing_id
    return hashlib.sha256(thing_id.encode()).hexdigest()[:32]


def check_contents(record: Record, payload: dict[str, str], found: Findings) -> None:
    """Check that every file is what the record says it is."""
    before = len(found.faults)
    _files(record, payload, found)
    _copies(record, payload, found)
    for name, sha256 in payload.items():
        if name.startswith(CALLS):
            _call_file(name, record, found)
        elif name.startswith(RAW):
            _raw_file(name, sha256, found)
    for thing in record.things:
        _recording(thing, found)
    _redacted(record, payload, found)
    if len(found.faults) == before:
        originals = len(record.files)
        found.passed(f"contents: {originals} originals in {len(record.things)} objects")


def _files(record: Record, payload: dict[str, str], found: Findings) -> None:
    copies = {copy.path for copy in record.copies}
    for name in record.files:
        if name not in payload:
            found.fault(f"{name}: the record names it, but it is not in the package")
    for name in payload:
        original, copy = name in record.files, name in copies
        if original and copy:
            found.fault(f"{name}: it is named as an original and as a copy")
        if _is_media(name) and not original and not copy:
            found.fault(f"{name}: the record does not say what it is")
        if name.startswith(RAW) and not original and not copy:
            found.warn(f"{name}: bound by the exporter's signature only")


def _is_media(name: str) -> bool:
    """Whether a file is sound or a picture: by its ending, or because a camera gave it."""
    return ending(name) in MEDIA or (name.startswith(CAMERA) and ending(name) != "json")


def _copies(record: Record, payload: dict[str, str], found: Findings) -> None:
    paths = [copy.path for copy in record.copies]
    if len(set(paths)) != len(paths):
        found.fault("derived: a copy is named twice")
    for copy in record.copies:
        if payload.get(copy.path) != copy.sha256:
            found.fault(f"{copy.path}: it is not the copy that the record tells of")
        if copy.source not in record.files:
            found.fault(f"{copy.path}: it is a copy of {copy.source}, which is no original here")
        found.passed(f"{copy.path}: a copy of {copy.source}; the log does not vouch for it")


def _call_file(name: str, record: Record, found: Findings) -> None:
    match = _CALL_FILE.fullmatch(name[len(CALLS) :])
    if match is None:
        found.fault(f"{name}: no such file belongs under {CALLS}")
        return
    if match[2] == "json":
        return
    if match[2] == "wav":
        if name in record.files:
            found.fault(f"{name}: a WAV there is a copy, never an original")
        return
    owners = record.files.get(name, [])
    if not any(one.type == "recording" and file_id(one.id) == match[1] for one in owners):
        found.fault(f"{name}: it belongs to no recording {match[1]}")


def _raw_file(name: str, sha256: str, found: Findings) -> None:
    match = _RAW_FILE.fullmatch(name[len(RAW) :])
    if match is not None and match[1] != sha256:
        found.fault(f"{name}: it is not named by the SHA-256 of its bytes")


def _recording(thing: Thing, found: Findings) -> None:
    if thing.type != "recording":
        return
    if not thing.files:
        found.fault(f"recording {thing.id}: it has no file")
    sound = f"{CALLS}{file_id(thing.id)}.opus"
    if any(name.startswith(CALLS) for name in thing.files) and sound not in thing.files:
        found.fault(f"recording {thing.id}: its sound {sound} is not there")


def _redacted(record: Record, payload: dict[str, str], found: Findings) -> None:
    if record.redaction is None:
        return
    changed = {span.file for span in record.redaction.spans}
    for span in record.redaction.spans:
        if span.file not in record.files:
            found.fault(f"redacts: {span.file} is no original of this package")
        elif payload.get(span.file) != span.after:
            found.fault(f"redacts: {span.file} is not the redacted file that the record tells of")
        if span.before == span.after:
            found.fault(f"redacts: {span.file} was not changed")
    for thing in record.things:
        if thing.type == "recording" and changed & set(thing.files):
            for name in sorted(set(thing.files) - changed):
                found.fault(f"redacts: {name}: the redacted words still stand in it")


# ---- coverage ----------------------------------------------------------------------------------


def check_coverage(value: dict[str, Any], record: Record, found: Findings) -> None:
    """Check ``data/coverage.json``; raises BadForm."""
    fields(value, COVERAGE, "from to talkgroups sites matched included left_out gaps")
    start, end = moment(value["from"], f"{COVERAGE}: from"), moment(value["to"], f"{COVERAGE}: to")
    if start > end:
        raise BadForm(f"{COVERAGE}: it ends before it begins")
    talkgroups = texts(value["talkgroups"], f"{COVERAGE}: talkgroups")
    sites = texts(value["sites"], f"{COVERAGE}: sites")
    _counts(value, record)
    gaps = listed(value["gaps"], f"{COVERAGE}: gaps")
    for index, gap in enumerate(gaps):
        place = f"{COVERAGE}: gaps[{index}]"
        fields(gap, place, "talkgroup site from to cause")
        for name, known in (("talkgroup", talkgroups), ("site", sites)):
            if gap[name] is not None and gap[name] not in known:
                raise BadForm(f"{place}: {name} {gap[name]!r} is not one of those asked for")
        first, last = moment(gap["from"], f"{place}.from"), moment(gap["to"], f"{place}.to")
        if not start <= first <= last <= end:
            raise BadForm(f"{place}: it lies outside of what was asked for")
        if text(gap["cause"], f"{place}.cause") not in CAUSES:
            raise BadForm(f"{place}: the cause {gap['cause']!r} is not known")
    found.passed(
        f"coverage: {value['included']} of {value['matched']} recordings, {len(gaps)} gaps "
        "(the exporter's statement)"
    )


def _counts(value: dict[str, Any], record: Record) -> None:
    left_out = listed(value["left_out"], f"{COVERAGE}: left_out")
    ids = []
    for index, one in enumerate(left_out):
        place = f"{COVERAGE}: left_out[{index}]"
        fields(one, place, "id why")
        ids.append(text(one["id"], f"{place}.id"))
        text(one["why"], f"{place}.why")
    inside = {thing.id for thing in record.things if thing.type == "recording"}
    if len(set(ids)) != len(ids) or inside & set(ids):
        raise BadForm(f"{COVERAGE}: a recording is left out twice, or left out and included")
    included = number(value["included"], f"{COVERAGE}: included")
    matched = number(value["matched"], f"{COVERAGE}: matched")
    if included != len(inside):
        raise BadForm(f"{COVERAGE}: it counts {included} recordings, there are {len(inside)}")
    if matched != included + len(ids):
        raise BadForm(f"{COVERAGE}: {included} included and {len(ids)} left out are not {matched}")
