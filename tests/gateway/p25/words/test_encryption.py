"""Encryption sync: names, and where the key stream stands one superframe later."""

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.p25.words.encryption import EncryptionSync, next_indicator
from tests.gateway.p25.vectors import Row, octets, rows


@pytest.mark.parametrize("row", rows("mi_next"), ids=lambda row: row["id"])
def test_the_next_message_indicator(row: Row) -> None:
    assert next_indicator(octets(row["mi"])).hex() == row["next"]
    sync = EncryptionSync(message_indicator=octets(row["mi"]), algorithm=0x84, key_id=7)
    assert sync.following().message_indicator.hex() == row["next"]
    assert (sync.following().algorithm, sync.following().key_id) == (0x84, 7)


def test_nothing_follows_nothing() -> None:
    assert EncryptionSync().following() == EncryptionSync()


def test_there_and_back() -> None:
    sync = EncryptionSync(message_indicator=bytes(range(9)), algorithm=0xAA, key_id=0xBEEF)
    assert EncryptionSync.decode(sync.encode()) == sync
    with pytest.raises(ProtocolViolation, match="expected 12 octets, got 11"):
        EncryptionSync.decode(bytes(11))


def test_words_for_people() -> None:
    assert EncryptionSync().words == "clear"
    assert EncryptionSync(algorithm=0x84, key_id=0x1234).words == "AES-256, key 1234"
    assert EncryptionSync(algorithm=0x41).words == "government algorithm, key 0000"
    unknown = EncryptionSync(algorithm=0x77)
    assert unknown.words == "algorithm 77, key 0000"
    assert not unknown.clear
