"""Error-correcting codes: one module a family, pure functions on ints and arrays.

Each code states its (n, k, d). Words are ints whose most significant bit is sent first. Modules
``golay`` and ``hamming`` need numpy alone; ``soft`` holds compiled kernels and so loads numba.
"""
