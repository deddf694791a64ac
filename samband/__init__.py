"""Samband: samband."""
