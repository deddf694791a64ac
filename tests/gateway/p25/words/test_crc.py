"""Checks of signalling and packets against vectors."""

import pytest

from gateway.p25.words.crc import CCITT, CONFIRMED_BITS, CRC_9, CRC_32, ccitt_holds, with_ccitt
from tests.gateway.p25.vectors import Row, octets, rows

ROWS = [row for row in rows("crc") if "FNE" not in row["crc"]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_checks(row: Row) -> None:
    data = octets(row["data"])
    wanted = int(row["value"], 16)
    if "CRC-9" in row["crc"]:
        assert row["bits"] == CONFIRMED_BITS
        assert CRC_9.of_bits(int.from_bytes(data, "big") >> 1, CONFIRMED_BITS) == wanted
    else:
        assert (CRC_32 if "CRC-32" in row["crc"] else CCITT).of(data) == wanted


def test_a_check_that_is_appended_holds_and_a_wrong_bit_breaks_it() -> None:
    whole = with_ccitt(bytes(range(10)))
    assert ccitt_holds(whole)
    for place in range(96):
        wrong = int.from_bytes(whole, "big") ^ 1 << place
        assert not ccitt_holds(wrong.to_bytes(12, "big"))
    assert not ccitt_holds(b"\0")
