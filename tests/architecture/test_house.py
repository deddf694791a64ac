"""The rules of the house that no other tool checks."""

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("samband", "dispatch", "webrtc", "hardware", "gateway")
MAX_LINES = 450


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def test_import_linter_knows_every_root_package() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = set(config["tool"]["importlinter"]["root_packages"])
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    found |= {path.parent.name for path in ROOT.glob("codecs/*/__init__.py")}
    assert named == found - {"tests"}


def test_no_module_is_too_long_to_read() -> None:
    sources = tracked("*.py", "*.ts", "*.svelte")
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources
        if "migrations" not in path.parts and ".gen." not in path.name and "tables" not in path.name
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


@pytest.mark.parametrize("lock", ["console/package-lock.json"])
def test_lock_files_name_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert '"resolved"' not in text


def test_every_command_has_an_example_in_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    from samband.cli import COMMANDS, main

    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert "example" in capsys.readouterr().out.lower(), f"samband {name} --help: no example"


def test_every_command_is_documented() -> None:
    from samband.cli import COMMANDS

    text = (ROOT / "docs/operations.md").read_text() + (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"samband {name}" not in text] == []


def test_every_event_and_permission_is_documented() -> None:
    import dispatch.events
    from dispatch.auth.permissions import PERMISSIONS
    from gateway.model.events import EVENT_TYPES

    assert dispatch.events is not None
    events = (ROOT / "docs/events.md").read_text()
    assert [kind for kind in EVENT_TYPES if f"`{kind}`" not in events] == []
    permissions = (ROOT / "docs/permissions.md").read_text()
    assert [name for name in PERMISSIONS if f"`{name}`" not in permissions] == []
