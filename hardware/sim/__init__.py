"""Simulated radios: products of their own, strict where a real radio is strict."""
