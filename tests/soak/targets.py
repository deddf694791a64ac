"""Every target of the fuzzer by name."""

import random
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.soak.camera_targets import CAMERAS
from tests.soak.decoder_targets import Parts, PeiRows, Status
from tests.soak.dfsi_targets import DFSI, DFSI_DECODERS
from tests.soak.fne_targets import FNE, FNE_DECODERS
from tests.soak.mmdvm_targets import MMDVM, MMDVM_DECODERS
from tests.soak.p25_targets import AIR, AIR_DECODERS
from tests.soak.terminal_targets import (
    Frigate,
    Lip,
    OggFile,
    PeiLine,
    PeiStream,
    Ptt,
    Sds,
    Voice,
    Webhook,
    WebhookHeaders,
)

DECODERS = ("pei_line", "sds", "lip", *AIR_DECODERS, *DFSI_DECODERS, *FNE_DECODERS, *MMDVM_DECODERS)
"""Those that every byte of a radio goes through: they get the most inputs."""


class Reader(Protocol):
    """What is fuzzed: ``good`` inputs, the next one, and what takes it."""

    @property
    def good(self) -> Sequence[bytes]:
        """Inputs that are right."""
        ...

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        ...

    def take(self, data: bytes) -> None:
        """Read one input; raises when something is found."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


TARGETS: dict[str, Callable[[], Reader]] = {
    "pei_line": PeiLine,
    "pei_stream": PeiStream,
    "pei_rows": PeiRows,
    "sds": Sds,
    "lip": Lip,
    "status": Status,
    "parts": Parts,
    "webhook": Webhook,
    "webhook_headers": WebhookHeaders,
    "frigate": Frigate,
    **CAMERAS,
    "voice_frame": Voice,
    "ptt": Ptt,
    "ogg": OggFile,
    **AIR,
    **DFSI,
    **FNE,
    **MMDVM,
}
