"""Samband: voicecodecs."""
