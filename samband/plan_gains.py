"""Writes one gain of one link into a plan file, and leaves every other line as it is."""

import itertools
import re
from pathlib import Path

from gateway.model.errors import ConfigError
from samband.plan_file import load_plan

_HEAD = re.compile(r"^\s*\[")
_LINKS = re.compile(r"^\s*\[\[\s*links\s*\]\]")


def save_gain(file: Path, link: str, key: str, gain_db: float) -> None:
    """Set ``key = gain_db`` in the link's table; raises ConfigError when it is not found.

    The file is written anew beside the old one and renamed; the result is read back as a plan.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    first, last = _table(lines, link, file)
    wanted = f"{key} = {gain_db}"
    row = re.compile(rf"^\s*{re.escape(key)}\s*=")
    place = next((at for at in range(first + 1, last) if row.match(lines[at])), None)
    if place is not None:
        lines[place] = wanted
    else:
        lines.insert(first + 1, wanted)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        load_plan(fresh)
    except ConfigError:
        fresh.unlink()
        raise
    fresh.replace(file)


def _table(lines: list[str], link: str, file: Path) -> tuple[int, int]:
    """Return the lines of a link's table: its head, and the first line after it."""
    heads = [at for at, line in enumerate(lines) if _HEAD.match(line)] + [len(lines)]
    named = re.compile(rf"""^\s*id\s*=\s*["']{re.escape(link)}["']\s*(#.*)?$""")
    for at, end in itertools.pairwise(heads):
        if _LINKS.match(lines[at]) and any(named.match(line) for line in lines[at:end]):
            return at, end
    raise ConfigError(
        f"{file}: no [[links]] table with id = {link!r} was found to write the gain to",
        hint="Write it by hand.",
    )
