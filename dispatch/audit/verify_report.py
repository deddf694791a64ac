"""What a verification found, each finding with its place."""

from dataclasses import dataclass, field
from typing import Any

MAX_FINDINGS = 50


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found. ``faults`` empty: the log is what was signed."""

    origin: str = ""
    size: int = 0
    root: str = ""
    head_size: int | None = None
    checkpoints: int = 0
    newest_checkpoint: int | None = None
    trust: str = ""
    consistency_proofs: int = 0
    witnessed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    took_ms: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def fault(self, place: str, words: str) -> None:
        """Add a fault with its place."""
        self._add(self.faults, f"{place}: {words}")

    def warn(self, place: str, words: str) -> None:
        """Add something that a person should look at."""
        self._add(self.warnings, f"{place}: {words}")

    @staticmethod
    def _add(lines: list[str], line: str) -> None:
        if len(lines) < MAX_FINDINGS:
            lines.append(line)
        elif len(lines) == MAX_FINDINGS:
            lines.append("more were found; only the first are listed")

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        names = ("origin", "size", "root", "head_size", "checkpoints", "newest_checkpoint", "trust")
        values = {name: getattr(self, name) for name in names}
        return {
            "ok": self.ok, **values, "consistency_proofs": self.consistency_proofs,
            "witnessed": self.witnessed, "faults": self.faults, "warnings": self.warnings,
            "took_ms": self.took_ms,
        }  # fmt: skip
