"""Commands: policy files, certificates, a new master key, a backup with sealed files."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.keys import KeyFolder, log_signing_key
from samband.backup_command import back_up, back_up_keys
from samband.cli import main
from samband.restore_command import restore
from tests.dispatch.retention.keepers import Keepers
from tests.dispatch.room import Room


def test_a_policy_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[retention_days]\ncall = 30\n")
    assert main(["policy", "check", str(file)]) == 0
    assert "can be used" in capsys.readouterr().out
    file.write_text("[retention_days]\ncall = 0\n[rights]\n'fly' = ['dpo']\n")
    assert main(["policy", "check", str(file)]) == 1
    told = capsys.readouterr().err
    assert "expected 1 to" in told
    assert "no such permission" in told


async def test_versions_are_listed_and_compared(
    keepers: Keepers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["--state", str(keepers.room.state)]
    assert main(["policy", "history", *state]) == 0
    assert "active" in capsys.readouterr().out
    assert main(["policy", "export", *state]) == 0
    file = tmp_path / "new.toml"
    file.write_text(capsys.readouterr().out.replace("call = 90", "call = 60", 1))
    assert main(["policy", "diff", str(file), *state]) == 0
    told = capsys.readouterr().out
    assert "Calls: 90 to 60 days (shorter, after 7 days)." in told
    assert "until then set holds" in told


async def test_a_certificate_is_checked_offline(
    keepers: Keepers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keepers.age(keepers.calls[0])
    listing = ["retention", "list", "--state", str(keepers.room.state)]
    assert main(listing) == 0
    assert "1  call of class call" in capsys.readouterr().out
    job = (await keepers.supervisor.post("/retention/erasures")).json()["id"]
    await keepers.supervisor.post(f"/retention/erasures/{job}/start")
    await keepers.done(job)
    await keepers.room.audit.checkpoint()
    file, trust = tmp_path / "certificate.json", tmp_path / "keys.txt"
    answer = await keepers.dpo.get(f"/retention/erasures/{job}/certificate")
    file.write_bytes(answer.content)
    signer = NoteSigner("test.example/log", log_signing_key(KeyFolder(keepers.room.state / "keys")))
    trust.write_text(f"log {signer.vkey}\n")
    command = ["retention", "verify-certificate", str(file), "--trust", str(trust)]
    assert main(command) == 0
    assert "1 objects were erased" in capsys.readouterr().out
    value: dict[str, Any] = json.loads(file.read_bytes())
    value["objects"] = []
    file.write_text(json.dumps(value))
    assert main(command) == 1
    assert "NOT VALID: its ids do not give the root" in capsys.readouterr().out


async def test_a_backup_carries_sealed_files_and_an_erased_call_stays_erased(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    room = Room(state)
    await room.start()
    await room.serve()
    keepers = Keepers(room)
    for seq in (1, 2):
        await keepers.call(seq)
    await room.journaled()
    keepers.seal_all()
    saved, keys = tmp_path / "room.tar", tmp_path / "keys.tar"
    manifest = back_up(state, saved, with_keys=False)
    back_up_keys(state, keys)
    assert f"{keepers.name(0)}.sealed" in manifest["files"]
    assert not any(name.startswith("keys/") for name in manifest["files"])
    with tarfile.open(keys) as tar:
        assert "keys/seal-1.key" in tar.getnames()
    keepers.age(keepers.calls[0])
    job = (await keepers.erasure.make(None))["id"]
    await keepers.erasure.begin(job)
    await keepers.done(job)
    await room.close()
    fresh = tmp_path / "fresh"
    restore(saved, fresh, keys=keys, erased=state / "audit" / "erased.list")
    assert (fresh / f"{keepers.name(0)}.sealed").exists()
    back = Room(fresh)
    await back.start()
    after = Keepers(back)
    try:
        await after.erasure.resume()
        assert after.row(keepers.calls[0]).erased_utc is not None
        assert not after.files.exists(keepers.name(0))
        assert after.row(keepers.calls[1]).erased_utc is None
        with after.files.open(keepers.name(1)) as reader:
            assert reader.sha256() == keepers.sha256[1]
    finally:
        await back.close()
    rotated = subprocess.run(
        [sys.executable, "-m", "samband", "retention", "rotate-key", "--state", str(fresh)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "seal-2 seals 1 files now" in rotated.stdout
