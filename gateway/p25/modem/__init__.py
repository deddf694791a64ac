"""A modem board on a serial port or over UDP: the MMDVM protocol, versions 1 and 2."""
