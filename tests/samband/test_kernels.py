"""Where compiled kernels go."""

import os
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from samband import kernels


def test_beside_the_sources_where_they_can_be_written(tmp_path: Path) -> None:
    assert kernels.cache_folder(tmp_path, {}) is None


def test_what_the_environment_names_goes_first(tmp_path: Path) -> None:
    environment = {kernels.VARIABLE: str(tmp_path / "mine")}
    assert kernels.cache_folder(None, environment) == tmp_path / "mine"


def test_in_the_state_folder_of_a_read_only_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    environment: dict[str, str] = {}
    assert kernels.keep_kernels(tmp_path, environment) == tmp_path / "kernels"
    assert environment == {kernels.VARIABLE: str(tmp_path / "kernels")}
    assert (tmp_path / "kernels").is_dir()
    home = {"XDG_CACHE_HOME": str(tmp_path)}
    assert kernels.cache_folder(None, home) == tmp_path / "samband" / "kernels"


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(ConfigError, match="cache of compiled kernels"):
        kernels.keep_kernels(None, {kernels.VARIABLE: "/proc/none/kernels"})
