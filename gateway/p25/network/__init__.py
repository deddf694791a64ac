"""The MMDVM P25 network protocol: client of a reflector or gateway, and reflector-side host."""
