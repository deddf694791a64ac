"""``meta/package.json``: what is in the package, who asked, who approved, for whom and why."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dispatch.evidence.verifier.names import PACKAGE_ID
from dispatch.evidence.verifier.strict_json import (
    BadForm,
    day,
    fields,
    listed,
    moment,
    number,
    sha256,
    text,
    texts,
)

NAME = "meta/package.json"
FIELDS = "v id created expires what derived requested_by approved_by purpose recipient redacts"


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of ``what``."""

    type: str
    id: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """A line of ``derived``: a copy that the log does not vouch for."""

    path: str
    sha256: str
    source: str
    how: str


@dataclass(frozen=True, slots=True)
class Span:
    """A redacted part; both times None: the whole file."""

    file: str
    from_ms: int | None
    to_ms: int | None
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """What a redacted copy says of its parent."""

    parent: str
    parent_hash: str
    spans: tuple[Span, ...]


@dataclass(slots=True)
class Record:
    """The record of a package, checked for its form."""

    id: str
    expires: date
    things: list[Thing] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    approvers: list[tuple[str, str | None]] = field(default_factory=list)
    redaction: Redaction | None = None

    @property
    def files(self) -> dict[str, list[Thing]]:
        """The objects of each file of ``what``."""
        found: dict[str, list[Thing]] = {}
        for thing in self.things:
            for name in thing.files:
                found.setdefault(name, []).append(thing)
        return found


def read_record(value: dict[str, Any], package: str) -> Record:
    """Check the record of the package with the id ``package``; raises BadForm."""
    fields(value, NAME, FIELDS, more=True)
    if number(value["v"], f"{NAME}: v") != 1:
        raise BadForm(f"{NAME}: version {value['v']} is not known to this verifier")
    if value["id"] != package:
        raise BadForm(f"{NAME}: it is of the package {value['id']!r}, not of {package}")
    moment(value["created"], f"{NAME}: created")
    record = Record(package, day(value["expires"], f"{NAME}: expires"))
    for index, one in enumerate(listed(value["what"], f"{NAME}: what")):
        record.things.append(_thing(one, f"{NAME}: what[{index}]"))
    if not record.things:
        raise BadForm(f"{NAME}: what: nothing is in the package")
    if len({(one.type, one.id) for one in record.things}) != len(record.things):
        raise BadForm(f"{NAME}: what: an object stands there twice")
    for index, one in enumerate(listed(value["derived"], f"{NAME}: derived")):
        record.copies.append(_copy(one, f"{NAME}: derived[{index}]"))
    _people(record, value)
    _purpose(value["purpose"], value["recipient"])
    if value["redacts"] is not None:
        record.redaction = _redaction(value["redacts"], f"{NAME}: redacts", package)
    return record


def _thing(value: Any, place: str) -> Thing:
    one = fields(value, place, "type id files", more=True)
    files = texts(one["files"], f"{place}.files")
    return Thing(text(one["type"], f"{place}.type"), text(one["id"], f"{place}.id"), tuple(files))


def _copy(value: Any, place: str) -> Copy:
    one = fields(value, place, "path sha256 from how")
    return Copy(
        text(one["path"], f"{place}.path"),
        sha256(one["sha256"], f"{place}.sha256"),
        text(one["from"], f"{place}.from"),
        text(one["how"], f"{place}.how"),
    )


def _people(record: Record, value: dict[str, Any]) -> None:
    asked = fields(value["requested_by"], f"{NAME}: requested_by", "id", more=True)
    requester = text(asked["id"], f"{NAME}: requested_by.id")
    for index, one in enumerate(listed(value["approved_by"], f"{NAME}: approved_by")):
        place = f"{NAME}: approved_by[{index}]"
        person = fields(one, place, "id key", more=True)
        key = None if person["key"] is None else text(person["key"], f"{place}.key")
        record.approvers.append((text(person["id"], f"{place}.id"), key))
    names = [name for name, _ in record.approvers]
    if not names:
        raise BadForm(f"{NAME}: approved_by: nobody approved")
    if len(set(names)) != len(names):
        raise BadForm(f"{NAME}: approved_by: a person approved twice")
    if requester in names:
        raise BadForm(f"{NAME}: approved_by: {requester} asked for it and approved it")


def _purpose(purpose: Any, recipient: Any) -> None:
    why = fields(purpose, f"{NAME}: purpose", "code basis", more=True)
    text(why["code"], f"{NAME}: purpose.code")
    text(why["basis"], f"{NAME}: purpose.basis")
    reasons = [why.get("ref"), why.get("text")]
    if not any(isinstance(one, str) and one.strip() for one in reasons):
        raise BadForm(f"{NAME}: purpose: neither ref nor text says why")
    for one in reasons:
        if one is not None and not isinstance(one, str):
            raise BadForm(f"{NAME}: purpose: expected texts")
    who = fields(recipient, f"{NAME}: recipient", "name country basis", more=True)
    for name in ("name", "country", "basis"):
        text(who[name], f"{NAME}: recipient.{name}")


def _redaction(value: Any, place: str, package: str) -> Redaction:
    one = fields(value, place, "parent parent_tagmanifest_sha256 spans method reason")
    parent = text(one["parent"], f"{place}.parent")
    if not PACKAGE_ID.fullmatch(parent) or parent == package:
        raise BadForm(f"{place}.parent: expected the id of another package")
    text(one["method"], f"{place}.method")
    text(one["reason"], f"{place}.reason")
    spans = [
        _span(span, f"{place}.spans[{index}]")
        for index, span in enumerate(listed(one["spans"], f"{place}.spans"))
    ]
    parent_hash = sha256(one["parent_tagmanifest_sha256"], f"{place}.parent_tagmanifest_sha256")
    return Redaction(parent, parent_hash, tuple(spans))


def _span(value: Any, place: str) -> Span:
    one = fields(value, place, "file from_ms to_ms before_sha256 after_sha256")
    start, end = one["from_ms"], one["to_ms"]
    if (start is None) != (end is None):
        raise BadForm(f"{place}: from_ms and to_ms are both numbers or both null")
    if start is not None:
        start, end = number(start, f"{place}.from_ms"), number(end, f"{place}.to_ms")
        if start >= end:
            raise BadForm(f"{place}: it ends before it begins")
    return Span(
        text(one["file"], f"{place}.file"),
        start,
        end,
        sha256(one["before_sha256"], f"{place}.before_sha256"),
        sha256(one["after_sha256"], f"{place}.after_sha256"),
    )
