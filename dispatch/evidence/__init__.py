"""Evidence: what can be shown to people who do not trust us."""
