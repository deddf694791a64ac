"""How this package compiles its sample-level loops.

Numba is loaded only by modules that import this one, that is, when a codec is used: its run time
costs a process 125 MB (``docs/voice.md``), so no module of the ordinary voice path may import it.

Every kernel is compiled for its explicit signature when its module is imported, or read from the
cache (``NUMBA_CACHE_DIR``, else ``__pycache__``); a call never compiles. A cached kernel is renewed
when *its own* file changes, not when a file with an inner function of it does: after editing one,
empty the cache.
"""

from collections.abc import Callable
from typing import Final, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

FAST_MATH: Final = {"reassoc", "contract", "arcp", "nsz", "afn"}
"""What the compiler may do with floats: all but believing that NaN and infinity never occur."""


def kernel(signature: str) -> Callable[[Function], Function]:
    """Compile a function that Python calls, for one signature, without holding the GIL."""
    return cast(
        Callable[[Function], Function],  # numba's decorators are not typed
        numba.njit(signature, cache=True, nogil=True, fastmath=FAST_MATH, error_model="numpy"),
    )


def inner(function: Function) -> Function:
    """Mark a function that only kernels call: it is compiled as part of each of them."""
    compiled = numba.njit(nogil=True, fastmath=FAST_MATH, error_model="numpy")(function)
    return cast(Function, compiled)  # numba's decorators are not typed
