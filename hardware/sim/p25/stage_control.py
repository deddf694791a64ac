"""The control port of a P25 simulator: the actions of a scenario, live, and queries."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import JsonLines, mono_ms
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_steps import ACTIONS, check_step
from hardware.sim.p25.stage_voice import write_wav


class StageLines(JsonLines):
    """Answers one JSON line for each JSON line.

    Besides the actions of ``stage_steps``: ``log`` (kinds, since_ms), ``violations``, ``state``,
    ``heard`` (the overs of the gateway; with frames: true their vocoder frames), ``sound`` (path of
    the WAV file to write, index of the over: the last one by default), ``clear``, ``help``.
    """

    def __init__(self, stage: Stage) -> None:
        """Act on ``stage``."""
        super().__init__({})
        self._stage = stage
        self._queries: dict[str, Callable[[Action], dict[str, object]]] = {
            "clear": self._clear,
            "heard": self._heard,
            "help": lambda _: {"queries": sorted(self._queries), "actions": sorted(ACTIONS)},
            "log": lambda query: {"entries": self._log(query)},
            "sound": self._sound,
            "state": lambda _: stage.state(),
            "violations": self._violations,
        }

    def answer(self, line: bytes) -> dict[str, object]:
        """Return the answer to one request; ``ok`` is false with a reason when it is refused."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ConfigError(f"expected a JSON object, got {request!r}")
            return {"ok": True, **self._answer(request), "t_ms": round(mono_ms(), 3)}
        except ConfigError as error:
            faults = "; ".join(error.faults)
            return {"ok": False, "error": f"{error}{': ' if faults else ''}{faults}"}
        except ValueError as error:
            return {"ok": False, "error": f"expected one JSON object a line, got: {error}"}

    def _answer(self, request: Mapping[str, object]) -> dict[str, object]:
        query = self._queries.get(str(request.get("do")))
        if query is not None:
            return query(Action("", request))
        action, faults = check_step(request, "request")
        if action is None:
            raise ConfigError("action refused", faults=tuple(faults))
        self._stage.perform(action)
        return {}

    def _clear(self, _: Action) -> dict[str, object]:
        self._stage.clear()
        return {}

    def _log(self, query: Action) -> list[dict[str, object]]:
        kinds, since = query.texts("kinds"), query.number("since_ms", 0.0)
        return [
            entry
            for entry in self._stage.entries
            if (not kinds or entry["kind"] in kinds) and _time(entry) > since
        ]

    def _violations(self, _: Action) -> dict[str, object]:
        return {"violations": self._log(Action("", {"kinds": ["violation"]}))}

    def _heard(self, query: Action) -> dict[str, object]:
        whole = query.flag("frames")
        rows = [
            heard.row() | ({"imbe": [frame.hex() for frame in heard.frames]} if whole else {})
            for heard in self._stage.ears.overs
        ]
        return {"overs": rows}

    def _sound(self, query: Action) -> dict[str, object]:
        path, index = query.text("path"), query.whole("index", -1)
        if not path:
            raise ConfigError("sound: expected path, where the WAV file is to be written")
        overs = self._stage.ears.overs
        if not -len(overs) <= index < len(overs):
            raise ConfigError(f"sound: no over {index}; {len(overs)} were heard")
        heard = overs[index]
        return {**heard.row(), "path": path, "samples": write_wav(Path(path), heard.frames)}


def _time(entry: Mapping[str, object]) -> float:
    value = entry["t_ms"]
    return value if isinstance(value, float) else 0.0
