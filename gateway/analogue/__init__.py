"""Analogue donor radios: carrier and key, without input or output."""
