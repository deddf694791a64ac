"""Hides which radio spoke: ids and names of units in the records become ``Unit 1`` and so on.

The same unit has the same name all through one package, and another one in the next. Records are
written by the export, so they are no originals; what is hidden stands in no other file of the copy.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from dispatch.evidence.builder import json_bytes

UNIT_KEYS = frozenset({"talker", "caller", "sender", "recipient", "unit", "subject"})
ALIAS_KEYS = frozenset({"alias"})
SEALED_KEYS = frozenset({"raw_hex", "opta", "itsi", "written"})
"""Coded forms that hold addresses: emptied."""
KEPT_KEYS = frozenset({"id", "call", "transmissions", "talkgroup", "talkgroups", "link", "file",
                       "raw_sha256", "sha256", "texts_rule"})  # fmt: skip
MIN_WORD = 3
METHOD = "unit identities masked"


def masked(records: Mapping[str, bytes], aliases: Mapping[str, str]) -> dict[str, bytes]:
    """Return the records without units; ``aliases`` are the plan's names by unit id."""
    values = {name: json.loads(data) for name, data in records.items() if name.endswith(".json")}
    names = _Names(aliases)
    for name in sorted(values):
        names.collect(values[name])
    fresh = {name: json_bytes(names.hide(value)) for name, value in values.items()}
    return {**records, **fresh}


class _Names:
    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        self._masks: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def _mask(self, unit: str) -> str:
        mask = self._masks.setdefault(unit, f"Unit {len(self._masks) + 1}")
        for word in (unit, unit.rpartition("/")[2], self._aliases.get(unit, "")):
            self._word(word, mask)
        return mask

    def _word(self, word: str, mask: str) -> None:
        if len(word) >= MIN_WORD:
            self._words.setdefault(word, mask)

    def collect(self, value: Any) -> None:
        """Find the units of a record."""
        if isinstance(value, list):
            for one in value:
                self.collect(one)
            return
        if not isinstance(value, dict):
            return
        for key, one in value.items():
            if key in UNIT_KEYS and isinstance(one, str) and one:
                mask = self._mask(one)
                for other in ALIAS_KEYS & value.keys():
                    self._word(str(value[other]), mask)
            elif isinstance(one, dict | list):
                self.collect(one)
        for one in value.get("units", []) if isinstance(value.get("units"), list) else []:
            if isinstance(one, str):
                self._mask(one)

    def hide(self, value: Any, key: str = "") -> Any:
        """Return a record with every unit hidden."""
        if isinstance(value, list):
            return value if key in KEPT_KEYS else [self.hide(one) for one in value]
        if isinstance(value, dict):
            return {name: self.hide(one, name) for name, one in value.items()}
        if not isinstance(value, str) or key in KEPT_KEYS:
            return value
        if key in SEALED_KEYS:
            return ""
        if key in UNIT_KEYS and value:
            return self._mask(value)
        return self._in_words(value)

    def _in_words(self, text: str) -> str:
        if not self._words:
            return text
        longest = sorted(self._words, key=len, reverse=True)
        pattern = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest)
        return re.sub(
            pattern, lambda found: self._words.get(found[0]) or self._any_case(found[0]), text,
            flags=re.IGNORECASE,
        )  # fmt: skip

    def _any_case(self, word: str) -> str:
        low = word.casefold()
        return next(mask for known, mask in self._words.items() if known.casefold() == low)
