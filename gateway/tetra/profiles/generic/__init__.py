"""A terminal of which nothing is known but the standard: both forms of everything are tried."""

from gateway.tetra.profiles.profile import Profile

PROFILE = Profile(name="generic")
