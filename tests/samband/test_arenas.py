"""Threads share few heaps of the C library: counted in a process of its own."""

import os
import subprocess
import sys

import pytest

from samband.arenas import ASKED_FOR, MOST

COUNT = """
import ctypes, pathlib, sys, threading
from samband.arenas import few_arenas

told = few_arenas()
everybody = threading.Barrier(9)
kept = []

def work():
    kept.append([bytes(5_000) for _ in range(20)])
    everybody.wait()
    everybody.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
everybody.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
everybody.wait()
print(told, pathlib.Path(sys.argv[1]).read_text().count("<heap nr="))
"""


def heaps(folder: object, **environment: str) -> list[str]:
    clean = {key: value for key, value in os.environ.items() if key not in ASKED_FOR}
    done = subprocess.run(
        [sys.executable, "-c", COUNT, f"{folder}/heaps.xml"],
        capture_output=True,
        text=True,
        check=True,
        env={**clean, **environment},
    )
    return done.stdout.split()


@pytest.mark.skipif(
    "glibc" not in str(os.confstr("CS_GNU_LIBC_VERSION") if hasattr(os, "confstr") else ""),
    reason="another C library",
)
def test_threads_share_few_heaps_unless_the_site_has_decided(tmp_path: object) -> None:
    assert heaps(tmp_path) == ["True", str(MOST)]
    assert heaps(tmp_path, MALLOC_ARENA_MAX="5") == ["False", "5"]
