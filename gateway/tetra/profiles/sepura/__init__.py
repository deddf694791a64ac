"""Sepura terminals (STP, SRG, SEG).

Little is public: ``ATZ`` restarts some of them, ``ATI`` is refused, payloads end at a digit. The
maker's own guide was not read.
"""

from gateway.tetra.profiles.profile import ERRORS_BY_NUMBER, STATUS_TO_HOST, Padding, Profile

PROFILE = Profile(
    name="sepura",
    makers=("SEPURA",),
    start=(ERRORS_BY_NUMBER,),
    status_services=(STATUS_TO_HOST,),
    padding=Padding.NIBBLE,
)
