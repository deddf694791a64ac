"""What a kind of link can do by its nature, for those who have to know before it is opened."""

from gateway.model.p25_settings import NETWORK

ANALOGUE = "analogue"
TETRA_PEI = "tetra-pei"
WITHOUT_EMERGENCY = frozenset({ANALOGUE, NETWORK})
"""Kinds whose protocol has no emergency: a donor radio's carrier, the MMDVM network."""
