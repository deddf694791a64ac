"""The compiler's pages are given back once the vocoders are there, and the vocoders go on."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import re
import numpy as np
from voicecodecs.imbe import SILENCE, ImbeDecoder, ImbeEncoder, warm
from samband.kernels import COMPILER, give_back_compiler

def resident_kb():
    kept, found = 0, False
    for line in open("/proc/self/smaps"):
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            found = COMPILER in line
        elif found and line.startswith("Rss:"):
            kept += int(line.split()[1])
    return kept

warm()
before = resident_kb()
give_back_compiler()
after = resident_kb()
assert len(ImbeEncoder().encode(np.zeros(1600, np.int16))) > 0
assert ImbeDecoder().decode(SILENCE).shape == (160,)
print(before, after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for its memory")
def test_the_compilers_pages_are_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    assert before > 10_000
    assert after < before / 2
