"""Names of files in a package: plain ASCII in lower case, the same on every system."""

import re

MAX_NAME_BYTES = 200
MEDIA = frozenset(
    {"opus", "frames", "gain", "wav", "ogg", "mp3", "jpg", "jpeg", "png", "mp4", "mkv"}
)
"""Endings of sound and pictures."""
PACKAGE_ID = re.compile(r"EV-[0-9]{4}-[0-9]{6,}")
PART = re.compile(r"[a-z0-9][a-z0-9._-]*")


class BadZip(Exception):
    """The archive is not what a package may be; the text says why."""


def ending(name: str) -> str:
    """Return what stands behind the last dot."""
    return name.rpartition(".")[2]


def check_names(raw_names: list[bytes]) -> list[str]:
    """Return the names as text; raises BadZip on any that a package may not have."""
    names = [_plain_name(raw) for raw in raw_names]
    tops = {name.partition("/")[0] for name in names}
    if len(tops) != 1:
        raise BadZip(f"expected one top folder, found {', '.join(sorted(tops)[:4])}")
    (top,) = tops
    if not PACKAGE_ID.fullmatch(top):
        raise BadZip(f"{top}: expected a top folder EV-<year>-<number>")
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise BadZip(f"{other} and {name} are equal but for case")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadZip(f"{twice}: the name is there twice")
    folders = {name[: at.start()] for name in names for at in re.finditer("/", name)}
    for name in names:
        if name in folders:
            raise BadZip(f"{name}: it is a file and a folder")
        _check_parts(name, top)
    return names


def _plain_name(raw: bytes) -> str:
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError as error:
        shown = raw.decode("utf-8", "backslashreplace")
        raise BadZip(f"{shown}: a name has other letters than plain ASCII") from error
    if name.endswith("/"):
        raise BadZip(f"{name}: it is a folder entry")
    if "\\" in name or ":" in name or "\0" in name:
        raise BadZip(f"{name}: a name holds a character that other systems read as a path")
    if name.startswith("/") or ".." in name.split("/"):
        raise BadZip(f"{name}: a name leads out of the package")
    if len(raw) > MAX_NAME_BYTES:
        raise BadZip(f"{name[:60]}…: a name of {len(raw)} bytes, at most {MAX_NAME_BYTES}")
    return name


def _check_parts(name: str, top: str) -> None:
    inner = name[len(top) + 1 :]
    if not inner:
        raise BadZip(f"{name}: a file where the top folder must be")
    if inner == "README.txt":
        return
    for part in inner.split("/"):
        if not PART.fullmatch(part) or part.endswith("."):
            raise BadZip(f"{name}: the part {part!r} of a name is not allowed")
