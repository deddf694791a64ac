"""Calls that other recorders upload: keys, intake, joining, listening copies."""
