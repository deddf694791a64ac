"""The health of the server: its parts, each with its rule in words, and what changed in a day."""
