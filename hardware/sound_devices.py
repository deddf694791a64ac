"""Sound cards by name: what PortAudio lists, and which one a name of the plan means.

``python -m hardware.sound_devices`` prints the list as JSON: a fresh process sees cards that came
after this one looked.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from types import ModuleType

from gateway.model.errors import LinkError

INSTALL_HINT = "Install it: sudo apt install libportaudio2"
LOOK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundDevice:
    """One sound card, or one name of a sound server."""

    name: str
    host_api: str
    inputs: int
    """Channels that it can capture."""
    outputs: int
    """Channels that it can play."""
    rate_hz: int
    """Its own default rate."""
    index: int
    """Its number in this process, valid until PortAudio looks again."""


def load_portaudio() -> ModuleType:
    """Return the module ``sounddevice``; raises LinkError where the library is missing."""
    try:
        import sounddevice  # noqa: PLC0415 - loads a system library that most servers do not need
    except OSError as error:
        raise LinkError(
            f"sound cards need the library PortAudio, which is not installed ({error})",
            hint=INSTALL_HINT,
        ) from error
    return sounddevice  # type: ignore[no-any-return]  # the package has no types


def list_devices() -> list[SoundDevice]:
    """Return what PortAudio knows in this process; raises LinkError where it is missing."""
    portaudio = load_portaudio()
    try:
        apis = [api["name"] for api in portaudio.query_hostapis()]
        rows = list(portaudio.query_devices())
    except portaudio.PortAudioError as error:
        raise LinkError(f"sound cards could not be listed: {error}") from error
    return [
        SoundDevice(
            name=str(row["name"]),
            host_api=apis[row["hostapi"]],
            inputs=int(row["max_input_channels"]),
            outputs=int(row["max_output_channels"]),
            rate_hz=round(row["default_samplerate"]),
            index=number,
        )
        for number, row in enumerate(rows)
    ]


def list_devices_afresh() -> list[SoundDevice]:
    """Return what a new process sees, without disturbing the open streams of this one."""
    load_portaudio()
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "hardware.sound_devices"],
            capture_output=True,
            check=True,
            timeout=LOOK_TIMEOUT_S,
        )
        return [SoundDevice(**row) for row in json.loads(answer.stdout)]
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise LinkError(f"sound cards could not be listed: {error}") from error


def find_device(devices: list[SoundDevice], name: str, *, capture: bool) -> SoundDevice:
    """Return the one card that a name means: its whole name, else a part of only one name.

    Capital letters do not matter. ``NAME, HOST API`` tells apart cards of two host APIs. Raises
    LinkError that lists the names when there is none, or more than one.
    """
    able = [d for d in devices if (d.inputs if capture else d.outputs) > 0]
    wanted = name.casefold().strip()
    whole = [d for d in able if wanted in (d.name.casefold(), _long(d).casefold())]
    found = whole or [d for d in able if wanted in _long(d).casefold()]
    if len(found) == 1:
        return found[0]
    what = "captures" if capture else "plays"
    if found:
        names = "; ".join(_long(d) for d in found)
        raise LinkError(
            f"sound card {name!r}: more than one {what}: {names}",
            hint="Give more of the name in the plan.",
        )
    names = "; ".join(_long(d) for d in able) or "no card at all"
    raise LinkError(
        f"sound card {name!r}: none that {what} has it in its name; there is: {names}",
        hint="Is it plugged in? Names: samband sound list",
    )


def _long(device: SoundDevice) -> str:
    return f"{device.name}, {device.host_api}"


def words_of(device: SoundDevice) -> str:
    """Return what a card can do, for people."""
    able = [
        f"{count} {what}"
        for count, what in ((device.inputs, "in"), (device.outputs, "out"))
        if count
    ]
    return f"{device.name} ({device.host_api}): {', '.join(able)}, {device.rate_hz} Hz"


def sound_findings() -> list[tuple[str, str, str]]:
    """Return what there is to say of sound cards: (state, words, remedy), for ``doctor``."""
    try:
        devices = list_devices_afresh()
    except LinkError as error:
        return [("info", f"{error}; only links with device: need it", error.hint)]
    if not devices:
        return [("info", "none found; only links with device: need one", "")]
    return [
        ("ok", words_of(device), f'In the plan: sound = "device:{device.name}"')
        for device in devices
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(device) for device in list_devices()]))
