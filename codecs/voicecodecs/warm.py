"""Runs every stage of the voice path once, so that the first call does not wait for it.

Stages that are compiled on first use also fill their cache here.
"""

from voicecodecs.pcm import SILENT_FRAME
from voicecodecs.press_buffer import PressBuffer
from voicecodecs.receive import ReceiveChain
from voicecodecs.tones import sine
from voicecodecs.transmit import TransmitChain


def warm() -> tuple[str, ...]:
    """Run each stage once; returns their names."""
    coded = ReceiveChain().encode(SILENT_FRAME)
    TransmitChain().decode(0, coded.opus)
    buffer = PressBuffer()
    buffer.push(sine(300.0, 400.0).tobytes())
    buffer.grant()
    buffer.take()
    return ("level control", "Opus encoder", "Opus decoder", "press buffer", "time-scale")
