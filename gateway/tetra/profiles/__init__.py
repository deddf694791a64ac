"""Profiles of makers, one small folder each, and the choice between them."""

from gateway.tetra.profiles import generic, motorola, sepura
from gateway.tetra.profiles.profile import Padding, Profile

AUTO = "auto"
GENERIC = generic.PROFILE
PROFILES: dict[str, Profile] = {
    one.PROFILE.name: one.PROFILE for one in (generic, motorola, sepura)
}
"""Name in the plan -> profile."""


def choose(name: str, maker: str = "") -> Profile:
    """Return the profile that the plan names; for ``auto`` the maker's, else the generic one.

    Raises ValueError when the plan names one that does not exist.
    """
    if name == AUTO:
        found = (one for one in PROFILES.values() if _made_by(one, maker))
        return next(found, GENERIC)
    if name not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        raise ValueError(f"profile: expected {AUTO} or one of {known}, got {name!r}")
    return PROFILES[name]


def _made_by(profile: Profile, maker: str) -> bool:
    return any(word in maker.upper() for word in profile.makers)


__all__ = ["AUTO", "GENERIC", "PROFILES", "Padding", "Profile", "choose"]
