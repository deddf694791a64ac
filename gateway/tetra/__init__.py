"""TETRA terminals: the PEI line, SDS, SDS-TL, status and LIP, as cores without input or output."""
