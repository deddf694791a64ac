"""``samband plan topology`` as people and scripts call it."""

import json
from pathlib import Path

import pytest

from samband.cli import main

DEMO = Path(__file__).resolve().parents[2] / "samband/demo_data/plan.toml"


def test_it_tells_single_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "topology", str(DEMO)]) == 0
    out = capsys.readouterr().out
    assert "site Hamnen hangs on one link: Hamnen terminal" in out
    assert "Single points of failure:" in out


def test_it_is_machine_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "topology", str(DEMO), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {one["what"] for one in rows["findings"]} == {"single"}


def test_strict_fails_on_a_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DEMO.read_text("utf-8")
    ring = "".join(
        f'\n[[patches]]\nid = "P{n}"\nname = "ring {n}"\nmembers = ["{a}", "{b}"]\n'
        for n, (a, b) in enumerate(
            [
                ("norrvik/310201", "norrvik/310301"),
                ("norrvik/310301", "norrvik/310401"),
                ("norrvik/310401", "norrvik/310201"),
            ],
            start=1,
        )
    )
    file = tmp_path / "ring.toml"
    file.write_text(text + ring, encoding="utf-8")
    assert main(["plan", "topology", str(file)]) == 0
    assert main(["plan", "topology", str(file), "--strict"]) == 1
    assert "patches P1, P2 and P3 form a ring" in capsys.readouterr().out
