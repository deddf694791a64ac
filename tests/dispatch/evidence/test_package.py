"""A clean package: valid here, valid in an empty Python, valid for BagIt's own library."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import bagit
import pytest

from dispatch.evidence.builder import add_signatures, signed_text
from dispatch.evidence.draft import Approver, Item
from dispatch.evidence.pyz import verifier_pyz
from dispatch.evidence.verifier.ed25519 import verify as verify_signature
from dispatch.evidence.zip_writer import FileChanged
from gateway.model.errors import LocalError
from tests.dispatch.evidence.packages import FIRST, ID, SOUND, TODAY, Maker, Opened

ROOT = Path(__file__).parents[3]


def test_a_clean_package_is_valid(maker: Maker) -> None:
    built = maker.build()
    found = maker.verify(built.path)
    assert (found.verdict, found.status) == ("VALID", 0), found.text()
    words = found.text()
    for part in ("archive:", "files:", "bytes:", "signature:", "approval:", "log:", "witnesses:",
                 "custody:", "binding:", "coverage:", "a copy of"):  # fmt: skip
        assert part in words, part
    assert built.size_bytes > 4000
    assert found.to_json()["status"] == 0


def test_the_layout_is_that_of_the_specification(maker: Maker) -> None:
    files = Opened(maker.build().path).files
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert files[f"data/calls/{FIRST}.opus"] == SOUND
    assert {name.partition("/")[0] for name in files} == {
        "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data",
        "meta", "README.txt", "package.sig",
    }  # fmt: skip
    lines = files["meta/custody.jsonl"].decode().splitlines()
    about = [json.loads(line)["obj"]["id"] for line in lines]
    assert about.count(FIRST) == 2
    assert about[-1] == ID
    assert len(lines) == sum(name.startswith("meta/proofs/") for name in files)
    readme = files["README.txt"].decode()
    for words in ("Nothing was recorded on hill", "Ingenting spelades in", "Нічого не записано"):
        assert words in readme
    record = json.loads(files["meta/package.json"])
    assert record["approved_by"] == [{"id": "u-7", "key": "audit.example.se/approver/u-7"}]


def test_an_archive_program_and_bagit_accept_it(maker: Maker, tmp_path: Path) -> None:
    path = maker.build().path
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    bag = bagit.Bag(str(tmp_path / "out" / ID))
    # The signature is made over the tag manifest, so it cannot stand in it.
    assert bag.validate(processes=1)
    unzip = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True, check=False)
    assert unzip.returncode == 0, unzip.stdout


def run_pyz(pyz: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", pyz, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=pyz.parent,
        env={},
    )


def test_the_one_file_verifies_in_an_empty_python(maker: Maker, tmp_path: Path) -> None:
    pyz = tmp_path / "verify_evidence.pyz"
    pyz.write_bytes(verifier_pyz())
    trust = tmp_path / "keys.txt"
    trust.write_text(maker.trust, encoding="utf-8")
    path = maker.build().path
    done = run_pyz(pyz, path, "--trust", trust)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "VALID"), done.stderr
    answer = json.loads(run_pyz(pyz, path, "--trust", trust, "--json").stdout)
    assert answer["verdict"] == "VALID"
    assert run_pyz(pyz, path).returncode == 1
    assert run_pyz(pyz, tmp_path / "none.zip", "--trust", trust).returncode == 2
    assert run_pyz(pyz, path, "--trust", tmp_path / "none").returncode == 2
    trust.write_text("nonsense\n", encoding="utf-8")
    done = run_pyz(pyz, path, "--trust", trust)
    assert (done.returncode, "line 1" in done.stderr) == (2, True)
    assert run_pyz(pyz).returncode == 2


def test_the_committed_verifier_is_made_of_these_sources() -> None:
    committed = ROOT / "docs" / "verify_evidence.pyz"
    assert committed.read_bytes() == verifier_pyz(), (
        "run: samband evidence verifier docs/verify_evidence.pyz"
    )


def test_warnings_are_told_and_give_their_own_status(maker: Maker) -> None:
    path = maker.build().path
    trust = maker.trust.replace("quorum w1", "quorum none")
    found = maker.verify(path, trust)
    assert (found.status, found.verdict.startswith("VALID WITH WARNINGS (quorum none")) == (3, True)
    found = maker.verify(path, today=date(2027, 11, 25))
    assert (found.status, "expires" in found.verdict) == (3, True)
    assert maker.verify(path, today=date(2027, 11, 24)).status == 0
    without = "\n".join(line for line in maker.trust.splitlines() if "approver" not in line)
    found = maker.verify(path, without)
    assert (found.status, "no approver key trusted" in found.verdict) == (3, True)


def test_an_approver_without_a_card_is_a_warning(maker: Maker) -> None:
    draft = replace(maker.draft(), approvers=(Approver(id="u-7"),))
    found = maker.verify(maker.build(draft, approved=False).path)
    assert (found.status, "no approver key trusted" in found.verdict) == (3, True)


def test_a_stamp_that_is_not_checked_is_a_warning(maker: Maker, tmp_path: Path) -> None:
    built = maker.build(approved=False)
    line = maker.approver.line(signed_text(ID, built.package_hash))
    out = tmp_path / "final.zip"
    add_signatures(built.path, [line, line], b"stamp", out)
    found = maker.verify(out)
    assert (found.status, "time stamp" in found.verdict) == (3, True)
    opened = Opened(out)
    assert opened.files["package.sig"].count("—".encode()) == 2
    assert found.verdict.count(";") == 0


def test_the_keys_of_the_package_authenticate_nothing(maker: Maker) -> None:
    from dispatch.evidence.verifier.main import verify

    found = verify(maker.build().path, None, today=TODAY)
    assert found.verdict == "NOT VALID (self-consistent, not authenticated)"
    assert found.status == 1


def test_free_text_in_clear_is_a_warning(tmp_path: Path) -> None:
    maker = Maker(tmp_path / "own")
    maker.entry("consult", "recording.play", ("recording", FIRST), {}, purpose={"text": "red car"})
    found = maker.verify(maker.build().path)
    assert (found.status, "free text" in found.verdict) == (3, True)


def test_an_object_of_which_the_log_has_no_hash_is_bound_by_the_exporter_only(
    tmp_path: Path,
) -> None:
    maker = Maker(tmp_path / "own")
    maker.entry("combine", "incident.linked", ("snapshot", "s-1"), {"incident": "i-1"})
    picture = Item(
        type="snapshot",
        id="s-1",
        originals=(maker.original("data/camera/cam-1/snap.jpg", b"JFIF"),),
    )
    draft = maker.draft()
    found = maker.verify(maker.build(replace(draft, items=(*draft.items, picture))).path)
    assert (found.status, "bound by the exporter's signature only" in found.verdict) == (3, True)


def test_what_was_never_collected_does_not_become_evidence(maker: Maker) -> None:
    draft = maker.draft()
    stranger = replace(draft.items[0], id="t-unknown")
    with pytest.raises(LocalError, match="no entry about recording t-unknown"):
        maker.build(replace(draft, items=(stranger,)))
    assert not list(maker.root.glob("*.part"))


def test_a_file_that_changed_on_disk_stops_the_build(tmp_path: Path) -> None:
    maker = Maker(tmp_path / "own")
    draft = maker.draft()
    draft.items[0].originals[0].path.write_bytes(SOUND + b"x")
    with pytest.raises(FileChanged, match="the log tells of"):
        maker.build(draft)
    assert not list(maker.root.glob("*.zip*"))


@pytest.mark.parametrize("people", [(), ("u-104",), ("u-7", "u-7")])
def test_nobody_approves_what_they_asked_for(maker: Maker, people: tuple[str, ...]) -> None:
    draft = replace(maker.draft(), approvers=tuple(Approver(id=one) for one in people))
    with pytest.raises(LocalError, match="none who asks"):
        maker.build(draft)


def test_plain_ed25519_agrees_with_the_library() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    for seed in range(12):
        key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        public = key.public_key().public_bytes_raw()
        message = bytes(range(seed))
        signature = key.sign(message)
        assert verify_signature(public, message, signature)
        assert not verify_signature(public, message + b"x", signature)
        for at in (0, 31, 32, 63):
            bent = bytearray(signature)
            bent[at] ^= 1
            assert not verify_signature(public, message, bytes(bent))


def test_plain_ed25519_refuses_what_is_no_signature() -> None:
    # RFC 8032, 7.1, test 1: the empty message.
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
        "1cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert verify_signature(public, b"", signature)
    order = 2**252 + 27742317777372353535851937790883648493
    number = int.from_bytes(signature[32:], "little")
    doubled = signature[:32] + (number + order).to_bytes(32, "little")
    assert not verify_signature(public, b"", doubled), "s is not reduced: another form of it"
    assert not verify_signature(public, b"", signature[:63])
    assert not verify_signature(public[:31], b"", signature)
    assert not verify_signature(b"\xff" * 32, b"", signature)
    assert not verify_signature((2).to_bytes(32, "little"), b"", signature), "no such point"
    assert not verify_signature((1 | 1 << 255).to_bytes(32, "little"), b"", signature)
