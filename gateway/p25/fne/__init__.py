"""A peer of a DVM FNE: RTP packets, login, keep-alive, access lists, P25 voice and signalling."""
