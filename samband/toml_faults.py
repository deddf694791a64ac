"""Reading a TOML file so that every mistake is named at once, with its place and a way out."""

import tomllib
from pathlib import Path
from typing import Any

from gateway.model.errors import ConfigError


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's table; raises ConfigError with the line when it is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror})", hint="Check the name and the rights."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start})") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


def refuse(path: Path, faults: list[str], what: str) -> None:
    """Raise ConfigError that lists all ``faults``; returns when there is none."""
    if faults:
        count = "1 mistake" if len(faults) == 1 else f"{len(faults)} mistakes"
        raise ConfigError(
            f"{path}: {count}",
            faults=tuple(f"{path}: {fault}" for fault in faults),
            hint=f"Nothing was started. Mend the {what} and try again.",
        )
