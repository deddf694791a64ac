"""Links seen live: recorded traces, loop-backs and test transmissions."""
