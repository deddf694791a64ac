"""What an insider may try who has the keys of exporter and approver, and how each is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import Cosigner, NoteSigner
from dispatch.evidence.builder import Built
from tests.dispatch.evidence.packages import FIRST, SOUND, Maker, Opened, b64, sha
from tests.dispatch.evidence.tampering import (
    COVERAGE,
    CUSTODY,
    GAIN_FILE,
    OPUS,
    RECORD,
    WAV,
    Change,
    attempt,
    edit,
    lines_of,
    log_says,
    proof_names,
    put,
    refused,
)


def in_json(name: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def change_file(opened: Opened, _maker: Maker) -> None:
        opened.json(name, change)

    return change_file


def replace_sound(opened: Opened, maker: Maker) -> None:
    opened.files[OPUS] = SOUND + b"false"


def replace_sound_and_entry(opened: Opened, maker: Maker) -> None:
    replace_sound(opened, maker)
    hashes = [sha(SOUND + b"false"), sha(opened.files[GAIN_FILE])]
    log_says(lambda entry: entry["detail"].update(sha256=hashes))(opened, maker)


def drop_entry(opened: Opened, _maker: Maker) -> None:
    lines = lines_of(opened)
    opened.files[CUSTODY] = b"\n".join([lines[0], *lines[2:]]) + b"\n"
    opened.files.pop(proof_names(opened)[1])


def drop_line_only(opened: Opened, _maker: Maker) -> None:
    opened.files[CUSTODY] = b"\n".join(lines_of(opened)[1:]) + b"\n"


def swap_entries(opened: Opened, _maker: Maker) -> None:
    lines = lines_of(opened)
    lines[0], lines[1] = lines[1], lines[0]
    opened.files[CUSTODY] = b"\n".join(lines) + b"\n"


def rename_proof(opened: Opened, _maker: Maker) -> None:
    name = proof_names(opened)[0]
    opened.files["meta/proofs/0.tlog-proof"] = opened.files.pop(name)


def all_proofs(change: Callable[[bytes], bytes]) -> Change:
    def edit_proofs(opened: Opened, _maker: Maker) -> None:
        for name in proof_names(opened):
            opened.files[name] = change(opened.files[name])

    return edit_proofs


def other_log(opened: Opened, maker: Maker) -> None:
    """A checkpoint of a key of one's own with the log's name: proofs agree with it."""
    false = NoteSigner(maker.log.origin, Ed25519PrivateKey.generate())
    head, _, _ = opened.files["meta/checkpoint"].partition(b"\n\n")
    text = head.decode() + "\n"
    note = f"{text}\n{false.line(text)}{maker.witness.line(text, 1_795_000_001)}".encode()
    for name in proof_names(opened):
        begin, _, _ = opened.files[name].partition(b"\n\n")
        opened.files[name] = begin + b"\n\n" + note
    opened.files["meta/checkpoint"] = note


def checkpoint_lines(make: Callable[[str, Maker], str]) -> Change:
    def edit_checkpoint(opened: Opened, maker: Maker) -> None:
        old = opened.files["meta/checkpoint"]
        note = make(old.decode(), maker).encode()
        for name in proof_names(opened):
            opened.files[name] = opened.files[name].replace(old, note)
        opened.files["meta/checkpoint"] = note

    return edit_checkpoint


def without_witness(note: str, _maker: Maker) -> str:
    return "\n".join(line for line in note.split("\n") if "witness.example" not in line)


def other_witness(note: str, maker: Maker) -> str:
    text = note.split("\n\n", maxsplit=1)[0] + "\n"
    false = Cosigner(maker.witness.name, Ed25519PrivateKey.generate())
    return without_witness(note, maker) + false.line(text, 1_795_000_000)


def smaller_tree(note: str, _maker: Maker) -> str:
    lines = note.split("\n")
    lines[1] = str(int(lines[1]) - 1)
    return "\n".join(lines)


def recording(changes: dict[str, Any], at: int = 0) -> Change:
    return in_json(RECORD, lambda value: value["what"][at].update(changes))


def as_copy(opened: Opened, maker: Maker) -> None:
    """Call a replaced original a copy, so that the log need not know it."""
    replace_sound(opened, maker)
    line = {"path": OPUS, "sha256": sha(SOUND + b"false"), "from": GAIN_FILE, "how": "x"}

    def change(value: dict[str, Any]) -> None:
        value["what"][0]["files"].remove(OPUS)
        value["derived"].append(line)

    opened.json(RECORD, change)


def strange_recording(opened: Opened, maker: Maker) -> None:
    opened.files["data/calls/t-strange.opus"] = SOUND


def spans(*lines: dict[str, Any]) -> Change:
    redacts = {
        "parent": "EV-2026-000001",
        "parent_tagmanifest_sha256": "0" * 64,
        "spans": list(lines),
        "method": "silence+tone",
        "reason": "third person",
    }
    return in_json(RECORD, lambda value: value.update(redacts=redacts))


def span(name: str, after: str, **more: Any) -> dict[str, Any]:
    line = {"file": name, "from_ms": 0, "to_ms": 900, "before_sha256": "1" * 64}
    return {**line, "after_sha256": after, **more}


INSIDER: dict[str, tuple[Change, str]] = {
    "sound replaced, everything signed": (replace_sound, "the log tells of other bytes"),
    "sound and its entry replaced": (replace_sound_and_entry, "is not entry 1 of the log"),
    "an entry's time changed": (
        log_says(lambda e: e.update(ts="2026-11-24T00:00:00.000000Z")), "is not entry 1 of the log"
    ),
    "an entry's actor changed": (
        log_says(lambda e: e["actor"].update(id="u-1"), 2), "of the log (changed, or another one)"
    ),
    "an entry not in the canonical form": (
        edit(CUSTODY, b'{"actor"', b'{ "actor"'), "not in the canonical form"
    ),
    "an entry that is no JSON": (edit(CUSTODY, b'{"actor"', b'("actor"'), "it is not JSON"),
    "an entry with a fraction": (edit(CUSTODY, b'"v":1', b'"v":1.0'), "it is not JSON"),
    "a line taken out, its proof left": (drop_line_only, "entries, but"),
    "entries in another order": (swap_entries, "of the log (changed, or another one)"),
    "custody without an end": (
        lambda o, m: o.files.update({CUSTODY: o.files[CUSTODY][:-1]}), "the last one is cut"
    ),
    "custody with an empty line": (
        lambda o, m: o.files.update({CUSTODY: b"\n" + o.files[CUSTODY]}), "a line is empty"
    ),
    "the collect entry left out": (
        lambda o, m: (
            o.files.update({CUSTODY: b"\n".join(lines_of(o)[1:]) + b"\n"}),
            o.files.pop(proof_names(o)[0]),
            in_json(RECORD, lambda v: v["what"][0].update(id="t-unheard"))(o, m),
        ),
        "no entry of the log is about it",
    ),
    "a proof under another number": (rename_proof, "it is the proof of entry 1"),
    "a proof of no entry": (put("meta/proofs/x.tlog-proof", b""), "it is no proof of an entry"),
    "one hash of a proof": (
        all_proofs(lambda raw: raw.replace(b"\n" + raw.split(b"\n")[2], b"\n" + b64(bytes(32))
                   .encode(), 1)),
        "of the log (changed, or another one)",
    ),
    "a hash of a proof left out": (
        all_proofs(lambda raw: b"\n".join(raw.split(b"\n")[:2] + raw.split(b"\n")[3:])),
        "of the log (changed, or another one)",
    ),
    "a proof with an extra line": (
        all_proofs(lambda raw: raw.replace(b"\nindex", b"\nextra AA==\nindex")), "it is not c2sp"
    ),
    "proofs that end in an older checkpoint": (
        all_proofs(lambda raw: raw + b"\n"), "it does not end in meta/checkpoint"
    ),
    "cut log: a smaller tree in the checkpoint": (
        checkpoint_lines(smaller_tree), "the signature of audit.example.se/dispatch1 is wrong"
    ),
    "another log of the same name": (other_log, "no trusted key of the log"),
    "no witness": (checkpoint_lines(without_witness), "too few trusted witnesses"),
    "a false witness of the right name": (
        checkpoint_lines(other_witness), "too few trusted witnesses"
    ),
    "a damaged cosignature": (
        checkpoint_lines(lambda note, m: note[:-12] + ("A" if note[-12] != "A" else "B")
                         + note[-11:]),
        "the signature of witness.example.org/w1 is wrong",
    ),
    "checkpoint with an extension line": (
        checkpoint_lines(lambda note, m: note.replace("\n\n", "\nmore\n\n", 1)),
        "it is not origin, size and root",
    ),
    "a replaced original called a copy": (as_copy, "its sound"),
    "a recording of no call": (strange_recording, "the record does not say what it is"),
    "a copy that is another": (
        in_json(RECORD, lambda v: v["derived"][0].update(sha256="0" * 64)), "it is not the copy"
    ),
    "a copy of nothing": (
        in_json(RECORD, lambda v: v["derived"][0].update({"from": "data/x"})), "no original here"
    ),
    "a copy with more fields": (
        in_json(RECORD, lambda v: v["derived"][0].update(note="x")), "is no field of it"
    ),
    "a WAV as an original": (
        in_json(RECORD, lambda v: (v["what"][0]["files"].append(WAV), v["derived"].clear())),
        "never an original",
    ),
    "a file both original and copy": (
        in_json(RECORD, lambda v: v["what"][0]["files"].append(WAV)),
        "as an original and as a copy",
    ),
    "a file that is not there": (
        in_json(RECORD, lambda v: v["what"][0]["files"].append("data/none.json")),
        "it is not in the package",
    ),
    "a strange file among the calls": (put("data/calls/x.exe", b"MZ"), "no such file belongs"),
    "a folder among the calls": (put("data/calls/a/b.json", b"{}"), "no such file belongs"),
    "sound of another recording": (
        in_json(RECORD, lambda v: v["what"][0]["files"].append(v["what"][1]["files"].pop())),
        "it belongs to no recording",
    ),
    "a raw message under another name": (
        put("data/raw/" + "0" * 64 + ".json", b"{}"), "not named by the SHA-256"
    ),
    "the package of another id": (
        in_json(RECORD, lambda v: v.update(id="EV-2026-000999")), "it is of the package"
    ),
    "an unknown version": (in_json(RECORD, lambda v: v.update(v=2)), "version 2 is not known"),
    "requester approves": (
        in_json(RECORD, lambda v: v.update(approved_by=[{"id": "u-104", "key": None}])),
        "asked for it and approved it",
    ),
    "nobody approves": (
        in_json(RECORD, lambda v: v.update(approved_by=[])), "nobody approved"
    ),
    "one person approves twice": (
        in_json(RECORD, lambda v: v.update(approved_by=v["approved_by"] * 2)), "approved twice"
    ),
    "no purpose": (
        in_json(RECORD, lambda v: v.update(purpose={"code": "x", "basis": "y", "ref": ""})),
        "neither ref nor text",
    ),
    "no recipient": (in_json(RECORD, lambda v: v.pop("recipient")), "recipient is missing"),
    "a time in another form": (
        in_json(RECORD, lambda v: v.update(created="24.11.2026")), "expected a time"
    ),
    "a day that is none": (
        in_json(RECORD, lambda v: v.update(expires="2027-02-30")), "expected a day"
    ),
    "a key twice in the record": (
        edit(RECORD, b"{\n", b'{"id": "EV-2026-000001",\n'), "a key stands twice"
    ),
    "an object twice": (
        in_json(RECORD, lambda v: v["what"].append(v["what"][1])), "an object stands there twice"
    ),
    "coverage: more included": (
        in_json(COVERAGE, lambda v: v.update(included=9, matched=10)), "it counts 9 recordings"
    ),
    "coverage: a left out one hidden": (
        in_json(COVERAGE, lambda v: v.update(left_out=[])), "are not 3"
    ),
    "coverage: left out and included": (
        in_json(COVERAGE, lambda v: v["left_out"][0].update(id=FIRST)), "left out and included"
    ),
    "coverage: a cause of one's own": (
        in_json(COVERAGE, lambda v: v["gaps"][0].update(cause="weather")), "is not known"
    ),
    "coverage: a gap outside": (
        in_json(COVERAGE, lambda v: v["gaps"][0].update(to="2026-11-25T00:00:00Z")), "lies outside"
    ),
    "coverage: a field more": (
        in_json(COVERAGE, lambda v: v.update(note="x")), "is no field of it"
    ),
    "coverage: a field less": (in_json(COVERAGE, lambda v: v.pop("gaps")), "gaps is missing"),
    "coverage: a talkgroup not asked for": (
        in_json(COVERAGE, lambda v: v["gaps"][0].update(talkgroup="net/9")), "those asked for"
    ),
    "keys in another form": (put("meta/keys.json", b'{"log":"x"}'), "meta/keys.json: "),
    "redaction that changes nothing": (
        spans(span(OPUS, sha(SOUND), before_sha256=sha(SOUND)), span(GAIN_FILE, "2" * 64)),
        "was not changed",
    ),
    "redaction of another file": (spans(span("data/x", "2" * 64)), "is no original"),
    "redaction with another hash": (spans(span(OPUS, "2" * 64)), "is not the redacted file"),
    "redacted words left in another file": (
        spans(span(OPUS, sha(SOUND))), "the redacted words still stand in it"
    ),
    "redaction with half a time": (
        spans(span(OPUS, sha(SOUND), to_ms=None)), "both numbers or both null"
    ),
    "redaction that ends before it begins": (
        spans(span(OPUS, sha(SOUND), from_ms=900, to_ms=100)), "ends before it begins"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", INSIDER)
def test_an_insider_with_the_package_s_keys_is_refused(
    name: str, maker: Maker, built: Built, tmp_path: Path
) -> None:
    change, words = INSIDER[name]

    def signed(opened: Opened, maker: Maker) -> None:
        change(opened, maker)
        opened.relist()
        opened.sign(maker.exporter, maker.approver)

    refused(attempt(maker, built, tmp_path, signed), words)


def test_an_entry_and_its_proof_left_out_is_the_exporter_s_word(
    maker: Maker, built: Built, tmp_path: Path
) -> None:
    """Proofs show that what is there is true; that nothing was left out, the auditor's mirror."""

    def signed(opened: Opened, maker: Maker) -> None:
        lines, names = lines_of(opened), proof_names(opened)
        opened.files[CUSTODY] = b"\n".join([*lines[:2], *lines[3:]]) + b"\n"
        opened.files.pop(names[2])
        opened.relist()
        opened.sign(maker.exporter, maker.approver)

    assert attempt(maker, built, tmp_path, signed).verdict == "VALID"


