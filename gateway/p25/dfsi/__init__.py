"""The fixed-station interface (DFSI): control service, voice conveyance, V.24 records and HDLC.

We are the host: we connect to a fixed station. Two dialects carry voice over RTP: that of the
standard ("tia") and Motorola's V.24 records ("v24"); both are understood whatever is set.
"""
