"""Sepura terminals (STP, SRG, SEG).

Little is public: ``ATZ`` restarts some of them, ``ATI`` is refused, payloads end at a digit. The
maker's own guide was not read.
"""

from gateway.tetra.profiles.profile import STATUS_TO_HOST, Padding, Profile

PROFILE = Profile(
    name="sepura",
    makers=("SEPURA",),
    status_services=(STATUS_TO_HOST,),
    padding=Padding.NIBBLE,
)
