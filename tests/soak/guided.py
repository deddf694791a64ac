"""Lets atheris choose the inputs by coverage: ``python -m tests.soak.guided ogg 20000 [FOLDER]``.

The modules that are looked into have to be imported while atheris instruments them.
"""

import sys
import tempfile
from pathlib import Path

import atheris

LOOKED_INTO = ["gateway", "dispatch.cameras", "voicecodecs", "webrtc.ptt"]

with atheris.instrument_imports(include=LOOKED_INTO):
    from tests.soak.targets import TARGETS


def main() -> None:
    """Run until the inputs are used up (0) or something is found (not 0); does not return."""
    target, inputs, *folder = sys.argv[1:]
    subject = TARGETS[target]()
    corpus = Path(folder[0] if folder else tempfile.mkdtemp(prefix="samband-soak-"))
    for number, data in enumerate(subject.good):
        (corpus / f"{number:04}").write_bytes(data)
    atheris.Setup([sys.argv[0], f"-runs={inputs}", "-rss_limit_mb=0", str(corpus)], subject.take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
