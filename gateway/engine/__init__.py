"""The call engine: calls, floor, emergency, messages and voice of one gateway."""
