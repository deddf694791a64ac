"""Runs a command of ``samband`` within the test's own process: no start of Python for each."""

import contextlib
import io
import subprocess
import sys

from samband.cli import main


def here(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Return exit status, output and errors of a command; ``text`` is its standard input."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(text)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdin = before
    return subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue())
