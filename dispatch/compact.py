"""JSON as the wire has it: no spaces, letters as they are.

One encoder for all: ``json.dumps`` makes one for each call that asks for anything but its defaults,
and a snapshot of a long plan is thousands of small calls.
"""

import json
from collections.abc import Callable

compact: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":")
).encode
"""Return a value of JSON's own kinds as text; raises TypeError for another."""
