"""What a site says about its shifts and, for the records of processing, about itself."""

from dataclasses import dataclass

from dispatch.reports.shifts import DEFAULT_SHIFTS

UNSAID = "(to be filled in by the organisation)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """The table ``[reports]`` of ``samband.toml``."""

    zone: str = "UTC"
    shifts: tuple[str, ...] = DEFAULT_SHIFTS
    controller: str = ""
    contact: str = ""
    officer: str = ""
    """Data protection officer: a function's address, not a person's."""
    authority: str = ""
    """The supervisory authority."""
    basis: str = ""
    """The law under which calls are recorded."""