def test_a_whole_false_package_with_keys_of_its_own(maker: Maker, tmp_path: Path) -> None:
    """Everything fits, keys included: only the keys from elsewhere show that it is another's."""
    forger = Maker(tmp_path / "forger")
    built = forger.build()
    assert forger.verify(built.path).verdict == "VALID"
    found = maker.verify(built.path)
    refused(found, "no trusted exporter signed it")
    refused(found, "no trusted key of the log")


def test_an_altered_file_must_be_called_redacted(maker: Maker, tmp_path: Path) -> None:
    own = Maker(tmp_path / "own")
    changed = SOUND + b"quiet"
    own.entry("alter", "recording.redacted", ("recording", FIRST), {"sha256": [sha(changed)]})
    built = own.build()
    opened = Opened(built.path)
    opened.files[OPUS] = changed
    opened.json(RECORD, lambda v: v["derived"].clear())
    opened.files.pop(WAV)
    opened.relist()
    opened.sign(own.exporter, own.approver)
    refused(own.verify(opened.write(tmp_path / "a.zip")), "the record does not say so")


def test_words_of_the_package_cannot_draw_on_the_screen(
    maker: Maker, built: Built, tmp_path: Path
) -> None:
    name = "\x1b[2J\nVALID"

    def signed(opened: Opened, maker: Maker) -> None:
        opened.json(RECORD, lambda v: v["what"][0].update(id=name, type=name))
        opened.relist()
        opened.sign(maker.exporter, maker.approver)

    text = attempt(maker, built, tmp_path, signed).text()
    assert "\x1b" not in text
    assert "VALID" not in text.split("\n")[:-1]
    assert text.split("\n")[-1].startswith("NOT VALID (")


def test_every_kind_is_another() -> None:
    assert len(INSIDER) > 50
