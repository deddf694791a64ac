"""What a plan may say of a terminal, checked before anything is opened."""

from gateway.tetra import tables
from gateway.tetra.profiles import choose


def check_settings(profile: str, mode: str) -> None:
    """Raise ValueError for a profile or a mode that does not exist; it names those that do."""
    choose(profile)
    if mode and mode not in tables.PLAN_MODES:
        known = ", ".join(tables.PLAN_MODES)
        raise ValueError(f"mode: expected one of {known}, got {mode!r}")
