"""Words of notes, texts and names, as the index keeps them and as a search asks for them.

A word is a run of letters and digits, without case and accents: ``Räddning`` and ``raddning`` are
the same. A word of three characters or more also finds what begins with it.
"""

import re
import unicodedata
from collections.abc import Iterable

MAX_WORDS = 8
"""Most words of one search."""
MAX_WORDS_OF_CALL = 1000
MAX_WORD_CHARACTERS = 40
PREFIX_CHARACTERS = 3
_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"#([^\W_]+)")


def fold(word: str) -> str:
    """Return a word without case and accents, cut to its longest length."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))[:MAX_WORD_CHARACTERS]


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded, each once, in order."""
    found = (fold(word) for word in _WORD.findall(unicodedata.normalize("NFC", text)))
    return list(dict.fromkeys(filter(None, found)))


def tags_of(text: str) -> list[str]:
    """Return the tags of a note: words behind ``#``."""
    return list(dict.fromkeys(fold(word) for word in _TAG.findall(text)))


def matches(word: str, wanted: Iterable[str]) -> bool:
    """Whether a folded word is one of the wanted ones, or begins with one that is long enough."""
    return any(
        word == one or (len(one) >= PREFIX_CHARACTERS and word.startswith(one)) for one in wanted
    )


def marks(text: str, wanted: Iterable[str]) -> list[list[int]]:
    """Return where wanted words stand in a text: [first, behind the last] character, in order.

    The text must be in the form NFC, else places would not fit.
    """
    words = list(wanted)
    return [
        [found.start(), found.end()]
        for found in _WORD.finditer(text)
        if matches(fold(found.group()), words)
    ]


def after_prefix(prefix: str) -> str:
    """Return a text that stands behind every text with this beginning, byte by byte."""
    return prefix + "\U0010ffff"
