"""What is installed is what is imported; what is read at run time is in the wheel."""

import ast
import fnmatch
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SERVER = ("samband", "dispatch", "webrtc", "hardware", "gateway", "codecs/voicecodecs")
OWN = {"samband", "dispatch", "webrtc", "hardware", "gateway", "voicecodecs", "tests"}
MODULES = {"pyyaml": "yaml",
    "aiomqtt": "aiomqtt", "argon2-cffi": "argon2", "import-linter": "importlinter",
    "onvif-zeep-async": "onvif", "opuslib-next": "opuslib_next", "pyserial": "serial",
}  # fmt: skip
"""Distributions whose module has another name."""
COMES_WITH = {"starlette": "fastapi", "sqlalchemy": "sqlmodel", "paho": "aiomqtt",
              "aiohttp": "onvif", "zeep": "onvif"}  # fmt: skip
"""Modules that are the outer face of a package which we name."""
LOADED_BY_OTHERS = {"opuslib-next", "websockets"}
"""``voicecodecs.opus`` loads the first, uvicorn the second."""


def imported(*folders: str, benches: bool) -> set[str]:
    """Return the foreign top-level modules that the sources import, at any depth."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if path.name.startswith("bench_") and not benches:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {name.name.partition(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return {COMES_WITH.get(name, name) for name in found - OWN - set(sys.stdlib_module_names)}


def distributions(names: list[str]) -> dict[str, str]:
    """Return module names by distribution."""
    plain = [re.split(r"[\[<>=!~ ]", name, maxsplit=1)[0] for name in names]
    return {name: MODULES.get(name, name.replace("-", "_")) for name in plain}


def test_the_server_depends_on_exactly_what_it_imports() -> None:
    named = distributions(PROJECT["project"]["dependencies"])
    used = imported(*SERVER, benches=False)
    needed = {name: module for name, module in named.items() if name not in LOADED_BY_OTHERS}
    assert set(needed.values()) == used


def test_benches_and_tests_import_nothing_that_is_not_named() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    extra = [*extras["dev"], *(name.replace("-", "_") for name in extras["peers"])]
    named = {*distributions(PROJECT["project"]["dependencies"] + extra).values(), "atheris"}
    assert imported(*SERVER, "tests", "scripts", benches=True) - named == set()


def test_constraints_name_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    extra = PROJECT["project"]["optional-dependencies"]["dev"]
    wanted = distributions(PROJECT["project"]["dependencies"] + extra)
    assert {name.lower() for name in wanted} - pinned == set()


@pytest.mark.parametrize("package", ["dispatch", "hardware", "samband", "gateway", "webrtc"])
def test_files_beside_the_code_go_into_the_wheel(package: str) -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]
    patterns = [*data["*"], *data.get(package, [])]
    for path in (ROOT / package).rglob("*"):
        name = str(path.relative_to(ROOT / package))
        if path.is_dir() or path.suffix in (".py", ".pyc") or "static" in path.parts:
            continue
        assert any(fnmatch.fnmatch(name, pattern.replace("**/", "")) for pattern in patterns), (
            f"{package}/{name} matches none of {patterns} in pyproject.toml"
        )


def test_every_python_folder_is_a_package_or_data() -> None:
    loose = {
        str(path.parent.relative_to(ROOT))
        for package in SERVER
        for path in (ROOT / package).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert loose <= {"dispatch/store/migrations", "dispatch/store/migrations/versions"}
