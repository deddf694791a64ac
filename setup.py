"""The one build step that ``pyproject.toml`` cannot name: the console goes into the wheel."""

import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithConsole(build_py):
    """Builds the console first, unless it is there; for an editable install ``make`` does it."""

    def run(self) -> None:
        """Run ``scripts/build-console``; without npm it says so and the server shows a page."""
        built = ROOT / "dispatch" / "static" / "index.html"
        if not self.editable_mode and not built.exists() and (ROOT / "console").is_dir():
            subprocess.run([str(ROOT / "scripts" / "build-console")], check=True)
        super().run()


setup(cmdclass={"build_py": BuildWithConsole})
