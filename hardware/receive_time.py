"""When the kernel received a datagram, which is earlier than the moment in which we read it.

Linux gives it as ancillary data of ``recvmsg`` (socket(7), ``SO_TIMESTAMPNS``), on the wall clock.
Stream sockets and serial ports have no such thing: there the moment of reading is all we know.
"""

import socket
import struct
from typing import Final

SO_TIMESTAMPNS: Final = 35
"""Of asm-generic/socket.h, for every machine that Python names no constant for."""
_TIMESPEC: Final = struct.Struct("@ll")
_SPACE: Final = socket.CMSG_SPACE(_TIMESPEC.size)


def ask_for_times(end: socket.socket) -> bool:
    """Have the kernel stamp what a socket receives; False where it does not know how."""
    try:
        end.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def receive(end: socket.socket, size: int) -> tuple[bytes, tuple[str, int], int | None]:
    """Return one datagram, its sender, and when it was received (UTC microseconds, if known).

    Raises what ``recvmsg`` raises.
    """
    data, ancillary, _, address = end.recvmsg(size, _SPACE)
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(value)
            return data, address[:2], seconds * 1_000_000 + nanoseconds // 1000
    return data, address[:2], None
