"""Whether an over can be heard: evidence of encryption, weighed so that one wrong word is no noise.

A header says it; without one, the first encryption sync that was decoded does. What is settled
changes only by two equal syncs in a row: one miscorrected LDU2 neither makes a clear call silent
nor an encrypted one loud (reference p25, 1.10).
"""

from gateway.p25.words.encryption import EncryptionSync


class Cipher:
    """The state of one over."""

    def __init__(self) -> None:
        """Begin without evidence."""
        self.sync: EncryptionSync | None = None
        """Algorithm and key as settled; None while only the service options have spoken."""
        self.protected = False
        """What the service options say; they count while no sync has come."""
        self._doubt: tuple[int, int] | None = None

    @property
    def encrypted(self) -> bool:
        """Whether the voice must not be decoded."""
        return self.protected if self.sync is None else not self.sync.clear

    @property
    def algorithm(self) -> int | None:
        """ALGID of an encrypted over, None where it is clear or not known."""
        return None if self.sync is None or self.sync.clear else self.sync.algorithm

    @property
    def key_id(self) -> int | None:
        """KID of an encrypted over, None where it is clear or not known."""
        return None if self.sync is None or self.sync.clear else self.sync.key_id

    def take(self, sync: EncryptionSync | None) -> None:
        """Take the sync of a header or an LDU2; None says that it could not be decoded."""
        if sync is None:
            return
        names = (sync.algorithm, sync.key_id)
        settled = self.sync
        if settled is None or names in ((settled.algorithm, settled.key_id), self._doubt):
            self.sync, self._doubt = sync, None
        else:
            self._doubt = names
