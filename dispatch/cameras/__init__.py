"""Camera sources: every one is mapped to the same event record, grouped and limited."""
