"""What a verification found: one line a check, every failure in words."""

from dataclasses import dataclass, field
from typing import Any

MAX_LINES = 200


class Stop(Exception):
    """Raised when what was found makes every further check meaningless."""


@dataclass(slots=True)
class Findings:
    """Checks that passed, warnings, faults, in order."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    authenticated: bool = True

    def passed(self, words: str) -> None:
        """Tell of a check that passed."""
        self._line("ok", words)

    def fault(self, words: str) -> None:
        """Tell of something wrong."""
        self.faults.append(words)
        self._line("WRONG", words)

    def warn(self, words: str) -> None:
        """Tell of something that a person should weigh."""
        if words not in self.warnings:
            self.warnings.append(words)
            self._line("warning", words)

    def stop(self, words: str) -> Stop:
        """Tell of something wrong behind which nothing can be checked; raise what it returns."""
        self.fault(words)
        return Stop(words)

    def _line(self, kind: str, words: str) -> None:
        if len(self.lines) < MAX_LINES:
            self.lines.append((kind, words))
        elif len(self.lines) == MAX_LINES:
            self.lines.append(("…", "there is more; only the first lines are shown"))

    @property
    def verdict(self) -> str:
        """The last line."""
        if self.faults:
            return f"NOT VALID ({printable(self.faults[0])})"
        if not self.authenticated:
            return "NOT VALID (self-consistent, not authenticated)"
        if self.warnings:
            return f"VALID WITH WARNINGS ({printable('; '.join(self.warnings))})"
        return "VALID"

    @property
    def status(self) -> int:
        """Exit status: 0 valid, 3 valid with warnings, 1 not valid."""
        if self.faults or not self.authenticated:
            return 1
        return 3 if self.warnings else 0

    def text(self) -> str:
        """Return all lines and the verdict."""
        lines = [f"{kind:<8} {printable(words)}" for kind, words in self.lines]
        return "\n".join([*lines, self.verdict])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "verdict": self.verdict,
            "status": self.status,
            "faults": self.faults,
            "warnings": self.warnings,
            "checks": [{"kind": kind, "words": words} for kind, words in self.lines],
        }


def printable(text: str) -> str:
    """Return a text in which no line feed and no terminal code acts."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
