"""One module for each format of the field: bytes in, a reading out; a plan in, bytes out."""
