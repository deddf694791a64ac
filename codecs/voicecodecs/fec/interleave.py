"""Interleavers, as orders: position i of the output takes position ``order[i]`` of the input.

``values[order]`` interleaves, ``deinterleave(values, order)`` undoes it; both take bits as well as
soft values along the last axis.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Order = npt.NDArray[np.intp]
"""intp (n,): a permutation of 0..n-1."""


def matrix(lines: int, columns: int) -> Order:
    """Write line by line, read column by column: out[c * lines + l] = in[l * columns + c]."""
    return np.arange(lines * columns, dtype=np.intp).reshape(lines, columns).T.reshape(-1)


def rotation(length: int, step: int) -> Order:
    """TETRA's block interleaver: out[step * i mod length] = in[i - 1], i from 1.

    ``step`` must have no divisor in common with ``length``.
    """
    order = np.empty(length, dtype=np.intp)
    order[step * np.arange(1, length + 1) % length] = np.arange(length)
    return order


def deinterleave(
    values: npt.NDArray[Any],
    order: Order,  # Any: bits and soft values alike
) -> npt.NDArray[Any]:
    """Return what was interleaved with ``order``."""
    undone = np.empty_like(values)
    undone[..., order] = values
    return undone
