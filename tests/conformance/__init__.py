"""The driver of a TETRA terminal against radios on a wire that is scripted to be bad.

Every run has a seed; time is a number; nothing here waits. ``python -m tests.conformance --first 0
--runs 10000`` runs many by hand, ``--first N --runs 1`` repeats one.
"""
