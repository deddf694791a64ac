"""What can happen in a P25 simulation: one table for scenario files and the control port."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action, Field, check_table
from hardware.sim.scenario import Scenario, Step
from hardware.sim.speech import clip_index

FOLDER = Path(__file__).with_name("scenarios")
MAX_UNIT = 0xFFFFFF
MAX_GROUP = 0xFFFF
WAYS = ("both", "to_gateway", "from_gateway")

_UNIT = Field(kind="int", low=0, high=MAX_UNIT)
_NEED_UNIT = Field(kind="int", need=True, low=0, high=MAX_UNIT)
_GROUP = Field(kind="int", low=0, high=MAX_GROUP)
_NEED_GROUP = Field(kind="int", need=True, low=0, high=MAX_GROUP)
_SECONDS = Field(kind="float", low=0, high=86_400)
_MS = Field(kind="float", low=0, high=3_600_000)
_TIMES = Field(kind="int", low=1, high=100_000)
_PERCENT = Field(kind="float", need=True, low=0, high=100)
_WAY = Field(kind="text", one_of=WAYS)
_OCTET = Field(kind="int", low=0, high=255)
_VALUE = Field(kind="int", need=True, low=0, high=0xFFFF)

SIGNALS: dict[str, dict[str, Field]] = {
    "alarm": {"unit": _NEED_UNIT, "group": _NEED_GROUP},
    "alert": {"unit": _NEED_UNIT, "to": _UNIT},
    "status": {"unit": _NEED_UNIT, "to": _UNIT, "value": _VALUE},
    "status_query": {"unit": _NEED_UNIT, "to": _UNIT},
    "message": {"unit": _NEED_UNIT, "to": _UNIT, "value": _VALUE},
    "check": {"unit": _NEED_UNIT, "to": _UNIT},
    "affiliate": {"unit": _NEED_UNIT, "group": _NEED_GROUP},
    "register": {"unit": _NEED_UNIT},
    "deregister": {"unit": _NEED_UNIT},
}
"""What a unit says without voice."""

FAULTS: dict[str, dict[str, Field]] = {
    "vanish": {"for_s": _SECONDS},
    "mend": {},
    "loss": {"percent": _PERCENT, "way": _WAY},
    "duplicate": {"percent": _PERCENT, "way": _WAY},
    "reorder": {"percent": _PERCENT, "by_ms": _MS, "way": _WAY},
    "nak": {"what": Field(kind="text"), "reason": _OCTET, "times": _TIMES},
    "refuse_login": {"reason": _OCTET, "times": _TIMES},
    "answer": {
        "what": Field(kind="text"),
        "answer": Field(kind="text", need=True, one_of=("take", "deny", "queue", "ignore")),
        "reason": _OCTET,
        "after_ms": _MS,
        "times": _TIMES,
    },
    "flood": {
        "per_s": Field(kind="float", low=1, high=20_000),
        "for_s": _SECONDS,
        "what": Field(kind="text"),
    },
    "acl": {
        "list": Field(
            kind="text", need=True, one_of=("active", "deactivated", "whitelist", "blacklist")
        ),
        "numbers": Field(kind="ints", need=True, low=0, high=MAX_UNIT),
        "affiliation": Field(kind="flag"),
    },
    "bytes": {"hex": Field(kind="hex", need=True), "channel": Field(kind="text")},
    "restart": {"after_ms": _MS},
}
"""What goes wrong. ``loss``, ``duplicate``, ``reorder``, ``vanish`` and ``mend`` act on every
datagram of the simulator (``stage_udp``); the front is told of each of them as well."""

ACTIONS: dict[str, dict[str, Field]] = {
    "talk": {
        "group": _GROUP,
        "unit": _NEED_UNIT,
        "target": _UNIT,
        "say": Field(kind="texts"),
        "wav": Field(kind="text"),
        "tone_hz": Field(kind="float", low=20, high=4_000),
        "level_dbfs": Field(kind="float", low=-96, high=0),
        "for_s": Field(kind="float", low=0.02, high=600),
        "frames": Field(kind="hex"),
        "emergency": Field(kind="flag"),
        "algorithm": _OCTET,
        "key_id": Field(kind="int", low=0, high=0xFFFF),
        "message_indicator": Field(kind="hex"),
        "late": Field(kind="flag"),
        "no_end": Field(kind="flag"),
    },
    "cut": {},
    **SIGNALS,
    **FAULTS,
}
"""Every action with its fields. ``talk``: a clip (``say``), a WAV file, a tone, ``frames`` (22
digits each) or, without any of them, silence for ``for_s``; ``late``: the header of the over is
lost; ``no_end``: its terminator is. ``cut`` ends the talker in mid-word."""

TOP = {
    "title": Field(kind="text", need=True),
    "seed": Field(kind="int", low=0, high=2**31),
    "cycle_s": Field(kind="float", low=1, high=86_400),
    "jitter_s": Field(kind="float", low=0, high=60),
}
STEP = {
    "at_s": Field(kind="float", need=True, low=0, high=86_400),
    "every_s": Field(kind="float", low=1, high=86_400),
    "once": Field(kind="flag"),
}
QUIET = Scenario(title="Quiet", radios=(), folder=FOLDER)


def check_step(raw: Mapping[str, object], where: str) -> tuple[Action | None, list[str]]:
    """Return the action of one table, or None and every fault."""
    do = raw.get("do")
    if not isinstance(do, str) or do not in ACTIONS:
        known = ", ".join(sorted(ACTIONS))
        return None, [f"{where}.do: expected one of {known}; got {do!r}"]
    values = {name: value for name, value in raw.items() if name != "do"}
    faults = check_table(values, ACTIONS[do], where)
    action = Action(do, values)
    if not faults:
        faults = _relations(action, where)
    return (None, faults) if faults else (action, [])


def _relations(action: Action, where: str) -> list[str]:
    clips = clip_index()
    faults = [
        f"{where}.say: no clip {name!r}; see speech/index.toml"
        for name in action.texts("say")
        if name not in clips
    ]
    if action.do == "talk" and "group" not in action.values and "target" not in action.values:
        faults.append(f"{where}: expected group, or target for a call of two")
    for name, digits in (("frames", 22), ("message_indicator", 18)):
        text = action.text(name)
        if len(text) % digits:
            faults.append(f"{where}.{name}: expected {digits} hex digits each, got {len(text)}")
    return faults


def names() -> list[str]:
    """Return the scenarios that are shipped."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_scenario(which: str) -> Scenario:
    """Return a shipped scenario by name, or a file's; raises ConfigError with all faults."""
    if which == "quiet":
        return QUIET
    path = FOLDER / f"{which}.toml" if which in names() else Path(which)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"scenario {which}: cannot be read: {error}",
            hint=f"Give a TOML file or one of: quiet, {', '.join(names())}.",
        ) from None
    return parse_scenario(text, str(path), path.parent)


