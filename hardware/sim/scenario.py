"""Scenario files: one TOML schema for all simulators, checked so that every mistake is named."""

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.actions import MAX_SSI, Action, Field, check_action, check_table
from hardware.sim.chassis import RadioSettings
from hardware.sim.flavours import FLAVOURS
from hardware.sim.pei_messages import Place
from hardware.sim.speech import clip_index

FOLDER = Path(__file__).with_name("scenarios")
_SSI = Field(kind="int", need=True, low=1, high=MAX_SSI)
_SECONDS = Field(kind="float", low=0, high=86_400)

TOP = {
    "title": Field(kind="text", need=True),
    "base": Field(kind="text"),
    "mcc": Field(kind="int", low=0, high=999),
    "mnc": Field(kind="int", low=0, high=16_383),
    "seed": Field(kind="int", low=0, high=2**31),
    "cycle_s": Field(kind="float", low=1, high=86_400),
    "jitter_s": Field(kind="float", low=0, high=60),
}
RADIO = {
    "name": Field(kind="text", need=True),
    "issi": _SSI,
    "group": _SSI,
    "scan": Field(kind="ints", low=1, high=MAX_SSI),
    "long_addresses": Field(kind="flag"),
    "grant_after_ms": Field(kind="float", low=0, high=60_000),
    "hang_ms": Field(kind="float", low=0, high=600_000),
    "tx_limit_ms": Field(kind="float", low=100, high=3_600_000),
    "boot_ms": Field(kind="float", low=0, high=600_000),
    "rssi": Field(kind="int", low=0, high=31),
    "pin": Field(kind="text"),
    "vendor_lines": Field(kind="flag"),
    "short_reports": Field(kind="flag"),
    "grant_lines": Field(kind="flag"),
    "flavour": Field(kind="text", one_of=tuple(FLAVOURS)),
    "list_shape": Field(kind="text", one_of=("once", "each", "count")),
    "licences": Field(kind="ints", low=5, high=6),
}
GROUP = {"number": _SSI, "name": Field(kind="text", need=True)}
UNIT = {
    "issi": _SSI,
    "alias": Field(kind="text"),
    "latitude_deg": Field(kind="float", low=-90, high=90),
    "longitude_deg": Field(kind="float", low=-180, high=180),
    "on": Field(kind="flag"),
}
STEP = {
    "at_s": Field(kind="float", need=True, low=0, high=86_400),
    "every_s": Field(kind="float", low=1, high=86_400),
    "once": Field(kind="flag"),
}
_TABLES = {"radio": RADIO, "group": GROUP, "unit": UNIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An action and when: first at ``at_ms``, then each ``every_ms`` (None: once)."""

    at_ms: float
    action: Action
    every_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a simulator plays."""

    title: str
    radios: tuple[RadioSettings, ...]
    steps: tuple[Step, ...] = ()
    places: Mapping[int, Place] = field(default_factory=dict)
    units_off: frozenset[int] = frozenset()
    seed: int = 1
    jitter_ms: float = 0.0
    folder: Path = FOLDER


def names() -> list[str]:
    """Return the scenarios that are shipped."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_scenario(which: str) -> Scenario:
    """Return a shipped scenario by name or a file; raises ConfigError with all faults."""
    path = FOLDER / f"{which}.toml" if which in names() else Path(which)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"scenario {which}: cannot be read: {error}",
            hint=f"Give a TOML file or one of: {', '.join(names())}.",
        ) from None
    return parse_scenario(text, str(path), path.parent)


def parse_scenario(text: str, where: str = "scenario", folder: Path = FOLDER) -> Scenario:
    """Return the scenario in ``text``; raises ConfigError that names every mistake."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from None
    faults: list[str] = []
    raw = _with_base(raw, folder, faults)
    lists = {name: _list(raw, name, faults) for name in ("radio", "group", "unit", "step")}
    top = {name: value for name, value in raw.items() if name not in lists}
    faults += check_table(top, TOP, "top")
    for name, fields in _TABLES.items():
        for place, row in enumerate(lists[name], 1):
            faults += check_table(row, fields, f"{name}[{place}]")
    steps, step_faults = _steps(lists["step"], top.get("cycle_s"))
    faults += step_faults
    if not lists["radio"]:
        faults.append("radio: expected at least one [[radio]]")
    if not faults:
        faults += _relations(lists, steps)
    if faults:
        raise ConfigError(
            f"{where}: {len(faults)} mistake{'s' if len(faults) > 1 else ''}", faults=tuple(faults)
        )
    return _build(top, lists, steps, folder)


def _with_base(raw: dict[str, object], folder: Path, faults: list[str]) -> dict[str, object]:
    """Add the radios, groups and units of the scenario named ``base``, one level deep."""
    base = raw.get("base")
    if not isinstance(base, str):
        return raw
    path = folder / f"{base}.toml"
    try:
        under = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        faults.append(f"base: {path} cannot be used: {error}")
        return raw
    kept = {name: value for name, value in under.items() if name not in ("step", "title")}
    return {**kept, **raw}


def _list(raw: Mapping[str, object], name: str, faults: list[str]) -> list[Mapping[str, object]]:
    rows = raw.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        faults.append(f"{name}: expected tables [[{name}]], got {rows!r}")
        return []
    return rows


def _steps(rows: list[Mapping[str, object]], cycle_s: object) -> tuple[tuple[Step, ...], list[str]]:
    steps: list[Step] = []
    faults: list[str] = []
    for place, row in enumerate(rows, 1):
        where = f"step[{place}]"
        when = {name: row[name] for name in STEP if name in row}
        wrong = check_table(when, STEP, where)
        action, more = check_action({k: v for k, v in row.items() if k not in STEP}, where)
        faults += wrong + more
        if wrong or action is None:
            continue
        at, own = Action("", when), when.get("every_s", cycle_s)
        every = None if at.flag("once") or not isinstance(own, (int, float)) else own * 1000.0
        steps.append(Step(at_ms=at.number("at_s", 0.0) * 1000.0, action=action, every_ms=every))
    return tuple(steps), faults


def _relations(
    lists: Mapping[str, list[Mapping[str, object]]], steps: tuple[Step, ...]
) -> list[str]:
    """Return faults between tables: double names, radios and clips that do not exist."""
    faults: list[str] = []
    radios = [row["name"] for row in lists["radio"]]
    for kind, rows, key in (
        ("radio", lists["radio"], "name"),
        ("radio", lists["radio"], "issi"),
        ("group", lists["group"], "number"),
        ("unit", lists["unit"], "issi"),
    ):
        seen = [row[key] for row in rows]
        for double in sorted({str(one) for one in seen if seen.count(one) > 1}):
            faults.append(f"{kind}: {key} {double} is given twice")
    clips = clip_index()
    for place, step in enumerate(steps, 1):
        radio = step.action.text("radio")
        if radio and radio not in radios:
            faults.append(f"step[{place}].radio: no radio named {radio!r}")
        for name in step.action.texts("say"):
            if name not in clips:
                faults.append(f"step[{place}].say: no clip {name!r}; see speech/index.toml")
    return faults


def _build(
    top: Mapping[str, object],
    lists: Mapping[str, list[Mapping[str, object]]],
    steps: tuple[Step, ...],
    folder: Path,
) -> Scenario:
    head = Action("", top)
    groups = tuple((_whole(row, "number"), str(row["name"])) for row in lists["group"])
    units = [Action("", row) for row in lists["unit"]]
    return Scenario(
        title=head.text("title"),
        radios=tuple(_radio(Action("", row), head, groups) for row in lists["radio"]),
        steps=steps,
        places={
            unit.whole("issi", 0): Place(
                unit.number("latitude_deg", 0.0), unit.number("longitude_deg", 0.0)
            )
            for unit in units
            if "latitude_deg" in unit.values and "longitude_deg" in unit.values
        },
        units_off=frozenset(
            unit.whole("issi", 0) for unit in units if unit.values.get("on") is False
        ),
        seed=head.whole("seed", 1),
        jitter_ms=head.number("jitter_s", 0.0) * 1000.0,
        folder=folder,
    )


def _whole(row: Mapping[str, object], name: str) -> int:
    return Action("", row).whole(name, 0)


def _radio(row: Action, head: Action, groups: tuple[tuple[int, str], ...]) -> RadioSettings:
    usual = RadioSettings(name="", issi=0, group=0)
    return RadioSettings(
        name=row.text("name"),
        issi=row.whole("issi", 0),
        group=row.whole("group", 0),
        scan=row.wholes("scan"),
        groups=groups,
        mcc=head.whole("mcc", usual.mcc),
        mnc=head.whole("mnc", usual.mnc),
        long_addresses=row.flag("long_addresses"),
        grant_after_ms=row.number("grant_after_ms", usual.grant_after_ms),
        hang_ms=row.number("hang_ms", usual.hang_ms),
        tx_limit_ms=row.number("tx_limit_ms", usual.tx_limit_ms),
        boot_ms=row.number("boot_ms", usual.boot_ms),
        rssi=row.whole("rssi", usual.rssi),
        pin=row.text("pin"),
        short_reports=row.flag("short_reports"),
        vendor_lines=row.values.get("vendor_lines") is not False,
        grant_lines=row.values.get("grant_lines") is not False,
        flavour=row.text("flavour", usual.flavour),
        list_shape=row.text("list_shape", usual.list_shape),
        licences=row.wholes("licences"),
    )


class Timetable:
    """When each step of a scenario is due; repeats included."""

    def __init__(self, scenario: Scenario, start: float, seed: int, *, loop: bool) -> None:
        """Start the scenario at ``start`` (ms). Without ``loop`` each step comes once."""
        self._rng = random.Random(seed)  # noqa: S311 - chance of a simulation
        self._jitter_ms = scenario.jitter_ms
        self._loop = loop
        self._due: list[tuple[float, float, int, Step]] = [
            (start + step.at_ms, start + step.at_ms, place, step)
            for place, step in enumerate(scenario.steps)
        ]
        self._due.sort(key=lambda one: one[:3])

    def deadline(self) -> float | None:
        """When the next step is due."""
        return self._due[0][0] if self._due else None

    def take(self, now: float) -> list[Action]:
        """Return the actions due by ``now``."""
        actions: list[Action] = []
        while self._due and self._due[0][0] <= now:
            _, planned, place, step = self._due.pop(0)
            actions.append(step.action)
            if self._loop and step.every_ms is not None:
                planned += step.every_ms
                due = planned + self._rng.uniform(0.0, self._jitter_ms)
                self._due.append((due, planned, place, step))
                self._due.sort(key=lambda one: one[:3])
        return actions
