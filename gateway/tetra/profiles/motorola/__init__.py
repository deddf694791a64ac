"""Motorola terminals (MTM, MTP, MTH), as public drivers in daily use know them."""

from gateway.tetra.profiles.profile import STATUS_TO_BOTH, Padding, Profile

PROFILE = Profile(
    name="motorola",
    makers=("MOTOROLA",),
    start=('AT+CSCS="8859-1"',),
    status_services=(STATUS_TO_BOTH,),
    padding=Padding.OCTET,
    reset="ATZ",
    restart="ATR",
    cells="AT+GCLI?",
    position="AT+GPSPOS?",
    dmo_channels="AT+CXDCL",
    scan="AT+CTSCAN={on}",
)
