"""The offline verifier of evidence packages: nothing but Python's standard library."""
