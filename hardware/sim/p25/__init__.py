"""Simulated P25 base stations, modems and networks: the other role of ``gateway.p25``.

They are written from the reference by themselves and share number tables and error correction with
the gateway, never its encoders or decoders.
"""
