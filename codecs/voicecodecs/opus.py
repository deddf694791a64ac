"""Opus at 8 kHz mono through libopus: the encoder of every talkgroup, the decoder of every desk.

The library is the system's libopus; where there is none, the copy inside PyAV's wheel is used.
Settings: voice, variable rate, 24 kbit/s, complexity 1 (decision 038), 20 ms; the RTP clock of the
packets is 48 kHz whatever rate the encoder runs at (RFC 7587 section 4.1).

Blocks are encoded by a call of our own into the binding's library: the binding makes a buffer and
a pointer anew for each block, and lets the interpreter go meanwhile. A block takes some 30
microseconds; to get the interpreter back from a thread that computes takes up to ten times that.
"""

import ctypes
import ctypes.util
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from voicecodecs.errors import VoiceError
from voicecodecs.pcm import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ

BITRATE_BPS: Final = 24_000
COMPLEXITY: Final = 1
"""Of 10; half the time of 5, and nobody hears the difference (``docs/decisions/038``)."""
MAX_PACKET_BYTES: Final = 1275
"""Longest Opus frame (RFC 6716 section 3.4, R2)."""
MAX_PACKET_SAMPLES: Final = SAMPLE_RATE_HZ * 120 // 1000
"""Longest Opus packet, 120 ms (RFC 6716 section 3.4, R5), at our rate."""
Finder = Callable[[str], str | None]
_FIND: Final = "find_library"


def bundled_libopus() -> Path | None:
    """Return the libopus inside PyAV's wheel, or None; PyAV itself is not loaded."""
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    for folder in (package.parent / "av.libs", package / ".dylibs"):
        for path in sorted(folder.glob("libopus[-.]*")):
            return path
    return None


def _binding() -> tuple[Any, str]:
    """Import the binding over a libopus that exists; Any, for the binding has no types."""
    find: Finder = ctypes.util.find_library
    found = find("opus")
    if found is not None:
        return importlib.import_module("opuslib_next"), found
    bundled = bundled_libopus()
    if bundled is None:
        raise VoiceError(
            "Opus: expected libopus on this system or in PyAV's wheel, found neither; "
            "install libopus0 (Debian), opus (other systems) or the PyAV wheel"
        )
    # The binding asks ctypes for the library while it is imported, and only then.
    setattr(ctypes.util, _FIND, lambda name: str(bundled) if name == "opus" else find(name))
    try:
        return importlib.import_module("opuslib_next"), str(bundled)
    finally:
        setattr(ctypes.util, _FIND, find)


def _held(name: str) -> Any:  # a function of ctypes, which has no type of its own
    """Return a function of the binding's libopus that keeps the interpreter while it runs."""
    library = importlib.import_module("opuslib_next.api").libopus
    return ctypes.PyDLL(library._name, handle=library._handle)[name]


_opuslib, LIBRARY = _binding()
"""``LIBRARY`` names the libopus in use, for ``samband doctor``."""
_decoder_api: Any = importlib.import_module("opuslib_next.api.decoder")  # no types, see above
_encode: Final = _held("opus_encode")
_encode.argtypes = (
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_int32,
)
_encode.restype = ctypes.c_int32


class OpusEncoder:
    """Encodes 20 ms blocks (160 samples int16, 8 kHz mono); one for each talkgroup and call."""

    def __init__(
        self,
        *,
        bitrate_bps: int = BITRATE_BPS,
        complexity: int = COMPLEXITY,
        expected_loss_percent: int = 0,
    ) -> None:
        """Open an encoder; in-band FEC is on when some loss is expected."""
        self._encoder = _opuslib.Encoder(SAMPLE_RATE_HZ, 1, "voip")
        self._encoder.bitrate = bitrate_bps
        self._encoder.vbr = 1
        self._encoder.complexity = complexity
        self._encoder.inband_fec = int(expected_loss_percent > 0)
        self._encoder.packet_loss_perc = expected_loss_percent
        self._state = ctypes.cast(self._encoder.encoder_state, ctypes.c_void_p)
        self._packet = ctypes.create_string_buffer(FRAME_BYTES)

    @property
    def lookahead_samples(self) -> int:
        """Samples by which the decoded sound is late (8 kHz)."""
        return int(self._encoder.lookahead)

    def encode(self, pcm: bytes) -> bytes:
        """Return the packet of 160 samples (int16 little-endian), never longer than they are."""
        if len(pcm) != FRAME_BYTES:
            raise VoiceError(f"Opus encoder: expected {FRAME_BYTES} bytes, got {len(pcm)}")
        size = _encode(self._state, pcm, FRAME_SAMPLES, self._packet, FRAME_BYTES)
        if size < 0:
            raise VoiceError(f"Opus encoder: libopus refuses a block ({_opuslib.OpusError(size)})")
        return self._packet.raw[:size]

    def reset(self) -> None:
        """Forget everything that was encoded."""
        self._encoder.reset_state()


class OpusDecoder:
    """Decodes to 8 kHz mono; conceals what is lost."""

    def __init__(self) -> None:
        """Open a decoder."""
        self._decoder = _opuslib.Decoder(SAMPLE_RATE_HZ, 1)

    def decode(self, opus: bytes) -> bytes:
        """Return the samples (int16 little-endian) of a packet of 2.5 to 120 ms."""
        if not opus:
            raise VoiceError("Opus decoder: expected a packet, got 0 bytes; use conceal()")
        return self._run(opus, MAX_PACKET_SAMPLES, fec=False)

    def decode_fec(self, opus: bytes, samples: int = FRAME_SAMPLES) -> bytes:
        """Return the ``samples`` BEFORE this packet from its redundancy, or concealed."""
        return self._run(opus, samples, fec=True)

    def conceal(self, samples: int = FRAME_SAMPLES) -> bytes:
        """Return ``samples`` of made-up sound for a packet that never came."""
        return self._run(None, samples, fec=False)

    def reset(self) -> None:
        """Forget everything that was decoded."""
        self._decoder.reset_state()

    def _run(self, opus: bytes | None, samples: int, *, fec: bool) -> bytes:
        try:
            pcm = _decoder_api.decode(
                self._decoder.decoder_state, opus, len(opus or b""), samples, fec, channels=1
            )
        except _opuslib.OpusError as error:
            size = len(opus or b"")
            raise VoiceError(f"Opus decoder: {size} bytes are no Opus packet ({error})") from error
        return bytes(pcm)


def packet_samples(opus: bytes) -> int:
    """Return how many 8 kHz samples a packet holds; VoiceError when it is none."""
    try:
        frames = int(_decoder_api.packet_get_nb_frames(opus, len(opus)))
        return frames * int(_decoder_api.packet_get_samples_per_frame(opus, SAMPLE_RATE_HZ))
    except _opuslib.OpusError as error:
        raise VoiceError(f"Opus: {len(opus)} bytes are no Opus packet ({error})") from error


def silence_packets(count: int) -> tuple[bytes, ...]:
    """Return ``count`` encoded 20 ms packets of silence, as a fresh encoder makes them."""
    encoder = OpusEncoder()
    silent = bytes(FRAME_BYTES)
    return tuple(encoder.encode(silent) for _ in range(count))
