"""What a received file is, by its first bytes: senders' names and types are not believed."""

WAV, MP3, M4A, OGG, AAC, FLAC, OTHER = "wav", "mp3", "m4a", "ogg", "aac", "flac", "bin"
READERS = {WAV: "wav", MP3: "mp3", M4A: "mov", OGG: "ogg", AAC: "aac", FLAC: "flac"}
"""Endings that a listening copy is made of, and the one reader that each is given to: a file can
never choose a reader that opens other files or addresses."""


_MARKS = ((0, b"OggS", OGG), (0, b"fLaC", FLAC), (0, b"ID3", MP3), (4, b"ftyp", M4A))


def ending_of(data: bytes) -> str:
    """Return the ending of a file by its bytes; ``bin`` when it is no sound that is read."""
    head = bytes(data[:16])
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return WAV
    for at, mark, ending in _MARKS:
        if head[at : at + len(mark)] == mark:
            return ending
    sync = int.from_bytes(head[:2], "big")
    if sync & 0xFFF6 == 0xFFF0:
        return AAC
    return MP3 if sync & 0xFFE6 == 0xFFE2 else OTHER
