"""How much of the published TETRA encoder's bits ours gives, from the vectors beside the tests.

The encoder runs free: from a first differing frame on, all that follow may differ too, because each
depends on those before. So both are told: recordings equal as a whole, and equal frames.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "tetra"


def acelp_exact() -> dict[str, Any]:
    """Return counts of equal recordings, frames and LSP sets; empty where no vectors lie."""
    from samband.codec_files import read_wav
    from voicecodecs.acelp.encoder import encode_samples
    from voicecodecs.acelp.frame import as_frames, parameters_of

    manifest = VECTORS / "manifest.json"
    if not manifest.exists():
        return {}
    cases = [case for case in json.loads(manifest.read_text("utf-8"))["cases"] if "input" in case]
    whole: list[str] = []
    frames = equal = sets = 0
    for case in cases:
        theirs = as_frames((VECTORS / case["bits"]).read_bytes())
        own = encode_samples(read_wav(VECTORS / case["input"]))
        same = (own == theirs).all(axis=1)
        lsp = parameters_of(own)[:, :3] == parameters_of(theirs)[:, :3]
        frames, equal, sets = (
            frames + same.size,
            equal + int(same.sum()),
            sets + int(lsp.all(1).sum()),
        )
        if np.all(same):
            whole.append(case["name"])
    return {
        "recordings": len(cases),
        "recordings_equal": len(whole),
        "frames": frames,
        "frames_equal": equal,
        "lsp_sets_equal": sets,
        "equal": whole,
    }
