"""``samband evidence`` as a person types it, and its benchmark on a small package."""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from dispatch.audit.keys import KeyFolder
from dispatch.evidence.exporter import exporter_signer
from samband.bench_evidence import measure
from samband.cli import main
from tests.dispatch.evidence.packages import Maker


def test_verify_says_what_the_one_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker = Maker(tmp_path / "maker")
    path = maker.build().path
    trust = tmp_path / "keys.txt"
    trust.write_text(maker.trust, encoding="utf-8")
    assert main(["evidence", "verify", str(path), "--trust", str(trust)]) in (0, 3)
    assert capsys.readouterr().out.splitlines()[-1].startswith("VALID")
    assert main(["evidence", "verify", str(path)]) == 1
    assert "self-consistent, not authenticated" in capsys.readouterr().out
    assert main(["evidence", "verify", str(tmp_path / "none.zip"), "--trust", str(trust)]) == 2
    pyz = tmp_path / "verify_evidence.pyz"
    assert main(["evidence", "verifier", str(pyz)]) == 0
    done = subprocess.run(
        [sys.executable, "-I", "-S", pyz, path, "--trust", trust],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stdout
    assert main(["evidence", "verifier", str(tmp_path / "no" / "folder")]) == 1


def test_keys_prints_a_trust_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dispatch.evidence.verifier.trust import read_trust

    maker = Maker(tmp_path / "maker")
    config = tmp_path / "samband.toml"
    config.write_text(f'[store]\nstate = "{tmp_path}"\n', encoding="utf-8")
    assert main(["evidence", "keys", "-c", str(config)]) == 1
    signer = exporter_signer("site-1/audit", KeyFolder(tmp_path / "keys"), tmp_path / "audit")
    (tmp_path / "audit" / "log.vkey").write_text(maker.log._signer.vkey, encoding="utf-8")
    assert main(["evidence", "keys", "-c", str(config)]) == 0
    text = capsys.readouterr().out
    assert signer.vkey in text
    assert read_trust(text).quorum == "none"
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[[audit.witness]]\nkey = "{maker.witness.vkey}"\nurl = "http://127.0.0.1"\n')
    assert main(["evidence", "keys", "-c", str(config)]) == 0
    assert read_trust(capsys.readouterr().out).quorum == "witnesses"


def test_the_benchmark_verifies_a_small_package() -> None:
    figures = measure(Namespace(megabytes=2, runs=1))
    assert figures["package_bytes"] > 2_000_000
    assert figures["verify_s_min"] > 0
