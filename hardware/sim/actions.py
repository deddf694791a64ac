"""What can happen in a simulation: one table for scenario files and the control port."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_SSI = 0xFFFFFF
REPORTS = ("", "received", "consumed", "both")
PEER_ANSWERS = ("take", "busy", "reject", "ignore", "unreachable", "unknown", "queue")
ANSWERS = ("grant", "refuse", "queue", "other", "ignore", "release", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of an action or table: its type, limits and whether it must be there."""

    kind: str
    """int, float, text, flag, hex, ints, texts."""
    need: bool = False
    low: float = 0.0
    high: float = float("inf")
    one_of: tuple[str, ...] = ()

    def fault(self, value: object) -> str | None:
        """Return what is wrong with ``value``, or None."""
        if not _KINDS[self.kind](value):
            return f"expected {_WORDS[self.kind]}, got {value!r}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not self.low <= value <= self.high:
                return f"expected {self.low:g} to {self.high:g}, got {value!r}"
        elif isinstance(value, list) and self.kind == "ints":
            if wrong := [one for one in value if not self.low <= one <= self.high]:
                return f"expected numbers {self.low:g} to {self.high:g}, got {wrong[0]!r}"
        elif self.one_of and value not in self.one_of:
            return f"expected one of {', '.join(map(repr, self.one_of))}, got {value!r}"
        return None


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_hex(value: object) -> bool:
    if not isinstance(value, str):
        return False
    digits = set(value.upper())
    return digits <= set("0123456789ABCDEF")


_KINDS: dict[str, Callable[[object], bool]] = {
    "int": _is_int,
    "float": lambda value: _is_int(value) or isinstance(value, float),
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "hex": _is_hex,
    "ints": lambda value: isinstance(value, list) and all(map(_is_int, value)),
    "texts": lambda value: (
        isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(one, str) for one in value))
    ),
}
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "text": "a text in quotes",
    "flag": "true or false",
    "hex": "hexadecimal digits in quotes",
    "ints": "a list of whole numbers",
    "texts": "a text or a list of texts",
}

_SSI = Field(kind="int", low=0, high=MAX_SSI)
_NEED_SSI = Field(kind="int", need=True, low=0, high=MAX_SSI)
_MS = Field(kind="float", low=0, high=3_600_000)
_LAT = Field(kind="float", low=-90, high=90)
_LON = Field(kind="float", low=-180, high=180)
_SOUND = {
    "say": Field(kind="texts"),
    "wav": Field(kind="text"),
    "tone_hz": Field(kind="float", low=20, high=4_000),
    "level_dbfs": Field(kind="float", low=-96, high=0),
    "for_s": Field(kind="float", low=0.02, high=600),
}
_PLACE = {
    "latitude_deg": _LAT,
    "longitude_deg": _LON,
    "error_m": Field(kind="float", low=0, high=1e6),
    "speed_kmh": Field(kind="float", low=0, high=1_000),
    "direction_deg": Field(kind="float", low=0, high=360),
    "elapsed": Field(kind="int", low=0, high=3),
}
_ANY_RADIO = {"radio": Field(kind="text")}

