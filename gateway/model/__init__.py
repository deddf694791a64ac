"""The shared kernel: ids, events, commands, voice frames and errors. Imports nothing of ours."""
