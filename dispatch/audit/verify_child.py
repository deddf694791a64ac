"""Verifies a log in a process of its own: ``python -m dispatch.audit.verify_child DB FOLDER``.

Hashing a long log takes seconds of pure computing, which in the server's own process would make
sound wait. Writes one JSON object a line: ``{"done": n}`` now and then, ``{"report": …}`` at last.
"""

import json
import os
import sys
from pathlib import Path

from dispatch.audit.verify import verify_database

LOW_PRIORITY = 15
"""The server's own work goes first."""


def main(arguments: list[str]) -> int:
    """Verify; returns 0 when there was something to verify, whatever was found."""
    database, folder = Path(arguments[0]), Path(arguments[1])
    os.nice(LOW_PRIORITY)

    def progress(done: int) -> None:
        _tell({"done": done})

    try:
        report = verify_database(database, folder, progress=progress).to_json()
    except (ValueError, OSError) as error:
        _tell({"fault": str(error)})
        return 1
    _tell({"report": report})
    return 0


def _tell(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
