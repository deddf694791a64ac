"""Where things lie in the data units, in bits without status symbols (TIA-102.BAAA; reference 1.5).

A frame begins with forty-eight bits of sync and the network identifier.
"""

from typing import Final

from gateway.p25.air.nid import NID_BITS

SYNC: Final = 0x5575F5FF77FF
SYNC_BITS: Final = 48
MAX_SYNC_ERRORS: Final = 6
"""More wrong bits than that: no frame begins here."""
CONTENT_AT: Final = SYNC_BITS + NID_BITS
MAX_SIGNALLING_BLOCKS: Final = 3

HDU_BITS, LDU_BITS, TDU_BITS, TDULC_BITS = 770, 1680, 140, 420
GROUP_BITS: Final = 40
GROUPS_AT: Final = (400, 584, 768, 952, 1136, 1320)
"""Where the six groups of link control or encryption sync begin."""
VOICE_AT: Final = (112, 256, 440, 624, 808, 992, 1176, 1360, 1536)
LOW_SPEED_AT: Final = 1504
LOW_SPEED_BITS: Final = 32
HEADER_MI_OCTETS: Final = 9
"""Octets of message indicator before MFID."""
MAX_FRAME_OCTETS: Final = -(-(CONTENT_AT + 128 * 196) // 70) * 9
"""The longest packet: a header and 127 blocks. What lies behind is not looked at."""
