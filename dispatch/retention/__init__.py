"""Sealed files, retention classes, erasure, holds and orders."""
