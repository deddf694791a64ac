"""A terminal of which nothing is known but the standard: both forms of everything are tried."""

from gateway.tetra.profiles.profile import ERRORS_BY_NUMBER, Profile

PROFILE = Profile(name="generic", start=(ERRORS_BY_NUMBER,))
