"""What somebody may try who found a package and has no key, and the words of each refusal."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import NoteSigner
from dispatch.evidence.builder import Built
from tests.dispatch.evidence.packages import SECOND, SOUND, Maker, Opened
from tests.dispatch.evidence.tampering import (
    COVERAGE,
    CUSTODY,
    GAIN_FILE,
    OPUS,
    RECORD,
    Change,
    attempt,
    drop,
    edit,
    flip,
    proof_names,
    put,
    refused,
)


def swap(opened: Opened, _maker: Maker) -> None:
    one, two = OPUS, f"data/calls/{SECOND}.opus"
    opened.files[one], opened.files[two] = opened.files[two], opened.files[one]


def rename(opened: Opened, _maker: Maker) -> None:
    opened.files["data/calls/c-2.json"] = opened.files.pop("data/calls/c-1.json")


def cut_manifest(opened: Opened, _maker: Maker) -> None:
    lines = opened.files["manifest-sha256.txt"].split(b"\n")
    opened.files["manifest-sha256.txt"] = b"\n".join(lines[1:])


def relisted(change: Change) -> Change:
    """The same, with all lists made right again: only the signature is left to find it."""

    def both(opened: Opened, maker: Maker) -> None:
        change(opened, maker)
        opened.relist()

    return both


UNSIGNED: dict[str, tuple[Change, str]] = {
    "one bit of sound": (flip(OPUS), "its bytes were changed"),
    "one bit of the gain file": (flip(GAIN_FILE), "its bytes were changed"),
    "one bit of the record": (edit(RECORD, b"INC-2026", b"INC-2025"), "its bytes were changed"),
    "two files swapped": (swap, "its bytes were changed"),
    "a file taken out": (drop(OPUS), "the file is listed, but missing"),
    "a file added": (put("data/calls/t-x.opus", SOUND), "the file is in no list (added)"),
    "a file added beside": (put("notes.txt", b"x"), "the file is in no list (added)"),
    "a file added to meta": (put("meta/more.json", b"{}"), "the file is in no list (added)"),
    "a file renamed": (rename, "the file is in no list (added)"),
    "a line taken out of the list": (cut_manifest, "the file is in no list (added)"),
    "no coverage": (drop(COVERAGE), "data/coverage.json: it is missing"),
    "no signature": (drop("package.sig"), "package.sig: it is missing"),
    "no custody": (drop(CUSTODY), "meta/custody.jsonl: it is missing"),
    "no checkpoint": (drop("meta/checkpoint"), "meta/checkpoint: it is missing"),
    "no tag list": (drop("tagmanifest-sha256.txt"), "tagmanifest-sha256.txt: it is missing"),
    "no proofs": (
        lambda o, m: [o.files.pop(name) for name in proof_names(o)],
        "the file is listed, but missing",
    ),
    "fetch list": (put("fetch.txt", b"http://example.org 1 data/x\n"), "a package has no such"),
    "weaker list": (put("manifest-md5.txt", b""), "a package has no such list"),
    "another bag version": (
        relisted(edit("bagit.txt", b"1.0", b"0.97")), "it is not that of BagIt 1.0"
    ),
    "a list with a path twice": (
        lambda o, m: o.files.update(
            {"manifest-sha256.txt": o.files["manifest-sha256.txt"] * 2}
        ),
        "is listed twice",
    ),
    "a list in another form": (
        edit("manifest-sha256.txt", b"  data", b" *data"), "expected a SHA-256, two spaces"
    ),
    "sizes that do not add up": (
        edit("bag-info.txt", b"Payload-Oxum: ", b"Payload-Oxum: 1"), "expected Payload-Oxum"
    ),
    "bytes changed and lists made right": (
        relisted(flip(OPUS)), "it signs another package than this one"
    ),
    "record changed and lists made right": (
        relisted(edit(RECORD, b"INC-2026", b"INC-2025")), "it signs another package than this one"
    ),
    "file added and lists made right": (
        relisted(put("data/calls/t-x.opus", SOUND)), "it signs another package than this one"
    ),
    "file taken out and lists made right": (
        relisted(drop(GAIN_FILE)), "it signs another package than this one"
    ),
    "one bit of the signature": (flip("package.sig", -40), "package.sig: "),
    "signature of nobody known": (
        lambda o, m: o.sign(NoteSigner("someone", Ed25519PrivateKey.generate())),
        "no trusted exporter signed it",
    ),
    "signature with the right name and another key": (
        lambda o, m: o.sign(NoteSigner(m.exporter.origin, Ed25519PrivateKey.generate())),
        "no trusted exporter signed it",
    ),
    "approval taken off": (lambda o, m: o.sign(m.exporter), "the approver u-7"),
    "approval by the exporter's key under the approver's name": (
        lambda o, m: o.sign(m.exporter, NoteSigner(m.approver.origin, m.exporter._key)),
        "the trusted key of the approver u-7 did not sign it",
    ),
    "nothing but the text signed": (
        lambda o, m: o.files.update({"package.sig": o.files["package.sig"].split(b"\n\n")[0]}),
        "it is no signed note",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSIGNED)
def test_a_finder_of_the_file_is_refused(
    name: str, maker: Maker, built: Built, tmp_path: Path
) -> None:
    change, words = UNSIGNED[name]
    refused(attempt(maker, built, tmp_path, change), words)


def test_every_kind_is_another() -> None:
    assert len(UNSIGNED) > 30
