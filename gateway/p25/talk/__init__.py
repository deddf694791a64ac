"""What every P25 interface shares: overs in and out, voice records, signalling."""
