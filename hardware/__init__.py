"""Samband: hardware."""
