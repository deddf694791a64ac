"""How the vocoder compiles its sample-level loops.

Numba is loaded only by modules that import this one, that is, when a codec is used: its run time
costs a process 125 MB (``docs/voice.md``), so no module of the ordinary voice path may import it.

Every kernel is compiled for its explicit signature when its module is imported, or read from the
cache (``NUMBA_CACHE_DIR``, else ``__pycache__``); a call never compiles. Numba renews a cached
kernel when the kernel's own file changes, not when an inner function in another file does. So the
name of each kernel in the cache ends with a checksum of all the sources that it may be made of.
"""

import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

FAST_MATH: Final = {"reassoc", "contract", "arcp", "nsz", "afn"}
"""What the compiler may do with floats: all but believing that NaN and infinity never occur."""
_HERE: Final = Path(__file__).parent


@cache
def _checksum(folder: Path) -> str:
    """Return eight digits that change when a source of this package's kernels does."""
    sources = [
        Path(__file__),
        *_HERE.glob("fec/*.py"),
        *folder.glob("*.py"),
        *folder.glob("data/*"),
    ]
    value = 0
    for source in sorted(sources):
        value = zlib.crc32(source.read_bytes(), value)
    return f"{value:08x}"


def kernel(signature: str) -> Callable[[Function], Function]:
    """Compile a function that Python calls, for one signature, without holding the GIL."""
    compiler = numba.njit(
        signature, cache=True, nogil=True, fastmath=FAST_MATH, error_model="numpy"
    )

    def compiled(function: Function) -> Function:
        function.__qualname__ += "_" + _checksum(Path(function.__code__.co_filename).parent)
        return cast(Function, compiler(function))  # numba's decorators are not typed

    return compiled


def inner(function: Function) -> Function:
    """Mark a function that only kernels call: it is compiled as part of each of them."""
    compiled = numba.njit(nogil=True, fastmath=FAST_MATH, error_model="numpy")(function)
    return cast(Function, compiled)  # numba's decorators are not typed