def parse_scenario(text: str, where: str = "scenario", folder: Path = FOLDER) -> Scenario:
    """Return the scenario in ``text``; raises ConfigError that names every mistake."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from None
    rows = raw.pop("step", [])
    faults = check_table(raw, TOP, "top")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        faults.append(f"step: expected tables [[step]], got {rows!r}")
        rows = []
    top = Action("", raw)
    steps: list[Step] = []
    for place, row in enumerate(rows, 1):
        step, wrong = _step(row, f"step[{place}]", top)
        faults += wrong
        if step is not None:
            steps.append(step)
    if faults:
        raise ConfigError(
            f"{where}: {len(faults)} mistake{'s' if len(faults) > 1 else ''}", faults=tuple(faults)
        )
    return Scenario(
        title=top.text("title"),
        radios=(),
        steps=tuple(steps),
        seed=top.whole("seed", 1),
        jitter_ms=top.number("jitter_s", 0.0) * 1000.0,
        folder=folder,
    )


def _step(row: Mapping[str, object], where: str, top: Action) -> tuple[Step | None, list[str]]:
    when = {name: row[name] for name in STEP if name in row}
    faults = check_table(when, STEP, where)
    action, more = check_step({k: v for k, v in row.items() if k not in STEP}, where)
    if faults or action is None:
        return None, faults + more
    at = Action("", when)
    every_s = None if at.flag("once") else at.maybe_number("every_s") or top.maybe_number("cycle_s")
    every_ms = None if every_s is None else every_s * 1000.0
    return Step(at_ms=at.number("at_s", 0.0) * 1000.0, action=action, every_ms=every_ms), []
