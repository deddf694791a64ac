"""TETRA full-rate speech: codec (ACELP, EN 300 395-2) and its channel layer TCH/S.

``decoder`` and ``encoder`` are compiled and load numba; ``frame`` and ``packed`` do not.
"""

import importlib


def warm() -> tuple[str, ...]:
    """Load or compile every kernel and run it once; returns what was warmed."""
    kernels: tuple[str, ...] = importlib.import_module("voicecodecs.acelp.warming").run()
    return kernels
