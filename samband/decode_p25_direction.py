"""Which way a signalling block went, where only its octets are known.

An opcode means different things from a radio and from a site, and the block does not say which. The
guess is the direction in which it has a layout, no bit is set that means nothing, and its numbers
are usual ones; where both fit it came from the site.
"""

from gateway.p25.words import tables, tsbk_units
from gateway.p25.words.layout import Channel
from gateway.p25.words.tsbk import KnownTsbk, Tsbk, decode_tsbk

_NO_LAYOUT = 1_000
_NO_MEANING = 100
_MAX_SYSTEM_ID = 0xFFF


def likely_inbound(octets: bytes) -> bool:
    """Return the likelier direction; raises ProtocolViolation as ``decode_tsbk`` does."""
    from_site = _oddity(decode_tsbk(octets, inbound=False))
    return _oddity(decode_tsbk(octets, inbound=True)) < from_site


def _oddity(block: Tsbk) -> int:
    if not isinstance(block, KnownTsbk):
        return _NO_LAYOUT
    values = block.layout().values(block).values()
    strange = block.spare.bit_count()
    strange += any(isinstance(value, Channel) and not value.identifier for value in values)
    return strange + (_NO_MEANING if _meaningless(block) else _unusual(block))


def _meaningless(block: KnownTsbk) -> bool:
    match block:
        case tsbk_units.Denied(reason=reason):
            return reason not in tables.DENY_REASONS and reason not in tables.USER_DEFINED_DENIALS
        case tsbk_units.EmergencyAlarmRequest(special_info=info):
            return info != 0
    return False


def _unusual(block: KnownTsbk) -> bool:
    """Whether a block from the site has what a radio's block of the same number has there."""
    match block:
        case tsbk_units.GroupAffiliationResponse(announcement_group=group):
            return 0 < group <= _MAX_SYSTEM_ID
        case tsbk_units.UnitRegistrationCommand(source=source):
            return source <= tables.MAX_UNIT
        case tsbk_units.Acknowledge(additional_info=False, source=source):
            return source != 0
        case tsbk_units.ExtendedFunction(function=function):
            return bool(function & tables.FUNCTION_ANSWER)
    return False
