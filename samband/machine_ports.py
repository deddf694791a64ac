"""Looks at what radios can be plugged into on this machine, for the engineer's port chooser."""

import os
from pathlib import Path

from dispatch.plans.machine import MachinePort
from gateway.model.errors import LinkError
from hardware.discovery import serial_ports
from hardware.sound_devices import list_devices_afresh, words_of

DEVICES = Path("/dev")


def machine_ports(devices: Path = DEVICES) -> list[MachinePort]:
    """Return serial ports, sound cards and GPIO chips; opens none of them."""
    return [*_serial(), *_sound(), *_gpio(devices)]


def _serial() -> list[MachinePort]:
    return [
        MachinePort(
            kind="serial",
            name=port.stable,
            words=port.words or port.device,
            hint="" if os.access(port.device, os.R_OK | os.W_OK) else "this user may not open it",
        )
        for port in serial_ports()
    ]


def _sound() -> list[MachinePort]:
    try:
        cards = list_devices_afresh()
    except LinkError as error:
        return [MachinePort(kind="sound", name="", words="sound cards", hint=str(error))]
    return [
        MachinePort(kind="sound", name=f"device:{card.name}", words=words_of(card))
        for card in cards
    ]


def _gpio(devices: Path) -> list[MachinePort]:
    return [
        MachinePort(kind="gpio", name=f"gpio:{chip}/", words=f"{chip.name}, with the line's number")
        for chip in sorted(devices.glob("gpiochip*"))
    ]
