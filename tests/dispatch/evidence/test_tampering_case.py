"""Tampering with stills, clips, messages, an incident's record, and the words of each refusal."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.evidence.builder import Built
from dispatch.evidence.draft import Draft, Item, RedactedSpan, Redacts
from tests.dispatch.evidence.packages import FIRST, ID, Maker, Opened, sha
from tests.dispatch.evidence.tampering import (
    RECORD,
    Change,
    attempt,
    drop,
    edit,
    flip,
    put,
    refused,
)

JPEG, MP4, WEBP = (
    b"\xff\xd8\xff" + bytes(range(200)),
    b"\0\0\0\x18ftypmp42" + bytes(90),
    b"RIFFwebp",
)
CAR, BUS = b'{"label":"car"}', b'{"label":"bus"}'
STILL, CLIP, THIRD, BATCH = "v-1", "v-2", "v-3", "raw-1"
SNAP, FILM, SHOT = (
    "data/camera/v-1/snap.jpg", "data/camera/v-2/clip.mp4", "data/camera/v-3/snap.webp"
)  # fmt: skip
SOURCE, INCIDENT = "data/camera/v-1/source.json", "data/incident.json"
MESSAGE, OTHER = f"data/raw/{sha(CAR)}.json", f"data/raw/{sha(BUS)}.json"


class CaseMaker(Maker):
    """A maker whose packages hold an incident."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.collect("media", STILL, [JPEG])
        self.collect("media", CLIP, [MP4])
        self.collect("media", THIRD, [WEBP])
        self.collect("raw", BATCH, [CAR, BUS, b"of another incident"])

    def draft(self) -> Draft:
        draft = super().draft()
        one = [(STILL, SNAP, JPEG), (CLIP, FILM, MP4), (THIRD, SHOT, WEBP)]
        media = [
            Item(type="media", id=name, originals=(self.original(path, data),))
            for name, path, data in one
        ]
        raw = (self.original(MESSAGE, CAR), self.original(OTHER, BUS))
        items = (*draft.items, *media, Item(type="raw", id=BATCH, originals=raw))
        records = {
            **draft.records,
            SOURCE: b'{"camera":"cam-1","original":true}\n',
            INCIDENT: b'{"label":"INC-2026-004211"}\n',
        }
        return replace(draft, items=items, records=records)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> CaseMaker:
    return CaseMaker(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def built(maker: CaseMaker) -> Built:
    return maker.build()


def test_a_case_is_valid(maker: CaseMaker, built: Built) -> None:
    found = maker.verify(built.path)
    assert (found.verdict, found.status) == ("VALID", 0), found.text()


def swap(one: str, two: str) -> Change:
    def change(opened: Opened, _maker: Maker) -> None:
        opened.files[one], opened.files[two] = opened.files[two], opened.files[one]

    return change


def rename(old: str, new: str) -> Change:
    return lambda opened, maker: opened.files.update({new: opened.files.pop(old)})


UNSIGNED: dict[str, tuple[Change, str]] = {
    "one bit of a still": (flip(SNAP), "its bytes were changed"),
    "one bit of a clip": (flip(FILM), "its bytes were changed"),
    "one bit of a message": (flip(MESSAGE, 3), "its bytes were changed"),
    "where a still comes from": (edit(SOURCE, b"cam-1", b"cam-9"), "its bytes were changed"),
    "the incident's record": (edit(INCIDENT, b"4211", b"4212"), "its bytes were changed"),
    "two pictures swapped": (swap(SNAP, SHOT), "its bytes were changed"),
    "two messages swapped": (swap(MESSAGE, OTHER), "its bytes were changed"),
    "a clip taken out": (drop(FILM), "the file is listed, but missing"),
    "a message taken out": (drop(MESSAGE), "the file is listed, but missing"),
    "the incident taken out": (drop(INCIDENT), "the file is listed, but missing"),
    "a still added": (put("data/camera/v-9/snap.jpg", JPEG), "the file is in no list (added)"),
    "a message added": (put(f"data/raw/{'0' * 64}.json", b"{}"), "the file is in no list (added)"),
    "a still of another camera": (
        rename(SNAP, "data/camera/v-8/snap.jpg"), "the file is in no list (added)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSIGNED)
def test_a_finder_is_refused(name: str, maker: CaseMaker, built: Built, tmp_path: Path) -> None:
    change, words = UNSIGNED[name]
    refused(attempt(maker, built, tmp_path, change), words)


def record(change: Callable[[dict[str, Any]], object]) -> Change:
    return lambda opened, maker: opened.json(RECORD, change)


def what(value: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in value["what"] if one["id"] == name)
    return found


def false_message(opened: Opened, _maker: Maker) -> None:
    """Put another message in its place, rightly named and recorded."""
    false = b'{"label":"tank"}'
    name = f"data/raw/{sha(false)}.json"
    opened.files.pop(MESSAGE)
    opened.files[name] = false
    opened.json(RECORD, lambda value: what(value, BATCH).update(files=[name, OTHER]))


def still_as_copy(opened: Opened, _maker: Maker) -> None:
    opened.files[SNAP] = JPEG + b"x"
    line = {"path": SNAP, "sha256": sha(JPEG + b"x"), "from": FILM, "how": "x"}

    def change(value: dict[str, Any]) -> None:
        value["what"] = [one for one in value["what"] if one["id"] != STILL]
        value["derived"].append(line)

    opened.json(RECORD, change)


INSIDER: dict[str, tuple[Change, str]] = {
    "a still replaced": (put(SNAP, JPEG + b"x"), "the log tells of other bytes for media v-1"),
    "a clip replaced": (put(FILM, MP4 + b"x"), "the log tells of other bytes for media v-2"),
    "a picture of another kind replaced": (put(SHOT, b"RIFFx"), "the log tells of other bytes"),
    "stills swapped with their names": (swap(SNAP, SHOT), "the log tells of other bytes"),
    "a message replaced under its name": (
        put(MESSAGE, b'{"label":"tank"}'), "it is not named by the SHA-256 of its bytes"
    ),
    "a message replaced and named rightly": (
        false_message, "the log tells of other bytes for raw raw-1"
    ),
    "a still that nobody collected": (
        record(lambda v: what(v, STILL).update(id="v-7")), "no entry of the log is about it"
    ),
    "messages of a batch that never was": (
        record(lambda v: what(v, BATCH).update(id="raw-9")), "no entry of the log is about it"
    ),
    "a picture that the record does not name": (
        record(lambda v: v.update(what=[o for o in v["what"] if o["id"] != THIRD])),
        "the record does not say what it is",
    ),
    "a clip that the record does not name": (
        record(lambda v: v.update(what=[o for o in v["what"] if o["id"] != CLIP])),
        "the record does not say what it is",
    ),
    "a still called a message": (
        record(lambda v: what(v, STILL).update(type="raw")), "no entry of the log is about it"
    ),
    "a still counted as a recording": (
        record(lambda v: what(v, STILL).update(type="recording")), "there are 3"
    ),
    "a still of another object": (
        record(lambda v: (what(v, CLIP)["files"].append(SNAP), what(v, STILL).update(files=[]))),
        "the log tells of other bytes for media v-2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", INSIDER)
def test_an_insider_is_refused(name: str, maker: CaseMaker, built: Built, tmp_path: Path) -> None:
    change, words = INSIDER[name]

    def signed(opened: Opened, _maker: Maker) -> None:
        change(opened, maker)
        opened.relist()
        opened.sign(maker.exporter, maker.approver)

    refused(attempt(maker, built, tmp_path, signed), words)


def test_what_the_log_does_not_name_is_told_to_weigh(
    maker: CaseMaker, built: Built, tmp_path: Path
) -> None:
    def beside(opened: Opened, _maker: Maker) -> None:
        opened.files[f"data/raw/{sha(b'{}')}.json"] = b"{}"
        opened.relist()
        opened.sign(maker.exporter, maker.approver)

    def derived(opened: Opened, _maker: Maker) -> None:
        still_as_copy(opened, maker)
        opened.relist()
        opened.sign(maker.exporter, maker.approver)

    found = attempt(maker, built, tmp_path, beside)
    assert (found.status, "exporter's signature only" in found.verdict) == (3, True)
    found = attempt(maker, built, tmp_path, derived)
    assert "a copy of data/camera/v-2/clip.mp4; the log does not vouch for it" in found.text()


def redacted_draft(maker: CaseMaker, parent: Built, before: str) -> Draft:
    black = JPEG[:3] + b"black"
    maker.entry("alter", "media.redacted", ("media", STILL), {"sha256": [sha(black)]})
    draft = maker.draft()
    items = tuple(
        replace(item, originals=(maker.original(SNAP, black),)) if item.id == STILL else item
        for item in draft.items
    )
    span = RedactedSpan(
        name=SNAP, from_ms=None, to_ms=None, before_sha256=before, after_sha256=sha(black)
    )
    redacts = Redacts(
        parent=ID,
        parent_hash=parent.package_hash,
        spans=(span,),
        method="black, re-encoded",
        reason="a bystander",
    )
    return replace(draft, id="EV-2026-000322", items=items, redacts=redacts)


def test_a_redacted_still_names_what_it_was(maker: CaseMaker, tmp_path: Path) -> None:
    parent = maker.build()
    maker.entry("disclose", "evidence.requested", ("package", "EV-2026-000322"), {})
    good = maker.build(redacted_draft(maker, parent, sha(JPEG)))
    found = maker.verify(good.path, parent=parent.path)
    assert found.verdict == "VALID", found.text()
    refused(
        maker.verify(maker.build(redacted_draft(maker, parent, "1" * 64)).path, parent=parent.path),
        "is not what EV-2026-000321 has under that name",
    )
    opened = Opened(good.path)
    opened.json(RECORD, lambda value: value.update(redacts=None))
    opened.relist()
    opened.sign(maker.exporter, maker.approver)
    hidden = maker.verify(opened.write(tmp_path / "hidden.zip"))
    refused(hidden, "it was altered, and the record does not say so")
    assert FIRST in str(opened.files.keys())
