"""``samband bench camera-samples``: other people's camera messages, and what each is read as.

The samples (manuals, captures, specifications) are not shipped; their folder is named by
``SAMBAND_SAMPLES`` or ``--samples``. Each file is read by the reader of its kind, then once more
with each of its fields taken away, to show that no missing field loses an event. Saved are names
and meanings, no content.
"""

import argparse
import copy
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dispatch.cameras import frigate
from dispatch.cameras.event import CameraEvent, Meaning, Unread
from dispatch.cameras.milestone import MilestoneScheme
from dispatch.cameras.onvif_events import OnvifDevice
from dispatch.cameras.onvif_mqtt import OnvifMqtt
from dispatch.cameras.onvif_notification import read_xml
from dispatch.incidents import cap, handover
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs

NOW = UtcUs(1_782_341_000_000_000)
FRIGATE_TOPICS = {"reviews": "reviews", "events": "events", "tou": "tracked_object_update",
                  "triggers": "triggers"}  # fmt: skip
NO_MESSAGE = "no message: a request or answer without events"
EXPECTED = {
    "frigate/events_update.json": "object update, 2 claims",
    "frigate/events_update_as_emitted_0.18.json": "object update, 2 claims",
    "frigate/rest_event.json": "object end, 2 claims",
    "frigate/reviews_new_captured.json": "review new, 0 claims",
    "frigate/reviews_update.json": "review update, 1 claims",
    "frigate/tou_classification_attribute.json": "object update, 1 claims",
    "frigate/tou_classification_sub_label.json": "object update, 1 claims",
    "frigate/tou_description.json": "object update, 1 claims",
    "frigate/tou_face.json": "face update, 1 claims",
    "frigate/tou_lpr.json": "plate update, 1 claims",
    "frigate/triggers.json": "object update, 0 claims",
    "incident/cap12_synthetic_restricted.xml": "Alert Exercise, 0 faults",
    "incident/ucri2_police_incident.json": "incident, 1 remarks, 3 persons",
    "onvif/axis_global_scene_change_init.xml": "tamper standing inactive",
    "onvif/axis_object_analytics_init.xml": "zone standing inactive",
    "onvif/axis_vmd4_changed.xml": "motion new, 0 claims",
    "onvif/mqtt_ej_line_crossed.json": "line new, 0 claims",
    "onvif/mqtt_mj_frame.json": "passed over: metadata frame",
    "onvif/pull_messages_lpr_synthetic.xml": "plate new, 1 claims",
    "onvif/pull_messages_response.xml": "line new, 0 claims; line new, 0 claims",
    "webhook/axis_scene_description_v0beta.json": "kept and shown: no Event.EventHeader in it",
    "webhook/milestone_xprotect_v1.json": "object new, 0 claims",
}
"""By file; what is not named carries no event."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "camera-samples",
        help="other people's camera messages",
        epilog="example: SAMBAND_SAMPLES=~/samples samband bench camera-samples",
    )
    parser.add_argument("--samples", type=Path, default=None, help="the folder (SAMBAND_SAMPLES)")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Read every sample; returns the meaning of each, and what damage loses."""
    named = os.environ.get("SAMBAND_SAMPLES", "")
    folder = (args.samples or Path(named or "no-samples")) / "camera"
    if not folder.is_dir():
        raise ConfigError(
            f"bench camera-samples: there is no folder {folder}",
            hint="Set SAMBAND_SAMPLES to the folder of other people's samples.",
        )
    meanings, wrong = {}, []
    shortened: Counter[str] = Counter()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".xml")):
        name = str(path.relative_to(folder))
        raw = path.read_bytes()
        meanings[name] = in_words(name, raw)
        if meanings[name] != EXPECTED.get(name, NO_MESSAGE):
            wrong.append(name)
        if name.startswith("frigate/"):
            shortened.update(_shortened(name, raw))
    return {
        "samples": len(meanings),
        "as_expected": len(meanings) - len(wrong),
        "not_as_expected": ", ".join(wrong) or "none",
        "one_field_missing": {
            "messages": sum(shortened.values()),
            "read_as_events": shortened["event"],
            "kept_and_shown": shortened["unread"],
            "passed_over_by_rule": shortened["passed"],
            "lost": shortened["lost"],
        },
        "meanings": meanings,
        "ok": not wrong and shortened["lost"] == 0,
    }


def in_words(name: str, raw: bytes) -> str:
    """Return what a sample is read as."""
    for start, reader in READERS.items():
        if name.startswith(start):
            return reader(name, raw)
    return NO_MESSAGE


def _frigate(name: str, raw: bytes) -> str:
    return _words(_frigate_meaning(name, raw))


def _frigate_meaning(name: str, raw: bytes) -> Meaning:
    kind = Path(name).stem.partition("_")[0]
    if kind == "rest":
        return frigate.rest_event("f", raw, NOW)
    return frigate.read("f", "frigate", f"frigate/{FRIGATE_TOPICS[kind]}", raw, NOW)


def _onvif_xml(name: str, raw: bytes) -> str:
    if name.endswith(".json"):
        return _onvif_json(raw)
    device = OnvifDevice(source="o", camera="c", motion=True)
    found = [
        _words(seen if isinstance(seen, Unread) else device.take(seen, NOW))
        for seen in read_xml(raw)
    ]
    return "; ".join(found) or NO_MESSAGE


def _onvif_json(raw: bytes) -> str:
    sample = json.loads(raw)
    prefix = sample["topic"].partition("/onvif-")[0]
    bridge = OnvifMqtt(prefix, OnvifDevice(source="o", camera="c", motion=True))
    payload = json.dumps(sample["payload"]).encode()
    return _words(bridge.read(sample["topic"], payload, NOW, retained=False))


def _webhook(name: str, raw: bytes) -> str:
    return _words(MilestoneScheme(()).read("m", raw, "id", NOW))


def _cap(name: str, raw: bytes) -> str:
    alert = cap.read(raw)
    return f"{alert.msg_type} {alert.status}, {len(alert.faults)} faults"


def _handover(name: str, raw: bytes) -> str:
    seen = handover.read(raw)
    return f"incident, {len(seen.remarks)} remarks, {seen.persons} persons"


READERS: dict[str, Callable[[str, bytes], str]] = {
    "frigate/": _frigate,
    "onvif/": _onvif_xml,
    "webhook/": _webhook,
    "incident/cap": _cap,
    "incident/ucri": _handover,
}


def _words(meaning: Meaning) -> str:
    if isinstance(meaning, CameraEvent):
        return f"{meaning.kind} {meaning.phase}, {len(meaning.claims)} claims"
    if isinstance(meaning, Unread):
        return f"kept and shown: {meaning.reason}"
    reason = getattr(meaning, "reason", None)
    if reason is not None:
        return f"passed over: {reason}"
    active = "active" if getattr(meaning, "active", False) else "inactive"
    return f"{getattr(meaning, 'kind', 'health')} standing {active}"


def _shortened(name: str, raw: bytes) -> Iterator[str]:
    """Yield what becomes of the sample with each field, at any depth, taken away."""
    whole = json.loads(raw)
    for place in list(_places(whole)):
        shorter = copy.deepcopy(whole)
        inside = shorter
        for step in place[:-1]:
            inside = inside[step]
        del inside[place[-1]]
        meaning = _frigate_meaning(name, json.dumps(shorter).encode())
        if isinstance(meaning, CameraEvent):
            yield "event"
        elif isinstance(meaning, Unread):
            yield "unread"
        else:
            yield "passed" if hasattr(meaning, "reason") else "lost"


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*above, key)
            yield from _places(inner, (*above, key))
