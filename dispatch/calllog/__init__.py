"""The call log: the index that finds calls, the search, the lanes on one clock."""
