"""Frames as they are on air: sync, status symbols, error protection."""
