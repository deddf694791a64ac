"""Exercises: simulated terminals beside the live plan, and drafts tried in a sandbox."""