ACTIONS: dict[str, dict[str, Field]] = {
    "talk": {
        **_ANY_RADIO,
        **_SOUND,
        "group": _NEED_SSI,
        "unit": _SSI,
        "priority": Field(kind="int", low=0, high=15),
        "encrypted": Field(kind="flag"),
        "hang_ms": _MS,
        "preempt": Field(kind="flag"),
    },
    "ring": {**_ANY_RADIO, **_SOUND, "unit": _NEED_SSI},
    "call_private": {
        **_ANY_RADIO,
        **_SOUND,
        "unit": _SSI,
        "digits": Field(kind="text"),
        "duplex": Field(kind="flag"),
        "rings": Field(kind="flag"),
        "priority": Field(kind="int", low=0, high=15),
        "encrypted": Field(kind="flag"),
    },
    "talk_private": {**_ANY_RADIO, **_SOUND},
    "peer_answer": {
        **_ANY_RADIO,
        **_SOUND,
        "answer": Field(kind="text", one_of=PEER_ANSWERS),
        "after_ms": _MS,
        "times": Field(kind="int", low=1, high=64),
    },
    "dgna": {
        **_ANY_RADIO,
        "group": _NEED_SSI,
        "name": Field(kind="text"),
        "on": Field(kind="flag"),
    },
    "mode": {**_ANY_RADIO, "mode": Field(kind="int", need=True, low=0, high=6)},
    "repeater": {**_ANY_RADIO, "address": _SSI, "kind": Field(kind="int", low=1, high=4)},
    "text": {
        **_ANY_RADIO,
        "unit": _NEED_SSI,
        "to": _SSI,
        "text": Field(kind="text", need=True),
        "pid": Field(kind="int", low=0, high=255),
        "report": Field(kind="text", one_of=REPORTS),
        "reference": Field(kind="int", low=0, high=255),
    },
    "status": {
        **_ANY_RADIO,
        "unit": _NEED_SSI,
        "to": _SSI,
        "value": Field(kind="int", need=True, low=0, high=0xFFFF),
    },
    "position": {
        **_ANY_RADIO,
        **_PLACE,
        "unit": _NEED_SSI,
        "to": _SSI,
        "reason": Field(kind="int", low=0, high=255),
    },
    "emergency": {**_ANY_RADIO, **_SOUND, **_PLACE, "unit": _NEED_SSI, "group": _NEED_SSI},
    "sds": {
        **_ANY_RADIO,
        "unit": _SSI,
        "to": _SSI,
        "service": Field(kind="int", low=9, high=13),
        "hex": Field(kind="hex", need=True),
        "bits": Field(kind="int", low=0, high=2047),
    },
    "grant": {
        **_ANY_RADIO,
        "answer": Field(kind="text", one_of=ANSWERS),
        "after_ms": _MS,
        "permission": Field(kind="int", low=0, high=1),
        "then": Field(kind="text", one_of=("grant", "refuse", "never")),
        "then_ms": _MS,
        "late_grant_ms": _MS,
        "unit": _SSI,
        "cause": Field(kind="int", low=0, high=255),
        "error": Field(kind="int", low=0, high=999),
        "times": Field(kind="int", low=1, high=64),
    },
    "permit": {**_ANY_RADIO, "permission": Field(kind="int", need=True, low=0, high=1)},
    "withdraw": {**_ANY_RADIO, "cause": Field(kind="int", low=0, high=255)},
    "release": {**_ANY_RADIO, "cause": Field(kind="int", low=0, high=255)},
    "cut": {**_ANY_RADIO},
    "knob": {**_ANY_RADIO, "group": _NEED_SSI},
    "scan": {**_ANY_RADIO, "groups": Field(kind="ints", need=True, low=0, high=MAX_SSI)},
    "registration": {**_ANY_RADIO, "stat": Field(kind="int", need=True, low=0, high=5)},
    "inhibit": {**_ANY_RADIO, "on": Field(kind="flag", need=True)},
    "peer": {**_ANY_RADIO, "unit": _NEED_SSI, "on": Field(kind="flag", need=True)},
    "fail_sends": {**_ANY_RADIO, "times": Field(kind="int", need=True, low=0, high=1_000)},
    "power": {**_ANY_RADIO, "off_ms": _MS},
    "unplug": {**_ANY_RADIO, "for_ms": _MS},
    "deaf": {**_ANY_RADIO, "for_ms": Field(kind="float", need=True, low=0, high=3_600_000)},
    "line": {**_ANY_RADIO, "text": Field(kind="texts", need=True)},
    "bytes": {**_ANY_RADIO, "hex": Field(kind="hex", need=True)},
    "noise": {
        **_ANY_RADIO,
        "for_ms": Field(kind="float", need=True, low=0, high=3_600_000),
        "bytes_per_s": Field(kind="int", low=1, high=200_000),
    },
    "long_line": {**_ANY_RADIO, "bytes": Field(kind="int", need=True, low=1, high=64_000_000)},
}
"""Every action with its fields. Without ``radio``, ``talk`` and ``emergency`` reach every radio
that listens to the group, the others every radio of the scenario."""


@dataclass(frozen=True, slots=True)
class Action:
    """One checked action."""

    do: str
    values: Mapping[str, object] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        """Return a number."""
        value = self.values.get(name)
        return float(value) if isinstance(value, (int, float)) else default

    def maybe_number(self, name: str) -> float | None:
        """Return a number, or None when it is not there."""
        value = self.values.get(name)
        return float(value) if isinstance(value, (int, float)) else None

    def whole(self, name: str, default: int) -> int:
        """Return a whole number."""
        value = self.values.get(name)
        return value if isinstance(value, int) else default

    def maybe_whole(self, name: str) -> int | None:
        """Return a whole number, or None when it is not there."""
        value = self.values.get(name)
        return value if isinstance(value, int) else None

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """Return one or several texts."""
        value = self.values.get(name)
        if isinstance(value, str):
            return (value,)
        return tuple(str(one) for one in value) if isinstance(value, list) else ()

    def wholes(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self.values.get(name)
        return tuple(int(one) for one in value) if isinstance(value, list) else ()

    def flag(self, name: str) -> bool:
        """Return a flag; False when it is not there."""
        return self.values.get(name) is True


def check_table(raw: object, fields: Mapping[str, Field], where: str) -> list[str]:
    """Return every fault of one table; empty when it is right."""
    if not isinstance(raw, Mapping):
        return [f"{where}: expected a table, got {raw!r}"]
    faults = [
        f"{where}.{name}: unknown key; known: {', '.join(sorted(fields))}"
        for name in raw
        if name not in fields
    ]
    for name, one in fields.items():
        if name not in raw:
            if one.need:
                faults.append(f"{where}.{name}: missing; expected {_WORDS[one.kind]}")
        elif fault := one.fault(raw[name]):
            faults.append(f"{where}.{name}: {fault}")
    return faults


def check_action(raw: object, where: str) -> tuple[Action | None, list[str]]:
    """Return the action of one table, or None and every fault."""
    if not isinstance(raw, Mapping):
        return None, [f"{where}: expected a table with the key do, got {raw!r}"]
    do = raw.get("do")
    if not isinstance(do, str) or do not in ACTIONS:
        known = ", ".join(sorted(ACTIONS))
        return None, [f"{where}.do: expected one of {known}; got {do!r}"]
    values = {name: value for name, value in raw.items() if name != "do"}
    faults = check_table(values, ACTIONS[do], where)
    return (None, faults) if faults else (Action(do, values), [])
