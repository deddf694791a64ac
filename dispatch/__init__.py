"""Samband: dispatch."""
