"""Identities that radios of the German public-safety network write into texts.

A leading OPTA (letters and blanks, ``#``, 16 digits) and a trailing ITSI of 16 digits behind
``1A 00`` or ``0D 0D``. Known from another implementation's tests, from no document.
"""

import re
from dataclasses import dataclass

_OPTA = re.compile(r"[A-Za-z ]{1,32}#[0-9]{16}")
_ITSI = re.compile(r"(?:\x1a\x00|\r\r)([0-9]{16})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A text for people, and what was cut from it; empty where it carried none."""

    text: str
    opta: str = ""
    itsi: str = ""


def identities(text: str) -> Identified:
    """Split a received text into its words and the identities round them."""
    itsi = _ITSI.search(text)
    if itsi is not None:
        text = text[: itsi.start()]
    opta = _OPTA.match(text)
    if opta is not None:
        text = text[opta.end() :]
    return Identified(
        text=text,
        opta=opta.group() if opta else "",
        itsi=itsi.group(1) if itsi else "",
    )
